use alloc::vec::Vec;

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};

/// Two blocks of ciphertext and a tag that the plain cipher accepts under both keys.
pub(super) fn ciphertext_for_two_keys(one: &[u8; 32], two: &[u8; 32]) -> (Vec<u8>, [u8; 16]) {
    let (r1, s1) = poly_key(one);
    let (r2, s2) = poly_key(two);
    // Each accepted tag t gives two linear equations in the two blocks x and y, modulo p:
    // (x + 2^128) r^3 + (y + 2^128) r^2 + lengths * r = (t - s mod 2^128) + carry * 2^128
    (0_u128..)
        .find_map(|tag| {
            let d1 = constant(r1, s1, tag, tag % 4);
            let d2 = constant(r2, s2, tag, (tag / 4) % 4);
            let (a1, b1) = (r1.times(r1).times(r1), r1.times(r1));
            let (a2, b2) = (r2.times(r2).times(r2), r2.times(r2));
            let inverse = a1.times(b2).minus(a2.times(b1)).inverse();
            let x = d1.times(b2).minus(d2.times(b1)).times(inverse).as_block()?;
            let y = a1.times(d2).minus(a2.times(d1)).times(inverse).as_block()?;
            let mut ciphertext = x.to_le_bytes().to_vec();
            ciphertext.extend_from_slice(&y.to_le_bytes());
            Some((ciphertext, tag.to_le_bytes()))
        })
        .unwrap()
}

/// What is left for the two unknown blocks once their high bits and the block of lengths are taken away.
fn constant(r: Field, s: u128, tag: u128, carry: u128) -> Field {
    let high = Field::from_parts(0, 1);
    let lengths = Field::from_parts(32 << 64, 1);
    let square = r.times(r);
    Field::from_parts(tag.wrapping_sub(s), carry)
        .minus(high.times(square.times(r)))
        .minus(high.times(square))
        .minus(lengths.times(r))
}

fn poly_key(key: &[u8; 32]) -> (Field, u128) {
    let mut block = [0; 32];
    ChaCha20::new(&(*key).into(), &[0; 12].into()).apply_keystream(&mut block);
    let r = u128::from_le_bytes(block[..16].try_into().unwrap()) & 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff;
    (
        Field::from_parts(r, 0),
        u128::from_le_bytes(block[16..].try_into().unwrap()),
    )
}

/// A number modulo p = 2^130 - 5, as low 128 bits and the two above.
#[derive(Clone, Copy)]
struct Field {
    low: u128,
    high: u128,
}

impl Field {
    fn from_parts(low: u128, high: u128) -> Self {
        let mut number = Self { low, high };
        while number.high > 3 || (number.high == 3 && number.low >= u128::MAX - 4) {
            let excess = (number.high >> 2) * 5;
            number.high &= 3;
            number = if excess == 0 {
                number.minus_p()
            } else {
                number.plus_small(excess)
            };
        }
        number
    }

    fn minus_p(self) -> Self {
        Self {
            low: self.low - (u128::MAX - 4),
            high: 0,
        }
    }

    fn plus_small(self, small: u128) -> Self {
        let (low, carry) = self.low.overflowing_add(small);
        Self {
            low,
            high: self.high + u128::from(carry),
        }
    }

    fn plus(self, other: Self) -> Self {
        let (low, carry) = self.low.overflowing_add(other.low);
        Self::from_parts(low, self.high + other.high + u128::from(carry))
    }

    fn minus(self, other: Self) -> Self {
        let (low, borrow) = (u128::MAX - 4).overflowing_sub(other.low);
        self.plus(Self::from_parts(low, 3 - other.high - u128::from(borrow)))
    }

    fn times(self, other: Self) -> Self {
        (0..130).rev().fold(Self::from_parts(0, 0), |product, bit| {
            let doubled = product.plus(product);
            if other.bit(bit) {
                doubled.plus(self)
            } else {
                doubled
            }
        })
    }

    /// By Fermat: the power p - 2 = 2^130 - 7.
    fn inverse(self) -> Self {
        let exponent = Self {
            low: u128::MAX - 6,
            high: 3,
        };
        (0..130).rev().fold(Self::from_parts(1, 0), |power, bit| {
            let squared = power.times(power);
            if exponent.bit(bit) {
                squared.times(self)
            } else {
                squared
            }
        })
    }

    fn bit(self, bit: u32) -> bool {
        if bit < 128 {
            self.low >> bit & 1 == 1
        } else {
            self.high >> (bit - 128) & 1 == 1
        }
    }

    fn as_block(self) -> Option<u128> {
        (self.high == 0).then_some(self.low)
    }
}
