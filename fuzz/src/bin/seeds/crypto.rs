//! Seeds of the crypto targets: choices, since genuine octets come from the targets' own fixture.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

/// Each way of a target: with nothing, with a few edits, and with many octets of its own. `ways` counts the ways,
/// `len` is the length of a whole input of raw octets.
pub(crate) fn choices(ways: u8, len: usize) -> Vec<Vec<u8>> {
    let mut rng = ChaCha20Rng::seed_from_u64(u64::from(ways));
    let mut all = Vec::new();
    for way in 0..ways {
        all.push(vec![way]);
        all.push([&[way][..], &[1, 0, 0, 200, way]].concat());
        for edits in 0..3 {
            let mut octets = vec![way, 1, edits, edits, way, 0, 9, 3];
            let mut tail = vec![0; 40];
            rng.fill_bytes(&mut tail);
            octets.extend_from_slice(&tail);
            all.push(octets);
        }
        let mut raw = vec![0; len];
        rng.fill_bytes(&mut raw);
        all.push([&[way], raw.as_slice()].concat());
        all.push([&[way, 0], LISTS].concat());
    }
    all
}

/// Walks of a conversation: in step, out of order, one way only, changed, stored, rolled back.
pub(crate) fn conversations() -> Vec<Vec<u8>> {
    const SEND_A: &[u8] = &[0, 2, b'h', b'i', 0];
    const SEND_B: &[u8] = &[1, 1, b'y', 0];
    const BIG_A: &[u8] = &[0, 0, 0xff];
    const NEWEST_A: &[u8] = &[8];
    const NEWEST_B: &[u8] = &[9];
    const CHANGED: &[u8] = &[10, 0, 0, 0, 200, 3];
    const STORE: &[u8] = &[12, 13];
    const LATER: &[u8] = &[14, 200];
    const BACK: &[u8] = &[0xfe];
    let walks: [&[&[u8]]; 10] = [
        &[SEND_A, NEWEST_A, SEND_B, NEWEST_B],
        &[SEND_B, NEWEST_B, SEND_A, NEWEST_A],
        &[SEND_A, SEND_A, SEND_A, NEWEST_A, SEND_B],
        &[SEND_A, SEND_B, SEND_A, SEND_B, NEWEST_A, NEWEST_B],
        &[SEND_A, BIG_A, NEWEST_A, CHANGED, SEND_B, NEWEST_B],
        &[SEND_A, STORE, NEWEST_A, STORE, SEND_B, LATER, NEWEST_B],
        &[
            SEND_A,
            SEND_A,
            &[4, 0, 0],
            &[4, 0, 1],
            &[4, 0, 0],
            SEND_B,
            NEWEST_B,
        ],
        &[SEND_A, NEWEST_A, SEND_B, NEWEST_B, BACK, SEND_A, NEWEST_A],
        &[SEND_A, SEND_B, SEND_B, NEWEST_B, NEWEST_A, &[4, 0, 1], &[4, 0, 0]],
        &[CHANGED, SEND_A, CHANGED, NEWEST_A, CHANGED],
    ];
    let whole = |walk: &[&[u8]], times: usize| walk.concat().repeat(times);
    walks
        .iter()
        .flat_map(|walk| [whole(walk, 1), whole(walk, 8)])
        .collect()
}

/// Recovery phrases, good and bad.
pub(crate) fn phrases() -> Vec<Vec<u8>> {
    let about = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon";
    let texts = [
        format!("{about} about"),
        format!("{about} abandon"),
        format!("  {} \n ABOUT", about.replace(' ', "\t")),
        "legal winner thank year wave sausage worth useful legal winner thank yellow".into(),
        "letter advice cage absurd amount doctor acoustic avoid letter advice cage above".into(),
        "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong".into(),
        about.to_owned(),
        "aban aban aban aban aban aban aban aban aban aban aban abou".into(),
        "\u{e4}".into(),
    ];
    texts.into_iter().map(String::into_bytes).collect()
}

/// Bodies of items: one, two, a chunk of each kind, one that runs over.
const LISTS: &[u8] = &[
    16, 0, 1, b'x', 17, 0, 0, 1, 0, 7, 1, 0, 0, 0, 1, 0, 5, 200, 0, 2, 1, 2, 0, 0, 255, 255, 255,
];
