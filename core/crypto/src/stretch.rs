//! Argon2id (RFC 9106) with checked parameters. Spec: account-store, "Stretching".

use alloc::vec::Vec;

use thiserror::Error;
use zeroize::Zeroizing;

/// How much work a guess costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StretchParams {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl StretchParams {
    /// For a passphrase of a local store: 64 MiB, 3 passes, 1 lane.
    pub const STORE: Self = Self {
        memory_kib: 64 * 1024,
        passes: 3,
        lanes: 1,
    };
    /// For a recovery phrase: 256 MiB, 3 passes, 1 lane. Fixed, since a restoring device can't ask for them.
    pub const VAULT: Self = Self {
        memory_kib: 256 * 1024,
        passes: 3,
        lanes: 1,
    };
    /// The least that is accepted: 19 MiB, 2 passes, 1 lane.
    pub const FLOOR: Self = Self {
        memory_kib: 19 * 1024,
        passes: 2,
        lanes: 1,
    };
    /// The most that is accepted, so that a changed file can't exhaust the machine: 1 GiB, 10 passes, 4 lanes.
    pub const CEILING: Self = Self {
        memory_kib: 1024 * 1024,
        passes: 10,
        lanes: 4,
    };

    /// Checks parameters that were read from a file.
    ///
    /// # Errors
    /// [`StretchParamsError`] outside floor and ceiling.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, StretchParamsError> {
        let (floor, ceiling) = (Self::FLOOR, Self::CEILING);
        // spec: store-1
        let is_within = (floor.memory_kib..=ceiling.memory_kib).contains(&memory_kib)
            && (floor.passes..=ceiling.passes).contains(&passes)
            && (floor.lanes..=ceiling.lanes).contains(&lanes);
        if is_within {
            Ok(Self {
                memory_kib,
                passes,
                lanes,
            })
        } else {
            Err(StretchParamsError::OutOfBounds)
        }
    }

    /// Memory in KiB.
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    pub const fn passes(self) -> u32 {
        self.passes
    }

    /// Lanes.
    pub const fn lanes(self) -> u32 {
        self.lanes
    }

    /// Stretches a secret to 32 octets.
    pub(crate) fn stretch(
        self,
        secret: &[u8],
        salt: &[u8; SALT_LEN],
    ) -> Result<Zeroizing<[u8; 32]>, StretchParamsError> {
        let mut stretched = Zeroizing::new([0; 32]);
        let params = argon2::Params::new(self.memory_kib, self.passes, self.lanes, Some(stretched.len()))
            .map_err(|_| StretchParamsError::OutOfBounds)?;
        let mut memory = blocks(params.block_count())?;
        argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
            .hash_password_into_with_memory(secret, salt, stretched.as_mut_slice(), memory.as_mut_slice())
            .map_err(|_| StretchParamsError::OutOfBounds)?;
        Ok(stretched)
    }
}

/// Memory that is wiped on drop, which the crate's own isn't; asked for politely, since a restoring machine may be
/// small.
fn blocks(count: usize) -> Result<Zeroizing<Vec<argon2::Block>>, StretchParamsError> {
    let mut blocks = Zeroizing::new(Vec::new());
    blocks
        .try_reserve_exact(count)
        .map_err(|_| StretchParamsError::NoMemory)?;
    blocks.resize(count, argon2::Block::default());
    Ok(blocks)
}

/// Why nothing was stretched.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StretchParamsError {
    /// Outside floor and ceiling.
    #[error("parameters are out of bounds")]
    OutOfBounds,
    /// The machine has less memory than the parameters ask for.
    #[error("not enough memory")]
    NoMemory,
}

/// Octets of a salt.
pub(crate) const SALT_LEN: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_outside_floor_and_ceiling_are_refused() {
        let refused = Err(StretchParamsError::OutOfBounds);
        assert_eq!(StretchParams::new(19 * 1024, 2, 1), Ok(StretchParams::FLOOR));
        assert_eq!(StretchParams::new(1024 * 1024, 10, 4), Ok(StretchParams::CEILING));
        assert_eq!(StretchParams::new(19 * 1024 - 1, 2, 1), refused);
        assert_eq!(StretchParams::new(19 * 1024, 1, 1), refused);
        assert_eq!(StretchParams::new(1024 * 1024 + 1, 10, 1), refused);
        assert_eq!(StretchParams::new(64 * 1024, 11, 1), refused);
        assert_eq!(StretchParams::new(64 * 1024, 3, 0), refused);
        assert_eq!(StretchParams::new(64 * 1024, 3, 5), refused);
    }

    #[test]
    fn secret_salt_and_parameters_all_count() {
        let floor = StretchParams::FLOOR.stretch(b"secret", &[1; SALT_LEN]).unwrap();
        assert_ne!(
            floor,
            StretchParams::FLOOR.stretch(b"Secret", &[1; SALT_LEN]).unwrap()
        );
        assert_ne!(
            floor,
            StretchParams::FLOOR.stretch(b"secret", &[2; SALT_LEN]).unwrap()
        );
        let more = StretchParams::new(19 * 1024, 3, 1).unwrap();
        assert_ne!(floor, more.stretch(b"secret", &[1; SALT_LEN]).unwrap());
    }
}
