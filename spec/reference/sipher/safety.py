"""The safety number and the six words that two people compare. handshake.md, Safety number and six words."""

import hashlib

from mnemonic import Mnemonic

from .keys import account_record
from .octets import u8

ROUNDS = 5200
WORDS: list[str] = Mnemonic("english").wordlist


def _iterated(octets: bytes) -> bytes:
    for _ in range(ROUNDS):
        octets = hashlib.sha512(octets).digest()
    return octets


def number(one: bytes, other: bytes) -> str:
    """The digits of two account keys, in either order."""
    digest = _iterated(b"sipher/1 safety" + u8(1) + b"".join(sorted((account_record(one), account_record(other)))))
    groups = (int.from_bytes(digest[at : at + 5], "big") % 100_000 for at in range(0, 60, 5))
    return " ".join(f"{group:05}" for group in groups)


def words(link_secret: bytes) -> str:
    """The words of one finished handshake."""
    bits = int.from_bytes(_iterated(b"sipher/1 words" + link_secret), "big") >> (512 - 66)
    return " ".join(WORDS[bits >> shift & 0x7FF] for shift in range(55, -1, -11))
