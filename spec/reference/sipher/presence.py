"""One person's state, sealed for one buddy, in a cell of its own. presence.md."""

from __future__ import annotations

from dataclasses import dataclass, replace

from . import caead
from .hkdf import expand
from .octets import Random, Reader, padded, sha256, short, u8, u32, u64
from .refusal import Refused

ENVELOPE = 1024
CONTENT_MOST = 861
_DOCUMENT = 887
_HBOX = 64
GAP_MOST = 100_000
UPDATES_MOST = 4096
SPAN_MOST = 86_400
CLOCK_TOLERANCE = 120


@dataclass(frozen=True)
class EpochKeys:
    """What a buddy is given of an epoch, as the message carries it."""

    epoch: int
    pck: bytes
    phk: bytes

    @classmethod
    def read(cls, octets: bytes) -> EpochKeys:
        reader = Reader(octets, "refused")
        keys = cls(reader.number(4), reader.take(32), reader.take(32))
        reader.end()
        return keys

    def octets(self) -> bytes:
        return u32(self.epoch) + self.pck + self.phk


def step(pck: bytes, epoch: int, index: int) -> tuple[bytes, bytes]:
    """The chain key after this index, and the key of this index."""
    okm = expand(pck, b"sipher/1 presence" + u32(epoch) + u32(index), 64)
    return okm[:32], okm[32:]


@dataclass(frozen=True)
class Document:
    """What a reader gets, and until when he may believe it."""

    published: int
    valid_until: int
    rights: bytes
    content: bytes

    def octets(self) -> bytes:
        """Refused as `too-long` or `dates` where it may not be published."""
        if not 0 <= self.valid_until - self.published <= SPAN_MOST:
            raise Refused("dates")
        head = u64(self.published) + u64(self.valid_until) + self.rights
        return padded(head + short(self.content), _DOCUMENT, "too-long")

    @classmethod
    def read(cls, octets: bytes) -> Document:
        reader = Reader(octets, "refused")
        document = cls(reader.number(8), reader.number(8), reader.take(8), reader.short())
        reader.zeros()
        if not 0 <= document.valid_until - document.published <= SPAN_MOST:
            raise reader.refuse()
        return document

    def is_believed(self, now: int) -> bool:
        """Whether a state may be shown, and not *unknown* (presence-12, presence-13)."""
        return self.published <= now + CLOCK_TOLERANCE and now <= self.valid_until + CLOCK_TOLERANCE


@dataclass(frozen=True)
class Publisher:
    """The writing side of one cell."""

    cell: str
    epoch: int
    pck: bytes
    phk: bytes
    index: int = 0

    def keys(self) -> EpochKeys:
        """What a buddy needs from here on; given out before the first update of an epoch."""
        return EpochKeys(self.epoch, self.pck, self.phk)

    def rekey(self, pck: bytes, phk: bytes) -> Publisher:
        return Publisher(self.cell, self.epoch + 1, pck, phk)

    def publish(self, document: Document, random: Random) -> tuple[Publisher, bytes]:
        """The next publisher, which is stored first, and the envelope. Draws N (24)."""
        if self.index >= UPDATES_MOST:
            raise Refused("exhausted")
        octets, nonce = document.octets(), random(caead.NONCE)
        pck, key = step(self.pck, self.epoch, self.index)
        header = u32(self.epoch) + u32(self.index) + bytes(8)
        hbox = caead.seal(self.phk, nonce, self.cell.encode() + b"h", header)
        bbox = caead.seal(key, nonce, self.cell.encode() + hbox, octets)
        return replace(self, pck=pck, index=self.index + 1), u8(1) + nonce + hbox + bbox


@dataclass(frozen=True)
class Reading:
    """One epoch as a reader follows it: `pck` belongs to `index`, the next that can come."""

    keys: EpochKeys
    index: int
    pck: bytes
    last_header: bytes = b""
    last_envelope: bytes = b""


@dataclass(frozen=True)
class PresenceReader:
    """The reading side of one cell."""

    cell: str
    current: Reading
    next: Reading | None = None

    @classmethod
    def start(cls, cell: str, keys: EpochKeys) -> PresenceReader:
        return cls(cell, Reading(keys, 0, keys.pck))

    def announce(self, keys: EpochKeys) -> PresenceReader:
        """Keys of a later epoch came through the ratchet; they replace others that wait."""
        if keys.epoch <= self.current.keys.epoch:
            return self
        return replace(self, next=Reading(keys, 0, keys.pck))

    def open(self, envelope: bytes) -> tuple[PresenceReader, Document]:
        """The next reader and the document; classes of presence.json."""
        if len(envelope) != ENVELOPE or envelope[0] != 1:
            raise Refused("refused")
        nonce, hbox, bbox = envelope[1:25], envelope[25 : 25 + _HBOX], envelope[25 + _HBOX :]
        reading, index = self._open_header(nonce, hbox)
        self._check_index(reading, index, sha256(nonce, hbox), sha256(envelope))
        pck, key = reading.pck, b""
        for at in range(reading.index, index + 1):
            pck, key = step(pck, reading.keys.epoch, at)
        document = Document.read(_open(key, nonce, self.cell.encode() + hbox, bbox))
        after = replace(reading, index=index + 1, pck=pck)
        after = replace(after, last_header=sha256(nonce, hbox), last_envelope=sha256(envelope))
        return PresenceReader(self.cell, after, self.next if reading is self.current else None), document

    def _open_header(self, nonce: bytes, hbox: bytes) -> tuple[Reading, int]:
        for reading in (self.current, self.next):
            if reading is None:
                continue
            try:
                header = _open(reading.keys.phk, nonce, self.cell.encode() + b"h", hbox)
            except Refused:
                continue
            reader = Reader(header, "refused")
            epoch, index = reader.number(4), reader.number(4)
            reader.zeros()
            if epoch != reading.keys.epoch:
                raise Refused("refused")
            return reading, index
        raise Refused("refused")

    @staticmethod
    def _check_index(reading: Reading, index: int, header: bytes, envelope: bytes) -> None:
        if reading.last_header and index == reading.index - 1:
            if envelope == reading.last_envelope:
                raise Refused("unchanged")
            raise Refused("refused" if header == reading.last_header else "contradiction")
        if index < reading.index:
            raise Refused("older")
        if index - reading.index > GAP_MOST:
            raise Refused("too-far")


def _open(key: bytes, nonce: bytes, ad: bytes, sealed: bytes) -> bytes:
    try:
        return caead.open_(key, nonce, ad, sealed)
    except Refused:
        raise Refused("refused") from None
