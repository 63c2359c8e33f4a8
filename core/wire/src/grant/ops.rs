//! The body of a PUBLISH for `sipher-grants`: what an owner changes in one step. Spec: `spec/boxes.md`, grants.
//!
//! ```text
//! body   = version u8 (1) || count u8 (1..=64) || count * op
//! op     = 1 add    || key[32] || right u8 || flags u8 (bit 0: sink) || not_after u64 || items u32 || period u32
//!        | 2 delete || key[32]
//!        | 3 close                               (the only op of its body)
//! ```
//!
//! Numbers are big-endian. A key appears once. One list of operations has one encoding, so what is
//! decoded encodes to the same octets.

use super::{Allowance, Grant, GrantKey, Right, Treatment};
use crate::limits::GRANT_OPS;
use alloc::vec::Vec;

const VERSION: u8 = 1;
const ADD: u8 = 1;
const DELETE: u8 = 2;
const CLOSE: u8 = 3;
const FLAG_SINK: u8 = 1;

/// One change to a box.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GrantOp {
    /// Adds the grant, or replaces the one of the same key.
    Add(Grant),
    /// Deletes the grant of this key; one that isn't there is no fault.
    Delete(GrantKey),
    /// Removes the box with its items, value and grants.
    Close,
}

/// Operations that a relay applies all or none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GrantOps(Vec<GrantOp>);

impl GrantOps {
    /// A list of operations, if it has an encoding: 1 to 64 of them, each key once and strong, each
    /// period at least a second, and a close alone.
    pub fn new(ops: Vec<GrantOp>) -> Option<Self> {
        // spec: grant-8
        let alone = ops.len() == 1 || !ops.contains(&GrantOp::Close);
        let counted = (1..=GRANT_OPS).contains(&ops.len());
        (counted && alone && ops.iter().all(is_sound) && keys_differ(&ops)).then_some(Self(ops))
    }

    /// The operations, in order.
    pub fn as_slice(&self) -> &[GrantOp] {
        &self.0
    }

    /// The body.
    pub fn encode(&self) -> Vec<u8> {
        let count = u8::try_from(self.0.len()).unwrap_or(u8::MAX);
        let mut out = Vec::from([VERSION, count]);
        for op in &self.0 {
            match op {
                GrantOp::Add(grant) => encode_grant(grant, &mut out),
                GrantOp::Delete(key) => {
                    out.push(DELETE);
                    out.extend_from_slice(key.as_octets());
                }
                GrantOp::Close => out.push(CLOSE),
            }
        }
        out
    }

    /// Reads a body; anything but the one encoding of a list is refused.
    pub fn decode(body: &[u8]) -> Option<Self> {
        let (&[version, count], mut rest) = body.split_first_chunk()?;
        if version != VERSION || usize::from(count) > GRANT_OPS {
            return None;
        }
        let mut ops = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let (&tag, after) = rest.split_first()?;
            rest = after;
            ops.push(match tag {
                ADD => GrantOp::Add(decode_grant(&mut rest)?),
                DELETE => GrantOp::Delete(GrantKey::from_octets(take(&mut rest)?)),
                CLOSE => GrantOp::Close,
                _ => return None,
            });
        }
        if rest.is_empty() { Self::new(ops) } else { None }
    }
}

fn encode_grant(grant: &Grant, out: &mut Vec<u8>) {
    out.push(ADD);
    out.extend_from_slice(grant.key.as_octets());
    out.push(grant.right.as_octet());
    out.push(match grant.treatment {
        Treatment::Deliver => 0,
        Treatment::Sink => FLAG_SINK,
    });
    out.extend_from_slice(&grant.not_after_secs.to_be_bytes());
    out.extend_from_slice(&grant.allowance.items.to_be_bytes());
    out.extend_from_slice(&grant.allowance.period_secs.to_be_bytes());
}

fn decode_grant(rest: &mut &[u8]) -> Option<Grant> {
    let key = GrantKey::from_octets(take(rest)?);
    let [right, flags] = take(rest)?;
    Some(Grant {
        key,
        right: Right::from_octet(right)?,
        treatment: match flags {
            0 => Treatment::Deliver,
            FLAG_SINK => Treatment::Sink,
            _ => return None,
        },
        not_after_secs: u64::from_be_bytes(take(rest)?),
        allowance: Allowance {
            items: u32::from_be_bytes(take(rest)?),
            period_secs: u32::from_be_bytes(take(rest)?),
        },
    })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (chunk, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*chunk)
}

fn is_sound(op: &GrantOp) -> bool {
    match op {
        GrantOp::Add(grant) => grant.key.is_strong() && grant.allowance.period_secs > 0,
        GrantOp::Delete(_) | GrantOp::Close => true,
    }
}

fn keys_differ(ops: &[GrantOp]) -> bool {
    let mut keys: Vec<_> = ops
        .iter()
        .filter_map(|op| match op {
            GrantOp::Add(grant) => Some(grant.key),
            GrantOp::Delete(key) => Some(*key),
            GrantOp::Close => None,
        })
        .collect();
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    keys.len() == all
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use ed25519_dalek::SigningKey;
    use proptest::prelude::*;

    fn key(seed: u8) -> GrantKey {
        GrantKey::from_octets(SigningKey::from_bytes(&[seed; 32]).verifying_key().to_bytes())
    }

    fn any_op(seed: u8) -> impl Strategy<Value = GrantOp> {
        let add = (any::<bool>(), any::<bool>(), any::<u64>(), any::<u32>(), 1_u32..);
        prop_oneof![
            add.prop_map(
                move |(read, sink, not_after_secs, items, period_secs)| GrantOp::Add(Grant {
                    key: key(seed),
                    right: if read { Right::Read } else { Right::Write },
                    treatment: if sink { Treatment::Sink } else { Treatment::Deliver },
                    not_after_secs,
                    allowance: Allowance { items, period_secs },
                })
            ),
            Just(GrantOp::Delete(key(seed))),
        ]
    }

    proptest! {
        #[test]
        fn a_list_is_the_same_after_a_round_trip(
            ops in (1_u8..=64).prop_flat_map(|n| (0..n).map(any_op).collect::<Vec<_>>())
        ) {
            let ops = GrantOps::new(ops).unwrap();
            prop_assert_eq!(GrantOps::decode(&ops.encode()), Some(ops));
        }

        #[test]
        fn what_decodes_encodes_to_the_same_octets(mut body in prop::collection::vec(any::<u8>(), 0..200), n in 0_u8..3) {
            body.splice(0..0, [1, n]);
            if let Some(ops) = GrantOps::decode(&body) {
                prop_assert_eq!(ops.encode(), body);
            }
        }

        #[test]
        fn no_octet_of_a_body_can_change_without_changing_the_list(at in 0_usize..90, flip in 1_u8..) {
            let grant = Grant { key: key(1), right: Right::Write, treatment: Treatment::Sink, not_after_secs: 5,
                allowance: Allowance { items: 2, period_secs: 3 } };
            let ops = GrantOps::new(vec![GrantOp::Add(grant), GrantOp::Delete(key(2))]).unwrap();
            let mut body = ops.encode();
            let at = at % body.len();
            body[at] ^= flip;
            prop_assert_ne!(GrantOps::decode(&body), Some(ops));
        }
    }

    // spec: grant-8
    #[test]
    fn a_close_stands_alone() {
        assert_eq!(GrantOps::decode(&[1, 1, 3]).unwrap().as_slice(), [GrantOp::Close]);
        assert_eq!(GrantOps::new(vec![GrantOp::Close, GrantOp::Delete(key(1))]), None);
        assert_eq!(GrantOps::decode(&[1, 2, 3, 3]), None);
    }

    // spec: grant-8
    #[test]
    fn one_key_twice_a_weak_key_an_empty_list_and_a_zero_period_are_refused() {
        let weak = GrantKey::from_octets({
            let mut identity = [0; 32];
            identity[0] = 1;
            identity
        });
        let grant = |key, period_secs| {
            GrantOp::Add(Grant {
                key,
                right: Right::Read,
                treatment: Treatment::Deliver,
                not_after_secs: 0,
                allowance: Allowance {
                    items: 0,
                    period_secs,
                },
            })
        };
        assert!(GrantOps::new(vec![grant(key(1), 1)]).is_some());
        assert_eq!(
            GrantOps::new(vec![grant(key(1), 1), GrantOp::Delete(key(1))]),
            None
        );
        assert_eq!(GrantOps::new(vec![grant(weak, 1)]), None);
        assert_eq!(GrantOps::new(vec![grant(key(1), 0)]), None);
        assert_eq!(GrantOps::new(vec![]), None);
        assert_eq!(GrantOps::decode(&[1, 0]), None);
    }

    #[test]
    fn other_versions_unknown_flags_cut_and_longer_bodies_are_refused() {
        let ops = GrantOps::new(vec![GrantOp::Delete(key(1))]).unwrap();
        let body = ops.encode();
        for len in 0..body.len() {
            assert_eq!(GrantOps::decode(&body[..len]), None, "cut at {len}");
        }
        assert_eq!(GrantOps::decode(&[&body[..], &[0]].concat()), None);
        assert_eq!(GrantOps::decode(&[&[2], &body[1..]].concat()), None);
        assert_eq!(GrantOps::decode(&[1, 255]), None);
    }
}
