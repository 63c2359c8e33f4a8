//! Vectors of the local store's key and records. Spec: account-store.

use sipher_crypto::{StoreKey, StoreSecret, StretchParams, UnlockError};

use super::script::{Script, Seeded, cut, flipped, longer, replaced};
use super::{Fault, Fields, Maker, Outcome, Topic, unknown};

pub(super) const TOPIC: Topic = Topic {
    name: "store",
    about: "account-store.md. op wrap: secret, passphrase, Argon2id parameters, salt, nonce -> wrapped. op unwrap: wrapped, \
            passphrase -> secret; classes damaged, out-of-bounds, wrong-passphrase. op seal: secret, place, record, nonce -> \
            sealed. op open: the other direction; class did-not-open. op index_name: secret, kind, name -> 16 octets.",
    make,
    run,
};

fn run(op: &str, input: &Fields) -> Result<Outcome, Fault> {
    match op {
        "wrap" => wrap(input),
        "unwrap" => unwrap(input),
        "seal" => {
            let mut script = Script::of(&[&input.get_octets("nonce")?]);
            let (place, record) = (input.get_octets("place")?, input.get_octets("record")?);
            let sealed = key(input)?.seal_record(&place, &record, &mut script);
            script.finish()?;
            Ok(Outcome::Done(Fields::new().octets("sealed", &sealed)))
        }
        "open" => Ok(
            match key(input)?.open_record(&input.get_octets("place")?, &input.get_octets("sealed")?) {
                Ok(record) => Outcome::Done(Fields::new().octets("record", &record)),
                Err(_) => Outcome::Refused("did-not-open"),
            },
        ),
        "index_name" => {
            let name = key(input)?.index_name(input.get_u8("kind")?, &input.get_octets("name")?);
            Ok(Outcome::Done(Fields::new().octets("index_name", &name)))
        }
        _ => Err(unknown(op)),
    }
}

fn key(input: &Fields) -> Result<StoreKey, Fault> {
    Ok(StoreKey::new(StoreSecret::from_octets(
        &input.get_array("secret")?,
    )))
}

fn wrap(input: &Fields) -> Result<Outcome, Fault> {
    let params = StretchParams::new(
        input.get_u32("memory_kib")?,
        input.get_u32("passes")?,
        input.get_u32("lanes")?,
    );
    let Ok(params) = params else {
        return Ok(Outcome::Refused("out-of-bounds"));
    };
    let mut script = Script::of(&[&input.get_octets("salt")?, &input.get_octets("nonce")?]);
    let wrapped = key(input)?.wrap(input.get_text("passphrase")?.as_bytes(), params, &mut script);
    let wrapped = wrapped.map_err(|error| Fault::new(error.to_string()))?;
    script.finish()?;
    Ok(Outcome::Done(Fields::new().octets("wrapped", &wrapped)))
}

fn unwrap(input: &Fields) -> Result<Outcome, Fault> {
    let passphrase = input.get_text("passphrase")?.as_bytes();
    match StoreKey::unwrap_with(&input.get_octets("wrapped")?, passphrase) {
        Ok(key) => Ok(Outcome::Done(
            Fields::new().octets("secret", key.expose_secret().expose_octets()),
        )),
        Err(UnlockError::Damaged) => Ok(Outcome::Refused("damaged")),
        Err(UnlockError::OutOfBounds) => Ok(Outcome::Refused("out-of-bounds")),
        Err(UnlockError::WrongPassphrase) => Ok(Outcome::Refused("wrong-passphrase")),
        Err(error) => Err(Fault::new(error.to_string())),
    }
}

fn make(maker: &mut Maker) -> Result<(), Fault> {
    let mut seeded = Seeded::named("store");
    let secret = seeded.array::<32>();
    wrapping(maker, &mut seeded, &secret)?;
    records(maker, &mut seeded, &secret)?;
    for (kind, name) in [(1, b"bob".as_slice()), (2, b"bob"), (1, b""), (255, &[7; 40])] {
        let input = Fields::new()
            .octets("secret", &secret)
            .number("kind", kind)
            .octets("name", name);
        maker.ok("a hidden name", "index_name", input)?;
    }
    Ok(())
}

fn wrapping(maker: &mut Maker, seeded: &mut Seeded, secret: &[u8]) -> Result<(), Fault> {
    let mut fields = |passphrase: &str, memory_kib: u64, passes: u64, lanes: u64| {
        Fields::new()
            .octets("secret", secret)
            .text("passphrase", passphrase)
            .number("memory_kib", memory_kib)
            .number("passes", passes)
            .number("lanes", lanes)
            .octets("salt", &seeded.array::<16>())
            .octets("nonce", &seeded.array::<24>())
    };
    let least = 19 * 1024;
    maker.ok("no passphrase", "wrap", fields("", least, 2, 1))?;
    maker.ok(
        "the parameters of a new store",
        "wrap",
        fields("correct horse", 64 * 1024, 3, 1),
    )?;
    maker.refused(
        "under the floor",
        "wrap",
        "out-of-bounds",
        fields("x", least - 1, 2, 1),
    )?;
    maker.refused(
        "over the ceiling",
        "wrap",
        "out-of-bounds",
        fields("x", least, 11, 1),
    )?;
    let wrapped = maker.ok(
        "a passphrase that is not ASCII",
        "wrap",
        fields(PASSPHRASE, least, 2, 1),
    )?;
    let wrapped = wrapped.get_octets("wrapped")?;
    let open = |passphrase: &str| unwrapping(&wrapped, passphrase);
    maker.ok("opens", "unwrap", open(PASSPHRASE))?;
    maker.refused(
        "another passphrase",
        "unwrap",
        "wrong-passphrase",
        open("Strasse 7"),
    )?;
    maker.refused("no passphrase", "unwrap", "wrong-passphrase", open(""))?;
    spoiled(maker, &wrapped)
}

fn unwrapping(wrapped: &[u8], passphrase: &str) -> Fields {
    Fields::new()
        .octets("wrapped", wrapped)
        .text("passphrase", passphrase)
}

fn spoiled(maker: &mut Maker, wrapped: &[u8]) -> Result<(), Fault> {
    let wrong = [
        ("one bit of the salt", flipped(wrapped, 13, 1)),
        ("one bit of N", flipped(wrapped, 30, 1)),
        ("one bit of the sealed secret", flipped(wrapped, 110, 1)),
        ("another number of passes", replaced(wrapped, 8, &[3])),
    ];
    let out_of_bounds = [
        // spec: store-1
        ("passes under the floor", replaced(wrapped, 8, &[1])),
        ("memory over the ceiling", replaced(wrapped, 1, &[0xff])),
        ("no lane", replaced(wrapped, 12, &[0])),
    ];
    let damaged = [
        ("another version", replaced(wrapped, 0, &[2])),
        ("cut", cut(wrapped, 1)),
        ("longer", longer(wrapped, &[0])),
        ("empty", vec![]),
    ];
    let mut refused = |class: &str, cases: &[(&str, Vec<u8>)]| {
        cases.iter().try_for_each(|(comment, wrapped)| {
            maker.refused(comment, "unwrap", class, unwrapping(wrapped, PASSPHRASE))
        })
    };
    refused("wrong-passphrase", &wrong)?;
    refused("out-of-bounds", &out_of_bounds)?;
    refused("damaged", &damaged)
}

/// Its letters are not all ASCII: a passphrase is UTF-8.
const PASSPHRASE: &str = "Straße 7";

fn records(maker: &mut Maker, seeded: &mut Seeded, secret: &[u8]) -> Result<(), Fault> {
    for len in [0, 1, 128, 4096] {
        let place = seeded.octets(25);
        let input = Fields::new()
            .octets("secret", secret)
            .octets("place", &place)
            .octets("record", &seeded.octets(len))
            .octets("nonce", &seeded.array::<24>());
        let sealed = maker.ok("a record", "seal", input)?.get_octets("sealed")?;
        let open = |sealed: &[u8]| {
            Fields::new()
                .octets("secret", secret)
                .octets("place", &place)
                .octets("sealed", sealed)
        };
        maker.ok("opens", "open", open(&sealed))?;
        for (comment, input) in [
            (
                "at another place",
                open(&sealed).octets("place", &flipped(&place, 24, 1)),
            ),
            (
                "in another store",
                open(&sealed).octets("secret", &flipped(secret, 0, 1)),
            ),
            ("one bit of N", open(&flipped(&sealed, 0, 1))),
            ("one bit of the commitment", open(&flipped(&sealed, 24, 1))),
            (
                "one bit of the tag",
                open(&flipped(&sealed, sealed.len().saturating_sub(1), 1)),
            ),
            ("cut", open(&cut(&sealed, 1))),
        ] {
            maker.refused(comment, "open", "did-not-open", input)?;
        }
    }
    Ok(())
}
