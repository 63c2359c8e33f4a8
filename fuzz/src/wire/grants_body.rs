//! Promise: a grants body has one encoding, within its bounds. Spec: `spec/wire.md`, grants.

use sipher_wire::GrantOps;
use sipher_wire::limits::GRANT_OPS;

/// A body.
pub(crate) fn target(data: &[u8]) {
    let Some(ops) = GrantOps::decode(data) else { return };
    assert_eq!(ops.encode(), data, "another encoding of the same list");
    assert!((1..=GRANT_OPS).contains(&ops.as_slice().len()));
    assert_eq!(GrantOps::new(ops.as_slice().to_vec()).as_ref(), Some(&ops));
}
