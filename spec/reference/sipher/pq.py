"""The continuous ML-KEM exchange in the padding of the ratchet. ratchet.md, The post-quantum exchange.

The states are values that never change: a step returns the next one, so a refused envelope leaves nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .agreement import CT, EK, check_ek, decaps, ek_of, encaps
from .octets import Random, Reader, u8, u32
from .refusal import Refused

EK_HALF, CT_HALF = EK // 2, CT // 2
_EK_CHUNK, _CT_CHUNK = 1, 2


@dataclass(frozen=True)
class Chunk:
    """Half an encapsulation key or half a ciphertext."""

    what: int
    epoch: int
    index: int
    half: bytes

    @classmethod
    def read(cls, octets: bytes) -> Chunk:
        reader = Reader(octets, "refused")
        what, epoch, index, half = reader.number(1), reader.number(4), reader.number(1), reader.rest()
        if len(half) != {_EK_CHUNK: EK_HALF, _CT_CHUNK: CT_HALF}.get(what) or index > 1:
            raise reader.refuse()
        return cls(what, epoch, index, half)

    def octets(self) -> bytes:
        return u8(self.what) + u32(self.epoch) + u8(self.index) + self.half


Halves = tuple[bytes | None, bytes | None]
"""What was collected of two halves."""


def _collect(halves: Halves, chunk: Chunk) -> Halves:
    """One half more; a second one of the same index never replaces the first."""
    first, second = halves
    return (first or chunk.half, second) if chunk.index == 0 else (first, second or chunk.half)


@dataclass(frozen=True)
class Offer:
    """G: its encapsulation key goes out, the ciphertext comes in."""

    epoch: int
    seed: bytes
    turn: int = 0
    halves: Halves = (None, None)

    def chunk(self) -> Chunk:
        at = self.turn * EK_HALF
        return Chunk(_EK_CHUNK, self.epoch, self.turn, ek_of(self.seed)[at : at + EK_HALF])

    def sent(self) -> Offer:
        return replace(self, turn=1 - self.turn)

    def received(self, chunk: Chunk, random: Random) -> State:
        if (chunk.what, chunk.epoch) != (_CT_CHUNK, self.epoch):
            return self
        halves = _collect(self.halves, chunk)
        if halves[0] is None or halves[1] is None:
            return replace(self, halves=halves)
        return Ready(self.epoch, decaps(self.seed, halves[0] + halves[1]))


@dataclass(frozen=True)
class Ready:
    """G: the secret waits for the next chain that this side begins."""

    epoch: int
    secret: bytes

    def received(self, chunk: Chunk, random: Random) -> State:
        return self


@dataclass(frozen=True)
class Collect:
    """E: the encapsulation key comes in."""

    epoch: int
    halves: Halves = (None, None)

    def received(self, chunk: Chunk, random: Random) -> State:
        if (chunk.what, chunk.epoch) != (_EK_CHUNK, self.epoch):
            return self
        halves = _collect(self.halves, chunk)
        if halves[0] is None or halves[1] is None:
            return replace(self, halves=halves)
        ek = halves[0] + halves[1]
        try:
            check_ek(ek)
        except Refused:
            raise Refused("refused") from None
        return Answer.make(self.epoch, ek, random)


@dataclass(frozen=True)
class Answer:
    """E: its one ciphertext goes out, until a header names the epoch."""

    epoch: int
    ct: bytes
    secret: bytes
    turn: int = 0

    @classmethod
    def make(cls, epoch: int, ek: bytes, random: Random) -> Answer:
        ct, secret = encaps(ek, random(32))
        return cls(epoch, ct, secret)

    def chunk(self) -> Chunk:
        at = self.turn * CT_HALF
        return Chunk(_CT_CHUNK, self.epoch, self.turn, self.ct[at : at + CT_HALF])

    def sent(self) -> Answer:
        return replace(self, turn=1 - self.turn)

    def received(self, chunk: Chunk, random: Random) -> State:
        return self


State = Offer | Ready | Collect | Answer
