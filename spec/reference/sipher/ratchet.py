"""A key for each message, and healing after a compromise. ratchet.md.

A session is a value: sending and receiving return the next one. Whoever holds it stores the next one before an envelope
leaves or an item is acknowledged (ratchet-3, ratchet-12).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from . import body, caead
from .agreement import dh, dh_public
from .body import CHUNK, Item
from .handshake import Accepted, Initiated, Secrets, Trace
from .hkdf import expand, hkdf
from .octets import Random, Reader, sha256, u8, u32
from .pq import Answer, Chunk, Collect, Offer, Ready, State
from .refusal import Refused

SIZES = (1024, 4096, 16384, 65536)
FROM_INITIATOR, FROM_RESPONDER = 0, 1
_HEADER = 48
_HBOX = _HEADER + caead.OVERHEAD
_AROUND = 1 + caead.NONCE + _HBOX + caead.OVERHEAD
PASS_OVER_MOST = 1000
KEPT_MOST = 2000
KEPT_SECONDS = 35 * 86_400
OLD_CHAINS = 8
MARKS = 256


@dataclass(frozen=True)
class Header:
    """What an envelope says of its place, sealed."""

    dh: bytes
    pn: int
    n: int
    pq_mix: int

    @classmethod
    def read(cls, octets: bytes) -> Header:
        reader = Reader(octets, "refused")
        header = cls(reader.take(32), reader.number(4), reader.number(4), reader.number(4))
        reader.zeros()
        return header

    def octets(self) -> bytes:
        return self.dh + u32(self.pn) + u32(self.n) + u32(self.pq_mix) + bytes(4)


@dataclass(frozen=True)
class Sending:
    """The chain that this side sends in."""

    secret: bytes
    header_key: bytes
    key: bytes
    pn: int
    pq_mix: int
    n: int = 0


@dataclass(frozen=True)
class Receiving:
    """A chain of the peer. `end` is how many messages an older one had; the current one has no end yet."""

    dh: bytes
    header_key: bytes
    key: bytes
    pq_mix: int
    n: int = 0
    end: int | None = None


@dataclass(frozen=True)
class Kept:
    """The key of a message that was passed over."""

    header_key: bytes
    n: int
    key: bytes
    since: int


@dataclass(frozen=True)
class Session:
    """The ratchet's state for one pair of devices."""

    link_id: bytes
    direction: int
    root: bytes
    own_secret: bytes
    peer_dh: bytes | None
    next_send_header_key: bytes
    next_receive_header_key: bytes
    pq: State
    turn_is_ours: bool
    sending: Sending | None = None
    receiving: Receiving | None = None
    older: tuple[Receiving, ...] = ()
    kept: tuple[Kept, ...] = ()
    marks: tuple[tuple[bytes, int, bytes], ...] = ()
    rollbacks: int = 0
    trace: Trace = field(default_factory=list, compare=False)

    @classmethod
    def of_initiator(cls, initiated: Initiated) -> Session:
        secrets = initiated.secrets
        offer = Offer(1, initiated.offer_seed)
        keys = (secrets.nhk_from_initiator, secrets.hk_from_responder)
        return cls._start(secrets, FROM_INITIATOR, initiated.ephemeral_secret, None, keys, offer)

    @classmethod
    def of_responder(cls, accepted: Accepted, random: Random) -> Session:
        """Draws m (32) of the first answer. An `ek` that fails its check refuses the first flight."""
        try:
            answer = Answer.make(1, accepted.offer, random)
        except Refused:
            raise Refused("refused") from None
        secrets = accepted.secrets
        keys = (secrets.hk_from_responder, secrets.nhk_from_initiator)
        return cls._start(secrets, FROM_RESPONDER, b"", accepted.ephemeral, keys, answer)

    @classmethod
    def _start(
        cls, secrets: Secrets, direction: int, own: bytes, peer: bytes | None, keys: tuple[bytes, bytes], pq: State
    ) -> Session:
        return cls(secrets.link_id, direction, secrets.sk, own, peer, *keys, pq, peer is not None)

    # ----- sending

    def send(self, items: list[Item], random: Random, min_size: int = SIZES[0]) -> tuple[Session, bytes]:
        """The next session, and an envelope. Draws the new ratchet secret (32) if a chain begins, then N (24)."""
        content = body.write(items)
        room = next((size - _AROUND for size in SIZES if size >= min_size and size - _AROUND >= len(content)), None)
        if room is None:
            raise Refused("too-long")
        session = replace(self, trace=[])
        if self.turn_is_ours:
            session = session._sending_half(random(32))
        session, content = session._with_chunk(content, room)
        return session._seal(content + bytes(room - len(content)), random(caead.NONCE))

    def _sending_half(self, secret: bytes) -> Session:
        if self.peer_dh is None:
            raise Refused("not-yet")
        pq, secret_of_epoch, pq_mix = self.pq, b"", 0
        if isinstance(pq, Ready):
            secret_of_epoch, pq_mix = pq.secret, pq.epoch
            pq = Collect(pq.epoch + 1)
        root, key, next_header = self._kdf_rk(dh(secret, self.peer_dh), secret_of_epoch, pq_mix)
        pn = self.sending.n if self.sending else 0
        sending = Sending(secret, self.next_send_header_key, key, pn, pq_mix)
        return replace(
            self, root=root, own_secret=secret, sending=sending, next_send_header_key=next_header, pq=pq,
            turn_is_ours=False,
        )

    def _with_chunk(self, content: bytes, room: int) -> tuple[Session, bytes]:
        if isinstance(self.pq, Offer | Answer):
            chunk = Item(CHUNK, self.pq.chunk().octets()).octets()
            if len(content) + len(chunk) <= room:
                return replace(self, pq=self.pq.sent()), content + chunk
        return self, content

    def _seal(self, padded: bytes, nonce: bytes) -> tuple[Session, bytes]:
        chain = self.sending
        if chain is None:
            raise Refused("not-yet")
        next_key, message_key = self._kdf_ck(chain.key)
        self.trace.append(("mk", "message", message_key))
        header = Header(dh_public(chain.secret), chain.pn, chain.n, chain.pq_mix)
        place = self.link_id + u8(self.direction)
        hbox = caead.seal(chain.header_key, nonce, place, header.octets())
        bbox = caead.seal(message_key, nonce, place + hbox, padded)
        return replace(self, sending=replace(chain, key=next_key, n=chain.n + 1)), u8(1) + nonce + hbox + bbox

    # ----- receiving

    def receive(self, envelope: bytes, now: int, random: Random) -> tuple[Session, list[Item]]:
        """The next session and the content; else `refused`, `replay`, or `RolledBack` with the session that counts it.

        Draws the offer's seed (64) if the header names an epoch, then m (32) if the last chunk of an ek came.
        """
        if len(envelope) not in SIZES or envelope[0] != 1:
            raise Refused("refused")
        nonce, hbox, bbox = envelope[1:25], envelope[25 : 25 + _HBOX], envelope[25 + _HBOX :]
        header, chain = self._open_header(nonce, hbox)
        session = replace(self, trace=[])
        mark = sha256(nonce, hbox)
        if chain is None:
            session = session._new_chain(header, now, random)
            session, message_key = session._advance(header.n, now)
        else:
            if header.dh != chain.dh:
                raise self._went_back(chain.header_key, header.n, mark)
            if header.pq_mix != chain.pq_mix:
                raise Refused("refused")
            session, message_key = session._key_of(chain, header.n, mark, now)
        place = self.link_id + u8(1 - self.direction)
        try:
            octets = caead.open_(message_key, nonce, place + hbox, bbox)
        except Refused:
            raise Refused("refused") from None
        session.trace.append(("mk", "message", message_key))
        items = body.read(octets, "refused")
        for item in items:
            if item.type == CHUNK:
                session = replace(session, pq=session.pq.received(Chunk.read(item.value), random))
        header_key = chain.header_key if chain else self.next_receive_header_key
        return session._marked(header_key, header.n, mark), body.content(items)

    def _open_header(self, nonce: bytes, hbox: bytes) -> tuple[Header, Receiving | None]:
        """The header and its chain; no chain if the next header key opened it."""
        tries: list[tuple[bytes, Receiving | None]] = []
        if self.receiving:
            tries.append((self.receiving.header_key, self.receiving))
        tries.append((self.next_receive_header_key, None))
        tries += [(chain.header_key, chain) for chain in self.older]
        place = self.link_id + u8(1 - self.direction)
        for key, chain in tries:
            try:
                octets = caead.open_(key, nonce, place, hbox)
            except Refused:
                continue
            return Header.read(octets), chain
        raise Refused("refused")

    def _new_chain(self, header: Header, now: int, random: Random) -> Session:
        due = self.pq.epoch if isinstance(self.pq, Answer) else 0
        if header.pq_mix not in (0, due):
            raise Refused("refused")
        if not self.own_secret:
            raise Refused("refused")
        session = self
        if self.receiving:
            went_back = header.pn < self.receiving.n
            session = replace(self, rollbacks=self.rollbacks + went_back)._end_chain(header.pn, now)
        pq, secret_of_epoch = self.pq, b""
        if header.pq_mix and isinstance(pq, Answer):
            secret_of_epoch = pq.secret
            pq = Offer(pq.epoch + 1, random(64))
        shared = self._dh(header.dh)
        root, key, next_header = session._kdf_rk(shared, secret_of_epoch, header.pq_mix)
        receiving = Receiving(header.dh, self.next_receive_header_key, key, header.pq_mix)
        return replace(
            session, root=root, peer_dh=header.dh, next_receive_header_key=next_header, receiving=receiving, pq=pq,
            turn_is_ours=True,
        )

    def _dh(self, public: bytes) -> bytes:
        try:
            return dh(self.own_secret, public)
        except Refused:
            raise Refused("refused") from None

    def _end_chain(self, pn: int, now: int) -> Session:
        """Keeps what is missing of the chain that ends, and remembers its header key."""
        session = self._pass_over(pn, now)
        ended = session.receiving
        assert ended is not None
        older = (replace(ended, key=b"", end=ended.n), *session.older)
        remembered = {chain.header_key for chain in older[:OLD_CHAINS]}
        kept = tuple(key for key in session.kept if key.header_key in remembered)
        return replace(session, receiving=None, older=older[:OLD_CHAINS], kept=kept)

    def _key_of(self, chain: Receiving, n: int, mark: bytes, now: int) -> tuple[Session, bytes]:
        """The key of a message of a known chain."""
        if chain.end is None and n >= chain.n:
            return self._advance(n, now)
        if chain.end is not None and n >= chain.end:
            raise self._went_back(chain.header_key, n, mark)
        for kept in self.kept:
            if (kept.header_key, kept.n) == (chain.header_key, n) and now - kept.since <= KEPT_SECONDS:
                return replace(self, kept=tuple(key for key in self.kept if key is not kept)), kept.key
        if any((key, m) == (chain.header_key, n) for key, m, _ in self.marks):
            raise self._went_back(chain.header_key, n, mark)
        raise Refused("replay")

    def _went_back(self, header_key: bytes, n: int, mark: bytes) -> Refused:
        """Tells an old state of the peer from a replay, by N and hbox alone (ratchet-10, ratchet-14)."""
        if (header_key, n, mark) in self.marks:
            return Refused("replay")
        return RolledBack(replace(self._marked(header_key, n, mark), rollbacks=self.rollbacks + 1))

    def _marked(self, header_key: bytes, n: int, mark: bytes) -> Session:
        return replace(self, marks=(*self.marks, (header_key, n, mark))[-MARKS:])

    def _advance(self, n: int, now: int) -> tuple[Session, bytes]:
        session = self._pass_over(n, now)
        chain = session.receiving
        assert chain is not None
        next_key, message_key = session._kdf_ck(chain.key)
        return replace(session, receiving=replace(chain, key=next_key, n=n + 1)), message_key

    def _pass_over(self, n: int, now: int) -> Session:
        """Keeps the keys of the current chain up to n, n not included."""
        chain = self.receiving
        assert chain is not None
        if n - chain.n > PASS_OVER_MOST:
            raise Refused("refused")
        key, added = chain.key, []
        for at in range(chain.n, n):
            key, message_key = self._kdf_ck(key)
            added.append(Kept(chain.header_key, at, message_key, now))
        kept = tuple(old for old in self.kept if now - old.since <= KEPT_SECONDS) + tuple(added)
        return replace(self, receiving=replace(chain, key=key, n=max(n, chain.n)), kept=kept[-KEPT_MOST:])

    # ----- key derivation

    def _kdf_rk(self, shared: bytes, pq: bytes, pq_mix: int) -> tuple[bytes, bytes, bytes]:
        okm = hkdf(self.root, shared + pq, b"sipher/1 rk" + u32(pq_mix), 96)
        root, key, next_header = okm[:32], okm[32:64], okm[64:]
        self.trace.extend((("rk", "step", root), ("ck", "chain", key), ("nhk", "step", next_header)))
        return root, key, next_header

    def _kdf_ck(self, key: bytes) -> tuple[bytes, bytes]:
        okm = expand(key, b"sipher/1 ck", 64)
        self.trace.append(("ck", "chain", okm[:32]))
        return okm[:32], okm[32:]


class RolledBack(Refused):
    """The peer went back to an old state. `session` has counted it, and replaces the one before."""

    def __init__(self, session: Session) -> None:
        super().__init__("peer-rolled-back")
        self.session = session


def item_id(envelope: bytes) -> bytes:
    """What names an item at the relay, and makes a repeated one the same."""
    return sha256(envelope)[:16]
