//! The only source of randomness in the client: the operating system's.

use getrandom::SysRng;
use rand_core::UnwrapErr;

/// The system's generator. A system that cannot give random bytes ends the process: there is nothing to fall back to.
pub(crate) type SystemRng = UnwrapErr<SysRng>;

/// A handle to it.
// spec: secret-4
pub(crate) fn system() -> SystemRng {
    UnwrapErr(SysRng)
}
