//! Devices and their certificates. Spec: handshake, "Account and device".
//!
//! A certificate is signed twice: by the account, and by the device itself, which stops an account from adopting
//! a device that isn't its own. Parsing verifies both; whether it is valid *now* is asked separately, because
//! stored certificates outlive their dates. Lists of devices aren't here.

use core::fmt;

use rand_core::CryptoRng;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::dh::{DhPublic, DhSecret};
use crate::encoding::{Malformed, Reader, Writer};
use crate::identity::AccountRecord;
use crate::signature::{Purpose, Signature, SigningKey, VerifyingKey};
use crate::time::{CLOCK_TOLERANCE, Time};

/// From when until when a certificate holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// First second.
    pub not_before: Time,
    /// Last second.
    pub not_after: Time,
}

impl Lifetime {
    /// Whether `now` lies within, two minutes of clock difference allowed at both ends.
    // spec: cert-2
    pub const fn includes(&self, now: Time) -> bool {
        self.not_before.seconds_since(now) <= CLOCK_TOLERANCE
            && now.seconds_since(self.not_after) <= CLOCK_TOLERANCE
    }
}

/// A certificate whose two signatures were verified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeviceCert {
    account: AccountRecord,
    signing: VerifyingKey,
    agreement: DhPublic,
    number: u32,
    lifetime: Lifetime,
    by_account: Signature,
    by_device: Signature,
}

impl DeviceCert {
    /// Octets of a certificate on the wire, zero octets at its end included.
    pub const LEN: usize = 256;

    /// Parses and verifies.
    ///
    /// # Errors
    /// [`CertError`]; which signature failed isn't said.
    pub fn verify(octets: &[u8; Self::LEN]) -> Result<Self, CertError> {
        let mut reader = Reader::new(octets);
        let cert = Self::read(&mut reader)?;
        reader.finish_padding()?;
        let content = cert.content();
        // spec: cert-1
        let by_account = cert
            .account
            .key()
            .verify(Purpose::Device, &[&content], &cert.by_account);
        let by_device = cert
            .signing
            .verify(Purpose::DeviceSelf, &[&content], &cert.by_device);
        by_account.and(by_device).map_err(|_| CertError)?;
        Ok(cert)
    }

    /// `account || signing || agreement || number || not_before || not_after || two signatures`, padded.
    pub fn to_octets(&self) -> [u8; Self::LEN] {
        let content = self.content();
        let parts = content
            .iter()
            .chain(self.by_account.as_octets())
            .chain(self.by_device.as_octets());
        let mut octets = [0; Self::LEN];
        for (to, from) in octets.iter_mut().zip(parts) {
            *to = *from;
        }
        octets
    }

    /// Whose device it is.
    pub const fn account(&self) -> &AccountRecord {
        &self.account
    }

    /// The device's signing key.
    pub const fn signing(&self) -> &VerifyingKey {
        &self.signing
    }

    /// The device's X25519 identity.
    pub const fn agreement(&self) -> &DhPublic {
        &self.agreement
    }

    /// The device's number within its account.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Its dates.
    pub const fn lifetime(&self) -> Lifetime {
        self.lifetime
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CertError> {
        Ok(Self {
            account: AccountRecord::new(VerifyingKey::from_octets(reader.array()?).map_err(|_| CertError)?),
            signing: VerifyingKey::from_octets(reader.array()?).map_err(|_| CertError)?,
            agreement: DhPublic::from_octets(*reader.array()?),
            number: reader.u32()?,
            lifetime: Lifetime {
                not_before: Time::from_unix_seconds(reader.u64()?),
                not_after: Time::from_unix_seconds(reader.u64()?),
            },
            by_account: Signature::from_octets(*reader.array()?),
            by_device: Signature::from_octets(*reader.array()?),
        })
    }

    /// What both signatures are over.
    fn content(&self) -> [u8; CONTENT_LEN] {
        content(
            self.account.key(),
            &self.signing,
            &self.agreement,
            self.number,
            self.lifetime,
        )
    }
}

/// A device's own keys and certificate.
pub struct Device {
    signing: SigningKey,
    agreement: DhSecret,
    certificate: DeviceCert,
}

impl Device {
    /// A new device of an account, with keys of its own and a certificate for them.
    pub fn create(
        account: &SigningKey,
        number: u32,
        lifetime: Lifetime,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Self {
        let signing = SigningKey::generate(rng);
        // spec: sign-4
        let agreement = DhSecret::generate(rng);
        let content = content(
            &account.verifying_key(),
            &signing.verifying_key(),
            &agreement.public(),
            number,
            lifetime,
        );
        let certificate = DeviceCert {
            account: AccountRecord::new(account.verifying_key()),
            signing: signing.verifying_key(),
            agreement: agreement.public(),
            number,
            lifetime,
            by_account: account.sign(Purpose::Device, &[&content]),
            by_device: signing.sign(Purpose::DeviceSelf, &[&content]),
        };
        Self {
            signing,
            agreement,
            certificate,
        }
    }

    /// Its certificate.
    pub const fn certificate(&self) -> &DeviceCert {
        &self.certificate
    }

    /// Its signing key.
    pub const fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// For storing sealed.
    pub fn to_bytes(&self) -> Zeroizing<alloc::vec::Vec<u8>> {
        let mut writer = Writer::with_capacity(1 + 32 + 32 + DeviceCert::LEN);
        writer
            .octet(STATE_VERSION)
            .put(self.signing.expose_seed().expose_octets())
            .put(self.agreement.expose_octets())
            .put(&self.certificate.to_octets());
        writer.finish()
    }

    /// What [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Malformed`] if it is damaged: also when keys and certificate don't belong together.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        if reader.octet()? != STATE_VERSION {
            return Err(Malformed);
        }
        let signing = SigningKey::from_seed(crate::SigningSeed::from_octets(reader.array()?));
        let agreement = DhSecret::from_octets(reader.array()?);
        let certificate = DeviceCert::verify(reader.array()?).map_err(|_| Malformed)?;
        reader.finish()?;
        let is_ours =
            certificate.signing == signing.verifying_key() && certificate.agreement == agreement.public();
        if is_ours {
            Ok(Self {
                signing,
                agreement,
                certificate,
            })
        } else {
            Err(Malformed)
        }
    }

    pub(crate) const fn agreement(&self) -> &DhSecret {
        &self.agreement
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Device(..)")
    }
}

/// A certificate that isn't one: cut, of unusable keys, or not signed by both.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("certificate does not verify")]
pub struct CertError;

impl From<Malformed> for CertError {
    fn from(_: Malformed) -> Self {
        Self
    }
}

fn content(
    account: &VerifyingKey,
    signing: &VerifyingKey,
    agreement: &DhPublic,
    number: u32,
    lifetime: Lifetime,
) -> [u8; CONTENT_LEN] {
    let number = number.to_be_bytes();
    let not_before = lifetime.not_before.as_unix_seconds().to_be_bytes();
    let not_after = lifetime.not_after.as_unix_seconds().to_be_bytes();
    let parts: [&[u8]; 6] = [
        account.as_octets(),
        signing.as_octets(),
        agreement.as_octets(),
        &number,
        &not_before,
        &not_after,
    ];
    let mut content = [0; CONTENT_LEN];
    for (to, from) in content.iter_mut().zip(parts.iter().copied().flatten()) {
        *to = *from;
    }
    content
}

/// Three keys, the number and two dates.
const CONTENT_LEN: usize = 3 * 32 + 4 + 2 * 8;
const STATE_VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    const LIFETIME: Lifetime = Lifetime {
        not_before: Time::from_unix_seconds(1000),
        not_after: Time::from_unix_seconds(2000),
    };

    fn device(seed: u8) -> Device {
        let mut rng = ChaCha20Rng::from_seed([seed; 32]);
        let account = SigningKey::generate(&mut rng);
        Device::create(&account, 1, LIFETIME, &mut rng)
    }

    #[test]
    fn a_certificate_verifies_and_every_flipped_bit_is_refused() {
        let octets = device(1).certificate().to_octets();
        assert_eq!(DeviceCert::verify(&octets).as_ref(), Ok(device(1).certificate()));
        for at in 0..DeviceCert::LEN {
            let mut forged = octets;
            forged[at] ^= 1 << (at % 8);
            assert!(DeviceCert::verify(&forged).is_err(), "octet {at}");
        }
    }

    #[test]
    fn a_certificate_says_what_it_was_made_of() {
        let mut rng = ChaCha20Rng::from_seed([8; 32]);
        let account = SigningKey::generate(&mut rng);
        let device = Device::create(&account, 7, LIFETIME, &mut rng);
        let certificate = device.certificate();
        assert_eq!((certificate.number(), certificate.lifetime()), (7, LIFETIME));
        assert_eq!(*certificate.account().key(), account.verifying_key());
        assert_eq!(*certificate.signing(), device.signing().verifying_key());
        assert_eq!(*certificate.agreement(), device.agreement().public());
    }

    #[test]
    fn an_account_cannot_adopt_a_foreign_device() {
        let mut rng = ChaCha20Rng::from_seed([9; 32]);
        let thief = SigningKey::generate(&mut rng);
        let foreign = *device(1).certificate();
        let content = content(
            &thief.verifying_key(),
            &foreign.signing,
            &foreign.agreement,
            1,
            LIFETIME,
        );
        let adopted = DeviceCert {
            account: AccountRecord::new(thief.verifying_key()),
            by_account: thief.sign(Purpose::Device, &[&content]),
            ..foreign
        };
        assert_eq!(DeviceCert::verify(&adopted.to_octets()), Err(CertError));
    }

    #[test]
    fn dates_allow_for_two_minutes_of_clock_difference() {
        let at = |seconds| LIFETIME.includes(Time::from_unix_seconds(seconds));
        assert!(!at(879) && at(880) && at(2120) && !at(2121));
    }

    // spec: sign-4
    #[test]
    fn a_device_round_trips_and_refuses_keys_of_another() {
        let bytes = device(1).to_bytes();
        assert_eq!(Device::from_bytes(&bytes).unwrap().to_bytes(), bytes);
        for keys in [1..65, 1..33, 33..65] {
            let mut mixed = bytes.clone();
            mixed[keys.clone()].copy_from_slice(&device(2).to_bytes()[keys]);
            assert_eq!(Device::from_bytes(&mixed).err(), Some(Malformed));
        }
        assert_eq!(Device::from_bytes(&bytes[1..]).err(), Some(Malformed));
    }
}
