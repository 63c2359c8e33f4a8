"""A connection to a relay: TLS 1.3 under the relay's pinned identity, SIP inside it. boxes.md, TLS identity; wire.md."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from OpenSSL import SSL, crypto

from .address import RelayAddress, relay_id
from .boxes import Proof
from .octets import Random
from .refusal import Refused
from .sip import PING, PONG, Cutter, Message, Writer

SERVER_NAME = "relay.sipher.invalid"
EXPORTER = b"EXPORTER-sipher-1"
OWN, SEND, WATCH = "own", "send", "watch"
_ANSWER_SECONDS = 32

T = TypeVar("T")


class Connection:
    """One connection of one class.

    Requests of the relay, delivered items and news of cells, go to `taken`, which returns once their effect is stored;
    then they are answered.
    """

    def __init__(self, address: RelayAddress, random: Random, taken: Callable[[Message], None]) -> None:
        self.address = address
        self.writer = Writer(address.place.host, random)
        self._taken = taken
        self._cutter = Cutter()
        self._answers: dict[str, Message] = {}
        self._proven: set[tuple[bytes, str]] = set()
        self._socket = socket.create_connection(address.place.dial(), _ANSWER_SECONDS)
        self._socket.setblocking(False)
        self._tls = self._greet()
        self.binding = self._tls.export_keying_material(EXPORTER, 32)

    # ----- TLS

    def _greet(self) -> SSL.Connection:
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(SSL.TLS1_3_VERSION)
        context.set_options(SSL.OP_NO_TICKET)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        tls = SSL.Connection(context, self._socket)
        tls.set_tlsext_host_name(SERVER_NAME.encode())
        tls.set_connect_state()
        deadline = time.monotonic() + _ANSWER_SECONDS
        self._retry(tls.do_handshake, deadline)
        _check_identity(tls.get_peer_cert_chain() or [], self.address)
        return tls

    def _retry(self, operation: Callable[[], T], deadline: float) -> T:
        """Repeats a TLS operation until the socket lets it finish."""
        while True:
            wants: tuple[list[socket.socket], list[socket.socket]]
            try:
                return operation()
            except SSL.WantReadError:
                wants = ([self._socket], [])
            except SSL.WantWriteError:
                wants = ([], [self._socket])
            except (SSL.ZeroReturnError, SSL.SysCallError):
                raise ConnectionError("the relay closed the connection") from None
            left = deadline - time.monotonic()
            if left <= 0 or not any(select.select(*wants, [], left)):
                raise TimeoutError

    # ----- proofs

    def own_proof(self, owner_seed: bytes, box: str) -> Proof:
        """The signature with the first request of a key to a box, the key alone after a success."""
        return self._shortened(Proof.own(owner_seed, box, self.binding, self.address.token), box)

    def use_proof(self, grant_seed: bytes, box: str, right: int) -> Proof:
        return self._shortened(Proof.use(grant_seed, box, right, self.binding), box)

    def _shortened(self, proof: Proof, box: str) -> Proof:
        return proof.key_only() if (proof.key, box) in self._proven else proof

    # ----- requests and answers

    def request(self, message: Message, proof: Proof, box: str) -> Message:
        """Sends a request and waits for its final answer. A success makes the proof known."""
        answer = self.ask(message)
        if answer.status in (200, 202, 204):
            self._proven.add((proof.key, box))
        return answer

    def ask(self, message: Message) -> Message:
        branch = message.branch()
        self._write(message.octets())
        deadline = time.monotonic() + _ANSWER_SECONDS
        while branch not in self._answers:
            self._read(deadline)
        return self._answers.pop(branch)

    def listen(self, seconds: float) -> None:
        """Takes what comes for a while."""
        deadline = time.monotonic() + seconds
        try:
            while True:
                self._read(deadline)
        except TimeoutError:
            return

    def ping(self) -> None:
        """Keeps the flow alive."""
        self._write(PING)

    def close(self) -> None:
        self._socket.close()

    def _write(self, octets: bytes) -> None:
        deadline = time.monotonic() + _ANSWER_SECONDS
        left = memoryview(octets)
        while left:
            left = left[self._retry(partial(self._tls.send, left), deadline) :]

    def _read(self, deadline: float) -> None:
        while (message := self._cutter.next()) is None:
            self._cutter.feed(self._retry(lambda: self._tls.recv(65_536), deadline))
        if message == PING:
            self._write(PONG)
        elif isinstance(message, Message):
            self._take(message)

    def _take(self, message: Message) -> None:
        status = message.status
        if status is None:
            self._taken(message)
            self._write(message.answer("200 OK", self.writer.token()).octets())
        elif status >= 200:
            self._answers[message.branch()] = message


def _check_identity(chain: list[crypto.X509], address: RelayAddress) -> None:
    """The chain is leaf and CA; the CA's key is the one that the address names, and the only anchor of the leaf."""
    if len(chain) != 2:
        raise Refused("relay-identity")
    leaf, authority = chain
    key = authority.to_cryptography().public_key()
    if not isinstance(key, Ed25519PublicKey) or relay_id(key.public_bytes_raw()) != address.id:
        raise Refused("relay-identity")
    anchors = crypto.X509Store()
    anchors.add_cert(authority)
    try:
        crypto.X509StoreContext(anchors, leaf).verify_certificate()
        names = leaf.to_cryptography().extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (crypto.X509StoreContextError, x509.ExtensionNotFound):
        raise Refused("relay-identity") from None
    if SERVER_NAME not in names.value.get_values_for_type(x509.DNSName):
        raise Refused("relay-identity")
