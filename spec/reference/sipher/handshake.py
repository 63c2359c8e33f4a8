"""From a bundle to a link: the initiator's first flight, and its acceptance by the responder. handshake.md."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import body, caead
from .agreement import CT, EK, decaps, dh, dh_public, ek_of, encaps
from .body import Item
from .bundle import SUITE, Bundle, Prekeys
from .hkdf import hkdf
from .keys import Device, DeviceCert
from .octets import Random, Reader, padded, sha256, u8, u32
from .refusal import Refused

FLIGHT = 4096
_NAME = b"sipher/1 link X25519+ML-KEM-768 ChaChaPoly SHA-256"
_BOX1 = DeviceCert.SIZE + caead.OVERHEAD
_PAYLOAD = FLIGHT - 1 - 4 - 32 - CT - _BOX1 - caead.OVERHEAD
CONTENT_MOST = _PAYLOAD - EK

Trace = list[tuple[str, str, bytes]]
"""What was computed, of what, and its value: the values on the way that the vectors list."""


@dataclass(frozen=True)
class Secrets:
    """What both sides hold at the end of the handshake."""

    sk: bytes
    hk_from_responder: bytes
    nhk_from_initiator: bytes
    link_secret: bytes
    relink_psk: bytes
    link_id: bytes


@dataclass
class Transcript:
    """h and ck, mixed step by step in the same order by both sides."""

    h: bytes = sha256(_NAME)
    ck: bytes = sha256(_NAME)
    trace: Trace = field(default_factory=lambda: [("h", "name", sha256(_NAME))])

    def mix_hash(self, of: str, value: bytes) -> None:
        self.h = sha256(self.h, u32(len(value)), value)
        self.trace.append(("h", of, self.h))

    def mix_key(self, label: str, secret: bytes) -> bytes:
        okm = hkdf(self.ck, secret, b"sipher/1 hs " + label.encode() + b"\0" + self.h, 64)
        self.ck, key = okm[:32], okm[32:]
        self.trace += [("ck", label, self.ck), ("k", label, key)]
        return key

    def seal(self, of: str, key: bytes, plaintext: bytes) -> bytes:
        sealed = caead.seal(key, b"", self.h, plaintext)
        self._mix_box(of, sealed)
        return sealed

    def open(self, of: str, key: bytes, sealed: bytes) -> bytes:
        plaintext = caead.open_(key, b"", self.h, sealed)
        self._mix_box(of, sealed)
        return plaintext

    def _mix_box(self, of: str, sealed: bytes) -> None:
        self.trace.append(("octets", of, sealed))
        self.mix_hash(of, sealed)

    def begin(self, bundle: bytes, psk: bytes, ephemeral: bytes) -> None:
        """Steps 1 to 4."""
        self.mix_hash("bundle", bundle)
        self.mix_hash("suite", u8(SUITE))
        self.mix_key("psk", psk)
        self.mix_hash("E", ephemeral)

    def end(self) -> Secrets:
        reader = Reader(hkdf(self.ck, b"", b"sipher/1 link" + self.h, 176), "refused")
        names = ("SK", "HK(R->I)", "NHK(I->R)", "link_secret", "relink_psk")
        values = [*(reader.take(32) for _ in names), reader.rest()]
        self.trace += [("k", name, key) for name, key in zip(names, values)] + [("octets", "link_id", values[-1])]
        return Secrets(*values)


@dataclass(frozen=True)
class Initiated:
    """The initiator's side after its first flight."""

    flight: bytes
    bundle: Bundle
    secrets: Secrets
    ephemeral_secret: bytes
    offer_seed: bytes
    trace: Trace


@dataclass(frozen=True)
class Accepted:
    """The responder's side after it accepted a first flight."""

    certificate: DeviceCert
    items: list[Item]
    secrets: Secrets
    ephemeral: bytes
    offer: bytes
    trace: Trace


def initiate(
    device: Device, bundle_octets: bytes, pin: str, psk: bytes, items: list[Item], now: int, random: Random
) -> Initiated:
    """Makes a first flight. Draws e (32), the offer's seed (64) and m of Encaps (32), in this order."""
    bundle = Bundle.check(bundle_octets, pin, now)
    if bundle.certificate.account_key == device.account_key():
        raise Refused("own-bundle")
    content = padded(body.write(items), _PAYLOAD - EK, "too-long")
    ephemeral_secret, offer_seed, m = random(32), random(64), random(32)
    ephemeral = dh_public(ephemeral_secret)
    transcript = Transcript()
    transcript.begin(bundle_octets, psk, ephemeral)
    transcript.mix_key("es-pre", dh(ephemeral_secret, bundle.spk))
    transcript.mix_key("es-id", dh(ephemeral_secret, bundle.certificate.agreement_key))
    ct, shared = encaps(bundle.ek, m)
    transcript.mix_hash("ct", ct)
    box1 = transcript.seal("box1", transcript.mix_key("kem", shared), device.certificate())
    k2 = transcript.mix_key("se", dh(device.agreement_secret, bundle.spk))
    box2 = transcript.seal("box2", k2, ek_of(offer_seed) + content)
    flight = u8(1) + bundle.prekey_id + ephemeral + ct + box1 + box2
    return Initiated(flight, bundle, transcript.end(), ephemeral_secret, offer_seed, transcript.trace)


def accept(device: Device, prekeys: Prekeys, psk: bytes, flight: bytes, now: int) -> Accepted:
    """Opens a first flight. All failures are `refused`."""
    try:
        return _accept(device, prekeys, psk, flight, now)
    except Refused:
        raise Refused("refused") from None


def _accept(device: Device, prekeys: Prekeys, psk: bytes, flight: bytes, now: int) -> Accepted:
    reader = Reader(flight, "refused")
    if len(flight) != FLIGHT or reader.number(1) != 1 or reader.take(4) != prekeys.prekey_id:
        raise reader.refuse()
    ephemeral, ct, box1, box2 = reader.take(32), reader.take(CT), reader.take(_BOX1), reader.rest()
    transcript = Transcript()
    transcript.begin(prekeys.bundle(device), psk, ephemeral)
    transcript.mix_key("es-pre", dh(prekeys.prekey_secret, ephemeral))
    transcript.mix_key("es-id", dh(device.agreement_secret, ephemeral))
    transcript.mix_hash("ct", ct)
    k1 = transcript.mix_key("kem", decaps(prekeys.kem_seed, ct))
    certificate = DeviceCert.read(transcript.open("box1", k1, box1))
    certificate.check_dates(now)
    if certificate.account_key == device.account_key():
        raise reader.refuse()
    k2 = transcript.mix_key("se", dh(prekeys.prekey_secret, certificate.agreement_key))
    payload = Reader(transcript.open("box2", k2, box2), "refused")
    offer, items = payload.take(EK), body.read(payload.rest(), "refused")
    return Accepted(certificate, body.content(items), transcript.end(), ephemeral, offer, transcript.trace)
