"""Items of a body: the content of an envelope and of a first flight. ratchet.md, Envelope."""

from __future__ import annotations

from dataclasses import dataclass

from .octets import Reader, short, u8
from .refusal import Refused

END = 0
CHUNK = 1
CONTENT_FIRST = 16


@dataclass(frozen=True)
class Item:
    """One typed value of a content."""

    type: int
    value: bytes

    def octets(self) -> bytes:
        return u8(self.type) + short(self.value)


def write(items: list[Item]) -> bytes:
    for item in items:
        if not CONTENT_FIRST <= item.type <= 255 or len(item.value) > 0xFFFF:
            raise Refused("bad-item")
    return b"".join(item.octets() for item in items)


def read(octets: bytes, kind: str) -> list[Item]:
    """All items, chunks and reserved types with them; what follows the end is zero, else refused as `kind`."""
    reader = Reader(octets, kind)
    items = []
    while not reader.is_empty():
        type_ = reader.number(1)
        if type_ == END:
            reader.zeros()
            break
        items.append(Item(type_, reader.short()))
    return items


def content(items: list[Item]) -> list[Item]:
    """Without chunks and reserved types."""
    return [item for item in items if item.type >= CONTENT_FIRST]
