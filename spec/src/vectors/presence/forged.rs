//! Envelopes of presence that only the holder of the keys can make, and no honest publisher does.

use hkdf::Hkdf;
use sha2::Sha256;
use sipher_crypto::CaeadKey;
use sipher_crypto::caead::{self, Nonce};

use super::super::parties::NOW;
use super::super::script::{Seeded, cut, flipped, replaced};
use super::super::{Fault, Maker};
use super::{CELL, Event, Published};

/// What only the holder of the keys can make, and no honest publisher does.
pub(super) fn make(maker: &mut Maker, seeded: &mut Seeded, published: &Published) -> Result<(), Fault> {
    let keys = published.key(0);
    let mut forge =
        |index: u32, header: [u8; 16], document: &[u8]| forge(keys, index, header, document, seeded.array());
    let place = |epoch: u32, index: u32, rest: u8| {
        let mut header = [rest; 16];
        for (to, from) in header
            .iter_mut()
            .zip(epoch.to_be_bytes().into_iter().chain(index.to_be_bytes()))
        {
            *to = from;
        }
        header
    };
    let good = replaced(
        &[0; 887],
        0,
        &[NOW.to_be_bytes(), (NOW + 60).to_be_bytes()].concat(),
    );
    let far = forge(100_000, place(1, 100_000, 0), &good)?;
    maker.ok(
        "100,000 were missed",
        "open",
        published.reading(&[Event::Open(&far)]),
    )?;
    // spec: presence-10
    let farther = forge(100_001, place(1, 100_001, 0), &good)?;
    maker.refused(
        "one more",
        "open",
        "too-far",
        published.reading(&[Event::Open(&farther)]),
    )?;
    let last = forge(0, place(1, u32::MAX, 0), &good)?;
    maker.refused(
        "the last index that there is",
        "open",
        "too-far",
        published.reading(&[Event::Open(&last)]),
    )?;
    // spec: presence-9
    let twice = forge(0, place(1, 0, 0), &good)?;
    let input = published.reading(&[Event::Open(published.envelope(0)), Event::Open(&twice)]);
    maker.refused(
        "a publisher that uses an index twice",
        "open",
        "contradiction",
        input,
    )?;
    for (comment, envelope) in [
        ("the header names another epoch", forge(0, place(2, 0, 0), &good)?),
        ("the header's rest is not zero", forge(0, place(1, 0, 1), &good)?),
        (
            // spec: code-2
            "the document's padding is not zero",
            forge(0, place(1, 0, 0), &flipped(&good, 886, 1))?,
        ),
        (
            // spec: code-3
            "the content's length is too large",
            forge(0, place(1, 0, 0), &replaced(&good, 24, &[0x03, 0x5e]))?,
        ),
        (
            "the document ends before it begins",
            forge(0, place(1, 0, 0), &replaced(&good, 8, &[0; 8]))?,
        ),
        ("the document is short", forge(0, place(1, 0, 0), &cut(&good, 1))?),
    ] {
        maker.refused(
            comment,
            "open",
            "refused",
            published.reading(&[Event::Open(&envelope)]),
        )?;
    }
    Ok(())
}

/// An envelope of the epoch whose keys are `keys`, with the document key of `index` and this header.
fn forge(
    keys: &[u8],
    index: u32,
    header: [u8; 16],
    document: &[u8],
    nonce: [u8; 24],
) -> Result<Vec<u8>, Fault> {
    let bad = || Fault::new("keys of an epoch have 68 octets");
    let (epoch, rest) = keys.split_first_chunk::<4>().ok_or_else(bad)?;
    let (chain, rest) = rest.split_first_chunk::<32>().ok_or_else(bad)?;
    let header_key = rest.first_chunk::<32>().ok_or_else(bad)?;
    let (mut chain, mut key) = (*chain, [0; 32]);
    for at in 0..=index {
        let mut okm = [0; 64];
        let hkdf = Hkdf::<Sha256>::from_prk(&chain).map_err(|_| bad())?;
        let info = [b"sipher/1 presence".as_slice(), epoch, &at.to_be_bytes()].concat();
        hkdf.expand(&info, &mut okm).map_err(|_| bad())?;
        let (next, document) = okm.split_first_chunk::<32>().ok_or_else(bad)?;
        chain = *next;
        key = *document.first_chunk().ok_or_else(bad)?;
    }
    let nonce = Nonce::from_octets(nonce);
    let header = caead::seal(
        &CaeadKey::from_octets(header_key),
        Some(&nonce),
        &[CELL.as_bytes(), b"h"],
        &header,
    );
    let sealed = caead::seal(
        &CaeadKey::from_octets(&key),
        Some(&nonce),
        &[CELL.as_bytes(), &header],
        document,
    );
    Ok([&[1], nonce.as_octets().as_slice(), &header, &sealed].concat())
}
