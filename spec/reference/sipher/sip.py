"""SIP messages as this profile has them: writing requests, cutting and reading what comes. wire.md."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, field

from .octets import Random, id26_octets
from .refusal import Refused

HEAD_MOST = 16_384
BODY_MOST = 69_632
ENVELOPE_TYPE = "application/vnd.sipher.envelope"
GRANTS_TYPE = "application/vnd.sipher.grants"
_COMPACT = {
    "v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length", "c": "content-type",
    "e": "content-encoding", "s": "subject", "k": "supported", "o": "event", "u": "allow-events",
}
_ANONYMOUS = "<sip:anonymous@anonymous.invalid>"
PING, PONG = b"\r\n\r\n", b"\r\n"


@dataclass(frozen=True)
class Message:
    """A request or a response: its first line, its headers in order, its body."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    @classmethod
    def read(cls, head: bytes, body: bytes) -> Message:
        try:
            lines = head.decode().split("\r\n")
        except UnicodeDecodeError:
            raise Refused("malformed") from None
        headers: list[tuple[str, str]] = []
        for line in lines[1:]:
            if line[:1] in (" ", "\t") and headers:
                name, value = headers.pop()
                headers.append((name, f"{value} {line.strip()}"))
                continue
            name, colon, value = line.partition(":")
            if not colon:
                raise Refused("malformed")
            name = name.strip().lower()
            headers.append((_COMPACT.get(name, name), value.strip()))
        return cls(lines[0], tuple(headers), body)

    @property
    def status(self) -> int | None:
        """The code of a response; nothing for a request."""
        if not self.start.startswith("SIP/2.0 "):
            return None
        return int(self.start.split(" ", 2)[1])

    @property
    def method(self) -> str:
        return self.start.split(" ", 1)[0]

    def all(self, name: str) -> list[str]:
        return [value for header, value in self.headers if header.lower() == name.lower()]

    def one(self, name: str) -> str:
        """The value of a header that must be there."""
        values = self.all(name)
        if not values:
            raise Refused("malformed")
        return values[0]

    def branch(self) -> str:
        """What ties a response to its request."""
        return self.one("via").partition("branch=")[2].partition(";")[0]

    def box(self) -> str:
        """The user part of To: the box that a delivered item belongs to."""
        return self.one("to").partition("sip:")[2].partition("@")[0]

    def octets(self) -> bytes:
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers)]
        lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body

    def answer(self, status: str, tag: str) -> Message:
        """A response to this request (trans-1)."""
        copied = [("Via", value) for value in self.all("via")] + [("From", self.one("from"))]
        to = self.one("to")
        copied.append(("To", to if ";tag=" in to else f"{to};tag={tag}"))
        copied += [("Call-ID", self.one("call-id")), ("CSeq", self.one("cseq"))]
        return Message(f"SIP/2.0 {status}", tuple(copied))


@dataclass
class Cutter:
    """Cuts a stream into messages, pings and pongs, wherever the network split it."""

    _octets: bytearray = field(default_factory=bytearray)

    def feed(self, octets: bytes) -> None:
        self._octets += octets

    def next(self) -> Message | bytes | None:
        """A message, a ping, a pong, or nothing yet."""
        for mark in (PING, PONG):
            if self._octets.startswith(mark):
                del self._octets[: len(mark)]
                return mark
        end = self._octets.find(b"\r\n\r\n")
        if end < 0 or end > HEAD_MOST:
            if len(self._octets) > HEAD_MOST:
                raise Refused("malformed")
            return None
        head = Message.read(bytes(self._octets[:end]), b"")
        length = _content_length(head)
        if len(self._octets) < end + 4 + length:
            return None
        body = bytes(self._octets[end + 4 : end + 4 + length])
        del self._octets[: end + 4 + length]
        return Message(head.start, head.headers, body)


def _content_length(head: Message) -> int:
    values = set(head.all("content-length"))
    if len(values) != 1:
        raise Refused("malformed")
    text = values.pop()
    if not (text.isascii() and text.isdigit()) or int(text) > BODY_MOST:
        raise Refused("malformed")
    return int(text)


@dataclass(frozen=True)
class Writer:
    """Writes requests to one relay, with the headers of wire.md and no others."""

    host: str
    random: Random

    def token(self) -> str:
        """Something random of a fixed width."""
        return base64.b32encode(self.random(15)).decode().lower()

    def register(self, box: str, proof: str, expires: int = 3600) -> Message:
        """Owns a queue on this connection."""
        instance = uuid.UUID(bytes=id26_octets(box), version=4)
        contact = f'<sip:{self.token()}.invalid;transport=tls;ob>;reg-id=1;+sip.instance="<urn:uuid:{instance}>"'
        return self._by_owner(
            "REGISTER", box, [("Supported", "outbound"), ("Contact", contact), ("Expires", str(expires))], proof
        )

    def barrier(self, box: str, proof: str) -> Message:
        """Asks whether nothing waits any more."""
        return self._by_owner("REGISTER", box, [], proof)

    def publish(self, box: str, proof: str, value: bytes, expires: int, tag: str | None = None) -> Message:
        """Writes a cell."""
        fields = [("Event", "sipher-cell"), ("Expires", str(expires))]
        if tag is not None:
            fields.append(("SIP-If-Match", tag))
        return self._by_owner("PUBLISH", box, fields, proof, (ENVELOPE_TYPE, value) if value else None)

    def grants(self, box: str, proof: str, body: bytes) -> Message:
        """Manages a box's grants."""
        return self._by_owner("PUBLISH", box, [("Event", "sipher-grants")], proof, (GRANTS_TYPE, body))

    def message(self, box: str, proof: str, item: str, envelope: bytes) -> Message:
        """Puts an item into a queue."""
        fields = [("Expires", "2592000")]
        return self._request("MESSAGE", box, _ANONYMOUS, fields, proof, (ENVELOPE_TYPE, envelope), item)

    def subscribe(self, box: str, proof: str, expires: int) -> Message:
        """Watches a cell, or fetches it if `expires` is 0."""
        contact = f"<sip:{self.token()}.invalid;transport=tls>"
        fields = [("Contact", contact), ("Event", "sipher-cell"), ("Expires", str(expires))]
        return self._request("SUBSCRIBE", box, _ANONYMOUS, fields, proof)

    def _by_owner(
        self, method: str, box: str, fields: list[tuple[str, str]], proof: str, body: tuple[str, bytes] | None = None
    ) -> Message:
        return self._request(method, box, f"<sip:{box}@{self.host}>", fields, proof, body)

    def _request(
        self, method: str, box: str, author: str, fields: list[tuple[str, str]], proof: str,
        body: tuple[str, bytes] | None = None, call: str | None = None,
    ) -> Message:
        target = f"sip:{self.host}" if method == "REGISTER" else f"sip:{box}@{self.host}"
        headers = [
            ("Via", f"SIP/2.0/TLS {self.token()}.invalid;branch=z9hG4bK{self.token()}"),
            ("Max-Forwards", "70"),
            ("From", f"{author};tag={self.token()}"),
            ("To", f"<sip:{box}@{self.host}>"),
            ("Call-ID", call or self.token()),
            ("CSeq", f"1 {method}"),
            *fields,
            ("Authorization", proof),
        ]
        if body is not None:
            headers.append(("Content-Type", body[0]))
        return Message(f"{method} {target} SIP/2.0", tuple(headers), body[1] if body else b"")
