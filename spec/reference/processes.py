"""The two Rust programs, as they are used from outside: command-line.md, relay.md."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

Line = dict[str, Any]
_COMMAND_SECONDS = 120


class Relay:
    """A relay of our own on loopback, for one run."""

    def __init__(self, program: Path, data: Path) -> None:
        arguments = [str(program), "run", "--data", str(data), "--listen", "127.0.0.1:0", "--public", "--json"]
        self._process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        self.address: str = json.loads(self._process.stdout.readline())["address"]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)


class RustClient:
    """One account of the Rust client, used by its commands only."""

    def __init__(self, program: Path, home: Path, relay: str, name: str) -> None:
        self._program = program
        self.events: list[str] = []
        no_passphrase = home / "no-passphrase"
        home.mkdir(parents=True)
        no_passphrase.touch()
        self._environment = os.environ | {"SIPHER_HOME": str(home / "accounts")}
        self._environment["SIPHER_PASSPHRASE_FILE"] = str(no_passphrase)
        self.run("init", "--relay", relay, "--name", name)

    def run(self, *arguments: str, text: str = "") -> list[Line]:
        """The results of a command that must succeed. Events that happen by the way are put aside."""
        done = subprocess.run(
            [self._program, *arguments, "--json"], input=text, capture_output=True, text=True,
            env=self._environment, timeout=_COMMAND_SECONDS, check=False,
        )
        if done.returncode != 0:
            raise AssertionError(f"sipher {arguments[0]} ended with {done.returncode}: {done.stdout}{done.stderr}")
        told = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
        self.events += [line["event"] for line in told if "event" in line]
        return [json.loads(line) for line in done.stdout.splitlines()]

    def invite(self, name: str) -> str:
        return str(self.run("invite", "--for", name)[0]["invitation"])

    def accept(self, invitation: str, name: str) -> None:
        self.run("accept", "-", "--as", name, text=invitation)

    def send(self, buddy: str, text: str) -> None:
        self.run("send", buddy, "-", text=text)

    def read(self) -> list[str]:
        """Texts that were unread, in the order in which they are shown."""
        return [line["text"] for line in self.run("read")]

    def words(self, buddy: str) -> tuple[str, str]:
        line = self.run("verify", buddy)[0]
        return line["number"], line["words"]

    def sees(self, buddy: str) -> Line:
        return next(line for line in self.run("who") if line["buddy"] == buddy)
