"""Private names of pyOpenSSL that programs of today touch, each with its real meaning. This package uses none of them.

mitmproxy calls functions of OpenSSL on `SSL._lib` with Context._context and Connection._ssl, checks what they return by
`SSL._openssl_assert`, and uses `SSL._ffi`. Twisted imports `lib` and, with an OpenSSL of 1.1 or later, calls nothing on
it. Scrapy imports this module: it reads a context's options, asks whether `lib` has SSL_get_server_tmp_key (no) with
Connection._ssl in hand, and has names written on one line by X509_NAME_oneline. webauthn imports a type from crypto.
urllib3 looks at X509._x509, cheroot at Connection._socket, Scrapy's tests at Context._keylog_callback: those stand with
their classes.

What OpenSSL has as a pointer to a context, a connection or a name is here the Python object itself.
"""

from __future__ import annotations

from _thread import _local
from weakref import WeakKeyDictionary

from ._native import ffi
from ._native import lib as _pyssl
from ._native.errors import own_error
from ._native.text import c_text
from .crypto import X509Name
from .SSL import TLS_SERVER_METHOD, Connection, Context, Error
from .SSL.errors import check as _check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional

__all__ = ["ffi", "lib"]


class _Failure(_local):
    """Why this thread's last function of `lib` failed."""

    exception: Optional[Exception] = None


_failure = _Failure()


def _openssl_assert(ok: bool) -> None:
    """Raises what the last function of `lib` failed with, unless `ok`."""
    if not ok:
        raised, _failure.exception = _failure.exception, None
        raise own_error(Error, "a function of OpenSSL failed") if raised is None else raised


def _succeeds(function: Callable[..., Any], *args: Any) -> int:
    """1 where function(*args) works. 0 where it fails, and the exception is kept for _openssl_assert."""
    try:
        function(*args)
    except (Error, ValueError, OverflowError) as error:
        error.__traceback__ = None  # whose frames hold what was passed
        _failure.exception = error if isinstance(error, Error) else Error([("", "", str(error))])
        return 0
    return 1


class _Objects:
    """Python objects behind pointers, as C would hold them. A pointer is a number in a table, not an address: one that
    was freed, or never was one, is a ValueError."""

    def __init__(self) -> None:
        self._alive: Dict[int, bytes] = {}
        self._last = 0

    def add(self, thing: bytes) -> Any:
        self._last += 1
        self._alive[self._last] = thing
        return ffi.cast("void *", self._last)

    def get(self, pointer: Any) -> bytes:
        try:
            return self._alive[int(ffi.cast("uintptr_t", pointer))]
        except KeyError:
            raise ValueError(f"{pointer!r} is not alive") from None

    def free(self, pointer: Any) -> None:
        self._alive.pop(int(ffi.cast("uintptr_t", pointer)), None)


_files, _parameters = _Objects(), _Objects()

#: What verification always does here: the two flags of X509_check_host that every browser has too.
_NO_PARTIAL_WILDCARDS = 0x4
_NEVER_CHECK_SUBJECT = 0x20


class _Lib:
    """The functions of OpenSSL that those programs call."""

    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS = _NO_PARTIAL_WILDCARDS
    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT = _NEVER_CHECK_SUBJECT

    # ---- contexts

    @staticmethod
    def TLS_server_method() -> int:
        """The method, as Context takes it."""
        return TLS_SERVER_METHOD

    @staticmethod
    def SSL_CTX_set_min_proto_version(ctx: Context, version: int) -> int:
        """1, or 0 for a version that the context cannot have."""
        return _succeeds(ctx.set_min_proto_version, version)

    @staticmethod
    def SSL_CTX_set_max_proto_version(ctx: Context, version: int) -> int:
        """1, or 0 for a version that the context cannot have."""
        return _succeeds(ctx.set_max_proto_version, version)

    @staticmethod
    def SSL_CTX_get_options(ctx: Context) -> int:
        """The OP_* bits."""
        return ctx.set_options(0)

    @staticmethod
    def SSL_CTX_set_post_handshake_auth(ctx: Context, value: int) -> None:
        """Says whether clients answer a certificate request that comes after the handshake."""
        ctx.set_post_handshake_auth(bool(value))

    @staticmethod
    def SSL_CTX_set_tmp_dh(ctx: Context, dh: Any) -> int:
        """1, or 0 for parameters that the context cannot use."""
        return _succeeds(_set_dh, ctx, _parameters.get(dh))

    # ---- what the peer's certificate must be for

    @staticmethod
    def SSL_get0_param(ssl: Connection) -> Connection:
        """The connection's verification parameters, which are known by the connection."""
        return ssl

    @staticmethod
    def X509_VERIFY_PARAM_set_hostflags(param: Connection, flags: int) -> None:
        """Names are always compared with both flags above. NotImplementedError for another, which would be lost."""
        if flags & ~(_NO_PARTIAL_WILDCARDS | _NEVER_CHECK_SUBJECT):
            raise NotImplementedError(f"X509_CHECK_FLAG_* 0x{flags:x}: only 0x4 and 0x20 are there, and always on")

    @staticmethod
    def X509_VERIFY_PARAM_set1_host(param: Connection, name: bytes, length: int) -> int:
        """Has the certificate's DNS names compared with a name, or its addresses with one. Verification is neither
        turned on nor off: without VERIFY_PEER, SSL_get_verify_result tells. 0 for what no certificate can hold. With a
        length of 0 the whole of the text counts. NotImplementedError where an address is expected already."""
        return _succeeds(_expect, param, "name", bytes(name)[: length or None])

    @staticmethod
    def X509_VERIFY_PARAM_set1_ip(param: Connection, address: bytes, length: int) -> int:
        """As set1_host, for the 4 or 16 bytes of an address. NotImplementedError where a name is expected already."""
        from ipaddress import ip_address

        return _succeeds(lambda: _expect(param, "address", str(ip_address(bytes(address)[:length])).encode()))

    @staticmethod
    def SSL_get_verify_result(ssl: Connection) -> int:
        """X509_V_OK, or what is wrong with the peer's certificate."""
        out = ffi.new("int *")
        _check(_pyssl.pyssl_conn_verify_result(ssl._handle, out))
        return int(out[0])

    @staticmethod
    def X509_verify_cert_error_string(code: int) -> Any:
        """OpenSSL's words for it, as a `char *`."""
        return _pyssl.pyssl_verify_error_string(code)

    # ---- Diffie-Hellman parameters from a file

    @staticmethod
    def BIO_new_file(filename: bytes, mode: bytes) -> Any:
        """The file's contents, or NULL where it cannot be read."""
        if mode not in (b"r", b"rb"):
            raise NotImplementedError(f"mode {mode!r}: files are read only")
        try:
            with open(filename, "rb") as file:
                return _files.add(file.read())
        except OSError:
            return ffi.NULL

    @staticmethod
    def BIO_free(bio: Any) -> int:
        """Frees what BIO_new_file gave."""
        _files.free(bio)
        return 1

    @staticmethod
    def PEM_read_bio_DHparams(bio: Any, x: Any, callback: Any, userdata: Any) -> Any:
        """The file's parameters, or NULL where it has none that can be used."""
        pem, trial = _files.get(bio), Context(TLS_SERVER_METHOD)
        trial.set_cipher_list(b"ALL:@SECLEVEL=0")  # how large they must be is for the context that gets them to say
        return _parameters.add(pem) if _succeeds(_set_dh, trial, pem) else ffi.NULL

    @staticmethod
    def DH_free(dh: Any) -> None:
        """Frees what PEM_read_bio_DHparams gave."""
        _parameters.free(dh)

    # ---- names

    @staticmethod
    def X509_NAME_oneline(name: X509Name, room: Any, size: int) -> Any:
        """The name as "/C=.../CN=...", cut to the room with its NUL."""
        line = repr(name)[len("<X509Name object '") : -len("'>")].encode("utf-8")[: size - 1]
        ffi.memmove(room, line + b"\0", len(line) + 1)
        return room


def _set_dh(ctx: Context, pem: bytes) -> None:
    _check(_pyssl.pyssl_ctx_set_tmp_dh(ctx._handle, pem, len(pem)))


#: Whether a connection expects a name or an address.
_expected: WeakKeyDictionary[Connection, str] = WeakKeyDictionary()


def _expect(conn: Connection, kind: str, name: bytes) -> None:
    if _expected.get(conn, kind) != kind:
        # OpenSSL compares both. Here the second would take the place of the first.
        raise NotImplementedError("a connection expects a name or an address, not both")
    _check(_pyssl.pyssl_conn_set_expected_host(conn._handle, c_text("name", name)))
    _expected[conn] = kind


def key_type(name: str) -> Any:
    """`crypto._Key`, `_PrivateKey` and `_PublicKey`: what PKey takes and gives, as types of the `cryptography` package.

    webauthn names its own arguments by them.
    """
    from typing import Union

    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

    private = Union[
        dsa.DSAPrivateKey,
        ec.EllipticCurvePrivateKey,
        ed25519.Ed25519PrivateKey,
        ed448.Ed448PrivateKey,
        rsa.RSAPrivateKey,
    ]
    public = Union[
        dsa.DSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey, ed448.Ed448PublicKey, rsa.RSAPublicKey
    ]
    return {"_Key": Union[private, public], "_PrivateKey": private, "_PublicKey": public}[name]


lib = _Lib()

_itself = property(lambda self: self)
X509Name._name = _itself  # type: ignore[attr-defined]
Connection._ssl = _itself  # type: ignore[attr-defined]
Context._context = _itself  # type: ignore[attr-defined]
