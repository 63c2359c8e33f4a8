"""Accounts, devices and certificates. handshake.md, Account and device."""

from __future__ import annotations

from dataclasses import dataclass

from . import signature
from .agreement import dh_public
from .octets import Reader, id26, is_id26, sha256, u8, u32, u64
from .refusal import Refused

CLOCK_TOLERANCE = 120
"""Seconds by which two clocks may differ."""


def account_record(account_key: bytes) -> bytes:
    signature.check_key(account_key)
    return u8(1) + account_key


def pin(account_key: bytes) -> bytes:
    """The hash that names an account."""
    return sha256(b"sipher/1 account", account_record(account_key))


def short_pin(account_key: bytes) -> str:
    return id26(pin(account_key))


def check_pin(text: str, account_key: bytes) -> None:
    """Whether a short pin, in any case, names this account: else `not-a-pin` or `wrong-account`."""
    if not is_id26(text.lower()):
        raise Refused("not-a-pin")
    if short_pin(account_key) != text.lower():
        raise Refused("wrong-account")


@dataclass(frozen=True)
class DeviceCert:
    """What ties a device's two keys to its account."""

    SIZE = 256

    account_key: bytes
    signing_key: bytes
    agreement_key: bytes
    number: int
    not_before: int
    not_after: int
    octets: bytes

    @classmethod
    def read(cls, octets: bytes) -> DeviceCert:
        """Layout and both signatures: else `bad-certificate`. The dates are another matter."""
        reader = Reader(octets, "bad-certificate")
        account, signing, agreement = reader.take(32), reader.take(32), reader.take(32)
        number, before, after = reader.number(4), reader.number(8), reader.number(8)
        by_account, by_device = reader.take(64), reader.take(64)
        if reader.take(12) != bytes(12):
            raise reader.refuse()
        reader.end()
        try:
            signature.verify(account, "device", octets[:116], by_account)
            signature.verify(signing, "device-self", octets[:116], by_device)
        except Refused:
            raise reader.refuse() from None
        return cls(account, signing, agreement, number, before, after, octets)

    def check_dates(self, now: int) -> None:
        if not self.not_before - CLOCK_TOLERANCE <= now <= self.not_after + CLOCK_TOLERANCE:
            raise Refused("expired")


@dataclass(frozen=True)
class Device:
    """One installation of an account, with its secrets."""

    account_seed: bytes
    signing_seed: bytes
    agreement_secret: bytes
    number: int
    not_before: int
    not_after: int

    def account_key(self) -> bytes:
        return signature.public_key(self.account_seed)

    def certificate(self) -> bytes:
        content = self.account_key() + signature.public_key(self.signing_seed) + dh_public(self.agreement_secret)
        content += u32(self.number) + u64(self.not_before) + u64(self.not_after)
        by_account = signature.sign(self.account_seed, "device", content)
        return content + by_account + signature.sign(self.signing_seed, "device-self", content) + bytes(12)
