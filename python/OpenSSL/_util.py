"""Private names of pyOpenSSL that programs of today touch. Nothing in this package uses them.

Twisted imports `lib` and, with an OpenSSL of 1.1 or later, calls nothing on it; what it does with older ones its tests
run with a `lib` of their own, and Context._context. Scrapy imports this module: it asks whether `lib` has
SSL_get_server_tmp_key (no) with Connection._ssl in hand, and up to 2.12 has names written on one line by
`lib.X509_NAME_oneline(name._name, ffi.new("char[]", 512), 512)`. (urllib3 looks at X509._x509, cheroot at
Connection._socket: those stand with their classes.)
"""

from __future__ import annotations

from ._native import ffi
from .crypto import X509Name
from .SSL import Connection, Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["ffi", "lib"]


class _Lib:
    """The functions of OpenSSL that those programs call."""

    @staticmethod
    def X509_NAME_oneline(name: X509Name, room: Any, size: int) -> Any:
        """The name as "/C=.../CN=...", cut to the room with its NUL."""
        line = repr(name)[len("<X509Name object '") : -len("'>")].encode("utf-8")[: size - 1]
        ffi.memmove(room, line + b"\0", len(line) + 1)
        return room


lib = _Lib()

X509Name._name = property(lambda self: self)  # type: ignore[attr-defined]
Connection._ssl = None  # type: ignore[attr-defined]
Context._context = property(lambda self: self)  # type: ignore[attr-defined]
