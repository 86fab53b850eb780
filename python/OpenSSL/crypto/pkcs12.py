"""crypto.PKCS12 and loading it."""

from __future__ import annotations

from collections.abc import Iterable

from .._native import Handle, bytes_of, bytes_or_none, fail, ffi, handle_of, lib
from .._native.text import bytes_or_warn, c_text_or_null
from .errors import Error
from .filetypes import data
from .pkey import PKey
from .x509 import X509

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["PKCS12", "load_pkcs12"]


class PKCS12(Handle):
    """The parts of a PKCS#12 file (RFC 7292): a private key, its certificate, other certificates, a friendly name.

    The objects that are set are kept, not copied, and are the very ones that the getters give.
    """

    _free = lib.pyssl_pkcs12_free

    _pkey: PKey | None = None
    _cert: X509 | None = None
    _cacerts: tuple[X509, ...] | None = None

    def __init__(self) -> None:
        self._handle = handle_of(Error, "pyssl_pkcs12 **", lib.pyssl_pkcs12_new)

    def get_certificate(self) -> X509 | None:
        """The certificate of the key, or None."""
        return self._cert

    def set_certificate(self, cert: X509 | None) -> None:
        """Set the certificate of the key; None takes it out."""
        if cert is not None and not isinstance(cert, X509):
            raise TypeError("cert must be an X509 instance")
        self._done(lib.pyssl_pkcs12_set_cert(self._handle, ffi.NULL if cert is None else cert._handle))
        self._cert = cert

    def get_privatekey(self) -> PKey | None:
        """The private key, or None."""
        return self._pkey

    def set_privatekey(self, pkey: PKey | None) -> None:
        """Set the private key; None takes it out."""
        if pkey is not None and not isinstance(pkey, PKey):
            raise TypeError("pkey must be a PKey instance")
        self._done(lib.pyssl_pkcs12_set_key(self._handle, ffi.NULL if pkey is None else pkey._handle))
        self._pkey = pkey

    def get_ca_certificates(self) -> tuple[X509, ...] | None:
        """The other certificates in the order of the file, or None."""
        return self._cacerts

    def set_ca_certificates(self, cacerts: Iterable[X509] | None) -> None:
        """Set the other certificates, in place of those that were there; None takes them out."""
        if cacerts is None:
            self._done(lib.pyssl_pkcs12_set_ca_certs(self._handle, ffi.NULL, 0))
            self._cacerts = None
            return
        certs = tuple(cacerts)
        if not all(isinstance(cert, X509) for cert in certs):
            raise TypeError("iterable must only contain X509 instances")
        handles = ffi.new("pyssl_x509 *[]", [cert._handle for cert in certs])
        self._done(lib.pyssl_pkcs12_set_ca_certs(self._handle, handles, len(certs)))
        self._cacerts = certs

    def get_friendlyname(self) -> bytes | None:
        """The friendly name in UTF-8, or None."""
        return bytes_or_none(Error, lib.pyssl_pkcs12_friendly_name, self._handle)

    def set_friendlyname(self, name: bytes | None) -> None:
        """Set the friendly name, in UTF-8; None takes it out."""
        if name is None:
            self._done(lib.pyssl_pkcs12_set_friendly_name(self._handle, ffi.NULL, 0))
        elif isinstance(name, bytes):
            self._done(lib.pyssl_pkcs12_set_friendly_name(self._handle, ffi.from_buffer(name), len(name)))
        else:
            raise TypeError(f"name must be a byte string or None (not {name!r})")

    def export(
        self,
        passphrase: bytes | None = None,
        iter: int = 100_000,
        maciter: int = 100_000,
        *,
        cipher: str | None = None,
    ) -> bytes:
        """The content of a PKCS#12 file with these parts.

        passphrase is bytes (in UTF-8), or None for none; iter and maciter are the rounds for deriving the keys for
        encryption and MAC from it (maciter -1: no MAC). cipher, which pyOpenSSL does not have, names one that OpenSSL
        knows ("aes-128-cbc") for PBES2, or "PBE-SHA1-3DES" for PKCS#12's own scheme, which readers of before 2010 need;
        without it the cipher is AES-256-CBC. The MAC's digest is SHA-256.

        Raises Error when no part is set or key and certificate do not match, ValueError for an unknown cipher or a NUL
        in a passphrase or name.
        """
        secret, length = _phrase(bytes_or_warn("passphrase", passphrase))
        return bytes_of(
            Error,
            lib.pyssl_pkcs12_export,
            self._handle,
            secret,
            length,
            c_text_or_null("cipher", cipher),
            iter,
            maciter,
        )

    def _load_parts(self) -> None:
        key = handle_of(Error, "pyssl_pkey **", lib.pyssl_pkcs12_key, self._handle)
        self._pkey = None if key == ffi.NULL else PKey._adopt(key)
        cert = handle_of(Error, "pyssl_x509 **", lib.pyssl_pkcs12_cert, self._handle)
        self._cert = None if cert == ffi.NULL else X509._adopt(cert)
        count = ffi.new("size_t *")
        status = lib.pyssl_pkcs12_ca_certs(self._handle, ffi.NULL, 0, count)
        if status == lib.PYSSL_ERR_ABSENT:
            return
        certs = ffi.new("pyssl_x509 *[]", count[0])
        self._done(lib.pyssl_pkcs12_ca_certs(self._handle, certs, count[0], count))
        self._cacerts = tuple(X509._adopt(certs[n]) for n in range(count[0]))

    def _done(self, status: int) -> None:
        if status:
            fail(Error, status)


def load_pkcs12(buffer: str | bytes, passphrase: bytes | None = None) -> PKCS12:
    """The parts of a PKCS#12 file, protected with the algorithms of today (AES) or of the past (triple DES, RC2).

    buffer is bytes, or ASCII text; passphrase is bytes (in UTF-8). None and b"" are tried as each other. Raises Error
    when the file or the passphrase is wrong.
    """
    phrase = bytes_or_warn("passphrase", passphrase)
    encoded = data(buffer)
    handle = handle_of(Error, "pyssl_pkcs12 **", lib.pyssl_pkcs12_load, encoded, len(encoded), *_phrase(phrase))
    p12: PKCS12 = PKCS12._adopt(handle)
    p12._load_parts()
    return p12


def _phrase(passphrase: Any) -> tuple[Any, int]:
    if passphrase is None:
        return ffi.NULL, 0
    if not isinstance(passphrase, bytes):
        raise TypeError("passphrase must be a byte string")
    return ffi.from_buffer(passphrase), len(passphrase)
