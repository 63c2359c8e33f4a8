"""Accounts, invitations and the handshake. handshake.md, invitation.md."""

from __future__ import annotations

from sipher import bundle, handshake, keys, safety, signature
from sipher.bundle import Bundle, InvitationKeys
from sipher.invitation import Invitation
from sipher.keys import DeviceCert
from sipher.ratchet import Session

from .given import Drawn, Fields, device_of, items_of, listed, prekeys_of, trace_of, unhex


def pin(i: Fields) -> Fields:
    key = unhex(i["account_key"])
    return {"record": keys.account_record(key).hex(), "pin": keys.pin(key).hex(), "short_pin": keys.short_pin(key)}


def pin_names(i: Fields) -> Fields:
    keys.check_pin(i["short_pin"], unhex(i["account_key"]))
    return {}


def certify(i: Fields) -> Fields:
    return {"certificate": device_of(i).certificate().hex()}


def certificate(i: Fields) -> Fields:
    read = DeviceCert.read(unhex(i["certificate"]))
    read.check_dates(i["now"])
    named = {name: getattr(read, name).hex() for name in ("account_key", "signing_key", "agreement_key")}
    return named | {"number": read.number, "not_before": read.not_before, "not_after": read.not_after}


def initiate(i: Fields) -> Fields:
    random = Drawn(i["e"], i["offer_seed"], i["m"])
    device, content = device_of(i["device"]), items_of(i["items"])
    made = handshake.initiate(
        device, unhex(i["bundle"]), i["short_pin"], unhex(i["psk"]), content, i["now"], random
    )
    words = safety.words(made.secrets.link_secret)
    return {"flight": made.flight.hex(), "words": words, "trace": trace_of(made.trace)}


def accept(i: Fields) -> Fields:
    accepted = handshake.accept(
        device_of(i["device"]), prekeys_of(i["prekeys"]), unhex(i["psk"]), unhex(i["flight"]), i["now"]
    )
    Session.of_responder(accepted, Drawn(i["m"]))
    return {
        "account_key": accepted.certificate.account_key.hex(), "items": listed(accepted.items),
        "words": safety.words(accepted.secrets.link_secret), "trace": trace_of(accepted.trace),
    }


def derive(i: Fields) -> Fields:
    derived = InvitationKeys.derive(unhex(i["secret"]))
    return {
        "bundle_key": derived.bundle_key.hex(), "psk": derived.psk.hex(),
        "read_grant_seed": derived.read_grant_seed.hex(),
        "read_grant_key": signature.public_key(derived.read_grant_seed).hex(),
    }


def make_bundle(i: Fields) -> Fields:
    return {"bundle": prekeys_of(i["prekeys"]).bundle(device_of(i["device"])).hex()}


def seal_bundle(i: Fields) -> Fields:
    made = prekeys_of(i["prekeys"]).bundle(device_of(i["device"]))
    return {"value": bundle.seal(unhex(i["secret"]), i["cell"], made, Drawn(i["nonce"])).hex()}


def open_bundle(i: Fields) -> Fields:
    opened = bundle.open_(unhex(i["secret"]), i["cell"], unhex(i["value"]))
    Bundle.check(opened, i["short_pin"], i["now"])
    return {"bundle": opened.hex()}


def check_bundle(i: Fields) -> Fields:
    checked = Bundle.check(unhex(i["bundle"]), i["short_pin"], i["now"])
    return {
        "account_key": checked.certificate.account_key.hex(), "kind": checked.kind, "not_after": checked.not_after,
        "front_door_address": checked.front_door_address.hex(), "front_door_seed": checked.front_door_seed.hex(),
        "profile": checked.profile.hex(),
    }


def read_invitation(i: Fields) -> Fields:
    read = Invitation.read(i["text"])
    return {
        "host": read.place.host, "port": read.place.port, "relay_id": read.relay, "cell": read.cell, "secret": read.secret.hex(),
        "short_pin": read.pin, "kind": int(read.is_standing), "written": str(read),
    }


ACCOUNT = {"pin": pin, "pin_names": pin_names, "certify": certify, "certificate": certificate}
HANDSHAKE = {"initiate": initiate, "accept": accept}
BUNDLE = {
    "derive": derive, "make": make_bundle, "seal": seal_bundle, "open": open_bundle, "check": check_bundle,
}
INVITATION = {"read": read_invitation}
