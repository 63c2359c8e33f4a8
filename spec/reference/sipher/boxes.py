"""Boxes, grants and proofs. boxes.md."""

from __future__ import annotations

import re
from dataclasses import dataclass

from . import signature
from .octets import Reader, base64url, from_base64url, id26, id26_octets, is_id26, sha256, u8, u32, u64
from .refusal import Refused

QUEUE, CELL, LOG, BUNDLE = 1, 2, 3, 4
WRITE, READ = 1, 2
NEVER = 2**64 - 1
OPERATIONS_MOST = 64
_ADD, _DELETE, _CLOSE = 1, 2, 3


def box_id(kind: int, owner_key: bytes) -> str:
    return id26(_box_hash(kind, owner_key))


def _box_hash(kind: int, owner_key: bytes) -> bytes:
    return sha256(b"sipher box v1", u8(kind), owner_key)


def kind_of(box: str, owner_key: bytes) -> int:
    """Which kind of box this key owns under this id: else `not-an-id` or `not-the-owner`."""
    if not is_id26(box):
        raise Refused("not-an-id")
    for kind in (QUEUE, CELL, LOG, BUNDLE):
        if box_id(kind, owner_key) == box:
            return kind
    raise Refused("not-the-owner")


def grant_id(grant_key: bytes) -> bytes:
    return sha256(b"sipher/1 grant", grant_key)[:16]


# ----- grants


@dataclass(frozen=True)
class Add:
    """A grant as its box's owner publishes it."""

    key: bytes
    right: int
    items: int
    period: int
    not_after: int = NEVER
    sink: bool = False

    def octets(self) -> bytes:
        head = u8(_ADD) + self.key + u8(self.right) + u8(self.sink)
        return head + u64(self.not_after) + u32(self.items) + u32(self.period)


@dataclass(frozen=True)
class Delete:
    """The end of a grant."""

    key: bytes

    def octets(self) -> bytes:
        return u8(_DELETE) + self.key


@dataclass(frozen=True)
class Close:
    """The end of a box."""

    def octets(self) -> bytes:
        return u8(_CLOSE)


Operation = Add | Delete | Close


def write_grants(operations: list[Operation]) -> bytes:
    _check_operations(operations)
    return u8(1) + u8(len(operations)) + b"".join(operation.octets() for operation in operations)


def read_grants(octets: bytes) -> list[Operation]:
    reader = Reader(octets, "bad-body")
    if reader.number(1) != 1:
        raise reader.refuse()
    operations = [_read_operation(reader) for _ in range(reader.number(1))]
    reader.end()
    _check_operations(operations)
    return operations


def _read_operation(reader: Reader) -> Operation:
    what = reader.number(1)
    if what == _DELETE:
        return Delete(reader.take(32))
    if what == _CLOSE:
        return Close()
    if what != _ADD:
        raise reader.refuse()
    key, right, flags = reader.take(32), reader.number(1), reader.number(1)
    not_after, items, period = reader.number(8), reader.number(4), reader.number(4)
    if flags > 1:
        raise reader.refuse()
    return Add(key, right, items, period, not_after, flags == 1)


def _check_operations(operations: list[Operation]) -> None:
    """What a body may hold: else `bad-body`."""
    keys = [operation.key for operation in operations if not isinstance(operation, Close)]
    fits = 1 <= len(operations) <= OPERATIONS_MOST and len(set(keys)) == len(keys)
    if not fits or (len(keys) < len(operations) and len(operations) > 1):
        raise Refused("bad-body")
    for operation in operations:
        if isinstance(operation, Add):
            if operation.right not in (WRITE, READ) or operation.period < 1:
                raise Refused("bad-body")
            try:
                signature.check_key(operation.key)
            except Refused:
                raise Refused("bad-body") from None


# ----- proofs


def own_content(binding: bytes, box: str) -> bytes:
    return binding + id26_octets(box)


def use_content(binding: bytes, box: str, right: int) -> bytes:
    return binding + id26_octets(box) + u8(right)


@dataclass(frozen=True)
class Proof:
    """An Authorization of the scheme Sipher."""

    key: bytes
    signature: bytes | None = None
    token: str | None = None
    nonce: bytes | None = None
    count: int | None = None

    @classmethod
    def own(cls, owner_seed: bytes, box: str, binding: bytes, token: str | None = None) -> Proof:
        """An owner's proof for one box on one connection."""
        signed = signature.sign(owner_seed, "own", own_content(binding, box))
        return cls(signature.public_key(owner_seed), signed, token)

    @classmethod
    def use(cls, grant_seed: bytes, box: str, right: int, binding: bytes) -> Proof:
        """A grant holder's proof for one box and right on one connection."""
        signed = signature.sign(grant_seed, "use", use_content(binding, box, right))
        return cls(signature.public_key(grant_seed), signed)

    def key_only(self) -> Proof:
        """What suffices after a first success on the same connection."""
        return Proof(self.key)

    @classmethod
    def read(cls, text: str) -> Proof:
        scheme, *rest = text.split(maxsplit=1) or [""]
        if scheme.lower() != "sipher" or not rest:
            raise Refused("unusable")
        values = _parameters(rest[0])
        try:
            key = from_base64url(values["k"], 32)
            signed = from_base64url(values["s"], 64) if "s" in values else None
            nonce = from_base64url(values["n"], 16) if "n" in values else None
        except (KeyError, Refused):
            raise Refused("unusable") from None
        token, count = values.get("t"), values.get("c")
        if token is not None and not re.fullmatch(r"[a-z0-9.-]{1,64}", token):
            raise Refused("unusable")
        if (nonce is None) != (count is None) or (count is not None and not re.fullmatch(r"[0-9a-fA-F]{8}", count)):
            raise Refused("unusable")
        return cls(key, signed, token, nonce, None if count is None else int(count, 16))

    def __str__(self) -> str:
        text = f"Sipher k={base64url(self.key)}"
        if self.signature is not None:
            text += f",s={base64url(self.signature)}"
        if self.token is not None:
            text += f",t={self.token}"
        if self.nonce is not None and self.count is not None:
            text += f",n={base64url(self.nonce)},c={self.count:08x}"
        return text

    def check_own(self, box: str, binding: bytes) -> None:
        """Whether the owner of the box signed on this connection: else `unproven`."""
        self._check("own", own_content(binding, box))
        try:
            kind_of(box, self.key)
        except Refused:
            raise Refused("unproven") from None

    def check_use(self, box: str, right: int, binding: bytes) -> None:
        self._check("use", use_content(binding, box, right))

    def _check(self, purpose: str, content: bytes) -> None:
        try:
            signature.verify(self.key, purpose, content, self.signature or b"")
        except Refused:
            raise Refused("unproven") from None


def _parameters(text: str) -> dict[str, str]:
    """The known parameters; a known one twice, or any without a value, is `unusable`."""
    values: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        name = name.lower()
        if not equals or not name or not value or name in values:
            raise Refused("unusable")
        if name in ("k", "s", "t", "n", "c"):
            values[name] = value
    return values
