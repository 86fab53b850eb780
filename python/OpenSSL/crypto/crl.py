"""crypto.CRL, and loading and dumping it."""

from __future__ import annotations

from .._native import Handle, bytes_of, fail, handle_of, int_of, lib
from .._native.text import c_text_or_null
from .errors import Error
from .filetypes import FILETYPE_ASN1, FILETYPE_PEM, data, to_dump, to_load
from .name import X509Name
from .pkey import PKey
from .revoked import Revoked
from .times import time_text
from .x509 import X509

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

    from cryptography import x509

__all__ = ["CRL", "dump_crl", "load_crl"]

#: Stands for a digest that was not given: there is no default that would stay safe.


class CRL(Handle):
    """A certificate revocation list (RFC 5280, 5)."""

    _free = lib.pyssl_crl_free

    def __init__(self) -> None:
        self._handle = handle_of(Error, "pyssl_crl **", lib.pyssl_crl_new)

    def to_cryptography(self) -> x509.CertificateRevocationList:
        """A list of the `cryptography` package; nothing is shared with it."""
        from cryptography.x509 import load_der_x509_crl

        return load_der_x509_crl(dump_crl(FILETYPE_ASN1, self))

    @classmethod
    def from_cryptography(cls, crypto_crl: x509.CertificateRevocationList) -> CRL:
        """A CRL with the content of a list of the `cryptography` package."""
        from cryptography.hazmat.primitives.serialization import Encoding
        from cryptography.x509 import CertificateRevocationList

        if not isinstance(crypto_crl, CertificateRevocationList):
            raise TypeError("Must be a certificate revocation list")
        return load_crl(FILETYPE_ASN1, crypto_crl.public_bytes(Encoding.DER))

    def get_revoked(self) -> tuple[Revoked, ...] | None:
        """Copies of the entries; None, not an empty tuple, when there are none."""
        count = int_of(Error, "size_t *", lib.pyssl_crl_revoked_count, self._handle)
        entries = (
            handle_of(Error, "pyssl_revoked **", lib.pyssl_crl_revoked_at, self._handle, n) for n in range(count)
        )
        return tuple(Revoked._adopt(handle) for handle in entries) or None

    def add_revoked(self, revoked: Revoked) -> None:
        """Add a copy of an entry. Error when it has no date."""
        if not isinstance(revoked, Revoked):
            raise TypeError("revoked must be a Revoked instance")
        self._done(lib.pyssl_crl_add_revoked(self._handle, revoked._handle))

    def get_issuer(self) -> X509Name:
        """A copy of the issuer's name."""
        return X509Name._adopt(handle_of(Error, "pyssl_name **", lib.pyssl_crl_issuer, self._handle))

    def set_version(self, version: int) -> None:
        """Set the version as it is encoded: 0 is v1, 1 is v2, which a list with reasons has to be."""
        self._done(lib.pyssl_crl_set_version(self._handle, version))

    def set_lastUpdate(self, when: bytes) -> None:
        """Set when this list was issued: b"YYYYMMDDhhmmssZ" or any other form that ASN.1 has for a time.

        Raises TypeError when it is not bytes, ValueError when it is no time.
        """
        self._done(lib.pyssl_crl_set_last_update(self._handle, time_text(when)))

    def set_nextUpdate(self, when: bytes) -> None:
        """Set when the next list is issued at the latest; as `set_lastUpdate()`."""
        self._done(lib.pyssl_crl_set_next_update(self._handle, time_text(when)))

    def sign(self, issuer_cert: X509, issuer_key: PKey, digest: Optional[bytes]) -> None:
        """Take the issuer's name from its certificate, bring the entries into order, and sign.

        digest is OpenSSL's name of one, as bytes (b"sha256"); None is for Ed25519 and Ed448 keys, which bring their
        own. Raises TypeError for wrong types, ValueError for a key that is empty or only public, Error for an unknown
        digest or when OpenSSL refuses.
        """
        if not isinstance(issuer_cert, X509):
            raise TypeError("issuer_cert must be an X509 instance")
        if not isinstance(issuer_key, PKey):
            raise TypeError("issuer_key must be a PKey instance")
        name = c_text_or_null("digest", _digest_name(digest))
        self._done(lib.pyssl_crl_sign(self._handle, issuer_cert._handle, issuer_key._handle, name))

    def export(
        self, cert: X509, key: PKey, type: int = FILETYPE_PEM, days: int = 100, digest: Optional[bytes] = b"sha256"
    ) -> bytes:
        """Set the times (issued now, the next list in `days` days), sign as `sign()` does, and dump.

        Raises TypeError for wrong types, ValueError for an unknown digest or type.
        """
        if not isinstance(cert, X509):
            raise TypeError("cert must be an X509 instance")
        if not isinstance(key, PKey):
            raise TypeError("key must be a PKey instance")
        if not isinstance(type, int):
            raise TypeError("type must be an integer")
        to_dump(type)
        name = c_text_or_null("digest", _digest_name(digest))
        self._done(lib.pyssl_crl_issue(self._handle, cert._handle, key._handle, days, name))
        return dump_crl(type, self)

    def _done(self, status: int) -> None:
        if status:
            fail(Error, status)


def load_crl(type: int, buffer: str | bytes) -> CRL:
    """The revocation list in a PEM text (FILETYPE_PEM) or DER (FILETYPE_ASN1).

    buffer is bytes, or ASCII text. Raises ValueError for another type, Error for what is no such list.
    """
    encoded = data(buffer)
    handle = handle_of(Error, "pyssl_crl **", lib.pyssl_crl_load, to_load(type), encoded, len(encoded))
    return CRL._adopt(handle)


def dump_crl(type: int, crl: CRL) -> bytes:
    """The list as PEM, DER, or text for people (FILETYPE_TEXT). Error for PEM or DER of a list that is not signed."""
    if not isinstance(crl, CRL):
        raise TypeError("crl must be a CRL instance")
    return bytes_of(Error, lib.pyssl_crl_dump, crl._handle, to_dump(type))


def _digest_name(digest: Any) -> Optional[bytes]:
    if digest is not None and not isinstance(digest, bytes):
        raise TypeError("digest must be a byte string")
    return digest
