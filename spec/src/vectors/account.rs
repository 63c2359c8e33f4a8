//! Vectors of account records, pins and device certificates. Spec: handshake, "Account and device".

use sipher_crypto::{
    AccountRecord, Device, DeviceCert, Lifetime, Purpose, ShortPin, SigningKey, SigningSeed, Time,
    VerifyingKey,
};

use super::script::{Script, Seeded, flipped, replaced};
use super::{Fault, Fields, Maker, Outcome, Topic, unknown};

pub(super) const TOPIC: Topic = Topic {
    name: "account",
    about: "handshake.md, Account and device. op pin: account_key -> record, pin, short_pin. op pin_names: short_pin, \
            account_key (class wrong-account). op certify: seeds, number, dates -> certificate. op certificate: \
            octets, now -> its fields; classes bad-certificate (layout or signature) and expired.",
    make,
    run,
};

fn run(op: &str, input: &Fields) -> Result<Outcome, Fault> {
    match op {
        "pin" => pin(input),
        "pin_names" => pin_names(input),
        "certify" => certify(input),
        "certificate" => certificate(input),
        _ => Err(unknown(op)),
    }
}

fn pin(input: &Fields) -> Result<Outcome, Fault> {
    let Ok(key) = VerifyingKey::from_octets(&input.get_array("account_key")?) else {
        return Ok(Outcome::Refused("weak-key"));
    };
    let record = AccountRecord::new(key);
    let output = Fields::new()
        .octets("record", &record.to_octets())
        .octets("pin", record.pin().as_octets())
        .text("short_pin", record.pin().short().to_string().to_ascii_lowercase());
    Ok(Outcome::Done(output))
}

fn pin_names(input: &Fields) -> Result<Outcome, Fault> {
    let Ok(pin) = input.get_text("short_pin")?.parse::<ShortPin>() else {
        return Ok(Outcome::Refused("not-a-pin"));
    };
    let Ok(key) = VerifyingKey::from_octets(&input.get_array("account_key")?) else {
        return Ok(Outcome::Refused("weak-key"));
    };
    let names = pin.is_of(&AccountRecord::new(key));
    Ok(if names {
        Outcome::Done(Fields::new())
    } else {
        Outcome::Refused("wrong-account")
    })
}

fn certify(input: &Fields) -> Result<Outcome, Fault> {
    let account = SigningKey::from_seed(SigningSeed::from_octets(&input.get_array("account_seed")?));
    let lifetime = Lifetime {
        not_before: Time::from_unix_seconds(input.get_number("not_before")?),
        not_after: Time::from_unix_seconds(input.get_number("not_after")?),
    };
    let mut script = Script::of(&[
        &input.get_octets("signing_seed")?,
        &input.get_octets("agreement_secret")?,
    ]);
    let device = Device::create(&account, input.get_u32("number")?, lifetime, &mut script);
    script.finish()?;
    Ok(Outcome::Done(
        Fields::new().octets("certificate", &device.certificate().to_octets()),
    ))
}

fn certificate(input: &Fields) -> Result<Outcome, Fault> {
    let Ok(octets) = input.get_octets("certificate")?.try_into() else {
        return Ok(Outcome::Refused("bad-certificate"));
    };
    let Ok(certificate) = DeviceCert::verify(&octets) else {
        return Ok(Outcome::Refused("bad-certificate"));
    };
    if !certificate
        .lifetime()
        .includes(Time::from_unix_seconds(input.get_number("now")?))
    {
        return Ok(Outcome::Refused("expired"));
    }
    let output = Fields::new()
        .octets("account_key", certificate.account().key().as_octets())
        .octets("signing_key", certificate.signing().as_octets())
        .octets("agreement_key", certificate.agreement().as_octets())
        .number("number", u64::from(certificate.number()))
        .number("not_before", certificate.lifetime().not_before.as_unix_seconds())
        .number("not_after", certificate.lifetime().not_after.as_unix_seconds());
    Ok(Outcome::Done(output))
}

fn make(maker: &mut Maker) -> Result<(), Fault> {
    let mut seeded = Seeded::named("account");
    pins(maker, &mut seeded)?;
    let seeds = Seeds {
        account: seeded.array(),
        signing: seeded.array(),
        agreement: seeded.array(),
    };
    let made = maker.ok(
        "the first device of an account",
        "certify",
        seeds.fields(1, 1_000_000, 2_000_000),
    )?;
    maker.ok(
        "a hundredth device, for ever",
        "certify",
        seeds.fields(100, 0, u64::MAX),
    )?;
    let octets = made.get_octets("certificate")?;
    dates(maker, &octets)?;
    spoiled(maker, &octets, &mut seeded)?;
    adopted(maker, &octets, &mut seeded)
}

fn pins(maker: &mut Maker, seeded: &mut Seeded) -> Result<(), Fault> {
    let mut key = || {
        *SigningKey::from_seed(SigningSeed::from_octets(&seeded.array()))
            .verifying_key()
            .as_octets()
    };
    for comment in ["an account's pin", "another's"] {
        let (own, other) = (key(), key());
        let pin = maker.ok(comment, "pin", Fields::new().octets("account_key", &own))?;
        let short = pin.get_text("short_pin")?.to_owned();
        let names = |pin: &str, key: &[u8]| Fields::new().text("short_pin", pin).octets("account_key", key);
        maker.ok("the pin names its account", "pin_names", names(&short, &own))?;
        maker.ok(
            "in capitals too",
            "pin_names",
            names(&short.to_ascii_uppercase(), &own),
        )?;
        maker.refused(
            "another account",
            "pin_names",
            "wrong-account",
            names(&short, &other),
        )?;
        let first = if short.starts_with('a') { "b" } else { "a" };
        let changed = format!("{first}{}", short.chars().skip(1).collect::<String>());
        maker.refused(
            "one letter changed",
            "pin_names",
            "wrong-account",
            names(&changed, &own),
        )?;
        let cut: String = short.chars().take(25).collect();
        maker.refused("one letter missing", "pin_names", "not-a-pin", names(&cut, &own))?;
        maker.refused(
            "a digit that base32 has not",
            "pin_names",
            "not-a-pin",
            names(&format!("{cut}1"), &own),
        )?;
    }
    maker.refused(
        "an account key of small order",
        "pin",
        "weak-key",
        Fields::new().octets("account_key", &[0; 32]),
    )
}

struct Seeds {
    account: [u8; 32],
    signing: [u8; 32],
    agreement: [u8; 32],
}

impl Seeds {
    fn fields(&self, number: u64, not_before: u64, not_after: u64) -> Fields {
        Fields::new()
            .octets("account_seed", &self.account)
            .octets("signing_seed", &self.signing)
            .octets("agreement_secret", &self.agreement)
            .number("number", number)
            .number("not_before", not_before)
            .number("not_after", not_after)
    }
}

fn read(octets: &[u8], now: u64) -> Fields {
    Fields::new().octets("certificate", octets).number("now", now)
}

// spec: cert-2
fn dates(maker: &mut Maker, octets: &[u8]) -> Result<(), Fault> {
    maker.ok("within its dates", "certificate", read(octets, 1_500_000))?;
    maker.ok(
        "two minutes before, which clocks may differ by",
        "certificate",
        read(octets, 999_880),
    )?;
    maker.ok("two minutes after", "certificate", read(octets, 2_000_120))?;
    maker.refused(
        "a second more before",
        "certificate",
        "expired",
        read(octets, 999_879),
    )?;
    maker.refused(
        "a second more after",
        "certificate",
        "expired",
        read(octets, 2_000_121),
    )
}

// spec: cert-1
fn spoiled(maker: &mut Maker, octets: &[u8], seeded: &mut Seeded) -> Result<(), Fault> {
    for (part, at) in [
        ("account key", 0),
        ("signing key", 32),
        ("agreement key", 64),
        ("number", 99),
        ("not_before", 107),
        ("not_after", 115),
        ("signature by the account, R", 116),
        ("signature by the account, S", 150),
        ("signature by the device, R", 180),
        ("signature by the device, S", 214),
        ("padding, first octet", 244),
        ("padding, last octet", 255),
    ] {
        let comment = format!("one bit changed: {part}");
        maker.refused(
            &comment,
            "certificate",
            "bad-certificate",
            read(&flipped(octets, at, 1), 1_500_000),
        )?;
    }
    let own = octets.get(116..180).unwrap_or_default().to_vec();
    let swapped = replaced(
        &replaced(octets, 116, octets.get(180..244).unwrap_or_default()),
        180,
        &own,
    );
    maker.refused(
        "the two signatures swapped",
        "certificate",
        "bad-certificate",
        read(&swapped, 1_500_000),
    )?;
    let zeroed = replaced(octets, 180, &[0; 64]);
    maker.refused(
        "no signature by the device",
        "certificate",
        "bad-certificate",
        read(&zeroed, 1_500_000),
    )?;
    let weak = replaced(octets, 0, &[0; 32]);
    maker.refused(
        "an account key of small order",
        "certificate",
        "bad-certificate",
        read(&weak, 1_500_000),
    )?;
    let noise = seeded.octets(256);
    maker.refused("noise", "certificate", "bad-certificate", read(&noise, 1_500_000))?;
    maker.refused(
        "cut",
        "certificate",
        "bad-certificate",
        read(octets.get(..244).unwrap_or_default(), 1_500_000),
    )
}

/// A thief's account signs another's device; the device didn't agree.
fn adopted(maker: &mut Maker, octets: &[u8], seeded: &mut Seeded) -> Result<(), Fault> {
    let thief = SigningKey::from_seed(SigningSeed::from_octets(&seeded.array()));
    let stolen = replaced(octets, 0, thief.verifying_key().as_octets());
    let content = stolen.get(..116).unwrap_or_default();
    let signature = thief.sign(Purpose::Device, &[content]);
    let adopted = replaced(&stolen, 116, signature.as_octets());
    maker.refused(
        "an account adopts a foreign device",
        "certificate",
        "bad-certificate",
        read(&adopted, 1_500_000),
    )
}
