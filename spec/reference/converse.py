"""Holds conversations with the Rust client through a real relay, and says of each promise whether it was kept.

Both directions of an invitation; a hundred messages each with loss, repetition, reordering and forgery; epochs of the
post-quantum exchange; presence granted, changed and retracted. Exit code 0 if all of it held, else 1.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import random
import sys
import tempfile
from pathlib import Path

from processes import Relay, RustClient
from sipher import boxes, content, signature
from sipher.address import RelayAddress
from sipher.boxes import READ, WRITE
from sipher.client import Client, Link
from sipher.content import Status, Text
from sipher.refusal import Refused
from sipher.relay import SEND, Connection

BINARIES = Path(__file__).resolve().parents[2] / "target" / "debug"
MESSAGES = 100
LOSS, REPEAT, FORGE = 0.1, 0.1, 0.05
LONG = "größer 🌍\n" * 900 + "end"


class Report:
    """Counts what held and what did not, and prints a line for each."""

    def __init__(self) -> None:
        self.failed = 0

    def line(self, held: bool, what: str) -> None:
        self.failed += not held
        print(f"{'ok  ' if held else 'FAIL'} {what}", flush=True)


class Conversation:
    """One link between this implementation and the Rust client."""

    def __init__(self, report: Report, chance: random.Random, python: Client, rust: RustClient, buddy: str) -> None:
        self.report, self.chance, self.python, self.rust, self.buddy = report, chance, python, rust, buddy
        self._to_rust: list[str] = []
        self._to_python: list[str] = []
        self._read_by_rust: list[str] = []
        self._lost = self._repeated = self._forged = 0

    @property
    def link(self) -> Link:
        return self.python.links[0]

    def begin(self, python_invites: bool) -> None:
        """The invitation, and the words that both would read aloud."""
        if python_invites:
            self.rust.accept(self.python.invite(), self.buddy)
            self.python.sync()
            self.rust.read()
        else:
            self.python.accept(self.rust.invite(self.buddy))
            self.rust.read()
            self.python.sync()
        self.report.line(len(self.python.links) == 1 and self.link.peer_queue is not None, "the link stands")
        self.report.line(self.python.words(self.link) == self.rust.words(self.buddy), "equal words and digits")

    def talk(self) -> None:
        """A hundred messages over a bad net, whose order is drawn."""
        said = 0
        while said < MESSAGES:
            burst = self.chance.randint(1, 6)
            if self.chance.random() < 0.5:
                self._python_says(burst, said)
            else:
                self._rust_says(burst, said)
            said += burst
        self._python_says(1, said, is_net_good=True)
        self._rust_says(1, said + 1, is_net_good=True)
        self._compare(said + 2)

    def _text(self, number: int) -> str:
        return f"{number}: " + "é" * self.chance.choice((1, 20, 100, 300, 2000))

    def _python_says(self, count: int, number: int, is_net_good: bool = False) -> None:
        envelopes = []
        for at in range(number, number + count):
            text = self._text(at)
            item = Text(os.urandom(16), 1_800_000_000_000 + at, text)
            envelope = self.python.seal(self.link, content.write([item]))
            if not is_net_good and self.chance.random() < LOSS:
                self._lost += 1
                continue
            self._to_rust.append(text)
            envelopes.append(envelope)
            if self.chance.random() < REPEAT:
                self._repeated += 1
                envelopes.append(envelope)
            if self.chance.random() < FORGE:
                self._forged += 1
                envelopes.append(envelope[:-1] + bytes([envelope[-1] ^ 1]))
        self.chance.shuffle(envelopes)
        half = len(envelopes) // 2
        for part in (envelopes[:half], envelopes[half:]):
            for envelope in part:
                self.python.send(self.link, envelope)
            self._read_by_rust += self.rust.read()

    def _rust_says(self, count: int, number: int, is_net_good: bool = False) -> None:
        texts = {}
        for at in range(number, number + count):
            text = self._text(at)
            before = len(self.python.arrived)
            self.rust.send(self.buddy, text)
            self.python.take_all()
            texts[text] = self.python.arrived[before:]
        self.python.arrived.clear()
        for text, items in texts.items():
            if not is_net_good and self.chance.random() < LOSS:
                self._lost += 1
                continue
            self._to_python.append(text)
            self.python.arrived += items
            if self.chance.random() < REPEAT:
                self._repeated += 1
                self.python.arrived += items
        self.chance.shuffle(self.python.arrived)
        self.python.process()

    def _compare(self, said: int) -> None:
        net = f"{self._lost} lost, {self._repeated} repeated, {self._forged} forged"
        heard = sorted(text.text for text in self.link.texts)
        self.report.line(heard == sorted(self._to_python), f"{len(heard)} texts of Rust opened once each ({net})")
        heard = sorted(self._read_by_rust)
        self.report.line(heard == sorted(self._to_rust), f"{len(heard)} of {said} texts opened by Rust once each")
        refused = set(self.link.refused) - {"replay"}
        self.report.line(not refused, f"nothing but repetitions was refused here {sorted(refused) or ''}".rstrip())
        epochs = self.link.epochs
        self.report.line(len(epochs) >= 3, f"{len(epochs)} epochs of ML-KEM were mixed, from both sides")

    def long_text(self) -> None:
        self.python.text(self.link, LONG)
        self.report.line(self.rust.read() == [LONG], f"a text of {len(LONG.encode())} octets to Rust")
        self.rust.send(self.buddy, LONG)
        self.python.sync()
        self.report.line(self.link.texts[-1].text == LONG, "the same from Rust")

    def set_back(self) -> None:
        """This side goes back to old states, as a restored backup would; Rust must neither open it nor break."""
        self.python.text(self.link, "before")
        heard = self.rust.read()
        for _ in range(3):
            old = self.link.session
            self.python.text(self.link, "seen")
            heard += self.rust.read()
            self.link.session = old
            self.python.text(self.link, "under a number that was used")
            heard += self.rust.read()
            self.python.text(self.link, "after")
            heard += self.rust.read()
        self.report.line(heard == ["before", *["seen", "after"] * 3], "an old state's message does not open, the next does")
        self.report.line("rolled_back" in self.rust.events, "Rust tells its person that a state was set back")

    def presence_to_rust(self) -> None:
        self.python.grant_presence(self.link, content.FULL, Status(content.AWAY, "at lunch"))
        self.rust.read()
        line = self.rust.sees(self.buddy)
        self.report.line((line["state"], line.get("note")) == ("away", "at lunch"), "Rust sees the status and the note")
        self.python.publish_presence(self.link, Status(content.BUSY, "no"))
        line = self.rust.sees(self.buddy)
        self.report.line((line["state"], line.get("note")) == ("busy", "no"), "Rust sees the next one")
        self.python.retract_presence(self.link)
        self.rust.read()
        self.report.line(self.rust.sees(self.buddy)["state"] is None, "Rust sees nothing after it was retracted")
        self.python.grant_presence(self.link, content.REACHABLE, Status(content.BUSY, "hidden"))
        self.rust.read()
        line = self.rust.sees(self.buddy)
        self.report.line((line["state"], line.get("note")) == ("available", None), "Rust sees reachability only")

    def presence_to_python(self) -> None:
        self.rust.run("grant", self.buddy, "presence=full")
        self.rust.run("status", "away", "--note", "im Garten")
        self.python.sync()
        self.report.line(self.python.see(self.link) == (Status(content.AWAY, "im Garten"), False), "status of Rust")
        subscription = self.python.watch(self.link)
        if subscription:
            self.python.pushed(self.link, subscription)
            self.rust.run("status", "busy", "--note", "gleich")
            pushed = self.python.pushed(self.link, subscription)
            self.report.line(pushed == (Status(content.BUSY, "gleich"), False), "its next status is pushed")
        self.rust.run("retract", self.buddy, "presence")
        self.python.sync()
        self.report.line(self.python.see(self.link) is None, "nothing of Rust after it was retracted")
        self.rust.run("grant", self.buddy, "presence=reachable")
        self.rust.run("status", "busy", "--note", "geheim")
        self.python.sync()
        self.report.line(self.python.see(self.link) == (Status(content.AVAILABLE), True), "reachability of Rust only")

    def invitation_again(self, text: str, other: Client) -> None:
        """Somebody else comes with an invitation that was used."""
        try:
            other.accept(text)
            held = False
        except Refused as refused:
            held = refused.kind == "used-expired-or-mistyped"
        self.report.line(held, "a used invitation is refused")


def relay_refuses(report: Report, client: Client, address: RelayAddress) -> None:
    """What the relay must not let a stranger do or learn."""
    wrong = dataclasses.replace(address, id=("a" if address.id[0] != "a" else "b") + address.id[1:])
    try:
        Connection(wrong, os.urandom, lambda message: None)
        report.line(False, "another relay key is refused")
    except Refused as refused:
        report.line(refused.kind == "relay-identity", "another relay key is refused")
    queue = client.links[0].queue.id
    unknown = boxes.box_id(boxes.QUEUE, signature.public_key(os.urandom(32)))
    answers = set()
    for box, right in ((queue, WRITE), (queue, READ), (unknown, WRITE)):
        connection = Connection(address, os.urandom, lambda message: None)
        proof = connection.use_proof(os.urandom(32), box, right)
        answer = connection.ask(connection.writer.message(box, str(proof), "AAAAAAAAAAAAAAAAAAAAAA", bytes(1024)))
        answers.add((answer.start, tuple(name.lower() for name, _ in answer.headers), len(answer.octets())))
        connection.close()
    report.line(len(answers) == 1 and " 404 " in next(iter(answers))[0], "a stranger learns nothing of a queue")
    stolen = Connection(address, os.urandom, lambda message: None)
    access = client.links[0].peer_queue
    assert access is not None
    other = client.connection(SEND, address)
    proof = boxes.Proof.use(access.seed, access.address.box, WRITE, other.binding)
    answer = stolen.ask(stolen.writer.message(access.address.box, str(proof), "AAAAAAAAAAAAAAAAAAAAAA", bytes(1024)))
    report.line(answer.status == 404, "a proof is worth nothing on another connection")
    stolen.close()


def converse(report: Report, address: str, program: Path, folder: Path, seed: int) -> None:
    relay = RelayAddress.read(address)
    for python_invites in (False, True):
        print(f"-- {'this implementation' if python_invites else 'Rust'} invites", flush=True)
        name = f"rust-{int(python_invites)}"
        python, rust = Client(relay, "Pythia", os.urandom), RustClient(program, folder / name, address, "Rusty")
        talk = Conversation(report, random.Random(seed + python_invites), python, rust, "Pythia")
        talk.begin(python_invites)
        talk.talk()
        talk.long_text()
        talk.set_back()
        talk.presence_to_rust()
        talk.presence_to_python()
        other = Client(relay, "Late", os.urandom)
        invitation = rust.invite("Somebody")
        other.accept(invitation)
        rust.read()
        talk.invitation_again(invitation, Client(relay, "Later", os.urandom))
        relay_refuses(report, python, relay)
        python.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--relay", metavar="ADDRESS", help="a public relay; one of our own if left out")
    parser.add_argument("--binaries", metavar="DIR", type=Path, default=BINARIES, help="where sipher and sipher-relay are")
    parser.add_argument("--seed", type=int, default=1, help="of the net's faults")
    arguments = parser.parse_args()
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        relay = None if arguments.relay else Relay(arguments.binaries / "sipher-relay", Path(folder) / "relay")
        try:
            address = arguments.relay or (relay.address if relay else "")
            converse(report, address, arguments.binaries / "sipher", Path(folder), arguments.seed)
        finally:
            if relay:
                relay.stop()
    print("all of it held" if report.failed == 0 else f"{report.failed} did not hold")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
