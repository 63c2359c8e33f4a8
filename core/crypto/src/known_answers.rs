//! The vectors of Project Wycheproof through the functions that the protocol itself calls. Spec: conventions,
//! "Keys", "Signatures" and "CAEAD".
//!
//! Each vector's verdict is compared, none is passed over. Where we are stricter than the vector demands, the
//! difference is asserted by class: all vectors of that class, and no others, come out differently.

mod agreement;
mod cipher;
mod kem;
mod signature;
