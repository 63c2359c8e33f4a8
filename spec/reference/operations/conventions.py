"""Sealing and signing. conventions.md."""

from __future__ import annotations

from sipher import caead, signature

from .given import Fields, unhex


def caead_seal(i: Fields) -> Fields:
    return {"sealed": caead.seal(*(unhex(i[name]) for name in ("key", "nonce", "ad", "plaintext"))).hex()}


def caead_open(i: Fields) -> Fields:
    return {"plaintext": caead.open_(*(unhex(i[name]) for name in ("key", "nonce", "ad", "sealed"))).hex()}


def sign(i: Fields) -> Fields:
    seed = unhex(i["seed"])
    signed = signature.sign(seed, i["purpose"], unhex(i["content"]))
    return {"key": signature.public_key(seed).hex(), "signature": signed.hex()}


def verify(i: Fields) -> Fields:
    signature.verify(unhex(i["key"]), i["purpose"], unhex(i["content"]), unhex(i["signature"]))
    return {}


CAEAD = {"seal": caead_seal, "open": caead_open}
SIGNATURES = {"sign": sign, "verify": verify}
