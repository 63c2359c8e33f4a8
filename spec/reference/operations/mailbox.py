"""Boxes, grants, proofs and addresses. boxes.md."""

from __future__ import annotations

from sipher import boxes, signature
from sipher.address import RelayAddress, relay_id
from sipher.boxes import Add, Close, Delete, Operation, Proof
from sipher.octets import id26_octets

from .given import Fields, unhex


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


BOXES = {"box_id": box_id, "owns": owns, "grant_id": grant_id, "relay_id": id_of_relay, "address": address}
GRANTS = {"encode": encode_grants, "decode": decode_grants}
PROOFS = {"own": own, "use": use, "check_own": check_own, "check_use": check_use, "header": header}
