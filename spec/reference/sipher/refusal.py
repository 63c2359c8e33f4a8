"""The one exception of this implementation: something was refused, for a reason that has a name."""


class Refused(Exception):
    """An input that must not be accepted. `kind` is the failure class that the vectors use."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind
