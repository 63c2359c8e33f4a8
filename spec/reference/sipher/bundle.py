"""What an invitation's cell holds: the inviter's certificate, prekeys and front door. invitation.md, Bundle."""

from __future__ import annotations

from dataclasses import dataclass

from . import caead, signature
from .agreement import EK, dh_public, ek_of
from .hkdf import hkdf
from .keys import CLOCK_TOLERANCE, Device, DeviceCert, check_pin
from .octets import Random, Reader, padded, short, u8, u64
from .refusal import Refused

ONE_TIME, STANDING, RELINK = 1, 2, 3
SUITE = 1
VALUE = 4096
ADDRESS_MOST, PROFILE_MOST = 512, 1024
_PLAINTEXT = VALUE - caead.NONCE - caead.OVERHEAD


@dataclass(frozen=True)
class InvitationKeys:
    """What the 32 octets of an invitation yield."""

    bundle_key: bytes
    read_grant_seed: bytes
    psk: bytes

    @classmethod
    def derive(cls, secret: bytes) -> InvitationKeys:
        infos = (b"sipher/1 invite bundle", b"sipher/1 invite read", b"sipher/1 invite psk")
        return cls(*(hkdf(b"", secret, info, 32) for info in infos))


@dataclass(frozen=True)
class Prekeys:
    """The private side of a bundle."""

    kind: int
    prekey_id: bytes
    prekey_secret: bytes
    kem_seed: bytes
    front_door_address: bytes
    front_door_seed: bytes
    profile: bytes
    bundle_not_after: int

    def bundle(self, device: Device) -> bytes:
        """The signed octets, without padding."""
        if len(self.front_door_address) > ADDRESS_MOST or len(self.profile) > PROFILE_MOST:
            raise Refused("too-long")
        signed = u8(1) + u8(self.kind) + u8(1) + u8(SUITE) + device.certificate()
        signed += self.prekey_id + dh_public(self.prekey_secret) + ek_of(self.kem_seed)
        signed += short(self.front_door_address) + self.front_door_seed + short(self.profile)
        signed += u64(self.bundle_not_after)
        return signed + signature.sign(device.signing_seed, "bundle", signed)


@dataclass(frozen=True)
class Bundle:
    """A bundle that was checked."""

    kind: int
    certificate: DeviceCert
    prekey_id: bytes
    spk: bytes
    ek: bytes
    front_door_address: bytes
    front_door_seed: bytes
    profile: bytes
    not_after: int
    octets: bytes

    @classmethod
    def check(cls, octets: bytes, pin: str, now: int) -> Bundle:
        """Layout, pin, signatures, suite and dates: classes of bundle.json.

        The pin comes before the signatures (bundle-2): who stands in the middle signs well, under another account.
        """
        reader = Reader(octets, "damaged")
        if reader.number(1) != 1:
            raise Refused("version")
        kind = reader.number(1)
        if kind not in (ONE_TIME, STANDING, RELINK):
            raise Refused("version")
        suites = reader.take(reader.number(1))
        certificate_octets = reader.take(DeviceCert.SIZE)
        prekey_id, spk, ek = reader.take(4), reader.take(32), reader.take(EK)
        address, front_door_seed = reader.short(ADDRESS_MOST), reader.take(32)
        profile, not_after = reader.short(PROFILE_MOST), reader.number(8)
        by_device = reader.take(64)
        reader.end()
        certificate = cls._authentic(certificate_octets, octets[:-64], by_device, pin)
        if SUITE not in suites:
            raise Refused("no-common-suite")
        certificate.check_dates(now)
        if now > not_after + CLOCK_TOLERANCE:
            raise Refused("expired")
        return cls(kind, certificate, prekey_id, spk, ek, address, front_door_seed, profile, not_after, octets)

    @staticmethod
    def _authentic(certificate: bytes, signed: bytes, by_device: bytes, pin: str) -> DeviceCert:
        try:
            check_pin(pin, certificate[:32])
            read = DeviceCert.read(certificate)
            signature.verify(read.signing_key, "bundle", signed, by_device)
        except Refused as refused:
            raise Refused("wrong-account" if refused.kind == "wrong-account" else "damaged") from None
        return read


def seal(secret: bytes, cell: str, bundle: bytes, random: Random) -> bytes:
    """The value of the invitation's cell."""
    key = InvitationKeys.derive(secret).bundle_key
    nonce = random(caead.NONCE)
    return nonce + caead.seal(key, nonce, cell.encode(), padded(short(bundle), _PLAINTEXT, "too-long"))


def open_(secret: bytes, cell: str, value: bytes) -> bytes:
    """The bundle of a cell's value, not yet checked."""
    if len(value) != VALUE:
        raise Refused("damaged")
    key = InvitationKeys.derive(secret).bundle_key
    try:
        plaintext = caead.open_(key, value[: caead.NONCE], cell.encode(), value[caead.NONCE :])
    except Refused:
        raise Refused("damaged") from None
    reader = Reader(plaintext, "damaged")
    bundle = reader.short()
    reader.zeros()
    return bundle
