"""crypto.sign and crypto.verify."""

from __future__ import annotations

from .._native import bytes_of, fail, ffi, lib
from .errors import Error
from .pkey import PKey
from .x509 import X509

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional, Union


def sign(pkey: PKey, data: Union[str, bytes], digest: Optional[str]) -> bytes:
    """A signature over data with a private key and a digest by OpenSSL's name ("sha256"); None for Ed25519 and Ed448
    keys, which bring their own. ValueError for an unknown digest."""
    signed = _bytes(data)
    return bytes_of(Error, lib.pyssl_pkey_sign, pkey._handle, _digest(digest), signed, len(signed))


def verify(cert: X509, signature: bytes, data: Union[str, bytes], digest: Optional[str]) -> None:
    """Checks a signature over data against a certificate's key. Error when it does not fit, ValueError for an unknown
    digest."""
    key, signed = cert.get_pubkey(), _bytes(data)
    status = lib.pyssl_pkey_verify(key._handle, _digest(digest), signature, len(signature), signed, len(signed))
    if status:
        fail(Error, status)


def _bytes(data: Union[str, bytes]) -> bytes:
    if isinstance(data, str):
        import warnings

        warnings.warn("str for data is no longer accepted, use bytes", DeprecationWarning, stacklevel=3)
        return data.encode()
    return data


def _digest(digest: Optional[str]) -> Any:
    return ffi.NULL if digest is None else digest.encode()
