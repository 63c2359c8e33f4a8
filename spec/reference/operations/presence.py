"""Publishing and reading presence. presence.md."""

from __future__ import annotations

from sipher.presence import Document, EpochKeys, PresenceReader, Publisher
from sipher.refusal import Refused

from .given import Drawn, Fields, unhex


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
            publisher, envelope = publisher.publish(document, Drawn(step["nonce"]))
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


PRESENCE = {"publish": publish, "open": open_presence, "document": document}
