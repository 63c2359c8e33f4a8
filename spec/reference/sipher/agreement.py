"""X25519 and ML-KEM-768. conventions.md, Key agreement."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from kyber_py.ml_kem import ML_KEM_768

from .refusal import Refused

EK = 1184
CT = 1088
_Q = 3329


def dh_public(secret: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def dh(secret: bytes, public: bytes) -> bytes:
    """The shared secret; a result of zeros is refused like a forgery."""
    try:
        return X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise Refused("bad-key") from None


def ek_of(seed: bytes) -> bytes:
    """The encapsulation key of a seed, d and z."""
    return MLKEM768PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()


def check_ek(ek: bytes) -> None:
    """The modulus check of FIPS 203, section 7.2: each of the 768 numbers of 12 bits is below q."""
    if len(ek) != EK:
        raise Refused("bad-key")
    for at in range(0, EK - 32, 3):
        pair = int.from_bytes(ek[at : at + 3], "little")
        if pair & 0xFFF >= _Q or pair >> 12 >= _Q:
            raise Refused("bad-key")


def encaps(ek: bytes, m: bytes) -> tuple[bytes, bytes]:
    """(ct, ss) under the randomness m. OpenSSL has no entry that takes m, so this is kyber-py's."""
    check_ek(ek)
    secret, ct = ML_KEM_768._encaps_internal(ek, m)
    return ct, secret


def encaps_fresh(ek: bytes) -> tuple[bytes, bytes]:
    """(ct, ss) under OpenSSL's own randomness."""
    check_ek(ek)
    secret, ct = MLKEM768PublicKey.from_public_bytes(ek).encapsulate()
    return ct, secret


def decaps(seed: bytes, ct: bytes) -> bytes:
    if len(ct) != CT:
        raise Refused("bad-key")
    return MLKEM768PrivateKey.from_seed_bytes(seed).decapsulate(ct)
