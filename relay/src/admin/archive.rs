//! The one file format of backups and exports. Spec: `spec/operations.md`, archives.
//!
//! ```text
//! archive = "SIPHERA1" || record* || end
//! record  = kind u8 || key length u16 || value length u32 || key || value
//! kind    = 'f' a file of the relay's directory, 'p' a row, 'd' the deletion of a row
//! end     = 'e' || 0 u16 || 40 u32 || records u64 || SHA-256 of all octets before this record
//! ```
//!
//! Numbers are big-endian. Later records count over earlier ones. The hash tells damage and cuts, not
//! forgeries: who can write the file can write its hash.

use crate::store::{Key, Op};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::io::{ErrorKind, Read, Write};

/// One thing in an archive.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Entry {
    /// A file of the relay's directory.
    File(String, Bytes),
    /// A change of a row.
    Change(Op),
}

/// Why an archive can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveFault {
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] std::io::Error),
    /// It begins with something else.
    #[error("it is no archive of a relay")]
    Foreign,
    /// Its end is missing.
    #[error("its end is missing")]
    Cut,
    /// It isn't what was written.
    #[error("it is damaged")]
    Damaged,
}

/// Writes an archive.
#[derive(Debug)]
pub(crate) struct Writer<W> {
    out: W,
    hash: Sha256,
    records: u64,
}

/// Reads an archive.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    from: R,
    hash: Sha256,
    records: u64,
    ended: bool,
}

impl<W: Write> Writer<W> {
    /// Begins an archive.
    ///
    /// # Errors
    /// If it can't be written.
    pub(crate) fn begin(out: W) -> std::io::Result<Self> {
        let mut writer = Self {
            out,
            hash: Sha256::new(),
            records: 0,
        };
        writer.octets(MAGIC)?;
        Ok(writer)
    }

    /// Adds a file.
    ///
    /// # Errors
    /// As [`Writer::begin`].
    pub(crate) fn file(&mut self, name: &str, octets: &[u8]) -> std::io::Result<()> {
        self.record(FILE, name.as_bytes(), octets)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// As [`Writer::begin`].
    pub(crate) fn row(&mut self, key: &[u8], value: &[u8]) -> std::io::Result<()> {
        self.record(PUT, key, value)
    }

    /// Adds a change.
    ///
    /// # Errors
    /// As [`Writer::begin`].
    pub(crate) fn change(&mut self, op: &Op) -> std::io::Result<()> {
        match op {
            Op::Put(key, value) => self.record(PUT, key.as_octets(), value),
            Op::Delete(key) => self.record(DELETE, key.as_octets(), &[]),
        }
    }

    /// Ends the archive, and gives back what it was written to.
    ///
    /// # Errors
    /// As [`Writer::begin`].
    // spec: archive-1
    pub(crate) fn end(mut self) -> std::io::Result<W> {
        let mut value = [0; END_OCTETS];
        let (count, hash) = value.split_at_mut(8);
        count.copy_from_slice(&self.records.to_be_bytes());
        hash.copy_from_slice(&self.hash.clone().finalize());
        self.record(END, &[], &value)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn record(&mut self, kind: u8, key: &[u8], value: &[u8]) -> std::io::Result<()> {
        let too_large = |_| std::io::Error::from(ErrorKind::FileTooLarge);
        self.octets(&[kind])?;
        self.octets(&u16::try_from(key.len()).map_err(too_large)?.to_be_bytes())?;
        self.octets(&u32::try_from(value.len()).map_err(too_large)?.to_be_bytes())?;
        self.octets(key)?;
        self.octets(value)?;
        self.records += 1;
        Ok(())
    }

    fn octets(&mut self, octets: &[u8]) -> std::io::Result<()> {
        self.hash.update(octets);
        self.out.write_all(octets)
    }
}

impl<R: Read> Reader<R> {
    /// Begins to read an archive.
    ///
    /// # Errors
    /// [`ArchiveFault`]
    pub(crate) fn begin(from: R) -> Result<Self, ArchiveFault> {
        let mut reader = Self {
            from,
            hash: Sha256::new(),
            records: 0,
            ended: false,
        };
        let magic: [u8; MAGIC.len()] = reader.array().map_err(|fault| match fault {
            ArchiveFault::Cut => ArchiveFault::Foreign,
            fault => fault,
        })?;
        if magic == *MAGIC {
            Ok(reader)
        } else {
            Err(ArchiveFault::Foreign)
        }
    }

    /// The next thing. `None` stands for an end that holds all that the archive should.
    ///
    /// # Errors
    /// [`ArchiveFault`]; what was read before it must not be used.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>, ArchiveFault> {
        if self.ended {
            return Ok(None);
        }
        let before = self.hash.clone();
        let [kind] = self.array()?;
        let key_len = usize::from(u16::from_be_bytes(self.array()?));
        let value_len = u32::from_be_bytes(self.array()?);
        let value_len = usize::try_from(value_len).map_err(|_| ArchiveFault::Damaged)?;
        // spec: archive-2
        if key_len > KEY_OCTETS_MAX || value_len > VALUE_OCTETS_MAX {
            return Err(ArchiveFault::Damaged);
        }
        let key = self.take(key_len)?;
        let value = self.take(value_len)?;
        if kind == END {
            self.check_end(&key, &value, &before.finalize())?;
            return Ok(None);
        }
        self.records += 1;
        Ok(Some(match kind {
            FILE => Entry::File(
                String::from_utf8(key).map_err(|_| ArchiveFault::Damaged)?,
                Bytes::from(value),
            ),
            PUT => Entry::Change(Op::Put(Key::from_octets(&key), Bytes::from(value))),
            DELETE if value.is_empty() => Entry::Change(Op::Delete(Key::from_octets(&key))),
            _ => return Err(ArchiveFault::Damaged),
        }))
    }

    fn check_end(&mut self, key: &[u8], value: &[u8], hash: &[u8]) -> Result<(), ArchiveFault> {
        let whole = [&self.records.to_be_bytes()[..], hash].concat();
        let mut more = [0];
        if !key.is_empty() || value != whole || self.from.read(&mut more)? != 0 {
            return Err(ArchiveFault::Damaged);
        }
        self.ended = true;
        Ok(())
    }

    fn take(&mut self, len: usize) -> Result<Vec<u8>, ArchiveFault> {
        let mut octets = vec![0; len];
        self.fill(&mut octets)?;
        Ok(octets)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ArchiveFault> {
        let mut octets = [0; N];
        self.fill(&mut octets)?;
        Ok(octets)
    }

    fn fill(&mut self, octets: &mut [u8]) -> Result<(), ArchiveFault> {
        self.from.read_exact(octets).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => ArchiveFault::Cut,
            _ => ArchiveFault::Disk(error),
        })?;
        self.hash.update(octets);
        Ok(())
    }
}

const MAGIC: &[u8; 8] = b"SIPHERA1";
const FILE: u8 = b'f';
const PUT: u8 = b'p';
const DELETE: u8 = b'd';
const END: u8 = b'e';
/// Count and hash.
const END_OCTETS: usize = 40;
/// No key of the store has a third of it.
const KEY_OCTETS_MAX: usize = 256;
/// An item of 64 KiB with its head has a fraction of it.
const VALUE_OCTETS_MAX: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn archive() -> Vec<u8> {
        let mut writer = Writer::begin(Vec::new()).unwrap();
        writer.file("relay.json", b"{}").unwrap();
        writer.row(b"bx", b"one").unwrap();
        writer.change(&Op::Delete(Key::from_octets(b"bx"))).unwrap();
        writer.end().unwrap()
    }

    fn read(octets: &[u8]) -> Result<Vec<Entry>, ArchiveFault> {
        let mut reader = Reader::begin(octets)?;
        let mut entries = Vec::new();
        while let Some(entry) = reader.next()? {
            entries.push(entry);
        }
        Ok(entries)
    }

    // spec: archive-1
    #[test]
    fn an_archive_reads_as_it_was_written() {
        let key = Key::from_octets(b"bx");
        let expected = vec![
            Entry::File("relay.json".into(), Bytes::from_static(b"{}")),
            Entry::Change(Op::Put(key.clone(), Bytes::from_static(b"one"))),
            Entry::Change(Op::Delete(key)),
        ];
        assert_eq!(read(&archive()).unwrap(), expected);
    }

    // spec: archive-1
    #[test]
    fn an_archive_that_is_cut_anywhere_has_no_end() {
        let whole = archive();
        for len in 0..whole.len() {
            assert!(read(&whole[..len]).is_err(), "cut at {len}");
        }
    }

    // spec: archive-1
    #[test]
    fn a_changed_octet_anywhere_is_noticed_and_so_is_one_more() {
        let whole = archive();
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 1;
            assert!(read(&damaged).is_err(), "at {place}");
        }
        assert!(read(&[&whole[..], b"x"].concat()).is_err());
    }

    // spec: archive-2
    #[test]
    fn lengths_over_the_bounds_take_no_memory() {
        for head in [
            [b'p', 0xff, 0xff, 0, 0, 0, 0],
            [b'p', 0, 1, 0xff, 0xff, 0xff, 0xff],
        ] {
            let octets = [&MAGIC[..], &head].concat();
            assert!(matches!(read(&octets), Err(ArchiveFault::Damaged)));
        }
    }
}
