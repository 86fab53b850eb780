"""crypto.sign and crypto.verify."""

from __future__ import annotations

from .._native import bytes_of, fail, lib
from .._native.text import c_text_or_null
from .errors import Error
from .pkey import PKey
from .x509 import X509

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Union


def sign(pkey: PKey, data: Union[str, bytes], digest: Optional[str]) -> bytes:
    """A signature over data with a private key and a digest by OpenSSL's name ("sha256"); None for Ed25519 and Ed448
    keys, which bring their own. ValueError for an unknown digest."""
    signed = _bytes(data)
    return bytes_of(
        Error,
        lib.pyssl_pkey_sign,
        pkey._handle,
        c_text_or_null("digest", digest and digest.encode()),
        signed,
        len(signed),
    )


def verify(cert: X509, signature: bytes, data: Union[str, bytes], digest: Optional[str]) -> None:
    """Checks a signature over data against a certificate's key. Error when it does not fit, ValueError for an unknown
    digest."""
    key, name, signed = cert.get_pubkey(), c_text_or_null("digest", digest and digest.encode()), _bytes(data)
    status = lib.pyssl_pkey_verify(key._handle, name, signature, len(signature), signed, len(signed))
    if status:
        fail(Error, status)


def _bytes(data: Union[str, bytes]) -> bytes:
    if isinstance(data, str):
        import warnings

        warnings.warn("str for data is no longer accepted, use bytes", DeprecationWarning, stacklevel=3)
        return data.encode()
    return data
