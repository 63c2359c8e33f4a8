//! People, devices, prekeys and witnesses that several files of vectors share.

use data_encoding::HEXLOWER;
use serde_json::Value;
use sipher_crypto::{
    Body, BundleKind, Device, FrontDoor, Invitation, InvitationSecret, Lifetime, Note, Offer, OfferTooLong,
    Prekeys, ShortPin, SigningKey, SigningSeed, Time, Tlv, Witness,
};

use super::script::{Script, Seeded};
use super::{Fault, Fields};

/// When everything happens, in seconds since 1970.
pub(crate) const NOW: u64 = 1_800_000_000;

/// A device's secrets, as a vector names them.
pub(crate) fn device_fields(seeded: &mut Seeded) -> Fields {
    Fields::new()
        .octets("account_seed", &seeded.array::<32>())
        .octets("signing_seed", &seeded.array::<32>())
        .octets("agreement_secret", &seeded.array::<32>())
        .number("number", 1)
        .number("not_before", NOW - 86_400)
        .number("not_after", NOW + 365 * 86_400)
}

/// The device of these secrets.
pub(crate) fn device(fields: &Fields) -> Result<Device, Fault> {
    let account = SigningKey::from_seed(seed(fields, "account_seed")?);
    let lifetime = Lifetime {
        not_before: Time::from_unix_seconds(fields.get_number("not_before")?),
        not_after: Time::from_unix_seconds(fields.get_number("not_after")?),
    };
    let mut script = Script::of(&[
        &fields.get_octets("signing_seed")?,
        &fields.get_octets("agreement_secret")?,
    ]);
    let device = Device::create(&account, fields.get_u32("number")?, lifetime, &mut script);
    script.finish()?;
    Ok(device)
}

/// Prekeys and offer, as a vector names them.
pub(crate) fn prekey_fields(seeded: &mut Seeded, kind: u64) -> Fields {
    Fields::new()
        .number("kind", kind)
        .octets("prekey_id", &seeded.array::<4>())
        .octets("prekey_secret", &seeded.array::<32>())
        .octets("kem_seed", &seeded.array::<64>())
        .octets(
            "front_door_address",
            b"relay.example/k7q3mzx2ahb5w4tcyd6eolrn2i/k7q3mzx2ahb5w4tcyd6eolrn2a",
        )
        .octets("front_door_seed", &seeded.array::<32>())
        .octets("profile", b"profile")
        .number("bundle_not_after", NOW + 7 * 86_400)
}

/// The prekeys and the signed bundle of these; `None` if the offer is too long.
pub(crate) fn prekeys(device: &Device, fields: &Fields) -> Result<Option<Prekeys>, Fault> {
    offered(fields, |offer, script| Prekeys::create(device, offer, script))
}

/// The invitation of these and a secret; `None` if the offer is too long.
pub(crate) fn invitation(
    device: &Device,
    fields: &Fields,
    secret: &[u8; 32],
) -> Result<Option<Invitation>, Fault> {
    let secret = InvitationSecret::from_octets(secret);
    offered(fields, |offer, script| {
        Invitation::create(device, secret, offer, script)
    })
}

fn offered<T>(
    fields: &Fields,
    make: impl FnOnce(&Offer<'_>, &mut Script) -> Result<T, OfferTooLong>,
) -> Result<Option<T>, Fault> {
    let front_door = FrontDoor::new(
        fields.get_octets("front_door_address")?,
        seed(fields, "front_door_seed")?,
    );
    let profile = fields.get_octets("profile")?;
    let offer = Offer {
        kind: match fields.get_number("kind")? {
            1 => BundleKind::OneTime,
            2 => BundleKind::Standing,
            3 => BundleKind::Relink,
            _ => return Err(Fault::new("no such kind")),
        },
        front_door: &front_door,
        profile: &profile,
        not_after: time(fields, "bundle_not_after")?,
    };
    let mut script = Script::of(&[
        &fields.get_octets("prekey_id")?,
        &fields.get_octets("prekey_secret")?,
        &fields.get_octets("kem_seed")?,
    ]);
    let Ok(made) = make(&offer, &mut script) else {
        return Ok(None);
    };
    script.finish()?;
    Ok(Some(made))
}

/// The text by which an invitation pins this device's account.
pub(crate) fn short_pin(device: &Device) -> String {
    device
        .certificate()
        .account()
        .pin()
        .short()
        .to_string()
        .to_ascii_lowercase()
}

/// A pin of that name.
pub(crate) fn pin(fields: &Fields, name: &str) -> Result<ShortPin, Fault> {
    fields
        .get_text(name)?
        .parse()
        .map_err(|_| Fault::new(format!("{name} is no pin")))
}

/// A seed of that name.
pub(crate) fn seed(fields: &Fields, name: &str) -> Result<SigningSeed, Fault> {
    Ok(SigningSeed::from_octets(&fields.get_array(name)?))
}

/// A time of that name.
pub(crate) fn time(fields: &Fields, name: &str) -> Result<Time, Fault> {
    Ok(Time::from_unix_seconds(fields.get_number(name)?))
}

/// Items of a body, as octets that outlive their reading.
pub(crate) struct Items(Vec<(u8, Vec<u8>)>);

impl Items {
    /// Reads a list of `type` and `value`.
    pub(crate) fn of(fields: &Fields, name: &str) -> Result<Self, Fault> {
        let read = |item: &Fields| Ok((item.get_u8("type")?, item.get_octets("value")?));
        fields
            .get_list(name)?
            .iter()
            .map(read)
            .collect::<Result<_, Fault>>()
            .map(Self)
    }

    /// The items for the code.
    pub(crate) fn tlvs(&self) -> Result<Vec<Tlv<'_>>, Fault> {
        let tlv = |(kind, value): &'_ (u8, Vec<u8>)| -> Result<(), Fault> {
            Tlv::new(*kind, value)
                .map(|_| ())
                .map_err(|error| Fault::new(error.to_string()))
        };
        self.0.iter().try_for_each(tlv)?;
        Ok(self
            .0
            .iter()
            .filter_map(|(kind, value)| Tlv::new(*kind, value).ok())
            .collect())
    }
}

/// A list of items as a vector writes it.
pub(crate) fn items(list: &[(u8, &[u8])]) -> Value {
    let item = |(kind, value): &(u8, &[u8])| {
        Fields::new()
            .number("type", u64::from(*kind))
            .octets("value", value)
            .into_value()
    };
    Value::Array(list.iter().map(item).collect())
}

/// The items of an opened body as a vector writes them.
pub(crate) fn opened_items(body: &Body) -> Value {
    let list: Vec<(u8, Vec<u8>)> = body
        .items()
        .map(|item| (item.kind(), item.value().to_vec()))
        .collect();
    items(
        &list
            .iter()
            .map(|(kind, value)| (*kind, value.as_slice()))
            .collect::<Vec<_>>(),
    )
}

/// Writes down what the code computes on its way.
#[derive(Default)]
pub(crate) struct Trace(Vec<Value>);

impl Trace {
    /// The list of `what`, `of` and `value`, in the order of computation.
    pub(crate) fn into_value(self) -> Value {
        Value::Array(self.0)
    }

    /// A copy of the list.
    pub(crate) fn to_value(&self) -> Value {
        Value::Array(self.0.clone())
    }

    /// Values of a handshake's end, by their names.
    pub(crate) fn end(&self) -> Fields {
        let wanted = [
            "SK",
            "HK(R->I)",
            "NHK(I->R)",
            "link_secret",
            "relink_psk",
            "link_id",
        ];
        let of = |entry: &Value| entry.get("of").and_then(Value::as_str).map(str::to_owned);
        let named = self
            .0
            .iter()
            .filter_map(|entry| Some((of(entry)?, entry.get("value")?.clone())));
        let ends = named.filter(|(name, _)| wanted.contains(&name.as_str()));
        ends.fold(Fields::new(), |fields, (name, value)| fields.value(&name, value))
    }
}

impl Witness for Trace {
    fn saw(&mut self, note: Note, octets: &[u8]) {
        let (what, of) = match note {
            Note::Hash(name) => ("h", name),
            Note::ChainingKey(name) => ("ck", name),
            Note::Key(name) => ("k", name),
            Note::Octets(name) => ("octets", name),
            Note::Root => ("rk", "step"),
            Note::Chain => ("ck", "chain"),
            Note::NextHeader => ("nhk", "step"),
            Note::Message => ("mk", "message"),
            _ => ("other", ""),
        };
        let value = HEXLOWER.encode(octets);
        self.0.push(
            Fields::new()
                .text("what", what)
                .text("of", of)
                .text("value", value)
                .into_value(),
        );
    }
}
