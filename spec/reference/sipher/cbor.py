"""The part of CBOR (RFC 8949) that contents use: definite lengths, shortest forms. content.md, Form."""

from __future__ import annotations

from .octets import Reader
from .refusal import Refused

Value = int | bytes | str | bool | None | list["Value"] | dict[int, "Value"]
_DEPTH = 4


def write(value: Value) -> bytes:
    match value:
        case None:
            return b"\xf6"
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return _head(0, value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            octets = value.encode()
            return _head(3, len(octets)) + octets
        case list():
            return _head(4, len(value)) + b"".join(write(entry) for entry in value)
        case dict():
            pairs = sorted((key, entry) for key, entry in value.items() if entry is not None)
            return _head(5, len(pairs)) + b"".join(write(key) + write(entry) for key, entry in pairs)
    raise Refused("bad-item")


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | code]) + number.to_bytes(size, "big")
    raise Refused("bad-item")


def read(octets: bytes) -> Value:
    """One value and nothing behind it: else `bad-item`."""
    reader = Reader(octets, "bad-item")
    value = _read(reader, _DEPTH)
    reader.end()
    return value


def _read(reader: Reader, depth: int) -> Value:
    first = reader.number(1)
    major, code = first >> 5, first & 31
    if depth == 0:
        raise reader.refuse()
    if major == 7:
        if code not in (20, 21, 22):
            raise reader.refuse()
        return {20: False, 21: True, 22: None}[code]
    number = code
    if code >= 24:
        size = {24: 1, 25: 2, 26: 4, 27: 8}.get(code)
        if size is None:
            raise reader.refuse()
        number = reader.number(size)
        if _head(major, number)[0] != first:
            raise reader.refuse()
    match major:
        case 0:
            return number
        case 2:
            return reader.take(number)
        case 3:
            return _text(reader, number)
        case 4:
            return [_read(reader, depth - 1) for _ in range(number)]
        case 5:
            return _map(reader, number, depth)
    raise reader.refuse()


def _text(reader: Reader, size: int) -> str:
    try:
        return reader.take(size).decode()
    except UnicodeDecodeError:
        raise reader.refuse() from None


def _map(reader: Reader, size: int, depth: int) -> dict[int, Value]:
    values: dict[int, Value] = {}
    for _ in range(size):
        key = _read(reader, 1)
        if not isinstance(key, int) or isinstance(key, bool) or key in values:
            raise reader.refuse()
        values[key] = _read(reader, depth - 1)
    return values
