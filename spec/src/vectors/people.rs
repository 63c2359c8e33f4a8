//! Vectors of what people compare and write on paper. Spec: handshake, "Safety number"; account-store, "Phrase".

use sipher_crypto::{
    AccountRecord, Phrase, PhraseError, SafetyNumber, SigningKey, SigningSeed, StretchParams, VerifyingKey,
};

use super::script::{Script, Seeded};
use super::{Fault, Fields, Maker, Outcome, Topic, unknown};

pub(super) const TOPIC: Topic = Topic {
    name: "people",
    about: "handshake.md, Safety number, and account-store.md, Phrase. op safety: two account keys -> digits. op phrase: \
            entropy -> words. op read_phrase: typed words -> the words; classes count, unknown-word, checksum. op vault: \
            words, relay name, Argon2id parameters -> seeds and key.",
    make,
    run,
};

fn run(op: &str, input: &Fields) -> Result<Outcome, Fault> {
    match op {
        "safety" => {
            let (Some(one), Some(other)) = (account(input, "one")?, account(input, "other")?) else {
                return Ok(Outcome::Refused("weak-key"));
            };
            let number = SafetyNumber::of(&one, &other);
            Ok(Outcome::Done(Fields::new().text("digits", number.digits())))
        }
        "phrase" => {
            let mut script = Script::of(&[&input.get_octets("entropy")?]);
            let phrase = Phrase::generate(&mut script);
            script.finish()?;
            words(&phrase)
        }
        "read_phrase" => match phrase(input)? {
            Ok(phrase) => words(&phrase),
            Err(class) => Ok(Outcome::Refused(class)),
        },
        "vault" => vault(input),
        _ => Err(unknown(op)),
    }
}

fn account(input: &Fields, name: &str) -> Result<Option<AccountRecord>, Fault> {
    Ok(VerifyingKey::from_octets(&input.get_array(name)?)
        .ok()
        .map(AccountRecord::new))
}

fn phrase(input: &Fields) -> Result<Result<Phrase, &'static str>, Fault> {
    match Phrase::parse(input.get_text("words")?) {
        Ok(phrase) => Ok(Ok(phrase)),
        Err(PhraseError::Count) => Ok(Err("count")),
        Err(PhraseError::UnknownWord { .. }) => Ok(Err("unknown-word")),
        Err(PhraseError::Checksum) => Ok(Err("checksum")),
        Err(error) => Err(Fault::new(error.to_string())),
    }
}

fn words(phrase: &Phrase) -> Result<Outcome, Fault> {
    let words = phrase
        .expose_words()
        .map_err(|error| Fault::new(error.to_string()))?;
    Ok(Outcome::Done(Fields::new().text("words", words.as_str())))
}

fn vault(input: &Fields) -> Result<Outcome, Fault> {
    let params = StretchParams::new(
        input.get_u32("memory_kib")?,
        input.get_u32("passes")?,
        input.get_u32("lanes")?,
    );
    let Ok(params) = params else {
        return Ok(Outcome::Refused("out-of-bounds"));
    };
    let phrase = phrase(input)?.map_err(Fault::new)?;
    let keys = phrase.vault_keys(input.get_text("relay_name")?, params);
    let keys = keys.map_err(|error| Fault::new(error.to_string()))?;
    let output = Fields::new()
        .octets("owner_seed", keys.owner.expose_octets())
        .octets("read_grant_seed", keys.read_grant.expose_octets())
        .octets("vault_key", keys.key.expose_octets())
        .octets("account_seed", keys.account.expose_octets());
    Ok(Outcome::Done(output))
}

const ZERO: &str =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

fn make(maker: &mut Maker) -> Result<(), Fault> {
    let mut seeded = Seeded::named("people");
    let mut key = || {
        *SigningKey::from_seed(SigningSeed::from_octets(&seeded.array()))
            .verifying_key()
            .as_octets()
    };
    let pairs = [(key(), key()), (key(), key()), (key(), key())];
    for (one, other) in pairs {
        let fields = |one: &[u8], other: &[u8]| Fields::new().octets("one", one).octets("other", other);
        // spec: safety-1
        let number = maker.ok("two accounts", "safety", fields(&one, &other))?;
        let swapped = maker.ok("the same from the other side", "safety", fields(&other, &one))?;
        if number != swapped {
            return Err(Fault::new("both sides must see the same"));
        }
    }
    let weak = Fields::new().octets("one", &[0; 32]).octets("other", &key());
    maker.refused("an account key of small order", "safety", "weak-key", weak)?;
    phrases(maker, &mut seeded)?;
    vaults(maker)
}

// spec: phrase-1
fn phrases(maker: &mut Maker, seeded: &mut Seeded) -> Result<(), Fault> {
    for (comment, entropy) in [
        ("zeros", [0; 16]),
        ("ones", [0xff; 16]),
        ("any", seeded.array()),
        ("another", seeded.array()),
    ] {
        let words = maker.ok(comment, "phrase", Fields::new().octets("entropy", &entropy))?;
        let words = words.get_text("words")?.to_owned();
        let read = |text: &str| Fields::new().text("words", text);
        maker.ok("reads back", "read_phrase", read(&words))?;
        maker.ok(
            "in capitals and over lines",
            "read_phrase",
            read(&words.to_ascii_uppercase().replace(' ', "\n  ")),
        )?;
    }
    for (comment, class, text) in [
        ("nothing", "count", String::new()),
        ("eleven words", "count", ZERO.replacen("abandon ", "", 1)),
        ("thirteen words", "count", format!("{ZERO} about")),
        (
            "a word that is not in the list",
            "unknown-word",
            ZERO.replacen("abandon", "abandonn", 1),
        ),
        (
            "a word of another alphabet",
            "unknown-word",
            ZERO.replace("about", "äbout"),
        ),
        (
            "the last word does not fit",
            "checksum",
            ZERO.replace("about", "abandon"),
        ),
        (
            "two words swapped",
            "checksum",
            ZERO.replacen("abandon abandon", "about abandon", 1)
                .replace(" about", " abandon"),
        ),
    ] {
        maker.refused(comment, "read_phrase", class, Fields::new().text("words", text))?;
    }
    Ok(())
}

fn vaults(maker: &mut Maker) -> Result<(), Fault> {
    let fields = |relay: &str, memory_kib: u64, passes: u64, lanes: u64| {
        let fields = Fields::new().text("words", ZERO).text("relay_name", relay);
        fields
            .number("memory_kib", memory_kib)
            .number("passes", passes)
            .number("lanes", lanes)
    };
    maker.ok(
        "the least parameters",
        "vault",
        fields("relay.example", 19 * 1024, 2, 1),
    )?;
    maker.ok("another relay", "vault", fields("relay.test", 19 * 1024, 2, 1))?;
    for (comment, memory_kib, passes, lanes) in [
        ("too little memory", 19 * 1024 - 1, 2, 1),
        ("too few passes", 19 * 1024, 1, 1),
        ("no lane", 19 * 1024, 2, 0),
        ("too much memory", 1024 * 1024 + 1, 2, 1),
        ("too many passes", 19 * 1024, 11, 1),
        ("too many lanes", 19 * 1024, 2, 5),
    ] {
        maker.refused(
            comment,
            "vault",
            "out-of-bounds",
            fields("relay.example", memory_kib, passes, lanes),
        )?;
    }
    Ok(())
}
