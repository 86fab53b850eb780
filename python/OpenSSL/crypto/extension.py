"""crypto.X509Extension."""

from __future__ import annotations

from .._native import Handle, bytes_of, ffi, handle_of, int_of, lib, text_of
from .._native.text import c_text
from .errors import Error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, List, Optional, Tuple


class X509Extension(Handle):
    """An X.509 v3 extension; it never changes once made."""

    _free = lib.pyssl_ext_free

    def __init__(
        self,
        type_name: bytes,
        critical: bool,
        value: bytes,
        subject: Optional[Any] = None,
        issuer: Optional[Any] = None,
    ) -> None:
        """An extension by name and value in the syntax of OpenSSL's configuration files (x509v3_config), such as
        b"basicConstraints" and b"CA:TRUE, pathlen:0". subject and issuer are the X509s that "hash", "keyid" and
        "issuer:copy" look at. There is no configuration behind it, so "@section" is an Error.
        """
        _byte_string(type_name, "type_name")
        _byte_string(value, "value")
        self._handle = handle_of(
            Error,
            "pyssl_ext **",
            lib.pyssl_ext_new,
            c_text("type_name", type_name),
            1 if critical else 0,
            c_text("value", value),
            _certificate(subject, "subject"),
            _certificate(issuer, "issuer"),
        )

    def get_critical(self) -> bool:
        """Whether the extension is critical."""
        return int_of(Error, "int *", lib.pyssl_ext_critical, self._handle) == 1

    def get_short_name(self) -> bytes:
        """OpenSSL's short name of the type, b"UNDEF" for one it does not know."""
        return text_of(Error, lib.pyssl_ext_short_name, self._handle).encode()

    def get_data(self) -> bytes:
        """The DER of the value: what is inside the OCTET STRING."""
        return bytes_of(Error, lib.pyssl_ext_data, self._handle)

    def __str__(self) -> str:
        """The value for people, as `openssl x509 -text` has it; a hexadecimal dump for a type OpenSSL does not know."""
        return text_of(Error, lib.pyssl_ext_text, self._handle)


def row(extensions: Iterable[X509Extension]) -> Tuple[List[X509Extension], Any]:
    """Extensions and their handles in a row as C wants them; the list keeps them alive until the call is over."""
    found = list(extensions)
    for extension in found:
        if not isinstance(extension, X509Extension):
            raise ValueError("One of the elements is not an X509Extension")
    return found, ffi.new("pyssl_ext *[]", [extension._handle for extension in found])


def _byte_string(value: bytes, name: str) -> None:
    if not isinstance(value, bytes):
        raise TypeError(f"{name} must be a byte string")


def _certificate(cert: Optional[Any], name: str) -> Any:
    from .x509 import X509

    if cert is None:
        return ffi.NULL
    if not isinstance(cert, X509):
        raise TypeError(f"{name} must be an X509 instance")
    return cert._handle
