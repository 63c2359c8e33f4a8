"""Ed25519 signatures under a purpose, verified strictly. conventions.md, Signatures.

OpenSSL refuses an S that is not canonical and uses no cofactor. What it does not refuse, keys and R of small order, is
looked for here with the curve's own arithmetic (RFC 8032, section 5.1).
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .refusal import Refused

PURPOSES = ("device", "device-self", "device-list", "bundle", "own", "use", "own-nonce", "use-nonce", "ticker")

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P


def message(purpose: str, content: bytes) -> bytes:
    """The octets that are signed."""
    return b"sipher/1 sign " + purpose.encode() + b"\0" + content


def public_key(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(seed: bytes, purpose: str, content: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message(purpose, content))


def check_key(key: bytes) -> None:
    """Refuses what is no point of the curve, another encoding of one, and a point of small order, as `weak-key`."""
    if len(key) != 32 or _y(key) >= _P or _is_weak(key):
        raise Refused("weak-key")


def verify(key: bytes, purpose: str, content: bytes, signature: bytes) -> None:
    """Nothing, or `weak-key`, or `bad-signature`."""
    check_key(key)
    if len(signature) != 64 or _is_weak(signature[:32]):
        raise Refused("bad-signature")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message(purpose, content))
    except InvalidSignature:
        raise Refused("bad-signature") from None


def _y(encoded: bytes) -> int:
    return int.from_bytes(encoded, "little") & ((1 << 255) - 1)


def _is_weak(encoded: bytes) -> bool:
    point = _decompress(encoded)
    if point is None:
        return True
    for _ in range(3):
        point = _add(point, point)
    return point == (0, 1)


def _decompress(encoded: bytes) -> tuple[int, int] | None:
    sign, y = encoded[31] >> 7, _y(encoded) % _P
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if (x * x - square) % _P:
        return None
    return (_P - x if x and x & 1 != sign else x, y)


def _add(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    (x1, y1), (x2, y2) = one, other
    k = _D * x1 * x2 * y1 * y2 % _P
    x = (x1 * y2 + x2 * y1) * pow(1 + k, -1, _P) % _P
    y = (y1 * y2 + x1 * x2) * pow(1 - k, -1, _P) % _P
    return x, y
