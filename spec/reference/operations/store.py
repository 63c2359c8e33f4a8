"""The store's sealed form, the phrase, and the number that people compare. account-store.md, handshake.md."""

from __future__ import annotations

from sipher import safety, store
from sipher.store import Stretching, Vault

from .given import Drawn, Fields, unhex


def compare_people(i: Fields) -> Fields:
    return {"digits": safety.number(unhex(i["one"]), unhex(i["other"]))}


def stretching(i: Fields) -> Stretching:
    return Stretching(i["memory_kib"], i["passes"], i["lanes"])


def wrap(i: Fields) -> Fields:
    random = Drawn(i["salt"], i["nonce"])
    return {"wrapped": store.wrap(unhex(i["secret"]), i["passphrase"], stretching(i), random).hex()}


def unwrap(i: Fields) -> Fields:
    return {"secret": store.unwrap(unhex(i["wrapped"]), i["passphrase"]).hex()}


def seal_record(i: Fields) -> Fields:
    sealed = store.seal_record(unhex(i["secret"]), unhex(i["place"]), unhex(i["record"]), Drawn(i["nonce"]))
    return {"sealed": sealed.hex()}


def open_record(i: Fields) -> Fields:
    return {"record": store.open_record(unhex(i["secret"]), unhex(i["place"]), unhex(i["sealed"])).hex()}


def index_name(i: Fields) -> Fields:
    return {"index_name": store.index_name(unhex(i["secret"]), i["kind"], unhex(i["name"])).hex()}


def phrase(i: Fields) -> Fields:
    return {"words": store.phrase(unhex(i["entropy"]))}


def read_phrase(i: Fields) -> Fields:
    return {"words": store.read_phrase(i["words"])}


def vault(i: Fields) -> Fields:
    derived = Vault.derive(i["words"], i["relay_name"], stretching(i))
    names = ("owner_seed", "read_grant_seed", "vault_key", "account_seed")
    return {name: getattr(derived, name).hex() for name in names}


STORE = {
    "wrap": wrap, "unwrap": unwrap, "seal": seal_record, "open": open_record, "index_name": index_name,
}
PEOPLE = {"safety": compare_people, "phrase": phrase, "read_phrase": read_phrase, "vault": vault}
