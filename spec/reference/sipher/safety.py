"""The safety number and the six words that two people compare. handshake.md, Safety number and six words."""

import hashlib

from mnemonic import Mnemonic

from .keys import account_record
from .octets import u8

ROUNDS = 5200
WORDS: list[str] = Mnemonic("english").wordlist


def safety(one: bytes, other: bytes) -> tuple[str, str]:
    """(digits, words) of two account keys, in either order."""
    digest = b"sipher/1 safety" + u8(1) + b"".join(sorted((account_record(one), account_record(other))))
    for _ in range(ROUNDS):
        digest = hashlib.sha512(digest).digest()
    groups = (int.from_bytes(digest[at : at + 5], "big") % 100_000 for at in range(0, 60, 5))
    bits = int.from_bytes(digest, "big") >> (512 - 66)
    words = (WORDS[bits >> shift & 0x7FF] for shift in range(55, -1, -11))
    return " ".join(f"{group:05}" for group in groups), " ".join(words)
