//! The notation of an invitation. Spec: `spec/invitation.md`, notation.
//!
//! ```text
//! SIPHER:<host[:port]>/<code>           code = 131 characters of A-Z 2-7 (RFC 4648 base32), 655 bits:
//!   130  relay key     the 26 characters of the relay's pin
//!   130  cell          the 26 characters of the invitation's cell
//!   256  secret
//!   130  pin           the 26 characters of the inviter's account pin
//!     1  kind          0 one-time, 1 standing
//!     8  check         CRC-8 (x^8 + x^2 + x + 1, from 0xff, not reflected) over the bits of "host[:port]" in small
//!                      letters and then the 647 bits before it
//! ```
//!
//! One block instead of four parts between slashes saves three characters, and its 655 bits leave none over.
//! The length is `7 + host + 1 + 131 = 139 + host`. A QR code at level L holds 154 characters of its alphanumeric
//! set in 45 modules, 23 rows of a terminal: a host with port of up to 15 characters, as `192.0.2.1:41873` or
//! `r.example.org`. Up to 85 characters, 224 in all, take 49 modules, 25 rows.
//!
//! The check finds each wrong character for sure, as its 5 bits are a burst shorter than 8, and everything else
//! but one case in 256. Without it a slip in the pin would look like an attack, and one in the secret like a used
//! invitation. It is no protection against anybody: the pin is.
//!
//! Read in any case, with blanks and line breaks anywhere; `0`, `1` and `8` are read as `O`, `I` and `B`, for which
//! they stand when somebody types. The default port is left out.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use sipher_crypto::{InvitationSecret, ShortPin};
use sipher_wire::{BoxId, RelayAddress};
use zeroize::Zeroizing;

/// What an invitation is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InvitationKind {
    /// One person, once.
    OneTime,
    /// Anybody may ask.
    Standing,
}

/// Which part of what was pasted is wrong, for the person who pasted it.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UriFault {
    /// It doesn't begin with `sipher:`.
    #[error("an invitation begins with sipher:")]
    NoInvitation,
    /// It's the address of a relay.
    #[error("this is the address of a relay, not an invitation")]
    RelayAddress,
    /// The host is neither a name nor an address, or its port is no port.
    #[error("the part before the slash is no host name")]
    Host,
    /// Characters are missing at the end.
    #[error("the invitation is cut short: {missing} characters are missing")]
    CutShort {
        /// How many.
        missing: usize,
    },
    /// Something follows that doesn't belong to it.
    #[error("the invitation has {extra} characters too many")]
    TooLong {
        /// How many.
        extra: usize,
    },
    /// It has a character that none has.
    #[error("an invitation has no character {found:?}")]
    Character {
        /// Which.
        found: char,
    },
    /// All parts look right, and at least one character is wrong.
    #[error("at least one character is mistyped")]
    Check,
}

/// An invitation as it is handed over: who holds it can use it. The secret is wiped on drop.
pub struct InvitationUri {
    pub(crate) relay: RelayAddress,
    pub(crate) cell: BoxId,
    pub(crate) secret: InvitationSecret,
    pub(crate) pin: ShortPin,
    pub(crate) kind: InvitationKind,
}

impl InvitationUri {
    /// Reads what a person pasted.
    ///
    /// # Errors
    /// Which part is wrong.
    pub fn parse(text: &str) -> Result<Self, UriFault> {
        let (place, code) = split(text)?;
        let symbols = symbols(&code)?;
        let mut reader = BitReader::new(&place, &symbols);
        let key = reader.id();
        let cell = reader.id();
        let secret = reader.octets();
        let pin = reader.id();
        let kind = if reader.take(1) == 0 {
            InvitationKind::OneTime
        } else {
            InvitationKind::Standing
        };
        let check = reader.crc;
        if reader.take(8) != u16::from(check) {
            // spec: invite-1
            return Err(UriFault::Check);
        }
        // Every 26 letters are an id and a pin, so only the host can still be wrong.
        let address = alloc::format!("sipher-relay:{}/{}", place.as_str(), key.as_str());
        Ok(Self {
            relay: RelayAddress::parse(&address).map_err(|_| UriFault::Host)?,
            cell: BoxId::parse(cell.as_bytes()).ok_or(UriFault::Check)?,
            secret: InvitationSecret::from_octets(&secret),
            pin: pin.parse().map_err(|_| UriFault::Check)?,
            kind,
        })
    }

    /// What it is for.
    pub const fn kind(&self) -> InvitationKind {
        self.kind
    }

    /// The relay where it waits.
    pub const fn relay(&self) -> &RelayAddress {
        &self.relay
    }

    /// The cell that holds its bundle.
    pub const fn cell(&self) -> &BoxId {
        &self.cell
    }

    /// The account that made it.
    pub const fn pin(&self) -> &ShortPin {
        &self.pin
    }

    /// The secret from which its keys are derived.
    pub const fn expose_secret(&self) -> &InvitationSecret {
        &self.secret
    }

    /// The invitation, in the capitals of a QR code's alphanumeric set. Whoever sees it can use it.
    pub fn expose_text(&self) -> Zeroizing<String> {
        let place = self.relay.host_port().to_ascii_lowercase();
        let mut writer = BitWriter::new(&place);
        writer.id(self.relay.id.as_str());
        writer.id(self.cell.as_str());
        for &octet in self.secret.expose_octets() {
            writer.put(u16::from(octet), 8);
        }
        writer.id(&alloc::format!("{}", self.pin));
        writer.put(u16::from(self.kind == InvitationKind::Standing), 1);
        let check = writer.crc;
        writer.put(u16::from(check), 8);
        let mut text = Zeroizing::new(String::with_capacity(SCHEME.len() + place.len() + 1 + CODE_CHARS));
        text.push_str("SIPHER:");
        text.push_str(&place.to_ascii_uppercase());
        text.push('/');
        text.push_str(&writer.text);
        text
    }
}

// spec: invite-2
impl fmt::Debug for InvitationUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationUri(..)")
    }
}

/// Cuts at the slash, without blanks, the place in small letters.
fn split(text: &str) -> Result<(Zeroizing<String>, Zeroizing<String>), UriFault> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len().min(LONGEST)));
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        if plain.len() + c.len_utf8() > LONGEST {
            return Err(if is_invitation(&plain) {
                UriFault::TooLong { extra: 1 }
            } else {
                UriFault::NoInvitation
            });
        }
        plain.push(c);
    }
    if starts_with(&plain, RELAY_SCHEME) {
        return Err(UriFault::RelayAddress);
    }
    let rest = plain
        .get(SCHEME.len()..)
        .filter(|_| is_invitation(&plain))
        .ok_or(UriFault::NoInvitation)?;
    let (place, code) = rest.split_once('/').unwrap_or((rest, ""));
    if code.is_empty() {
        return Err(UriFault::CutShort { missing: CODE_CHARS });
    }
    Ok((
        Zeroizing::new(place.to_ascii_lowercase()),
        Zeroizing::new(code.into()),
    ))
}

fn is_invitation(text: &str) -> bool {
    starts_with(text, SCHEME)
}

fn starts_with(text: &str, scheme: &str) -> bool {
    text.get(..scheme.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

/// The five bits of each character, exactly as many as there must be.
fn symbols(code: &str) -> Result<Zeroizing<Vec<u8>>, UriFault> {
    let mut symbols = Zeroizing::new(Vec::with_capacity(code.len()));
    for c in code.chars() {
        symbols.push(symbol(c).ok_or(UriFault::Character { found: c })?);
    }
    match symbols.len().checked_sub(CODE_CHARS) {
        Some(0) => Ok(symbols),
        Some(extra) => Err(UriFault::TooLong { extra }),
        None => Err(UriFault::CutShort {
            missing: CODE_CHARS - symbols.len(),
        }),
    }
}

fn symbol(c: char) -> Option<u8> {
    let c = u8::try_from(c).ok()?.to_ascii_lowercase();
    match c {
        b'a'..=b'z' => Some(c - b'a'),
        b'2'..=b'7' => Some(c - b'2' + 26),
        b'0' => symbol('o'),
        b'1' => symbol('i'),
        b'8' => symbol('b'),
        _ => None,
    }
}

fn letter(symbol: u16) -> char {
    match u8::try_from(symbol) {
        Ok(symbol @ 0..=25) => char::from(b'A' + symbol),
        Ok(symbol @ 26..=31) => char::from(b'2' + symbol - 26),
        _ => 'A',
    }
}

/// Reads bits off symbols; what lacks reads as zero, and the length was checked before.
struct BitReader<'a> {
    symbols: core::slice::Iter<'a, u8>,
    bits: u16,
    held: u32,
    crc: u8,
}

impl<'a> BitReader<'a> {
    fn new(place: &str, symbols: &'a [u8]) -> Self {
        Self {
            symbols: symbols.iter(),
            bits: 0,
            held: 0,
            crc: crc_of(place),
        }
    }

    /// At most 8 bits.
    fn take(&mut self, count: u32) -> u16 {
        while self.held < count {
            self.bits = (self.bits << 5) | u16::from(self.symbols.next().copied().unwrap_or(0));
            self.held += 5;
        }
        self.held -= count;
        let value = self.bits >> self.held;
        self.bits &= (1 << self.held) - 1;
        self.crc = crc(self.crc, value, count);
        value
    }

    fn id(&mut self) -> String {
        (0..ID_CHARS)
            .map(|_| letter(self.take(5)).to_ascii_lowercase())
            .collect()
    }

    fn octets(&mut self) -> Zeroizing<[u8; 32]> {
        let mut octets = Zeroizing::new([0; 32]);
        for octet in octets.iter_mut() {
            *octet = u8::try_from(self.take(8)).unwrap_or(0);
        }
        octets
    }
}

/// Writes bits as characters; wiped on drop.
struct BitWriter {
    text: Zeroizing<String>,
    bits: u16,
    held: u32,
    crc: u8,
}

impl BitWriter {
    fn new(place: &str) -> Self {
        Self {
            text: Zeroizing::new(String::with_capacity(CODE_CHARS)),
            bits: 0,
            held: 0,
            crc: crc_of(place),
        }
    }

    /// At most 8 bits.
    fn put(&mut self, value: u16, count: u32) {
        self.crc = crc(self.crc, value, count);
        self.bits = (self.bits << count) | value;
        self.held += count;
        while self.held >= 5 {
            self.held -= 5;
            self.text.push(letter(self.bits >> self.held));
            self.bits &= (1 << self.held) - 1;
        }
    }

    fn id(&mut self, text: &str) {
        for c in text.chars() {
            self.put(u16::from(symbol(c).unwrap_or(0)), 5);
        }
    }
}

fn crc_of(place: &str) -> u8 {
    place
        .bytes()
        .fold(0xff, |sum, octet| crc(sum, u16::from(octet), 8))
}

/// CRC-8 with the polynomial x^8 + x^2 + x + 1 over the lowest `count` bits of a value, highest first.
fn crc(mut sum: u8, value: u16, count: u32) -> u8 {
    for at in (0..count).rev() {
        let bit = (value >> at) & 1 == 1;
        let carry = (sum & 0x80 != 0) != bit;
        sum = (sum << 1) ^ if carry { 0x07 } else { 0 };
    }
    sum
}

const SCHEME: &str = "sipher:";
const RELAY_SCHEME: &str = "sipher-relay:";
/// Characters of an id or a pin.
const ID_CHARS: usize = 26;
/// Characters of the code: 655 bits.
const CODE_CHARS: usize = 131;
/// No invitation is longer: scheme, host of 253, port, slash, code.
const LONGEST: usize = 400;

#[cfg(test)]
mod tests;
