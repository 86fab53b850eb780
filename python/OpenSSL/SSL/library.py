"""What the linked OpenSSL says of itself."""

from __future__ import annotations

from .._native import ffi, lib
from .._native.path import path_bytes
from .errors import check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._native.path import StrOrBytesPath


def OpenSSL_version(type: int) -> bytes:
    """One line about the linked OpenSSL: OPENSSL_VERSION, OPENSSL_CFLAGS, OPENSSL_BUILT_ON, OPENSSL_PLATFORM or
    OPENSSL_DIR; b"not available" for another number."""
    line: bytes = ffi.string(lib.pyssl_openssl_version(type))
    return line


def load_openssl_config(file: StrOrBytesPath) -> None:
    """Reads an OpenSSL configuration file (openssl.cnf) and applies it to the process.

    The embedded OpenSSL reads none by itself: neither OPENSSL_CONF nor a default place counts, and modules are loaded
    by their full path alone. Call before other threads use the package. Error for a file that cannot be read or
    applied.
    """
    check(lib.pyssl_load_openssl_config(path_bytes(file)))


load_openssl_config.__module__ = "OpenSSL.SSL"
OpenSSL_version.__module__ = "OpenSSL.SSL"

SSLeay_version = OpenSSL_version
