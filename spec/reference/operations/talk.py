"""Conversations through the ratchet. ratchet.md."""

from __future__ import annotations

from dataclasses import dataclass

from sipher import handshake, keys
from sipher.ratchet import RolledBack, Session, item_id
from sipher.refusal import Refused

from .given import Drawn, Fields, device_of, items_of, listed, prekeys_of, trace_of, unhex


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
            now, Drawn(scene["e"], scene["offer_seed"], scene["m"]),
        )
        accepted = handshake.accept(responder, prekeys, psk, initiated.flight, now)
        sessions = {
            "I": Session.of_initiator(initiated),
            "R": Session.of_responder(accepted, Drawn(scene["m_answer"])),
        }
        names = ("SK", "HK(R->I)", "NHK(I->R)", "link_secret", "relink_psk", "link_id")
        start = {of: value.hex() for _, of, value in accepted.trace if of in names}
        return cls(sessions, now, start, [], {})

    def step(self, step: Fields) -> Fields:
        random = Drawn(step.get("random", ""))
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
        random.all_drawn()
        return result

    def deliver(self, to: str, envelope: bytes, random: Drawn) -> Fields:
        try:
            self.sessions[to], items = self.sessions[to].receive(envelope, self.now, random)
        except RolledBack as sign:
            self.sessions[to] = sign.session
            return {"result": sign.kind}
        except Refused as refused:
            return {"result": refused.kind}
        opened: Fields = {"result": "ok", "items": listed(items), "trace": trace_of(self.sessions[to].trace)}
        if self.sessions[to].rollbacks:
            opened["signs"] = self.sessions[to].rollbacks
        return opened


def talk(i: Fields) -> Fields:
    conversation = Talk.begin(i["scene"])
    return {"start": conversation.start, "steps": [conversation.step(step) for step in i["steps"]]}


def last(i: Fields) -> Fields:
    conversation = Talk.begin(i["scene"])
    for step in i["steps"]:
        conversation.step(step)
    before = conversation.sessions[i["to"]]
    result = conversation.deliver(i["to"], unhex(i["envelope"]), Drawn(i.get("random", "")))
    kind = result.pop("result")
    if kind != "ok":
        if kind != "peer-rolled-back" and conversation.sessions[i["to"]] is not before:
            raise AssertionError("a refused envelope changed the session")
        raise Refused(kind)
    return result


RATCHET = {"talk": talk, "last": last}
