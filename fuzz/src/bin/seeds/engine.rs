//! Seeds of the engine targets: steps of a relay that lies, contents of a buddy who lies, stories of two people.

use crate::crypto;

/// Steps of `engine_octets`: a command, answers, what comes unasked.
pub(crate) fn steps() -> Vec<Vec<u8>> {
    const CONNECT: &[u8] = &[15];
    const HONEST: &[u8] = &[3, 0];
    const MANY: &[u8] = &[8, 15];
    const TRUE_VALUE: &[u8] = &[3, 7, 0];
    const EDITED_VALUE: &[u8] = &[3, 7, 1, 1, 0, 0, 99, 3];
    const ANY_VALUE: &[u8] = &[3, 7, 2, 0, 3, b'a', b'b', b'c'];
    const EDITED: &[u8] = &[3, 11, 2, 0, 0, 12, 4, 6, 0, 60, 2, b'\r', b'\n'];
    const TWICE: &[u8] = &[3, 13];
    const LOST: &[u8] = &[3, 14, 0];
    const SILENCE: &[u8] = &[3, 15];
    const OLD_ITEM: &[u8] = &[9, 2, 0];
    const EDITED_ITEM: &[u8] = &[9, 1, 1, 0, 0, 200, 3, 0];
    const FOREIGN_ITEM: &[u8] = &[9, 0, 0, 4, 1, 2, 3, 4, 0xff];
    const OCTETS: &[u8] = &[
        11, 0, 0, 9, b'S', b'I', b'P', b'/', b'2', b'\r', b'\n', b'\r', b'\n',
    ];
    const PONG: &[u8] = &[11, 0, 0, 2, b'\r', b'\n'];
    const HANG_UP: &[u8] = &[12, 0, 0];
    const LATER: &[u8] = &[13, 0x0e, 0x10];
    const RESTART: &[u8] = &[14];

    let mut all = Vec::new();
    for command in 0..16_u8 {
        let command = [0, command, 2, b'h', b'i'];
        for status in 0..8 {
            let refused = [3, 9, 0, status, 0, 0, 0, 1];
            if status == command[1] % 8 {
                all.push(
                    [
                        &command, CONNECT, &refused, HONEST, CONNECT, &refused, LATER, MANY,
                    ]
                    .concat(),
                );
            }
        }
        all.push([&command, CONNECT, MANY, LATER, MANY, RESTART].concat());
        all.push(
            [
                &command, CONNECT, HONEST, LOST, CONNECT, MANY, HANG_UP, LATER, CONNECT, MANY,
            ]
            .concat(),
        );
        all.push(
            [
                &command, CONNECT, TWICE, EDITED, SILENCE, LATER, RESTART, &command, CONNECT, MANY,
            ]
            .concat(),
        );
    }
    let stay = [0, 5];
    all.push(
        [
            &stay,
            CONNECT,
            MANY,
            OLD_ITEM,
            EDITED_ITEM,
            FOREIGN_ITEM,
            OCTETS,
            CONNECT,
            MANY,
        ]
        .concat(),
    );
    let sync = [0, 0];
    for value in [TRUE_VALUE, EDITED_VALUE, ANY_VALUE] {
        all.push(
            [
                &sync, CONNECT, value, CONNECT, value, value, PONG, value, value, MANY,
            ]
            .concat(),
        );
    }
    all
}

/// Envelopes of `hostile_buddy`: each kind as it should be, edited, and with octets of its own.
pub(crate) fn contents() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for kind in 16..=21_u8 {
        for then in 0..4 {
            let honest = [1, kind, 0, 0];
            let changed = [1, kind, 0, 1, 1, 0, 3, 0x60];
            let own = [1, kind, 1, 3, 0xa1, 0x00, 0xf6];
            all.push([&honest[..], &[then, 0], &changed, &[then, 1], &own, &[then]].concat());
        }
        all.push([2, kind, 0, 0, 16, 0, 0, 0].to_vec());
    }
    all
}

/// Damage of `account_load`.
pub(crate) fn damage() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for record in 0..12_u8 {
        for edit in 0..4 {
            let at = edit * 37;
            all.push([0, 0, record, 0, 1, edit, 0, at, 3].to_vec());
        }
        all.push([0, 0, record, 0xff, 0xa0].to_vec());
    }
    all
}

/// Pasted invitations.
pub(crate) fn invitations() -> Vec<Vec<u8>> {
    let mut all = crypto::choices(2, 40);
    for text in [
        "sipher:",
        "SIPHER:RELAY.EXAMPLE/ABC",
        "sipher-relay:a.example/x",
        "https://a/b",
        "sipher:[::1]:7/\u{e4}",
    ] {
        all.push([&[0], text.as_bytes()].concat());
    }
    all.push(vec![1, 0]);
    all
}

/// Stories of two people: no faults, then each kind of fault.
pub(crate) fn stories() -> Vec<Vec<u8>> {
    let peace = [0, 0, 0];
    let crash = |who, at| vec![1, 0, at, who, 0, 0];
    let cut = |at, up| vec![0, 1, 0, 0, at, 0, up, 0];
    let pieces = [0, 0, 7];
    let talk: &[u8] = &[0, 9, 1, 8, 14, 15, 9, 8];
    let offline: &[u8] = &[22, 0, 2, 1, 22, 8, 9, 14];
    let staying: &[u8] = &[24, 25, 0, 1, 0, 16, 1, 0, 26, 27, 8, 9];
    let crashes: &[u8] = &[0, 18, 1, 19, 20, 0, 20, 8, 9, 14, 15];
    let presence: &[u8] = &[28, 30, 1, 9, 29, 30, 0, 31, 1, 8, 9, 30, 1];
    let mut all = Vec::new();
    for story in [talk, offline, staying, crashes, presence] {
        all.push([&peace, story].concat());
        all.push([&pieces, story].concat());
        for who in 0..3 {
            all.push([&crash(who, 40 + 30 * who)[..], story].concat());
        }
        all.push([&cut(60, 1)[..], story].concat());
        all.push([&cut(90, 0)[..], story, talk].concat());
    }
    all
}
