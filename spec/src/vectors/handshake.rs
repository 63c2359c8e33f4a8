//! Vectors of the handshake with every intermediate value. Spec: handshake.

use serde_json::Value;
use sipher_crypto::handshake::{InitiateError, Initiator, Responder};
use sipher_crypto::{Psk, Purpose, SigningKey, UncheckedBundle};

use super::parties::{
    Items, NOW, Trace, device, device_fields, items, opened_items, pin, prekey_fields, prekeys, seed,
    short_pin, time,
};
use super::script::{Script, Seeded, cut, flipped, longer, replaced};
use super::{Fault, Fields, Maker, Outcome, Topic, bundle, unknown};

pub(super) const TOPIC: Topic = Topic {
    name: "handshake",
    about: "handshake.md. op initiate: device, bundle, short_pin, psk, now, items, e (secret), offer_seed (64 octets, d and z), \
            m (randomness of Encaps) -> flight, words and trace; classes of bundle.json, and own-bundle, too-long, bad-key. \
            op accept: device, prekeys, psk, flight, now, m (randomness of the first Answer) -> trace, account of the \
            initiator, words, items; class refused. A trace lists h after mixing `of`, ck and k of each mix, boxes, and what \
            the end yields, in the order of computation.",
    make,
    run,
};

fn run(op: &str, input: &Fields) -> Result<Outcome, Fault> {
    match op {
        "initiate" => initiate(input),
        "accept" => accept(input),
        _ => Err(unknown(op)),
    }
}

fn initiate(input: &Fields) -> Result<Outcome, Fault> {
    let device = device(&input.get_object("device")?)?;
    let unchecked = UncheckedBundle::from_octets(&input.get_octets("bundle")?);
    let bundle = match unchecked.check(&pin(input, "short_pin")?, time(input, "now")?) {
        Ok(bundle) => bundle,
        Err(error) => return Ok(Outcome::Refused(bundle::class(error)?)),
    };
    let psk = Psk::from_octets(&input.get_array("psk")?);
    let items = Items::of(input, "items")?;
    let mut trace = Trace::default();
    let mut script = Script::of(&[
        &input.get_octets("e")?,
        &input.get_octets("offer_seed")?,
        &input.get_octets("m")?,
    ]);
    let initiator = Initiator::new(&device, &bundle, &psk);
    match initiator.initiate_witnessed(&items.tlvs()?, &mut script, &mut trace) {
        Ok(initiated) => {
            script.finish()?;
            let output = Fields::new()
                .octets("flight", &initiated.flight)
                .text("words", initiated.link.words().join(" "))
                .value("trace", trace.into_value());
            Ok(Outcome::Done(output))
        }
        Err(InitiateError::TooLong) => Ok(Outcome::Refused("too-long")),
        Err(InitiateError::OwnBundle) => Ok(Outcome::Refused("own-bundle")),
        Err(InitiateError::BadKey) => Ok(Outcome::Refused("bad-key")),
        Err(_) => Err(Fault::new("an error without a class")),
    }
}

fn accept(input: &Fields) -> Result<Outcome, Fault> {
    let device = device(&input.get_object("device")?)?;
    let prekeys = prekeys(&device, &input.get_object("prekeys")?)?
        .ok_or_else(|| Fault::new("the offer is too long"))?;
    let psk = Psk::from_octets(&input.get_array("psk")?);
    let mut trace = Trace::default();
    let mut script = Script::of(&[&input.get_octets("m")?]);
    let responder = Responder::new(&device, &prekeys, &psk);
    let flight = input.get_octets("flight")?;
    let Ok(accepted) = responder.accept_witnessed(&flight, time(input, "now")?, &mut script, &mut trace)
    else {
        return Ok(Outcome::Refused("refused"));
    };
    script.finish()?;
    let output = Fields::new()
        .value("trace", trace.into_value())
        .octets("account_key", accepted.link.peer().account().key().as_octets())
        .text("words", accepted.link.words().join(" "))
        .value("items", opened_items(&accepted.items));
    Ok(Outcome::Done(output))
}

/// Both sides of one handshake.
struct Scene {
    initiator: Fields,
    responder: Fields,
    prekeys: Fields,
    bundle: Vec<u8>,
    short_pin: String,
    psk: [u8; 32],
}

impl Scene {
    fn new(seeded: &mut Seeded, kind: u64) -> Result<Self, Fault> {
        let (initiator, responder) = (device_fields(seeded), device_fields(seeded));
        let fields = prekey_fields(seeded, kind);
        let owner = device(&responder)?;
        let made = prekeys(&owner, &fields)?.ok_or_else(|| Fault::new("the offer is too long"))?;
        Ok(Self {
            short_pin: short_pin(&owner),
            bundle: made.expose_bundle().to_vec(),
            initiator,
            responder,
            prekeys: fields,
            psk: seeded.array(),
        })
    }

    fn initiating(&self, seeded: &mut Seeded, items: Value) -> Fields {
        Fields::new()
            .object("device", self.initiator.clone())
            .octets("bundle", &self.bundle)
            .text("short_pin", &*self.short_pin)
            .octets("psk", &self.psk)
            .number("now", NOW)
            .value("items", items)
            .octets("e", &seeded.array::<32>())
            .octets("offer_seed", &seeded.array::<64>())
            .octets("m", &seeded.array::<32>())
    }

    fn accepting(&self, flight: &[u8], m: &[u8; 32]) -> Fields {
        Fields::new()
            .object("device", self.responder.clone())
            .object("prekeys", self.prekeys.clone())
            .octets("psk", &self.psk)
            .octets("flight", flight)
            .number("now", NOW)
            .octets("m", m)
    }
}

fn make(maker: &mut Maker) -> Result<(), Fault> {
    let mut seeded = Seeded::named("handshake");
    let long = vec![0x5a; 1400];
    let lists: [&[(u8, &[u8])]; 4] = [
        &[(16, b"hello")],
        &[],
        &[(16, b""), (255, b"x"), (17, b"yz")],
        &[(16, &long)],
    ];
    let scene = Scene::new(&mut seeded, 1)?;
    let mut flights = Vec::new();
    for (list, kind) in lists.into_iter().zip([1, 2, 3, 1]) {
        let other = Scene::new(&mut seeded, kind)?;
        for scene in [&scene, &other] {
            let input = scene.initiating(&mut seeded, items(list));
            let made = maker.ok("a first flight", "initiate", input)?;
            let flight = made.get_octets("flight")?;
            let accepted = maker.ok("is accepted", "accept", scene.accepting(&flight, &seeded.array()))?;
            // spec: safety-1
            if made.get_text("words")? != accepted.get_text("words")? {
                return Err(Fault::new("both sides must see the same words"));
            }
            flights.push(flight);
        }
    }
    let flight = flights.first().cloned().unwrap_or_default();
    spoiled_flights(maker, &mut seeded, &scene, &flight)?;
    wrong_secrets(maker, &mut seeded, &scene, &flight)?;
    refused_bundles(maker, &mut seeded, &scene)
}

// spec: link-6
fn spoiled_flights(
    maker: &mut Maker,
    seeded: &mut Seeded,
    scene: &Scene,
    flight: &[u8],
) -> Result<(), Fault> {
    let cases = [
        // spec: link-3
        ("another suite", flipped(flight, 0, 2)),
        ("another prekey", flipped(flight, 4, 1)),
        ("one bit of E", flipped(flight, 5, 1)),
        ("the bit of E that X25519 ignores", flipped(flight, 36, 0x80)),
        // spec: dh-1
        ("E of small order", replaced(flight, 5, &[0; 32])),
        (
            "E of small order, 1",
            replaced(&replaced(flight, 5, &[0; 32]), 5, &[1]),
        ),
        ("first bit of ct", flipped(flight, 37, 0x80)),
        ("last bit of ct", flipped(flight, 1124, 1)),
        ("commitment of box1", flipped(flight, 1125, 1)),
        ("middle of box1", flipped(flight, 1250, 1)),
        ("tag of box1", flipped(flight, 1428, 1)),
        ("commitment of box2", flipped(flight, 1429, 1)),
        ("middle of box2", flipped(flight, 3000, 1)),
        ("tag of box2", flipped(flight, 4095, 1)),
        ("an octet cut off", cut(flight, 1)),
        ("an octet too many", longer(flight, &[0])),
        ("empty", vec![]),
        (
            "noise",
            replaced(&seeded.octets(4096), 0, flight.get(..5).unwrap_or_default()),
        ),
    ];
    for (comment, flight) in cases {
        maker.refused(
            comment,
            "accept",
            "refused",
            scene.accepting(&flight, &seeded.array()),
        )?;
    }
    Ok(())
}

fn wrong_secrets(maker: &mut Maker, seeded: &mut Seeded, scene: &Scene, flight: &[u8]) -> Result<(), Fault> {
    let good = scene.accepting(flight, &seeded.array());
    let prekeys = |name: &str, octets: &[u8]| {
        good.clone()
            .object("prekeys", scene.prekeys.clone().octets(name, octets))
    };
    let device = |name: &str, octets: &[u8]| {
        good.clone()
            .object("device", scene.responder.clone().octets(name, octets))
    };
    let cases = [
        (
            "another psk",
            good.clone().octets("psk", &flipped(&scene.psk, 0, 1)),
        ),
        ("another SPK", prekeys("prekey_secret", &seeded.array::<32>())),
        // spec: kem-2
        ("another KEM seed", prekeys("kem_seed", &seeded.array::<64>())),
        ("another profile in the bundle", prekeys("profile", b"other")),
        (
            "another front door in the bundle",
            prekeys("front_door_seed", &seeded.array::<32>()),
        ),
        (
            "another kind of bundle",
            good.clone()
                .object("prekeys", scene.prekeys.clone().number("kind", 2)),
        ),
        (
            "another device agreement key",
            device("agreement_secret", &seeded.array::<32>()),
        ),
        (
            "another account of the responder",
            device("account_seed", &seeded.array::<32>()),
        ),
        (
            // spec: link-4
            "the initiator's certificate is over",
            good.clone().number("now", NOW + 365 * 86_400 + 121),
        ),
        (
            "the initiator's certificate is not yet valid",
            good.number("now", NOW - 86_400 - 121),
        ),
    ];
    for (comment, input) in cases {
        maker.refused(comment, "accept", "refused", input)?;
    }
    Ok(())
}

// spec: link-1
fn refused_bundles(maker: &mut Maker, seeded: &mut Seeded, scene: &Scene) -> Result<(), Fault> {
    let good = scene.initiating(seeded, items(&[]));
    let long = vec![0; 1433];
    maker.refused(
        "items that do not fit",
        "initiate",
        "too-long",
        good.clone().value("items", items(&[(16, &long)])),
    )?;
    // spec: link-5
    let own = good.clone().object("device", scene.responder.clone());
    maker.refused("one's own invitation", "initiate", "own-bundle", own)?;
    let other = short_pin(&device(&scene.initiator)?);
    maker.refused(
        "another pin",
        "initiate",
        "wrong-account",
        good.clone().text("short_pin", other),
    )?;
    let spoiled = flipped(&scene.bundle, 300, 1);
    maker.refused(
        "a bundle with a changed ek",
        "initiate",
        "damaged",
        good.clone().octets("bundle", &spoiled),
    )?;
    let late = good.clone().number("now", NOW + 8 * 86_400);
    maker.refused("an old bundle", "initiate", "expired", late)?;
    let key = SigningKey::from_seed(seed(&scene.responder, "signing_seed")?);
    let content = cut(&scene.bundle, 64);
    let sign = |content: &[u8]| longer(content, key.sign(Purpose::Bundle, &[content]).as_octets());
    for (comment, at, with) in [
        ("SPK of small order, signed by its author", 264, vec![0; 32]),
        (
            // spec: kem-1
            "ek that fails the modulus check, signed by its author",
            296,
            vec![0xff; 1184],
        ),
        (
            "ek with one coefficient too large, signed by its author",
            296,
            vec![0xff, 0x0f],
        ),
    ] {
        let bundle = sign(&replaced(&content, at, &with));
        maker.refused(
            comment,
            "initiate",
            "bad-key",
            good.clone().octets("bundle", &bundle),
        )?;
    }
    Ok(())
}
