//! The inside of the store: names of records, and what a sealed value holds.
//!
//! Value: `commit u64 ‖ length u32 ‖ value ‖ zeros`, padded to a few sizes, so that the file doesn't show how long a
//! text or how rich a presence is.

use sipher_engine::Kind;
use zeroize::Zeroizing;

use super::DiskFault;

/// Name of a record on disk: `kind ‖ hidden group ‖ seq`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct DiskKey([u8; LEN]);

impl DiskKey {
    /// The name of a record of the engine.
    pub(super) fn new(kind: Kind, hidden: &[u8; HIDDEN], seq: u64) -> Self {
        Self::build(kind.number(), hidden, seq)
    }

    /// The name of the head record, which no record of the engine can have.
    pub(super) fn head() -> Self {
        Self::build(HEAD_KIND, &[0; HIDDEN], 0)
    }

    /// The first and the last name that records of a kind can have.
    pub(super) fn all_of(kind: Kind) -> (Self, Self) {
        (
            Self::build(kind.number(), &[0; HIDDEN], 0),
            Self::build(kind.number(), &[0xff; HIDDEN], u64::MAX),
        )
    }

    /// A name as it was read; `None` when it isn't one.
    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        octets.try_into().ok().map(Self)
    }

    /// The octets on disk, which sort as they should.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The number inside a group.
    pub(super) fn seq(&self) -> u64 {
        self.0.last_chunk().map_or(0, |seq| u64::from_be_bytes(*seq))
    }

    fn build(kind: u8, hidden: &[u8; HIDDEN], seq: u64) -> Self {
        let mut octets = [0; LEN];
        let parts = [kind].into_iter().chain(*hidden).chain(seq.to_be_bytes());
        for (to, from) in octets.iter_mut().zip(parts) {
            *to = from;
        }
        Self(octets)
    }
}

/// An opened value.
pub(super) struct Record {
    /// Number of the commit that wrote it.
    pub(super) commit: u64,
    /// The engine's value.
    pub(super) value: Zeroizing<Vec<u8>>,
}

impl Record {
    /// The octets to be sealed.
    pub(super) fn write(commit: u64, value: &[u8]) -> Result<Zeroizing<Vec<u8>>, DiskFault> {
        let len = u32::try_from(value.len()).map_err(|_| DiskFault::Full)?;
        let size = padded(FIXED + value.len());
        // Of the final size at once: growing would leave copies of a secret behind.
        let mut octets = Zeroizing::new(Vec::with_capacity(size));
        octets.extend_from_slice(&commit.to_be_bytes());
        octets.extend_from_slice(&len.to_be_bytes());
        octets.extend_from_slice(value);
        octets.resize(size, 0);
        Ok(octets)
    }

    /// Takes apart what was opened; `None` when it is not what [`Record::write`] makes.
    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        let (commit, rest) = octets.split_first_chunk()?;
        let (len, rest) = rest.split_first_chunk()?;
        let value = rest.get(..usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
        Some(Self {
            commit: u64::from_be_bytes(*commit),
            value: Zeroizing::new(value.to_vec()),
        })
    }
}

/// The head record: the format's version and the number of the last commit.
pub(super) fn write_head(commit: u64) -> [u8; 10] {
    let mut octets = [0; 10];
    for (to, from) in octets
        .iter_mut()
        .zip(VERSION.to_be_bytes().into_iter().chain(commit.to_be_bytes()))
    {
        *to = from;
    }
    octets
}

/// The number of the last commit.
pub(super) fn read_head(octets: &[u8]) -> Result<u64, DiskFault> {
    let (version, commit) = octets.split_first_chunk().ok_or(DiskFault::Damaged)?;
    if u16::from_be_bytes(*version) != VERSION {
        return Err(DiskFault::Newer);
    }
    commit
        .try_into()
        .map(u64::from_be_bytes)
        .map_err(|_| DiskFault::Damaged)
}

/// Powers of two up to 4 KiB, then multiples of 4 KiB: at most twice the space, and few sizes to tell apart.
fn padded(len: usize) -> usize {
    if len <= LARGEST_POWER {
        len.next_power_of_two().max(SMALLEST)
    } else {
        len.next_multiple_of(LARGEST_POWER)
    }
}

/// Version of everything in the store that the client decides.
const VERSION: u16 = 1;
/// The engine's kinds are below.
const HEAD_KIND: u8 = 0xff;
/// Octets of a hidden group name: 128 bits, far beyond collisions among thousands.
pub(super) const HIDDEN: usize = 16;
/// Octets of a name.
const LEN: usize = 1 + HIDDEN + 8;
/// Octets of a value's own fields.
const FIXED: usize = 8 + 4;
/// Smallest size of a value before sealing.
const SMALLEST: usize = 128;
/// Up to here sizes double.
const LARGEST_POWER: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        for len in [0, 1, 127, 128, 5_000, 70_000] {
            let value = vec![7; len];
            let octets = Record::write(42, &value).unwrap();
            let record = Record::read(&octets).unwrap();
            assert_eq!((record.commit, record.value.as_slice()), (42, value.as_slice()));
        }
    }

    #[test]
    fn sizes_are_few() {
        let sizes: std::collections::BTreeSet<usize> = (0..4_000).map(padded).collect();
        assert_eq!(
            sizes.into_iter().collect::<Vec<_>>(),
            [128, 256, 512, 1024, 2048, 4096]
        );
        assert_eq!(padded(4_097), 8_192);
    }

    #[test]
    fn a_value_that_claims_more_than_it_has_is_refused() {
        let mut octets = Record::write(1, b"abc").unwrap();
        octets[8] = 0xff;
        assert!(Record::read(&octets).is_none());
        assert!(Record::read(&[]).is_none());
    }

    #[test]
    fn a_newer_head_is_told_apart_from_a_damaged_one() {
        assert_eq!(read_head(&write_head(9)).unwrap(), 9);
        let mut newer = write_head(9);
        newer[1] = 2;
        assert!(matches!(read_head(&newer), Err(DiskFault::Newer)));
        assert!(matches!(read_head(&[0, 1]), Err(DiskFault::Damaged)));
    }
}
