"""What this package is. `__version__` is the level of compatibility; `libpyssl_version` the library's own."""

from __future__ import annotations

from ._native import ffi, lib

__all__ = [
    "__author__",
    "__copyright__",
    "__email__",
    "__license__",
    "__summary__",
    "__title__",
    "__uri__",
    "__version__",
]

__version__ = "26.4.0"
__title__ = "libpyssl"
__uri__ = "https://libpyssl.example.org/"
__summary__ = "TLS, keys and certificates over libpyssl; a drop-in for pyOpenSSL"
__author__ = "The libpyssl developers"
__email__ = "libpyssl@example.org"
__license__ = "Apache License, Version 2.0"
__copyright__ = f"Copyright 2026 {__author__}"

libpyssl_version: str = ffi.string(lib.pyssl_version()).decode()
