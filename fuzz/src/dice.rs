//! Choices out of octets, so that a fuzzer's small changes are small changes of what a target does.
//!
//! Octets that have run out count as zero: every input is a whole run.

/// Reads choices off the front of octets.
#[derive(Clone, Debug)]
pub struct Dice<'a>(&'a [u8]);

impl<'a> Dice<'a> {
    /// Choices from these octets.
    pub const fn of(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// The next `N` octets.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        let (taken, rest) = self.0.split_at(N.min(self.0.len()));
        out.iter_mut().zip(taken).for_each(|(to, from)| *to = *from);
        self.0 = rest;
        out
    }

    /// One octet.
    pub fn octet(&mut self) -> u8 {
        let [octet] = self.array();
        octet
    }

    /// Two octets as a number.
    pub fn short(&mut self) -> u16 {
        u16::from_be_bytes(self.array())
    }

    /// Four octets as a number.
    pub fn number(&mut self) -> u32 {
        u32::from_be_bytes(self.array())
    }

    /// Eight octets as a number.
    pub fn long(&mut self) -> u64 {
        u64::from_be_bytes(self.array())
    }

    /// Whether a coin that is one octet shows its odd side.
    pub fn flip(&mut self) -> bool {
        self.octet() & 1 == 1
    }

    /// A place among `len`; zero if there is none.
    pub fn place(&mut self, len: usize) -> usize {
        usize::from(self.short()).checked_rem(len).unwrap_or(0)
    }

    /// As many octets as the next one says, fewer if they run out.
    pub fn slice(&mut self) -> &'a [u8] {
        let len = usize::from(self.octet());
        self.take(len)
    }

    /// As many octets as the next two say, fewer if they run out.
    pub fn long_slice(&mut self) -> &'a [u8] {
        let len = usize::from(self.short());
        self.take(len)
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.0)
    }

    /// Whether nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

/// Edits in one call of [`edited`] at most.
const EDITS: u8 = 16;

/// A changed copy of genuine octets, as the dice want it: none to 16 edits.
pub fn edited(dice: &mut Dice<'_>, genuine: &[u8]) -> Vec<u8> {
    let mut octets = genuine.to_vec();
    for _ in 0..dice.octet() % (EDITS + 1) {
        edit(dice, &mut octets);
    }
    octets
}

fn edit(dice: &mut Dice<'_>, octets: &mut Vec<u8>) {
    let kind = dice.octet() % 8;
    let at = dice.place(octets.len());
    match kind {
        0 => change(octets, at, |octet, bit| octet ^ (1 << (bit % 8)), dice.octet()),
        1 => change(octets, at, |_, new| new, dice.octet()),
        2 => overwrite(octets, at, &dice.number().to_be_bytes()),
        3 => overwrite(octets, at, dice.slice()),
        4 => octets.truncate(at),
        5 => {
            let end = at.saturating_add(usize::from(dice.octet())).min(octets.len());
            octets.drain(at..end);
        }
        6 => {
            octets.splice(at..at, dice.slice().iter().copied());
        }
        _ => {
            let from = dice.place(octets.len());
            let end = from.saturating_add(usize::from(dice.octet())).min(octets.len());
            let piece = octets.get(from..end).unwrap_or_default().to_vec();
            overwrite(octets, at, &piece);
        }
    }
}

fn change(octets: &mut [u8], at: usize, to: impl Fn(u8, u8) -> u8, by: u8) {
    if let Some(octet) = octets.get_mut(at) {
        *octet = to(*octet, by);
    }
}

fn overwrite(octets: &mut [u8], at: usize, with: &[u8]) {
    octets
        .iter_mut()
        .skip(at)
        .zip(with)
        .for_each(|(to, from)| *to = *from);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_that_ran_out_show_zero() {
        let mut dice = Dice::of(&[7, 2, 9]);
        assert_eq!(
            (dice.octet(), dice.slice(), dice.number(), dice.place(5)),
            (7, &[9][..], 0, 0)
        );
        assert!(dice.is_empty());
    }

    #[test]
    fn no_dice_no_edit() {
        assert_eq!(edited(&mut Dice::of(b""), b"genuine"), b"genuine");
    }

    #[test]
    fn each_edit_does_what_it_says() {
        let cases: [(&[u8], &[u8]); 7] = [
            (&[1, 0, 0, 1, 5], b"aBcd"),
            (&[1, 1, 0, 1, b'x'], b"axcd"),
            (&[1, 3, 0, 1, 2, b'x', b'y'], b"axyd"),
            (&[1, 4, 0, 1], b"a"),
            (&[1, 5, 0, 1, 2], b"ad"),
            (&[1, 6, 0, 1, 2, b'x', b'y'], b"axybcd"),
            (&[1, 7, 0, 1, 0, 0, 2], b"aabd"),
        ];
        for (dice, expected) in cases {
            assert_eq!(edited(&mut Dice::of(dice), b"abcd"), expected, "{dice:?}");
        }
    }
}
