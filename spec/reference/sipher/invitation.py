"""The text that begins a link. invitation.md, The text."""

from __future__ import annotations

from dataclasses import dataclass

from .address import Place
from .octets import BASE32, is_id26
from .refusal import Refused

_SCHEME = "sipher:"
_CODE = 131
_BITS = _CODE * 5
_SECRET_BITS = 256
_LIKE = str.maketrans("018", "oib")


@dataclass(frozen=True)
class Invitation:
    """Relay, cell, secret and pin: whoever holds it can use it."""

    place: Place
    relay: str
    cell: str
    secret: bytes
    pin: str
    is_standing: bool = False

    @classmethod
    def read(cls, text: str) -> Invitation:
        """From what a person pasted or typed, in any case and over lines."""
        text = "".join(text.split()).lower()
        if text.startswith("sipher-relay:"):
            raise Refused("relay-address")
        if not text.startswith(_SCHEME):
            raise Refused("no-invitation")
        host, _, code = text[len(_SCHEME) :].partition("/")
        code = code.translate(_LIKE)
        if any(character not in BASE32 for character in code):
            raise Refused("character")
        if len(code) != _CODE:
            raise Refused("cut-short" if len(code) < _CODE else "too-long")
        number = 0
        for character in code:
            number = number << 5 | BASE32.index(character)
        body = number >> 8
        if _check(host, body) != number & 0xFF:
            raise Refused("check")
        try:
            place = Place.read(host)
        except Refused:
            raise Refused("host") from None
        return cls(
            place, _id_of(body >> 517), _id_of(body >> 387), (body >> 131 & (1 << _SECRET_BITS) - 1).to_bytes(32, "big"),
            _id_of(body >> 1), body & 1 == 1,
        )

    def __str__(self) -> str:
        body = _bits_of(self.relay) << 130 | _bits_of(self.cell)
        body = body << _SECRET_BITS | int.from_bytes(self.secret, "big")
        body = (body << 130 | _bits_of(self.pin)) << 1 | self.is_standing
        number = body << 8 | _check(str(self.place), body)
        code = "".join(BASE32[number >> shift & 31] for shift in range(_BITS - 5, -1, -5))
        return f"{_SCHEME}{self.place}/{code}".upper()


def _bits_of(id26: str) -> int:
    if not is_id26(id26):
        raise Refused("not-an-id")
    number = 0
    for character in id26:
        number = number << 5 | BASE32.index(character)
    return number


def _id_of(number: int) -> str:
    return "".join(BASE32[number >> shift & 31] for shift in range(125, -1, -5))


def _check(host: str, body: int) -> int:
    """CRC-8 over the bits of the host, then the 647 bits of the code before the check."""
    bits = [octet >> shift & 1 for octet in host.encode() for shift in range(7, -1, -1)]
    bits += [body >> shift & 1 for shift in range(_BITS - 9, -1, -1)]
    crc = 0xFF
    for bit in bits:
        top = crc >> 7 ^ bit
        crc = crc << 1 & 0xFF ^ (0x07 if top else 0)
    return crc
