"""Arguments that Context and Connection take in several forms."""

from __future__ import annotations

import sys

from .._native.text import bytes_or_warn
from ..crypto import X509, PKey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Union

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

    Certificate = Union[X509, x509.Certificate]
    PrivateKey = Union[
        PKey,
        dsa.DSAPrivateKey,
        ec.EllipticCurvePrivateKey,
        ed448.Ed448PrivateKey,
        ed25519.Ed25519PrivateKey,
        rsa.RSAPrivateKey,
    ]


def certificate(value: Certificate) -> X509:
    """An X509, or a certificate of the `cryptography` package as one."""
    if isinstance(value, X509):
        return value
    # Whoever has a certificate of that package has imported it.
    if "cryptography" not in sys.modules:
        raise TypeError("Must be a certificate")
    return X509.from_cryptography(value)


def private_key(value: PrivateKey) -> PKey:
    """A PKey, or a private key of the `cryptography` package as one."""
    if isinstance(value, PKey):
        return value
    if "cryptography" not in sys.modules:
        raise TypeError("Unsupported key type")
    return PKey.from_cryptography_key(value)


def octets(name: str, value: Any, refusal: str) -> bytes:
    """Bytes; str is taken as UTF-8, with a warning."""
    value = bytes_or_warn(name, value, 4)
    if not isinstance(value, bytes):
        raise TypeError(refusal)
    return value


def alpn_protocols(protos: Any) -> bytes:
    """A list of protocol names in the form of RFC 7301: each behind a byte with its length."""
    parts = []
    for protocol in protos:
        if not isinstance(protocol, bytes):
            raise TypeError(f"ALPN protocols must be byte strings, not {type(protocol).__name__}")
        if len(protocol) > 255:
            raise ValueError(f"an ALPN protocol must be of at most 255 bytes, not {len(protocol)}")
        parts.append(bytes((len(protocol),)) + protocol)
    if not parts:
        raise ValueError("at least one protocol must be specified")
    return b"".join(parts)


def whole(name: str, value: Any) -> int:
    """An int (bool is one)."""
    if not isinstance(value, int):
        raise TypeError(f"{name} must be an integer")
    return value


def host_name(name: str, value: Any) -> str:
    """A host in its ASCII form (IDNA where it is international); bytes are taken as ASCII."""
    if isinstance(value, bytes):
        value = value.decode("ascii")
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string")
    return value if value.isascii() else value.encode("idna").decode()
