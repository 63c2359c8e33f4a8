"""How vectors write what goes in and what comes out. vectors/README.md."""

from __future__ import annotations

from typing import Any

from sipher.body import Item
from sipher.bundle import Prekeys
from sipher.handshake import Trace
from sipher.keys import Device

Fields = dict[str, Any]
unhex = bytes.fromhex


class Drawn:
    """Randomness that a vector gives. More than it has is never drawn, and all of it is used up by the end."""

    def __init__(self, *values: str) -> None:
        self._left = unhex("".join(values))

    def __call__(self, size: int) -> bytes:
        if len(self._left) < size:
            raise AssertionError("more randomness was drawn than the vector has")
        octets, self._left = self._left[:size], self._left[size:]
        return octets

    def all_drawn(self) -> None:
        if self._left:
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
    return Prekeys(
        fields["kind"], unhex(fields["prekey_id"]), unhex(fields["prekey_secret"]), unhex(fields["kem_seed"]),
        unhex(fields["front_door_address"]), unhex(fields["front_door_seed"]), unhex(fields["profile"]),
        fields["bundle_not_after"],
    )
