"""What each operation of the vectors does with an input: the bridge between files and this implementation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import conventions, mailbox, people, presence, store, talk
from .given import Fields

Operation = Callable[[Fields], Fields]

BY_FILE: Mapping[str, Mapping[str, Operation]] = {
    "account": people.ACCOUNT,
    "boxes": mailbox.BOXES,
    "bundle": people.BUNDLE,
    "caead": conventions.CAEAD,
    "grants": mailbox.GRANTS,
    "handshake": people.HANDSHAKE,
    "invitation": people.INVITATION,
    "people": store.PEOPLE,
    "presence": presence.PRESENCE,
    "proofs": mailbox.PROOFS,
    "ratchet": talk.RATCHET,
    "signatures": conventions.SIGNATURES,
    "store": store.STORE,
}
