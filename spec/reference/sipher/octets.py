"""Layout of octets: numbers, lengths, base32 and base64url. conventions.md, Notation and Decoding."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable

from .refusal import Refused

Random = Callable[[int], bytes]
"""What gives n random octets: the operating system, or a vector's list."""

BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


def u8(number: int) -> bytes:
    return number.to_bytes(1, "big")


def u16(number: int) -> bytes:
    return number.to_bytes(2, "big")


def u32(number: int) -> bytes:
    return number.to_bytes(4, "big")


def u64(number: int) -> bytes:
    return number.to_bytes(8, "big")


def short(value: bytes) -> bytes:
    """A length of 16 bits and the value."""
    return u16(len(value)) + value


def padded(value: bytes, size: int, kind: str) -> bytes:
    """The value with zeros up to `size`. Refused as `kind` where it does not fit."""
    if len(value) > size:
        raise Refused(kind)
    return value + bytes(size - len(value))


def sha256(*parts: bytes) -> bytes:
    """H of the documents."""
    return hashlib.sha256(b"".join(parts)).digest()


def equal(one: bytes, other: bytes) -> bool:
    """Comparison in constant time."""
    return hmac.compare_digest(one, other)


def id26(digest: bytes) -> str:
    """The first 130 bits of a hash as 26 characters of base32."""
    return base64.b32encode(digest).decode().lower()[:26]


def is_id26(text: str) -> bool:
    """Whether a text can be such an id; capitals are none."""
    return len(text) == 26 and all(c in BASE32 for c in text)


def id26_octets(text: str) -> bytes:
    """The first 16 octets of the hash that an id was made of."""
    if not is_id26(text):
        raise Refused("not-an-id")
    return base64.b32decode(text.upper() + "A" * 6)[:16]


def base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def from_base64url(text: str, size: int) -> bytes:
    """`size` octets from their one canonical text."""
    try:
        octets = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise Refused("base64") from None
    if len(octets) != size or base64url(octets) != text:
        raise Refused("base64")
    return octets


class Reader:
    """Takes fields from octets, and refuses what is cut short or left over as `kind`."""

    def __init__(self, octets: bytes, kind: str) -> None:
        self._octets = octets
        self._at = 0
        self._kind = kind

    def refuse(self) -> Refused:
        return Refused(self._kind)

    def take(self, size: int) -> bytes:
        if len(self._octets) - self._at < size:
            raise self.refuse()
        self._at += size
        return self._octets[self._at - size : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def short(self, most: int = 0xFFFF) -> bytes:
        size = self.number(2)
        if size > most:
            raise self.refuse()
        return self.take(size)

    def rest(self) -> bytes:
        return self.take(len(self._octets) - self._at)

    def is_empty(self) -> bool:
        return self._at == len(self._octets)

    def end(self) -> None:
        """Nothing may be left over."""
        if not self.is_empty():
            raise self.refuse()

    def zeros(self) -> None:
        """All that is left must be zero."""
        if any(self.rest()):
            raise self.refuse()
