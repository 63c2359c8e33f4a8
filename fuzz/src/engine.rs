//! Targets of `sipher-engine`: whole accounts, towards a relay that lies, a buddy who lies, a disk that is damaged and
//! persons who paste anything.

pub(crate) mod account_load;
pub(crate) mod engine_octets;
pub(crate) mod hostile_buddy;
pub(crate) mod invitation_uri;
pub(crate) mod people_and_faults;

mod fixture;
mod liar;
mod lies;
