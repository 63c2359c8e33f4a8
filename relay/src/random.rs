//! The randomness of the drivers. Everything else is given its generator.

use getrandom::SysRng;
use rand_core::UnwrapErr;

/// The system's randomness. Without it nothing can go on, so its failure ends the process.
pub(crate) type Random = UnwrapErr<SysRng>;

/// The system's randomness.
pub(crate) const fn system() -> Random {
    UnwrapErr(SysRng)
}
