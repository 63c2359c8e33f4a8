"""The one authenticated encryption, which commits to key, nonce and associated data. conventions.md, CAEAD."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from .hkdf import expand
from .octets import equal, sha256, u8
from .refusal import Refused

OVERHEAD = 48
NONCE = 24


def _keys(key: bytes, nonce: bytes, ad: bytes) -> tuple[bytes, bytes]:
    assert len(key) == 32 and len(nonce) in (0, NONCE)
    okm = expand(key, b"sipher/1 caead" + u8(len(nonce)) + nonce + sha256(ad), 64)
    return okm[:32], okm[32:]


def seal(key: bytes, nonce: bytes, ad: bytes, plaintext: bytes) -> bytes:
    """Commitment, ciphertext and tag. `nonce` is empty only under a key that seals once."""
    commitment, cipher_key = _keys(key, nonce, ad)
    return commitment + ChaCha20Poly1305(cipher_key).encrypt(bytes(12), plaintext, b"")


def open_(key: bytes, nonce: bytes, ad: bytes, sealed: bytes) -> bytes:
    """The plaintext; `did-not-open` whatever was wrong."""
    commitment, cipher_key = _keys(key, nonce, ad)
    if len(sealed) < OVERHEAD or not equal(sealed[:32], commitment):
        raise Refused("did-not-open")
    try:
        return ChaCha20Poly1305(cipher_key).decrypt(bytes(12), sealed[32:], b"")
    except InvalidTag:
        raise Refused("did-not-open") from None
