"""The sealed form of an account's store, and what a recovery phrase yields. account-store.md."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from argon2.low_level import Type, hash_secret_raw
from mnemonic import Mnemonic

from . import caead
from .hkdf import expand, hkdf
from .octets import Random, Reader, sha256, u8, u32
from .refusal import Refused
from .safety import WORDS

_HEADER = 29
_WRAPPED = _HEADER + caead.NONCE + 32 + caead.OVERHEAD
_WORDS_OF_PHRASE = 12


@dataclass(frozen=True)
class Stretching:
    """Parameters of Argon2id, within the floor and the ceiling: else `out-of-bounds`."""

    memory_kib: int
    passes: int
    lanes: int

    def __post_init__(self) -> None:
        fits = 19_456 <= self.memory_kib <= 1_048_576 and 2 <= self.passes <= 10 and 1 <= self.lanes <= 4
        if not fits:
            raise Refused("out-of-bounds")

    def stretch(self, passphrase: str, salt: bytes) -> bytes:
        return hash_secret_raw(
            passphrase.encode(), salt, self.passes, self.memory_kib, self.lanes, 32, Type.ID, version=0x13
        )


def wrap(secret: bytes, passphrase: str, stretching: Stretching, random: Random) -> bytes:
    """The store's secret under a passphrase. Draws the salt (16), then N (24)."""
    salt, nonce = random(16), random(caead.NONCE)
    header = u8(1) + u32(stretching.memory_kib) + u32(stretching.passes) + u32(stretching.lanes) + salt
    return header + nonce + caead.seal(stretching.stretch(passphrase, salt), nonce, header, secret)


def unwrap(wrapped: bytes, passphrase: str) -> bytes:
    """The secret: else `damaged`, `out-of-bounds` or `wrong-passphrase`."""
    if len(wrapped) != _WRAPPED or wrapped[0] != 1:
        raise Refused("damaged")
    reader = Reader(wrapped[1:], "damaged")
    stretching = Stretching(reader.number(4), reader.number(4), reader.number(4))
    salt, nonce, sealed = reader.take(16), reader.take(caead.NONCE), reader.rest()
    try:
        return caead.open_(stretching.stretch(passphrase, salt), nonce, wrapped[:_HEADER], sealed)
    except Refused:
        raise Refused("wrong-passphrase") from None


def seal_record(secret: bytes, name: bytes, record: bytes, random: Random) -> bytes:
    """A record under its own name. Draws N (24)."""
    nonce = random(caead.NONCE)
    return nonce + caead.seal(_record_key(secret), nonce, name, record)


def open_record(secret: bytes, name: bytes, sealed: bytes) -> bytes:
    if len(sealed) < caead.NONCE:
        raise Refused("did-not-open")
    return caead.open_(_record_key(secret), sealed[: caead.NONCE], name, sealed[caead.NONCE :])


def index_name(secret: bytes, kind: int, group: bytes) -> bytes:
    key = expand(secret, b"sipher/1 store index", 32)
    return hmac.digest(key, u8(kind) + group, "sha256")[:16]


def _record_key(secret: bytes) -> bytes:
    return expand(secret, b"sipher/1 store record", 32)


def phrase(entropy: bytes) -> str:
    """Twelve words of 128 bits."""
    return Mnemonic("english").to_mnemonic(entropy)


def read_phrase(text: str) -> str:
    """The words as they are stretched: else `count`, `unknown-word` or `checksum`."""
    words = text.lower().split()
    if len(words) != _WORDS_OF_PHRASE:
        raise Refused("count")
    if not all(word in WORDS for word in words):
        raise Refused("unknown-word")
    joined = " ".join(words)
    if not Mnemonic("english").check(joined):
        raise Refused("checksum")
    return joined


@dataclass(frozen=True)
class Vault:
    """What a phrase and the name of a relay yield."""

    owner_seed: bytes
    read_grant_seed: bytes
    vault_key: bytes
    account_seed: bytes

    @classmethod
    def derive(cls, words: str, relay_name: str, stretching: Stretching) -> Vault:
        salt = sha256(b"sipher/1 vault", relay_name.encode())[:16]
        stretched = stretching.stretch(words, salt)
        infos = (b"sipher/1 vault owner", b"sipher/1 vault read", b"sipher/1 vault key", b"sipher/1 vault account")
        return cls(*(hkdf(b"", stretched, info, 32) for info in infos))
