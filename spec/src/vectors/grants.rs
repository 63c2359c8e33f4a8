//! Vectors of the body that manages grants. Spec: boxes, "Grants body".

use serde_json::Value;
use sipher_crypto::{SigningKey, SigningSeed};
use sipher_wire::{Allowance, Grant, GrantKey, GrantOp, GrantOps, Right, Treatment};

use super::script::{Seeded, cut, longer, replaced};
use super::signatures::NOT_CANONICAL;
use super::{Fault, Fields, Maker, Outcome, Topic, unknown};

pub(super) const TOPIC: Topic = Topic {
    name: "grants",
    about: "boxes.md, Grants body. op encode: ops -> body. op decode: body -> ops; class bad-body. An op is add with \
            key, right, sink, not_after (text, since it has 64 bits), items, period; or delete with key; or close.",
    make,
    run,
};

fn run(op: &str, input: &Fields) -> Result<Outcome, Fault> {
    match op {
        "encode" => {
            let ops = input
                .get_list("ops")?
                .iter()
                .map(read_op)
                .collect::<Result<Vec<_>, _>>()?;
            Ok(match GrantOps::new(ops) {
                Some(ops) => Outcome::Done(Fields::new().octets("body", &ops.encode())),
                None => Outcome::Refused("bad-body"),
            })
        }
        "decode" => Ok(match GrantOps::decode(&input.get_octets("body")?) {
            Some(ops) => {
                let ops = ops
                    .as_slice()
                    .iter()
                    .map(write_op)
                    .collect::<Result<Vec<_>, _>>()?;
                Outcome::Done(Fields::new().value("ops", Value::Array(ops)))
            }
            None => Outcome::Refused("bad-body"),
        }),
        _ => Err(unknown(op)),
    }
}

fn read_op(op: &Fields) -> Result<GrantOp, Fault> {
    let key = || Ok::<_, Fault>(GrantKey::from_octets(op.get_array("key")?));
    match op.get_text("op")? {
        "add" => Ok(GrantOp::Add(Grant {
            key: key()?,
            right: Right::from_octet(op.get_u8("right")?).ok_or_else(|| Fault::new("no such right"))?,
            treatment: if op.get_u8("sink")? == 1 {
                Treatment::Sink
            } else {
                Treatment::Deliver
            },
            not_after_secs: op
                .get_text("not_after")?
                .parse()
                .map_err(|_| Fault::new("not_after is no number"))?,
            allowance: Allowance {
                items: op.get_u32("items")?,
                period_secs: op.get_u32("period")?,
            },
        })),
        "delete" => Ok(GrantOp::Delete(key()?)),
        "close" => Ok(GrantOp::Close),
        other => Err(unknown(other)),
    }
}

fn write_op(op: &GrantOp) -> Result<Value, Fault> {
    let fields = match op {
        GrantOp::Add(grant) => Fields::new()
            .text("op", "add")
            .octets("key", grant.key.as_octets())
            .number("right", u64::from(grant.right.as_octet()))
            .number("sink", u64::from(grant.treatment == Treatment::Sink))
            .text("not_after", grant.not_after_secs.to_string())
            .number("items", u64::from(grant.allowance.items))
            .number("period", u64::from(grant.allowance.period_secs)),
        GrantOp::Delete(key) => Fields::new().text("op", "delete").octets("key", key.as_octets()),
        GrantOp::Close => Fields::new().text("op", "close"),
        _ => return Err(Fault::new("an operation without a name")),
    };
    Ok(fields.into_value())
}

/// A grant with a key made from a seed.
fn add(seeded: &mut Seeded, right: Right, treatment: Treatment, not_after_secs: u64) -> GrantOp {
    GrantOp::Add(Grant {
        key: key(seeded),
        right,
        treatment,
        not_after_secs,
        allowance: Allowance {
            items: 1_000,
            period_secs: 86_400,
        },
    })
}

fn key(seeded: &mut Seeded) -> GrantKey {
    let key = SigningKey::from_seed(SigningSeed::from_octets(&seeded.array()));
    GrantKey::from_octets(*key.verifying_key().as_octets())
}

fn list(ops: &[GrantOp]) -> Result<Fields, Fault> {
    let ops = ops.iter().map(write_op).collect::<Result<Vec<_>, _>>()?;
    Ok(Fields::new().value("ops", Value::Array(ops)))
}

fn make(maker: &mut Maker) -> Result<(), Fault> {
    let mut seeded = Seeded::named("grants");
    let write = add(&mut seeded, Right::Write, Treatment::Deliver, u64::MAX);
    let read = add(&mut seeded, Right::Read, Treatment::Deliver, 1_800_000_000);
    let sink = add(&mut seeded, Right::Write, Treatment::Sink, 0);
    let delete = GrantOp::Delete(key(&mut seeded));
    let many: Vec<GrantOp> = (0..64)
        .map(|_| add(&mut seeded, Right::Read, Treatment::Deliver, 7))
        .collect();
    for (comment, ops) in [
        ("a grant to write, for ever", vec![write]),
        ("a grant to read, with an end", vec![read]),
        ("a sink", vec![sink]),
        ("a deletion", vec![delete]),
        (
            "deletion of a key of small order, which nobody could have added",
            vec![GrantOp::Delete(GrantKey::from_octets([0; 32]))],
        ),
        ("a close", vec![GrantOp::Close]),
        ("several", vec![delete, write, sink, read]),
        ("64, the most", many.clone()),
    ] {
        let made = maker.ok(comment, "encode", list(&ops)?)?;
        maker.ok(
            comment,
            "decode",
            Fields::new().octets("body", &made.get_octets("body")?),
        )?;
    }
    let sixty_five = [many.as_slice(), &[delete]].concat();
    for (comment, ops) in [
        ("nothing", vec![]),
        ("65", sixty_five),
        ("a close with company", vec![GrantOp::Close, delete]),
        ("one key added twice", vec![write, write]),
        ("two closes", vec![GrantOp::Close, GrantOp::Close]),
    ] {
        maker.refused(comment, "encode", "bad-body", list(&ops)?)?;
    }
    let body = maker
        .ok(
            "the body that is spoiled below",
            "encode",
            list(&[write, delete])?,
        )?
        .get_octets("body")?;
    spoil(maker, &body)
}

// spec: grant-8
fn spoil(maker: &mut Maker, body: &[u8]) -> Result<(), Fault> {
    let own = body.get(3..35).unwrap_or_default().to_vec();
    let cases = [
        ("empty", vec![]),
        ("a version only", vec![1]),
        ("version 0", replaced(body, 0, &[0])),
        ("version 2", replaced(body, 0, &[2])),
        ("count 0", replaced(body, 1, &[0])),
        ("count too small", replaced(body, 1, &[1])),
        ("count too large", replaced(body, 1, &[3])),
        ("count 65", replaced(body, 1, &[65])),
        ("an octet cut off", cut(body, 1)),
        // spec: code-1
        ("an octet too many", longer(body, &[0])),
        ("operation 0", replaced(body, 2, &[0])),
        ("operation 4", replaced(body, 2, &[4])),
        ("a key of small order added", replaced(body, 3, &[0; 32])),
        ("right 0", replaced(body, 35, &[0])),
        ("right 3", replaced(body, 35, &[3])),
        ("an unknown flag", replaced(body, 36, &[2])),
        ("sink and an unknown flag", replaced(body, 36, &[3])),
        ("period 0", replaced(body, 49, &[0; 4])),
        ("one key added and deleted", replaced(body, 54, &own)),
        ("a close with company", longer(&replaced(body, 1, &[3]), &[3])),
        (
            "a key added in an encoding that is not canonical",
            replaced(body, 3, &NOT_CANONICAL),
        ),
    ];
    for (comment, body) in cases {
        maker.refused(comment, "decode", "bad-body", Fields::new().octets("body", &body))?;
    }
    Ok(())
}
