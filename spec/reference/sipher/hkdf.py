"""HKDF-SHA-256 (RFC 5869). conventions.md, Notation."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand


def hkdf(salt: bytes, ikm: bytes, info: bytes, size: int) -> bytes:
    """Extract, then expand. An empty salt is 32 zero octets."""
    return HKDF(SHA256(), size, salt or bytes(32), info).derive(ikm)


def expand(prk: bytes, info: bytes, size: int) -> bytes:
    """The second half only."""
    return HKDFExpand(SHA256(), size, info).derive(prk)
