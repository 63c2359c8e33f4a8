"""Hosts, ports and the addresses of relays and boxes. boxes.md, Relay addresses; content.md, Form."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from .octets import id26, is_id26, sha256
from .refusal import Refused

DEFAULT_PORT = 5061
ADDRESS_MOST = 400
_SCHEME = "sipher-relay:"
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_TOKEN = re.compile(r"[a-z0-9.-]{1,64}")


def relay_id(identity_key: bytes) -> str:
    return id26(sha256(b"sipher relay v1", identity_key))


@dataclass(frozen=True)
class Place:
    """A host, as it is written (IPv6 in brackets), and a port."""

    host: str
    port: int

    @classmethod
    def read(cls, text: str) -> Place:
        """From `host[:port]` in any case: else `host` or `port`."""
        text = text.lower()
        if text.startswith("["):
            inside, bracket, after = text[1:].partition("]")
            if not bracket:
                raise Refused("host")
            host = _ipv6(inside)
            if after and not after.startswith(":"):
                raise Refused("host")
            port = after[1:] if after else None
        else:
            name, colon, after = text.partition(":")
            if ":" in after:
                raise Refused("host")
            host, port = _name(name), after if colon else None
        return cls(host, DEFAULT_PORT if port is None else _port(port))

    def __str__(self) -> str:
        return self.host if self.port == DEFAULT_PORT else f"{self.host}:{self.port}"

    def dial(self) -> tuple[str, int]:
        """What a socket wants."""
        return self.host.strip("[]"), self.port


def _ipv6(text: str) -> str:
    try:
        return f"[{ipaddress.IPv6Address(text)}]"
    except ValueError:
        raise Refused("host") from None


def _name(text: str) -> str:
    labels = text.split(".")
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused("host")
    if labels[-1].isdigit():
        try:
            return str(ipaddress.IPv4Address(text))
        except ValueError:
            raise Refused("host") from None
    return text


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65_535:
        raise Refused("port")
    return int(text)


@dataclass(frozen=True)
class RelayAddress:
    """Where a relay is, which key it has, and the operator's token."""

    place: Place
    id: str
    token: str | None = None

    @classmethod
    def read(cls, text: str) -> RelayAddress:
        """Classes name the wrong part: length, scheme, host, port, key, token."""
        text = text.strip()
        if len(text) > ADDRESS_MOST:
            raise Refused("length")
        text = text.lower()
        if not text.startswith(_SCHEME):
            raise Refused("scheme")
        host, _, rest = text[len(_SCHEME) :].partition("/")
        place = Place.read(host)
        key, slash, token = rest.partition("/")
        if not is_id26(key):
            raise Refused("key")
        if slash and not _TOKEN.fullmatch(token):
            raise Refused("token")
        return cls(place, key, token if slash else None)

    def __str__(self) -> str:
        token = "" if self.token is None else f"/{self.token}"
        return f"{_SCHEME}{self.place}/{self.id}{token}"

    def qr(self) -> str:
        return str(self).upper()


@dataclass(frozen=True)
class BoxAddress:
    """A box at a relay: what an access carries."""

    place: Place
    relay: str
    box: str

    @classmethod
    def read(cls, text: str) -> BoxAddress:
        parts = text.split("/")
        if len(parts) != 3 or not is_id26(parts[1]) or not is_id26(parts[2]):
            raise Refused("address")
        address = cls(Place.read(parts[0]), parts[1], parts[2])
        if str(address) != text:
            raise Refused("address")
        return address

    def __str__(self) -> str:
        return f"{self.place}/{self.relay}/{self.box}"

    def relay_address(self) -> RelayAddress:
        return RelayAddress(self.place, self.relay)
