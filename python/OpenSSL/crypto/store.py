"""crypto.X509Store and X509StoreContext: trusted certificates, and verifying against them."""

from __future__ import annotations

from collections.abc import Sequence

from .._native import Described, Handle, fail, ffi, handle_of, lib
from .._native.errors import describe, last
from .._native.path import path_bytes
from .crl import CRL
from .errors import Error
from .x509 import X509

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any, NoReturn

    from cryptography import x509

    from .._native.path import StrOrBytesPath

__all__ = [
    "X509Store",
    "X509StoreContext",
    "X509StoreContextError",
    "X509StoreFlags",
]


class X509StoreFlags:
    """Flags for `X509Store.set_flags()`, to be joined with `|`."""

    #: Check the certificate itself against a revocation list, which has to be there.
    CRL_CHECK: int = 0x4
    #: With CRL_CHECK: check the whole chain.
    CRL_CHECK_ALL: int = 0x8
    #: Pass over critical extensions that OpenSSL does not know.
    IGNORE_CRITICAL: int = 0x10
    #: Insist on the letter of RFC 5280.
    X509_STRICT: int = 0x20
    ALLOW_PROXY_CERTS: int = 0x40
    #: Certificate policies, RFC 5280 6.1.
    POLICY_CHECK: int = 0x80
    EXPLICIT_POLICY: int = 0x100
    INHIBIT_MAP: int = 0x400
    NOTIFY_POLICY: int = 0x800
    #: Check the signature of the trusted self-signed certificate too.
    CHECK_SS_SIGNATURE: int = 0x4000
    #: Trust any certificate in the store, not only self-signed ones.
    PARTIAL_CHAIN: int = 0x80000
    #: Of OpenSSL before 1.1.0; nothing today.
    CB_ISSUER_CHECK: int = 0x0


class X509Store(Handle):
    """Trusted certificates and revocation lists."""

    _free = lib.pyssl_store_free

    def __init__(self) -> None:
        self._handle = handle_of(Error, "pyssl_store **", lib.pyssl_store_new)

    def add_cert(self, cert: X509) -> None:
        """Trust a certificate, as it is now. One that is there already is fine."""
        if not isinstance(cert, X509):
            raise TypeError("cert must be an X509 instance")
        self._done(lib.pyssl_store_add_cert(self._handle, cert._handle))

    def add_crl(self, crl: x509.CertificateRevocationList | CRL) -> None:
        """Add a revocation list: a `CRL`, or one of the `cryptography` package.

        It counts when X509StoreFlags.CRL_CHECK is set.
        """
        if not isinstance(crl, CRL):
            crl = _from_cryptography(crl)
        self._done(lib.pyssl_store_add_crl(self._handle, crl._handle))

    def set_flags(self, flags: int) -> None:
        """Add flags, of X509StoreFlags, to those that are set; there is no way to take one off."""
        self._done(lib.pyssl_store_set_flags(self._handle, flags))

    def set_time(self, vfy_time: datetime) -> None:
        """Verify as of `vfy_time` from now on, not as of the time of verifying.

        Its fields are taken as UTC, whatever its tzinfo.
        """
        from calendar import timegm

        self._done(lib.pyssl_store_set_time(self._handle, timegm(vfy_time.timetuple())))

    def load_locations(self, cafile: StrOrBytesPath | None, capath: StrOrBytesPath | None = None) -> None:
        """Trust the certificates in the PEM file `cafile`, and those in the directory `capath`, looked up when needed.

        The directory must have been prepared with `openssl rehash`. Names are str (file system encoding), bytes or
        paths. Raises Error when both are None or the file cannot be used (see `file` and `errno` of the exception).
        """
        file = ffi.NULL if cafile is None else path_bytes(cafile)
        directory = ffi.NULL if capath is None else path_bytes(capath)
        self._done(lib.pyssl_store_load_locations(self._handle, file, directory))

    def load_pem(self, pem: bytes) -> None:
        """Trust the certificates of a PEM text, and take its revocation lists.

        Raises Error when there is none or one is damaged; the store is as before then.
        """
        if not isinstance(pem, bytes):
            raise TypeError("pem must be bytes")
        self._done(lib.pyssl_store_load_pem(self._handle, pem, len(pem)))

    def _done(self, status: int) -> None:
        if status:
            fail(Error, status)


class X509StoreContextError(Described, Exception):
    """A certificate was refused.

    `errors` is [X509_V_ERR_* code, depth in the chain, text]; `certificate` a copy of the certificate at fault.
    """

    errors: list[Any]
    certificate: X509

    def __init__(self, message: str, errors: list[Any], certificate: X509) -> None:
        super().__init__(message)
        self.errors = errors
        self.certificate = certificate


class X509StoreContext(Handle):
    """The verification of a certificate against a store, to be run as often as one likes."""

    _free = lib.pyssl_store_ctx_free

    def __init__(self, store: X509Store, certificate: X509, chain: Sequence[X509] | None = None) -> None:
        """chain: certificates that may be needed between the two, in any order; they are not trusted."""
        if not isinstance(store, X509Store):
            raise TypeError("store must be an X509Store instance")
        if not isinstance(certificate, X509):
            raise TypeError("certificate must be an X509 instance")
        handles, count = _handles(chain)
        arguments = (store._handle, certificate._handle, handles, count)
        self._handle = handle_of(Error, "pyssl_store_ctx **", lib.pyssl_store_ctx_new, *arguments)

    def set_store(self, store: X509Store) -> None:
        """Verify against another store from now on."""
        if not isinstance(store, X509Store):
            raise TypeError("store must be an X509Store instance")
        status = lib.pyssl_store_ctx_set_store(self._handle, store._handle)
        if status:
            fail(Error, status)

    def verify_certificate(self) -> None:
        """Verify, with the store as it is now. Raises X509StoreContextError when the certificate is refused."""
        culprit = ffi.new("pyssl_x509 **")
        status = lib.pyssl_store_ctx_verify(self._handle, culprit)
        if status:
            _refuse(status, culprit)

    def get_verified_chain(self) -> list[X509]:
        """Verify as `verify_certificate()`, and give the chain: the certificate first, the trusted one last."""
        culprit, count, size = ffi.new("pyssl_x509 **"), ffi.new("size_t *"), 8
        while True:
            chain = ffi.new("pyssl_x509 *[]", size)
            status = lib.pyssl_store_ctx_verified_chain(self._handle, chain, size, count, culprit)
            if status == 0:
                return [X509._adopt(chain[n]) for n in range(count[0])]
            if status != lib.PYSSL_ERR_BUFFER:
                _refuse(status, culprit)
            size = count[0]


def _refuse(status: int, culprit: Any) -> NoReturn:
    certificate = X509._adopt(culprit[0]) if culprit[0] != ffi.NULL else None
    info, entries = last()
    if certificate is None or info.verify_depth < 0:
        fail(Error, status)
    text = ffi.string(info.verify_message).decode()
    error = X509StoreContextError(text, [info.verify_code, info.verify_depth, text], certificate)
    raise describe(error, info, entries)


def _handles(chain: Sequence[X509] | None) -> Any:
    if chain is None or len(chain) == 0:
        return ffi.NULL, 0
    for cert in chain:
        if not isinstance(cert, X509):
            raise TypeError("One of the elements is not an X509 instance")
    return ffi.new("pyssl_x509 *[]", [cert._handle for cert in chain]), len(chain)


def _from_cryptography(crl: Any) -> CRL:
    """TypeError for what is no list; without the package, nothing can be one of its lists."""
    try:
        return CRL.from_cryptography(crl)
    except (ImportError, TypeError):
        raise TypeError("CRL must be a CRL, or of type cryptography.x509.CertificateRevocationList") from None
