"""Holds every file of spec/vectors against this implementation, and prints a count for each.

An operation takes a vector's input and returns the output that it must have; a refusal's kind is compared with the
failure class. Exit code 0 if all agree, else 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sipher import boxes, bundle, caead, handshake, keys, presence, safety, signature, store
from sipher.address import RelayAddress, relay_id
from sipher.body import Item
from sipher.boxes import Add, Close, Delete, Operation, Proof
from sipher.bundle import Bundle, InvitationKeys, Prekeys
from sipher.handshake import Trace
from sipher.invitation import Invitation
from sipher.keys import Device, DeviceCert
from sipher.octets import Random, id26_octets
from sipher.presence import Document, EpochKeys, PresenceReader, Publisher
from sipher.ratchet import Session, item_id
from sipher.refusal import Refused
from sipher.store import Stretching, Vault

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
Fields = dict[str, Any]
unhex = bytes.fromhex


def drawn(*values: str) -> Random:
    """Randomness that a vector gives. It must be used in the sizes in which it is drawn, and used up by the end."""
    left = [unhex("".join(values))]

    def take(size: int) -> bytes:
        if len(left[0]) < size:
            raise AssertionError("more randomness was drawn than the vector has")
        octets, left[0] = left[0][:size], left[0][size:]
        return octets

    take.left = left  # type: ignore[attr-defined]
    return take


def all_drawn(random: Random) -> None:
    if random.left[0]:  # type: ignore[attr-defined]
        raise AssertionError("less randomness was drawn than the vector has")


def trace_of(trace: Trace) -> list[Fields]:
    return [{"of": of, "value": value.hex(), "what": what} for what, of, value in trace]


def items_of(items: list[Fields]) -> list[Item]:
    return [Item(item["type"], unhex(item["value"])) for item in items]


def listed(items: list[Item]) -> list[Fields]:
    return [{"type": item.type, "value": item.value.hex()} for item in items]


def device_of(fields: Fields) -> Device:
    return Device(
        unhex(fields["account_seed"]), unhex(fields["signing_seed"]), unhex(fields["agreement_secret"]),
        fields["number"], fields["not_before"], fields["not_after"],
    )


def prekeys_of(fields: Fields) -> Prekeys:
    names = ("prekey_id", "prekey_secret", "kem_seed", "front_door_address", "front_door_seed", "profile")
    return Prekeys(fields["kind"], *(unhex(fields[name]) for name in names), fields["bundle_not_after"])


# ----- conventions.md


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


# ----- handshake.md


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
    random = drawn(i["e"], i["offer_seed"], i["m"])
    device, content = device_of(i["device"]), items_of(i["items"])
    made = handshake.initiate(
        device, unhex(i["bundle"]), i["short_pin"], unhex(i["psk"]), content, i["now"], random
    )
    return {"flight": made.flight.hex(), "trace": trace_of(made.trace)}


def accept(i: Fields) -> Fields:
    accepted = handshake.accept(
        device_of(i["device"]), prekeys_of(i["prekeys"]), unhex(i["psk"]), unhex(i["flight"]), i["now"]
    )
    Session.of_responder(accepted, drawn(i["m"]))
    return {
        "account_key": accepted.certificate.account_key.hex(), "items": listed(accepted.items),
        "trace": trace_of(accepted.trace),
    }


def compare_people(i: Fields) -> Fields:
    digits, words = safety.safety(unhex(i["one"]), unhex(i["other"]))
    return {"digits": digits, "words": words}


# ----- invitation.md


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
    return {"value": bundle.seal(unhex(i["secret"]), i["cell"], made, drawn(i["nonce"])).hex()}


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


# ----- boxes.md


def box_id(i: Fields) -> Fields:
    made = boxes.box_id(i["kind"], unhex(i["owner_key"]))
    return {"id": made, "proof_octets": id26_octets(made).hex()}


def owns(i: Fields) -> Fields:
    return {"kind": boxes.kind_of(i["id"], unhex(i["owner_key"]))}


def grant_id(i: Fields) -> Fields:
    return {"id": boxes.grant_id(unhex(i["grant_key"])).hex()}


def id_of_relay(i: Fields) -> Fields:
    return {"id": relay_id(unhex(i["identity_key"]))}


def address(i: Fields) -> Fields:
    read = RelayAddress.read(i["text"])
    return {
        "host": read.place.host, "port": read.place.port, "id": read.id, "token": read.token,
        "written": str(read), "qr": read.qr(),
    }


def operation_of(fields: Fields) -> Operation:
    match fields["op"]:
        case "add":
            return Add(
                unhex(fields["key"]), fields["right"], fields["items"], fields["period"], int(fields["not_after"]),
                bool(fields["sink"]),
            )
        case "delete":
            return Delete(unhex(fields["key"]))
    return Close()


def fields_of(operation: Operation) -> Fields:
    match operation:
        case Add(key, right, items, period, not_after, sink):
            return {
                "op": "add", "key": key.hex(), "right": right, "items": items, "period": period,
                "not_after": str(not_after), "sink": int(sink),
            }
        case Delete(key):
            return {"op": "delete", "key": key.hex()}
    return {"op": "close"}


def encode_grants(i: Fields) -> Fields:
    return {"body": boxes.write_grants([operation_of(fields) for fields in i["ops"]]).hex()}


def decode_grants(i: Fields) -> Fields:
    return {"ops": [fields_of(operation) for operation in boxes.read_grants(unhex(i["body"]))]}


def own(i: Fields) -> Fields:
    seed, binding = unhex(i["owner_seed"]), unhex(i["binding"])
    key = signature.public_key(seed)
    box = boxes.box_id(i["kind"], key)
    signed = signature.message("own", boxes.own_content(binding, box))
    header = str(Proof.own(seed, box, binding))
    return {"box": box, "owner_key": key.hex(), "signed": signed.hex(), "header": header}


def use(i: Fields) -> Fields:
    seed, binding = unhex(i["grant_seed"]), unhex(i["binding"])
    signed = signature.message("use", boxes.use_content(binding, i["box"], i["right"]))
    header = str(Proof.use(seed, i["box"], i["right"], binding))
    return {"grant_key": signature.public_key(seed).hex(), "signed": signed.hex(), "header": header}


def check_own(i: Fields) -> Fields:
    Proof.read(i["header"]).check_own(i["box"], unhex(i["binding"]))
    return {}


def check_use(i: Fields) -> Fields:
    Proof.read(i["header"]).check_use(i["box"], i["right"], unhex(i["binding"]))
    return {}


def header(i: Fields) -> Fields:
    proof = Proof.read(i["text"])
    return {
        "has_signature": proof.signature is not None, "key": proof.key.hex(), "nonce_count": proof.count,
        "token": proof.token, "written": str(proof),
    }


# ----- ratchet.md


@dataclass
class Talk:
    """Two sessions, and what was sent between them."""

    sessions: dict[str, Session]
    now: int
    start: Fields
    envelopes: list[bytes]
    saved: dict[str, Session]

    @classmethod
    def begin(cls, scene: Fields) -> Talk:
        now = 1_800_000_000
        responder, prekeys, psk = device_of(scene["responder"]), prekeys_of(scene["prekeys"]), unhex(scene["psk"])
        initiated = handshake.initiate(
            device_of(scene["initiator"]), prekeys.bundle(responder), keys.short_pin(responder.account_key()), psk, [],
            now, drawn(scene["e"], scene["offer_seed"], scene["m"]),
        )
        accepted = handshake.accept(responder, prekeys, psk, initiated.flight, now)
        sessions = {
            "I": Session.of_initiator(initiated),
            "R": Session.of_responder(accepted, drawn(scene["m_answer"])),
        }
        names = ("SK", "HK(R->I)", "NHK(I->R)", "link_secret", "relink_psk", "link_id")
        start = {of: value.hex() for _, of, value in accepted.trace if of in names}
        return cls(sessions, now, start, [], {})

    def step(self, step: Fields) -> Fields:
        random = drawn(step.get("random", ""))
        result: Fields = {}
        match step["do"]:
            case "send":
                by = step["by"]
                self.sessions[by], envelope = self.sessions[by].send(items_of(step["items"]), random, step["min_size"])
                self.envelopes.append(envelope)
                result = {"envelope": envelope.hex(), "item_id": item_id(envelope).hex()}
                result["trace"] = trace_of(self.sessions[by].trace)
            case "deliver":
                result = self.deliver(step["to"], self.envelopes[step["message"]], random)
            case "save":
                self.saved[step["by"]] = self.sessions[step["by"]]
            case "go_back":
                self.sessions[step["by"]] = self.saved[step["by"]]
            case other:
                raise AssertionError(f"unknown step {other}")
        all_drawn(random)
        return result

    def deliver(self, to: str, envelope: bytes, random: Random) -> Fields:
        try:
            self.sessions[to], items = self.sessions[to].receive(envelope, self.now, random)
        except Refused as refused:
            return {"result": refused.kind}
        return {"result": "ok", "items": listed(items), "trace": trace_of(self.sessions[to].trace)}


def talk(i: Fields) -> Fields:
    conversation = Talk.begin(i["scene"])
    return {"start": conversation.start, "steps": [conversation.step(step) for step in i["steps"]]}


def last(i: Fields) -> Fields:
    conversation = Talk.begin(i["scene"])
    for step in i["steps"]:
        conversation.step(step)
    before = conversation.sessions[i["to"]]
    result = conversation.deliver(i["to"], unhex(i["envelope"]), drawn(i.get("random", "")))
    kind = result.pop("result")
    if kind != "ok":
        if conversation.sessions[i["to"]] is not before:
            raise AssertionError("a refused envelope changed the session")
        raise Refused(kind)
    return result


# ----- presence.md


def publish(i: Fields) -> Fields:
    publisher = Publisher(i["cell"], 1, unhex(i["pck"]), unhex(i["phk"]))
    results = [{"keys": publisher.keys().octets().hex()}]
    for step in i["steps"]:
        if step["do"] == "rekey":
            publisher = publisher.rekey(unhex(step["pck"]), unhex(step["phk"]))
            results.append({"keys": publisher.keys().octets().hex()})
            continue
        document = Document(step["published"], step["valid_until"], unhex(step["rights"]), unhex(step["content"]))
        for _ in range(step["times"]):
            publisher, envelope = publisher.publish(document, drawn(step["nonce"]))
        results.append({"envelope": envelope.hex()})
    return {"steps": results}


def open_presence(i: Fields) -> Fields:
    reader = PresenceReader.start(i["cell"], EpochKeys.read(unhex(i["keys"])))
    refused, document = None, None
    for event in i["events"]:
        if "announce" in event:
            reader = reader.announce(EpochKeys.read(unhex(event["announce"])))
            continue
        try:
            reader, document = reader.open(unhex(event["open"]))
            refused = None
        except Refused as cause:
            refused = cause
    if refused or document is None:
        raise refused or AssertionError("nothing was opened")
    return {
        "published": document.published, "valid_until": document.valid_until, "rights": document.rights.hex(),
        "content": document.content.hex(),
    }


def document(i: Fields) -> Fields:
    Document(i["published"], i["valid_until"], unhex(i["rights"]), unhex(i["content"])).octets()
    return {}


# ----- invitation.md


def read_invitation(i: Fields) -> Fields:
    read = Invitation.read(i["text"])
    return {
        "host": read.place.host, "port": read.place.port, "relay_id": read.relay, "cell": read.cell, "secret": read.secret.hex(),
        "short_pin": read.pin, "kind": int(read.is_standing), "written": str(read),
    }


# ----- account-store.md


def stretching(i: Fields) -> Stretching:
    return Stretching(i["memory_kib"], i["passes"], i["lanes"])


def wrap(i: Fields) -> Fields:
    random = drawn(i["salt"], i["nonce"])
    return {"wrapped": store.wrap(unhex(i["secret"]), i["passphrase"], stretching(i), random).hex()}


def unwrap(i: Fields) -> Fields:
    return {"secret": store.unwrap(unhex(i["wrapped"]), i["passphrase"]).hex()}


def seal_record(i: Fields) -> Fields:
    sealed = store.seal_record(unhex(i["secret"]), unhex(i["place"]), unhex(i["record"]), drawn(i["nonce"]))
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


OPERATIONS: dict[str, dict[str, Callable[[Fields], Fields]]] = {
    "account": {"pin": pin, "pin_names": pin_names, "certify": certify, "certificate": certificate},
    "boxes": {
        "box_id": box_id, "owns": owns, "grant_id": grant_id, "relay_id": id_of_relay, "address": address,
    },
    "bundle": {
        "derive": derive, "make": make_bundle, "seal": seal_bundle, "open": open_bundle, "check": check_bundle,
    },
    "caead": {"seal": caead_seal, "open": caead_open},
    "grants": {"encode": encode_grants, "decode": decode_grants},
    "handshake": {"initiate": initiate, "accept": accept},
    "invitation": {"read": read_invitation},
    "people": {"safety": compare_people, "phrase": phrase, "read_phrase": read_phrase, "vault": vault},
    "presence": {"publish": publish, "open": open_presence, "document": document},
    "proofs": {"own": own, "use": use, "check_own": check_own, "check_use": check_use, "header": header},
    "ratchet": {"talk": talk, "last": last},
    "signatures": {"sign": sign, "verify": verify},
    "store": {
        "wrap": wrap, "unwrap": unwrap, "seal": seal_record, "open": open_record, "index_name": index_name,
    },
}


def difference(made: Any, wanted: Any, where: str = "output") -> str | None:
    """Where two outputs differ first."""
    if isinstance(made, dict) and isinstance(wanted, dict) and made.keys() == wanted.keys():
        return next((found for name in wanted if (found := difference(made[name], wanted[name], f"{where}.{name}"))), None)
    if isinstance(made, list) and isinstance(wanted, list):
        for at, (one, other) in enumerate(zip(made, wanted)):
            if found := difference(one, other, f"{where}[{at}]"):
                return found
        return None if len(made) == len(wanted) else f"{where}: {len(made)} of {len(wanted)} entries"
    return None if made == wanted else f"{where}: {str(made)[:120]} instead of {str(wanted)[:120]}"


def check(name: str, vector: Fields) -> str | None:
    """What is wrong with one vector's outcome, if anything is."""
    operation = OPERATIONS.get(name, {}).get(vector["op"])
    if operation is None:
        return f"unknown operation {vector['op']}"
    try:
        made = operation(vector["input"])
    except Refused as refused:
        return None if refused.kind == vector["expect"] else f"{refused.kind} instead of {vector['expect']}"
    except AssertionError as broken:
        return str(broken)
    if vector["expect"] != "ok":
        return f"ok instead of {vector['expect']}"
    return difference(made, vector["output"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="names of vector files; all if none is given")
    wanted = parser.parse_args().files
    failed, total = 0, 0
    for path in sorted(VECTORS.glob("*.json")):
        if wanted and path.stem not in wanted:
            continue
        vectors = json.loads(path.read_text())["vectors"]
        faults = [(vector, fault) for vector in vectors if (fault := check(path.stem, vector))]
        for vector, fault in faults:
            print(f"{path.stem} {vector['id']} ({vector['comment']}): {fault}")
        print(f"{path.stem:12} {len(vectors) - len(faults):5} of {len(vectors):5}")
        failed, total = failed + len(faults), total + len(vectors)
    print(f"{'all':12} {total - failed:5} of {total:5}")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main())
