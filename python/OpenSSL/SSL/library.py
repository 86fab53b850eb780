"""What the linked OpenSSL says of itself."""

from __future__ import annotations

from .._native import ffi, lib


def OpenSSL_version(type: int) -> bytes:
    """One line about the linked OpenSSL: OPENSSL_VERSION, OPENSSL_CFLAGS, OPENSSL_BUILT_ON, OPENSSL_PLATFORM or
    OPENSSL_DIR; b"not available" for another number."""
    line: bytes = ffi.string(lib.pyssl_openssl_version(type))
    return line


OpenSSL_version.__module__ = "OpenSSL.SSL"

SSLeay_version = OpenSSL_version
