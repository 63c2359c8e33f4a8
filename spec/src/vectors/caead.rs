//! Vectors of the one authenticated encryption. Spec: conventions, "CAEAD".

use sipher_crypto::CaeadKey;
use sipher_crypto::caead::{self, Nonce};

use super::script::{Seeded, cut, flipped, longer};
use super::{Fault, Fields, Maker, Outcome, Topic, unknown};

pub(super) const TOPIC: Topic = Topic {
    name: "caead",
    about: "conventions.md, CAEAD. op seal: key, nonce (0 or 24 octets), ad, plaintext -> sealed. \
            op open: the other direction.",
    make,
    run,
};

fn run(op: &str, input: &Fields) -> Result<Outcome, Fault> {
    let key = CaeadKey::from_octets(&input.get_array("key")?);
    let nonce = nonce(input)?;
    let ad = input.get_octets("ad")?;
    match op {
        "seal" => {
            let sealed = caead::seal(&key, nonce.as_ref(), &[&ad], &input.get_octets("plaintext")?);
            Ok(Outcome::Done(Fields::new().octets("sealed", &sealed)))
        }
        "open" => Ok(
            match caead::open(&key, nonce.as_ref(), &[&ad], &input.get_octets("sealed")?) {
                Ok(plaintext) => Outcome::Done(Fields::new().octets("plaintext", &plaintext)),
                // spec: seal-2
                Err(_) => Outcome::Refused("did-not-open"),
            },
        ),
        _ => Err(unknown(op)),
    }
}

fn nonce(input: &Fields) -> Result<Option<Nonce>, Fault> {
    if input.get_octets("nonce")?.is_empty() {
        return Ok(None);
    }
    Ok(Some(Nonce::from_octets(input.get_array("nonce")?)))
}

/// What was sealed, to be opened or spoiled.
struct Example {
    key: [u8; 32],
    nonce: Vec<u8>,
    ad: Vec<u8>,
    sealed: Vec<u8>,
}

impl Example {
    fn fields(&self) -> Fields {
        Fields::new()
            .octets("key", &self.key)
            .octets("nonce", &self.nonce)
            .octets("ad", &self.ad)
            .octets("sealed", &self.sealed)
    }

    fn with_sealed(&self, sealed: &[u8]) -> Fields {
        self.fields().octets("sealed", sealed)
    }
}

fn make(maker: &mut Maker) -> Result<(), Fault> {
    let mut seeded = Seeded::named("caead");
    for nonce_len in [0, 24] {
        for ad_len in [0, 17, 97] {
            for len in [0, 1, 48, 64, 855, 4096] {
                let one = seal(maker, &mut seeded, nonce_len, ad_len, len)?;
                maker.ok(
                    &format!("opens what was sealed: {len} octets"),
                    "open",
                    one.fields(),
                )?;
                if ad_len == 17 && len < 100 {
                    spoil(maker, &one)?;
                }
            }
        }
    }
    let long = seal(maker, &mut seeded, 24, 17, 65_367)?;
    maker.refused(
        "one bit in the middle of 64 KiB",
        "open",
        "did-not-open",
        long.with_sealed(&flipped(&long.sealed, 30_000, 1)),
    )
}

fn seal(
    maker: &mut Maker,
    seeded: &mut Seeded,
    nonce_len: usize,
    ad_len: usize,
    len: usize,
) -> Result<Example, Fault> {
    let (key, nonce, ad) = (seeded.array(), seeded.octets(nonce_len), seeded.octets(ad_len));
    let input = Fields::new()
        .octets("key", &key)
        .octets("nonce", &nonce)
        .octets("ad", &ad)
        .octets("plaintext", &seeded.octets(len));
    let comment = format!("{len} octets under a nonce of {nonce_len}, associated data of {ad_len}");
    let sealed = maker.ok(&comment, "seal", input)?.get_octets("sealed")?;
    Ok(Example {
        key,
        nonce,
        ad,
        sealed,
    })
}

/// Every single thing that can be wrong, one at a time.
fn spoil(maker: &mut Maker, one: &Example) -> Result<(), Fault> {
    let len = one.sealed.len();
    let mut cases = vec![
        (
            // spec: seal-1
            "first bit of the commitment",
            one.with_sealed(&flipped(&one.sealed, 0, 0x80)),
        ),
        (
            "last bit of the commitment",
            one.with_sealed(&flipped(&one.sealed, 31, 1)),
        ),
        (
            "first bit of the tag",
            one.with_sealed(&flipped(&one.sealed, len.saturating_sub(16), 0x80)),
        ),
        (
            "last bit of the tag",
            one.with_sealed(&flipped(&one.sealed, len.saturating_sub(1), 1)),
        ),
        ("an octet cut off", one.with_sealed(&cut(&one.sealed, 1))),
        ("an octet too many", one.with_sealed(&longer(&one.sealed, &[0]))),
        (
            "only the commitment",
            one.with_sealed(&cut(&one.sealed, len.saturating_sub(32))),
        ),
        ("nothing", one.with_sealed(&[])),
        (
            "another key",
            one.fields().octets("key", &flipped(&one.key, 31, 1)),
        ),
        (
            "other associated data",
            one.fields().octets("ad", &flipped(&one.ad, 0, 1)),
        ),
        ("associated data cut", one.fields().octets("ad", &cut(&one.ad, 1))),
    ];
    if one.nonce.is_empty() {
        cases.push((
            // spec: seal-4
            "a zero nonce for an empty one",
            one.fields().octets("nonce", &[0; 24]),
        ));
    } else {
        cases.push((
            "another nonce",
            one.fields().octets("nonce", &flipped(&one.nonce, 23, 1)),
        ));
        cases.push(("no nonce for one", one.fields().octets("nonce", &[])));
    }
    if len > 48 {
        cases.push((
            "first bit of the ciphertext",
            one.with_sealed(&flipped(&one.sealed, 32, 0x80)),
        ));
    }
    for (comment, input) in cases {
        maker.refused(comment, "open", "did-not-open", input)?;
    }
    Ok(())
}
