//! Seeds of the relay's target: stories of owners, senders, watchers, thieves and crashes.

/// Choices of one step; the kinds are those of the target.
type Step<'a> = &'a [u8];

const REGISTER: u8 = 0;
const UNREGISTER: u8 = 2;
const QUERY: u8 = 3;
const PUBLISH: u8 = 4;
const GRANT: u8 = 5;
const REVOKE: u8 = 7;
const WATCH: u8 = 8;
const SEND: u8 = 11;
/// What has a value above 128 is rare: multiples of 12 are added.
const CLOSE: u8 = 9 + 120;
const OPTIONS: u8 = 10 + 120;

const HONEST: u8 = 15;
const UNPROVEN: u8 = 0;
const STOLEN: u8 = 1;
const OTHERS: u8 = 2;
const KNOWN: u8 = 3;

const COMMIT: Step<'_> = &[7, 0];
const LATER: Step<'_> = &[13, 0, 250];
const RESTART: Step<'_> = &[15 + 240, 0];

/// All stories, alone and one after the other.
pub(crate) fn stories() -> Vec<Vec<u8>> {
    let stories = [
        delivery(),
        presence(),
        thefts(),
        crash(),
        classes(),
        closing(),
        free_speech(),
        repeats(),
    ];
    let mut all: Vec<Vec<u8>> = stories.to_vec();
    all.extend(stories.windows(2).map(<[Vec<u8>]>::concat));
    all.extend(stories.windows(3).map(<[Vec<u8>]>::concat));
    all
}

/// One request: kind, connection, what, box, how, then what the kind takes (nothing: zeros), and no split.
fn ask(conn: u8, what: u8, place: u8, how: u8) -> Vec<u8> {
    let mut step = vec![0, conn, what, place, how];
    match what {
        PUBLISH => step.extend_from_slice(&[2, b'o', b'n', 0, 0]),
        WATCH => step.extend_from_slice(&[0, 0, 0]),
        _ => step.extend_from_slice(&[0, 0]),
    }
    step
}

fn answer(conn: u8) -> Vec<u8> {
    vec![10, conn]
}

fn refuse(conn: u8) -> Vec<u8> {
    vec![12, conn, 1]
}

/// Opens box `place` on connection 0 with its grant.
fn opened(place: u8) -> Vec<u8> {
    let first = if place < 2 { REGISTER } else { PUBLISH };
    [
        &ask(0, first, place, HONEST),
        COMMIT,
        COMMIT,
        &ask(0, GRANT, place, HONEST),
        COMMIT,
        COMMIT,
    ]
    .concat()
}

fn delivery() -> Vec<u8> {
    let send = ask(1, SEND, 0, HONEST);
    let again = ask(1, SEND, 0, KNOWN);
    [
        &opened(0)[..],
        &send,
        COMMIT,
        &again,
        &again,
        COMMIT,
        COMMIT,
        &answer(0),
        COMMIT,
        &refuse(0),
        LATER,
        &answer(0),
        COMMIT,
        &ask(0, QUERY, 0, KNOWN),
        &ask(0, UNREGISTER, 0, KNOWN),
        &again,
        COMMIT,
        &ask(3, REGISTER, 0, HONEST),
        COMMIT,
        &answer(3),
        COMMIT,
    ]
    .concat()
}

fn presence() -> Vec<u8> {
    let publish = ask(0, PUBLISH, 2, KNOWN);
    [
        &opened(2)[..],
        &ask(2, WATCH, 2, HONEST),
        &answer(2),
        &publish,
        COMMIT,
        LATER,
        &answer(2),
        &publish,
        &ask(0, REVOKE, 2, HONEST),
        COMMIT,
        COMMIT,
        &publish,
        COMMIT,
        LATER,
        &ask(2, WATCH, 2, KNOWN),
        LATER,
    ]
    .concat()
}

fn thefts() -> Vec<u8> {
    let mut all = opened(0);
    for how in [UNPROVEN, STOLEN, OTHERS, KNOWN] {
        for what in [REGISTER, GRANT, REVOKE, CLOSE, SEND, WATCH] {
            all.extend(ask(how, what, 0, how));
        }
        all.extend_from_slice(COMMIT);
    }
    all
}

fn crash() -> Vec<u8> {
    let send = ask(1, SEND, 0, HONEST);
    [
        &opened(0)[..],
        &send,
        COMMIT,
        &send,
        RESTART,
        &send,
        COMMIT,
        &ask(0, REGISTER, 0, HONEST),
        &answer(0),
        RESTART,
        &ask(0, REGISTER, 0, HONEST),
        &answer(0),
        COMMIT,
    ]
    .concat()
}

fn classes() -> Vec<u8> {
    let mut all = [opened(0), opened(2)].concat();
    for conn in 0..3 {
        for what in [SEND, WATCH, REGISTER, PUBLISH, OPTIONS] {
            all.extend(ask(
                conn,
                what,
                if what == WATCH || what == PUBLISH { 2 } else { 0 },
                HONEST,
            ));
        }
        all.extend_from_slice(COMMIT);
    }
    all
}

fn closing() -> Vec<u8> {
    let (send, close) = (ask(1, SEND, 0, HONEST), ask(0, CLOSE, 0, HONEST));
    [
        &opened(0)[..],
        &send,
        &close,
        &send,
        COMMIT,
        COMMIT,
        COMMIT,
        &send,
        &opened(0),
        &send,
        COMMIT,
        &answer(0),
    ]
    .concat()
}

fn free_speech() -> Vec<u8> {
    let hard = b"\r\n\r\nOPTIONS sip:localhost SIP/2.0\r\nv: SIP/2.0/TLS a;branch=z9hG4bK1\r\nf: <sip:a@b>;tag=1\r\nt: <sip:localhost>\r\ni: 1\r\nCSeq: 1 OPTIONS\r\nl: 0\r\n\r\n";
    let len = u16::try_from(hard.len()).unwrap_or(0).to_be_bytes();
    // An edited request: two edits, a bit and a number.
    let edited = [
        31_u8, 1, REGISTER, 0, HONEST, 2, 0, 0, 40, 3, 2, 0, 60, 0, 0, 0, 9,
    ];
    [
        &opened(0)[..],
        &[14, 2],
        &len,
        hard,
        &[14, 2, 0, 4, b'\r', b'\n', b'\r', b'\n'],
        &edited,
    ]
    .concat()
}

fn repeats() -> Vec<u8> {
    let send = ask(1, SEND, 0, HONEST);
    let mut all = [opened(0), opened(1)].concat();
    for _ in 0..18 {
        all.extend_from_slice(&send);
    }
    all.extend_from_slice(COMMIT);
    for _ in 0..6 {
        all.extend(answer(0));
        all.extend_from_slice(COMMIT);
    }
    all
}
