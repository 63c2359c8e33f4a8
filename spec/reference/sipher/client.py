"""A client that keeps everything in memory: invitations, links, messages and presence. client.md, invitation.md.

It shows that the pages suffice. It is not for people: what it knows is gone when it ends, so the rules about durable
writes are kept in their order only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from . import boxes, bundle, content, handshake, ratchet, safety, signature
from .address import BoxAddress, RelayAddress
from .body import Item
from .boxes import CELL, QUEUE, READ, WRITE, Add, Close, Delete, Operation
from .bundle import ONE_TIME, Bundle, InvitationKeys, Prekeys
from .content import Access, Content, Hello, PresenceOffer, Rights, Status, Text
from .invitation import Invitation
from .keys import Device, short_pin
from .octets import Random, base64url
from .presence import Document, EpochKeys, PresenceReader, Publisher
from .ratchet import Session, item_id
from .refusal import Refused
from .relay import OWN, SEND, WATCH, Connection
from .sip import Message

WEEK = 604_800
YEAR = 31_536_000
SPAN = 3600
_DAY = 86_400
_NOTIFY_SECONDS = 10


@dataclass
class Box:
    """A box that this client owns."""

    kind: int
    owner_seed: bytes

    @property
    def id(self) -> str:
        return boxes.box_id(self.kind, signature.public_key(self.owner_seed))


@dataclass
class Invited:
    """An invitation of this client that nobody has used yet."""

    invitation: Invitation
    prekeys: Prekeys
    psk: bytes
    cell: Box
    front_door: Box


@dataclass
class PresenceGiven:
    """A cell of this client for one buddy."""

    cell: Box
    grant_seed: bytes
    publisher: Publisher
    level: int


@dataclass
class PresenceSeen:
    """A buddy's cell, as this client reads it."""

    cell: Access
    reader: PresenceReader
    document: Document | None = None


@dataclass
class Link:
    """What this client shares with one buddy."""

    account_key: bytes
    link_secret: bytes
    session: Session
    queue: Box
    grant_seed: bytes
    name: str = ""
    peer_queue: Access | None = None
    given: PresenceGiven | None = None
    seen: PresenceSeen | None = None
    rights: Rights | None = None
    texts: list[Text] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    epochs: set[int] = field(default_factory=set)
    """Epochs of the post-quantum exchange that were mixed."""


class Client:
    """One account with one device, at one relay."""

    def __init__(self, relay: RelayAddress, name: str, random: Random, now: Callable[[], float] = time.time) -> None:
        self.relay, self.name, self._random, self._clock = relay, name, random, now
        self.device = Device(random(32), random(32), random(32), 1, self.now() - _DAY, self.now() + YEAR)
        self.links: list[Link] = []
        self.invited: list[Invited] = []
        self.arrived: list[tuple[str, bytes]] = []
        """Items that were acknowledged and wait for `process`: in a real client, on disk."""
        self.news: dict[str, list[bytes]] = {}
        self._connections: dict[tuple[str, str], Connection] = {}

    def now(self) -> int:
        return int(self._clock())

    def account_key(self) -> bytes:
        return self.device.account_key()

    def words(self, link: Link) -> tuple[str, str]:
        """Digits and words to compare with the buddy."""
        return safety.number(self.account_key(), link.account_key), safety.words(link.link_secret)

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    # ----- invitations

    def invite(self) -> str:
        """Makes a one-time invitation. Everything of it is at the relay when the text is returned."""
        secret, grant_seed = self._random(32), self._random(32)
        cell, front_door = Box(CELL, self._random(32)), Box(QUEUE, self._random(32))
        derived = InvitationKeys.derive(secret)
        prekeys = Prekeys(
            ONE_TIME, self._random(4), self._random(32), self._random(64), str(self._address_of(front_door)).encode(),
            grant_seed, content.profile(self.name), self.now() + WEEK,
        )
        pin = short_pin(self.account_key())
        invitation = Invitation(self.relay.place, self.relay.id, cell.id, secret, pin)
        self.invited.append(Invited(invitation, prekeys, derived.psk, cell, front_door))
        self._register(front_door)
        self._grants(front_door, [Add(signature.public_key(grant_seed), WRITE, 16, _DAY)])
        self._grants(cell, [Add(signature.public_key(derived.read_grant_seed), READ, 1, _DAY)])
        self._publish(cell, bundle.seal(secret, cell.id, prekeys.bundle(self.device), self._random), WEEK)
        return str(invitation)

    def accept(self, text: str) -> Link:
        """Uses an invitation: the link waits until the inviter's first message opened."""
        invitation = Invitation.read(text)
        derived = InvitationKeys.derive(invitation.secret)
        value = self._fetch(RelayAddress(invitation.place, invitation.relay), invitation.cell, derived.read_grant_seed)
        if value is None:
            raise Refused("used-expired-or-mistyped")
        octets = bundle.open_(invitation.secret, invitation.cell, value)
        Bundle.check(octets, invitation.pin, self.now())
        queue, grant_seed = self._make_queue()
        hello = content.write([self._hello(queue, grant_seed)])
        made = handshake.initiate(
            self.device, octets, invitation.pin, derived.psk, hello, self.now(), self._random
        )
        link = Link(made.bundle.certificate.account_key, made.secrets.link_secret, Session.of_initiator(made), queue, grant_seed)
        self.links.append(link)
        link.name = content.name_of(made.bundle.profile)
        front_door = BoxAddress.read(made.bundle.front_door_address.decode())
        self._put(Access(front_door, made.bundle.front_door_seed), made.flight)
        return link

    def _hello(self, queue: Box, grant_seed: bytes) -> Hello:
        return Hello(self.name, Access(self._address_of(queue), grant_seed))

    def _accept_flight(self, invited: Invited, flight: bytes) -> None:
        accepted = handshake.accept(self.device, invited.prekeys, invited.psk, flight, self.now())
        session = Session.of_responder(accepted, self._random)
        self.invited.remove(invited)
        queue, grant_seed = self._make_queue()
        link = Link(accepted.certificate.account_key, accepted.secrets.link_secret, session, queue, grant_seed)
        self.links.append(link)
        self._take_contents(link, content.read(accepted.items))
        self.say(link, [self._hello(queue, grant_seed)])
        self._grants(invited.cell, [Close()])

    # ----- messages

    def text(self, link: Link, text: str) -> bytes:
        """Seals a text for a buddy, and sends it."""
        return self.say(link, [Text(self._random(16), int(self._clock() * 1000), text)])

    def say(self, link: Link, contents: list[Content]) -> bytes:
        envelope = self.seal(link, content.write(contents))
        self.send(link, envelope)
        return envelope

    def seal(self, link: Link, items: list[Item]) -> bytes:
        link.session, envelope = link.session.send(items, self._random)
        if link.session.sending and link.session.sending.pq_mix:
            link.epochs.add(link.session.sending.pq_mix)
        return envelope

    def send(self, link: Link, envelope: bytes) -> None:
        """Puts an envelope into the buddy's queue; the same octets may be sent again."""
        if link.peer_queue is None:
            raise Refused("not-yet")
        self._put(link.peer_queue, envelope)

    def sync(self) -> None:
        """Takes all that waits in the queues, then processes it."""
        self.take_all()
        self.process()

    def take_all(self) -> None:
        """Ends for each queue with the drain barrier's answer only (client-11)."""
        for box in [invited.front_door for invited in self.invited] + [link.queue for link in self.links]:
            self._register(box)
            self._barrier(box)

    def process(self) -> None:
        """Opens the items that arrived, in the order in which they stand."""
        arrived, self.arrived = self.arrived, []
        for box, envelope in arrived:
            for invited in [one for one in self.invited if one.front_door.id == box]:
                try:
                    self._accept_flight(invited, envelope)
                except Refused:
                    continue
            for link in [one for one in self.links if one.queue.id == box]:
                self._open(link, envelope)

    def _open(self, link: Link, envelope: bytes) -> None:
        try:
            link.session, items = link.session.receive(envelope, self.now(), self._random)
        except ratchet.RolledBack as sign:
            link.session = sign.session
            link.refused.append(sign.kind)
            return
        except Refused as refused:
            link.refused.append(refused.kind)
            return
        if link.session.receiving and link.session.receiving.pq_mix:
            link.epochs.add(link.session.receiving.pq_mix)
        self._take_contents(link, content.read(items))

    def _take_contents(self, link: Link, contents: list[Content]) -> None:
        for one in contents:
            match one:
                case Text():
                    if all(one.id != known.id for known in link.texts):
                        link.texts.append(one)
                case Hello(name, queue):
                    link.name, link.peer_queue = name, queue
                case PresenceOffer(cell, keys):
                    self._take_offer(link, cell, keys)
                case Rights():
                    link.rights = one

    # ----- presence

    def grant_presence(self, link: Link, level: int, status: Status) -> None:
        """A cell of its own for this buddy (presence-15), and the first document in it."""
        cell, grant_seed = Box(CELL, self._random(32)), self._random(32)
        publisher = Publisher(cell.id, 1, self._random(32), self._random(32))
        link.given = PresenceGiven(cell, grant_seed, publisher, level)
        self._grants(cell, [Add(signature.public_key(grant_seed), READ, 1, _DAY)])
        self.publish_presence(link, status, offer_first=True)

    def publish_presence(self, link: Link, status: Status, offer_first: bool = False) -> None:
        given = link.given
        if given is None:
            return
        if offer_first:
            offer = PresenceOffer(Access(self._address_of(given.cell), given.grant_seed), given.publisher.keys())
            self.say(link, [offer, Rights(True, given.level, content.NONE)])
        published = self.now()
        shown = status.content(given.level)
        document = Document(published, published + SPAN, content.rights_digest(given.level), shown)
        given.publisher, envelope = given.publisher.publish(document, self._random)
        self._publish(given.cell, envelope, SPAN)

    def retract_presence(self, link: Link) -> None:
        """Keys first, then grant and cell at the relay, then the buddy is told."""
        given, link.given = link.given, None
        if given is None:
            return
        self._grants(given.cell, [Delete(signature.public_key(given.grant_seed))])
        self._grants(given.cell, [Close()])
        self.say(link, [Rights(True, content.NONE, content.NONE)])

    def see(self, link: Link) -> tuple[Status, bool] | None:
        """Fetches what the buddy shows now; nothing stands for *unknown*."""
        if link.seen is None:
            return None
        cell = link.seen.cell
        envelope = self._fetch(cell.address.relay_address(), cell.address.box, cell.seed)
        return self._shown(link, link.seen, envelope)

    def watch(self, link: Link) -> str | None:
        """Subscribes to the buddy's cell; the subscription's name is for `pushed`."""
        if link.seen is None:
            return None
        cell = link.seen.cell
        return self._subscribe(cell.address.relay_address(), cell.address.box, cell.seed, SPAN)

    def pushed(self, link: Link, subscription: str) -> tuple[Status, bool] | None:
        """Waits for one NOTIFY, a few seconds at most, and says what the buddy shows."""
        if link.seen is None:
            return None
        return self._shown(link, link.seen, self._news(link.seen.cell.address.relay_address(), subscription))

    def _shown(self, link: Link, seen: PresenceSeen, envelope: bytes | None) -> tuple[Status, bool] | None:
        if envelope:
            try:
                seen.reader, seen.document = seen.reader.open(envelope)
            except Refused:
                pass
        if link.rights and link.rights.presence == content.NONE:
            return None
        if seen.document is None or not seen.document.is_believed(self.now()):
            return None
        return Status.of(seen.document.content)

    def _take_offer(self, link: Link, cell: Access, keys: EpochKeys) -> None:
        if link.seen and link.seen.cell == cell:
            link.seen.reader = link.seen.reader.announce(keys)
        else:
            link.seen = PresenceSeen(cell, PresenceReader.start(cell.address.box, keys))

    # ----- the relays

    def _address_of(self, box: Box) -> BoxAddress:
        return BoxAddress(self.relay.place, self.relay.id, box.id)

    def _make_queue(self) -> tuple[Box, bytes]:
        """A queue for one buddy, ready for an answer (invite-6)."""
        queue, grant_seed = Box(QUEUE, self._random(32)), self._random(32)
        self._register(queue)
        self._grants(queue, [Add(signature.public_key(grant_seed), WRITE, 10_000, _DAY)])
        return queue, grant_seed

    def connection(self, class_: str, relay: RelayAddress) -> Connection:
        """The one connection of a class to a relay."""
        key = (class_, str(relay))
        if key not in self._connections:
            self._connections[key] = Connection(relay, self._random, self._taken)
        return self._connections[key]

    def _taken(self, message: Message) -> None:
        """A delivered item, or news of a cell; the relay gets its 200 after this."""
        if message.method == "MESSAGE":
            self.arrived.append((message.box(), message.body))
        elif message.method == "NOTIFY":
            self.news.setdefault(message.one("call-id"), []).append(message.body)

    def _register(self, box: Box) -> None:
        self._own(box, lambda connection, proof: connection.writer.register(box.id, proof))

    def _barrier(self, box: Box) -> None:
        self._own(box, lambda connection, proof: connection.writer.barrier(box.id, proof))

    def _grants(self, box: Box, operations: list[Operation]) -> None:
        body = boxes.write_grants(operations)
        self._own(box, lambda connection, proof: connection.writer.grants(box.id, proof, body))

    def _publish(self, box: Box, value: bytes, expires: int) -> None:
        self._own(box, lambda connection, proof: connection.writer.publish(box.id, proof, value, expires))

    def _own(self, box: Box, request: Callable[[Connection, str], Message]) -> None:
        connection = self.connection(OWN, self.relay)
        proof = connection.own_proof(box.owner_seed, box.id)
        _expect(connection.request(request(connection, str(proof)), proof, box.id), 200)

    def _put(self, access: Access, envelope: bytes) -> None:
        connection = self.connection(SEND, access.address.relay_address())
        box, item = access.address.box, base64url(item_id(envelope))
        proof = connection.use_proof(access.seed, box, WRITE)
        message = connection.writer.message(box, str(proof), item, envelope)
        _expect(connection.request(message, proof, box), 202)

    def _fetch(self, relay: RelayAddress, cell: str, grant_seed: bytes) -> bytes | None:
        """The value of a cell, if there is one and this grant may read it."""
        subscription = self._subscribe(relay, cell, grant_seed, 0)
        return self._news(relay, subscription) if subscription else None

    def _subscribe(self, relay: RelayAddress, cell: str, grant_seed: bytes, expires: int) -> str | None:
        connection = self.connection(WATCH, relay)
        proof = connection.use_proof(grant_seed, cell, READ)
        message = connection.writer.subscribe(cell, str(proof), expires)
        answer = connection.request(message, proof, cell)
        if answer.status == 404:
            return None
        _expect(answer, 200)
        return message.one("call-id")

    def _news(self, relay: RelayAddress, subscription: str) -> bytes | None:
        """The body of the newest NOTIFY, which may be on its way."""
        deadline = time.monotonic() + _NOTIFY_SECONDS
        while subscription not in self.news and time.monotonic() < deadline:
            self.connection(WATCH, relay).listen(0.05)
        return self.news.pop(subscription, [b""])[-1] or None


def _expect(answer: Message, status: int) -> None:
    if answer.status != status:
        raise Refused(f"status-{answer.status}")
