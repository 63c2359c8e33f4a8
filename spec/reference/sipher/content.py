"""What buddies say to each other inside envelopes. content.md."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from . import cbor
from .address import BoxAddress
from .body import Item
from .octets import sha256
from .presence import EpochKeys
from .refusal import Refused

TEXT_MOST = 65_000
NAME_MOST = 64
NOTE_MOST = 512
RECEIPT_IDS_MOST = 40
AVAILABLE, AWAY, BUSY, OFFLINE = 0, 1, 2, 3
NONE, REACHABLE, STATUS, FULL = 0, 1, 2, 3
DELIVERED, READ = 1, 2


@dataclass(frozen=True)
class Access:
    """A box and the seed of a grant to it."""

    address: BoxAddress
    seed: bytes

    def value(self) -> cbor.Value:
        return {0: str(self.address), 1: self.seed}

    @classmethod
    def of(cls, value: cbor.Value) -> Access:
        fields = _fields(value)
        return cls(BoxAddress.read(_text(fields, 0, 400)), _octets(fields, 1, 32))


@dataclass(frozen=True)
class Text:
    """A message. `written` is in milliseconds."""

    id: bytes
    written: int
    text: str

    TYPE = 16

    def value(self) -> cbor.Value:
        return {0: self.id, 1: self.written, 2: self.text}

    @classmethod
    def of(cls, fields: dict[int, cbor.Value]) -> Text:
        return cls(_octets(fields, 0, 16), _number(fields, 1), _text(fields, 2, TEXT_MOST))


@dataclass(frozen=True)
class Hello:
    """A name, and the queue that the receiver may write to."""

    name: str
    queue: Access

    TYPE = 17

    def value(self) -> cbor.Value:
        return {0: self.name, 1: self.queue.value()}

    @classmethod
    def of(cls, fields: dict[int, cbor.Value]) -> Hello:
        return cls(checked_name(_text(fields, 0, 4 * NAME_MOST)), Access.of(fields.get(1)))


@dataclass(frozen=True)
class PresenceOffer:
    """A cell that the receiver may read, and the keys of its epoch."""

    cell: Access
    keys: EpochKeys

    TYPE = 18

    def value(self) -> cbor.Value:
        return {0: self.cell.value(), 1: self.keys.octets()}

    @classmethod
    def of(cls, fields: dict[int, cbor.Value]) -> PresenceOffer:
        return cls(Access.of(fields.get(0)), EpochKeys.read(_octets(fields, 1, 68)))


@dataclass(frozen=True)
class Rights:
    """All that the receiver may."""

    message: bool
    presence: int
    receipts: int

    TYPE = 19

    def value(self) -> cbor.Value:
        return {0: self.message, 1: self.presence, 2: self.receipts}

    @classmethod
    def of(cls, fields: dict[int, cbor.Value]) -> Rights:
        message = fields.get(0)
        if not isinstance(message, bool):
            raise Refused("bad-item")
        return cls(message, _number(fields, 1, FULL), _number(fields, 2, READ))


@dataclass(frozen=True)
class Receipt:
    """That texts were delivered or read."""

    what: int
    ids: tuple[bytes, ...]

    TYPE = 20

    def value(self) -> cbor.Value:
        return {0: self.what, 1: list(self.ids)}

    @classmethod
    def of(cls, fields: dict[int, cbor.Value]) -> Receipt:
        what, ids = _number(fields, 0, READ), fields.get(1)
        if what < DELIVERED or not isinstance(ids, list) or not 1 <= len(ids) <= RECEIPT_IDS_MOST:
            raise Refused("bad-item")
        octets = tuple(one for one in ids if isinstance(one, bytes) and len(one) == 16)
        if len(octets) != len(ids):
            raise Refused("bad-item")
        return cls(what, octets)


Content = Text | Hello | PresenceOffer | Rights | Receipt
_FORMS: dict[int, type[Text | Hello | PresenceOffer | Rights | Receipt]] = {
    form.TYPE: form for form in (Text, Hello, PresenceOffer, Rights, Receipt)
}


def write(contents: list[Content]) -> list[Item]:
    return [Item(content.TYPE, cbor.write(content.value())) for content in contents]


def read(items: list[Item]) -> list[Content]:
    """What has its form; other items are passed over (content-1, content-2)."""
    contents = []
    for item in items:
        try:
            contents.append(_FORMS[item.type].of(_fields(cbor.read(item.value))))
        except (KeyError, Refused):
            continue
    return contents


@dataclass(frozen=True)
class Status:
    """What a person says of himself. `until` is in milliseconds."""

    state: int
    note: str | None = None
    until: int | None = None

    def redacted(self, level: int) -> tuple[Status, bool]:
        """What a level shows, and whether it is reachability only."""
        if level == REACHABLE:
            return Status(OFFLINE if self.state == OFFLINE else AVAILABLE), True
        return (self if level == FULL else Status(self.state, None, self.until)), False

    def content(self, level: int) -> bytes:
        """The content of a presence document."""
        shown, reachable_only = self.redacted(level)
        return cbor.write({0: {0: shown.state, 1: shown.note, 2: shown.until}, 1: reachable_only})

    @classmethod
    def of(cls, content: bytes) -> tuple[Status, bool]:
        fields = _fields(cbor.read(content))
        status, reachable_only = _fields(fields.get(0)), fields.get(1)
        if not isinstance(reachable_only, bool):
            raise Refused("bad-item")
        note = None if status.get(1) is None else _text(status, 1, NOTE_MOST)
        until = None if status.get(2) is None else _number(status, 2)
        return cls(_number(status, 0, OFFLINE), note, until), reachable_only


def rights_digest(level: int) -> bytes:
    return sha256(cbor.write(level))[:8]


def profile(name: str) -> bytes:
    """What a bundle says of its author."""
    return cbor.write({0: name})


def name_of(profile_octets: bytes) -> str:
    return checked_name(_text(_fields(cbor.read(profile_octets)), 0, 4 * NAME_MOST))


def checked_name(name: str) -> str:
    """1 to 64 characters, none of which controls anything (content-4)."""
    if not 1 <= len(name) <= NAME_MOST or any(unicodedata.category(one) in ("Cc", "Cf") for one in name):
        raise Refused("bad-item")
    return name


def _fields(value: cbor.Value) -> dict[int, cbor.Value]:
    if not isinstance(value, dict):
        raise Refused("bad-item")
    return value


def _text(fields: dict[int, cbor.Value], key: int, most: int) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or len(value.encode()) > most:
        raise Refused("bad-item")
    return value


def _octets(fields: dict[int, cbor.Value], key: int, size: int) -> bytes:
    value = fields.get(key)
    if not isinstance(value, bytes) or len(value) != size:
        raise Refused("bad-item")
    return value


def _number(fields: dict[int, cbor.Value], key: int, most: int = 2**64 - 1) -> int:
    value = fields.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value > most:
        raise Refused("bad-item")
    return value
