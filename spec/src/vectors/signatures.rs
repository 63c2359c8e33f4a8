//! Vectors of signatures under each purpose. Spec: conventions, "Signatures".

use sipher_crypto::{Purpose, Signature, SigningKey, SigningSeed, VerifyingKey};

use super::script::{Seeded, cut, flipped, longer, replaced};
use super::{Fault, Fields, Maker, Outcome, Topic, unknown};

pub(super) const TOPIC: Topic = Topic {
    name: "signatures",
    about: "conventions.md, Signatures. op sign: seed, purpose, content -> key, signature. op verify: key, purpose, \
            content, signature; classes weak-key (the key itself is refused) and bad-signature.",
    make,
    run,
};

const PURPOSES: [Purpose; 7] = [
    Purpose::Device,
    Purpose::DeviceSelf,
    Purpose::DeviceList,
    Purpose::Bundle,
    Purpose::Own,
    Purpose::Use,
    Purpose::Ticker,
];

fn run(op: &str, input: &Fields) -> Result<Outcome, Fault> {
    let name = input.get_text("purpose")?;
    let purpose = PURPOSES.into_iter().find(|purpose| purpose.name() == name);
    let purpose = purpose.ok_or_else(|| Fault::new(format!("no purpose {name}")))?;
    let content = input.get_octets("content")?;
    match op {
        "sign" => {
            let key = SigningKey::from_seed(SigningSeed::from_octets(&input.get_array("seed")?));
            let signature = key.sign(purpose, &[&content]);
            let output = Fields::new().octets("key", key.verifying_key().as_octets());
            Ok(Outcome::Done(output.octets("signature", signature.as_octets())))
        }
        "verify" => {
            let Ok(key) = VerifyingKey::from_octets(&input.get_array("key")?) else {
                return Ok(Outcome::Refused("weak-key"));
            };
            let signature = Signature::from_octets(input.get_array("signature")?);
            Ok(match key.verify(purpose, &[&content], &signature) {
                Ok(()) => Outcome::Done(Fields::new()),
                Err(_) => Outcome::Refused("bad-signature"),
            })
        }
        _ => Err(unknown(op)),
    }
}

fn make(maker: &mut Maker) -> Result<(), Fault> {
    let mut seeded = Seeded::named("signatures");
    for (at, purpose) in PURPOSES.into_iter().enumerate() {
        let content = seeded.octets(48 + at);
        let input = Fields::new()
            .octets("seed", &seeded.array::<32>())
            .text("purpose", purpose.name())
            .octets("content", &content);
        let made = maker.ok(&format!("purpose {}", purpose.name()), "sign", input)?;
        let (key, signature) = (made.get_octets("key")?, made.get_octets("signature")?);
        let good = verify(&key, purpose, &content, &signature);
        maker.ok("verifies", "verify", good)?;
        let other = if purpose == Purpose::Own {
            Purpose::Use
        } else {
            Purpose::Own
        };
        let cases = [
            // spec: sign-3
            ("under another purpose", verify(&key, other, &content, &signature)),
            (
                "content cut",
                verify(&key, purpose, &cut(&content, 1), &signature),
            ),
            (
                "content longer",
                verify(&key, purpose, &longer(&content, &[0]), &signature),
            ),
            (
                "one bit of the content",
                verify(&key, purpose, &flipped(&content, 5, 4), &signature),
            ),
            (
                "one bit of R",
                verify(&key, purpose, &content, &flipped(&signature, 3, 1)),
            ),
            (
                "one bit of S",
                verify(&key, purpose, &content, &flipped(&signature, 40, 1)),
            ),
            (
                // spec: sign-1
                "S is not canonical: the group's order was added",
                verify(&key, purpose, &content, &malleated(&signature)?),
            ),
            (
                "R is the neutral point",
                verify(&key, purpose, &content, &replaced(&signature, 0, &NEUTRAL)),
            ),
        ];
        for (comment, input) in cases {
            maker.refused(
                &format!("{comment}, {}", purpose.name()),
                "verify",
                "bad-signature",
                input,
            )?;
        }
    }
    purposes_do_not_run_into_contents(maker, &mut seeded)?;
    weak_keys(maker)
}

/// `device` with content `-self…` is not `device-self`: the zero octet ends the purpose.
fn purposes_do_not_run_into_contents(maker: &mut Maker, seeded: &mut Seeded) -> Result<(), Fault> {
    let content = seeded.octets(20);
    let input = Fields::new()
        .octets("seed", &seeded.array::<32>())
        .text("purpose", Purpose::DeviceSelf.name())
        .octets("content", &content);
    let made = maker.ok("a purpose that has another as its beginning", "sign", input)?;
    let moved = [b"-self\0".as_slice(), &content].concat();
    let input = verify(
        &made.get_octets("key")?,
        Purpose::Device,
        &moved,
        &made.get_octets("signature")?,
    );
    maker.refused(
        "the rest of a purpose moved into the content",
        "verify",
        "bad-signature",
        input,
    )
}

/// Keys of small order verify anything in a lax verifier.
// spec: sign-2
fn weak_keys(maker: &mut Maker) -> Result<(), Fault> {
    for (comment, key) in [
        ("the neutral point", NEUTRAL),
        (
            "the point of order 2",
            [&[0xec_u8][..], &[0xff; 30], &[0x7f]]
                .concat()
                .try_into()
                .unwrap_or(NEUTRAL),
        ),
        ("a point of order 4", [0; 32]),
        (
            "no point at all",
            [&[2_u8][..], &[0; 31]].concat().try_into().unwrap_or(NEUTRAL),
        ),
        ("a point of large order whose y is p + 3", NOT_CANONICAL),
    ] {
        let signature = [NEUTRAL.as_slice(), &[0; 32]].concat();
        maker.refused(
            comment,
            "verify",
            "weak-key",
            verify(&key, Purpose::Own, b"anything", &signature),
        )?;
    }
    Ok(())
}

fn verify(key: &[u8], purpose: Purpose, content: &[u8], signature: &[u8]) -> Fields {
    Fields::new()
        .octets("key", key)
        .text("purpose", purpose.name())
        .octets("content", content)
        .octets("signature", signature)
}

/// The same signature with the group's order added to S.
fn malleated(signature: &[u8]) -> Result<Vec<u8>, Fault> {
    let (head, s) = signature
        .split_at_checked(32)
        .ok_or_else(|| Fault::new("a signature has 64 octets"))?;
    let mut carry = 0_u16;
    let mut out = head.to_vec();
    for (one, other) in s.iter().zip(ORDER) {
        let sum = u16::from(*one) + u16::from(other) + carry;
        let [high, low] = sum.to_be_bytes();
        out.push(low);
        carry = u16::from(high);
    }
    Ok(out)
}

/// Order of the group of edwards25519, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
/// y = p + 3, which decompresses to the point with y = 3.
pub(super) const NOT_CANONICAL: [u8; 32] = {
    let mut point = [0xff; 32];
    point[0] = 0xf0;
    point[31] = 0x7f;
    point
};
const NEUTRAL: [u8; 32] = {
    let mut point = [0; 32];
    point[0] = 1;
    point
};
