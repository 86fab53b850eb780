"""Finds libpyssl and opens it through cffi (out-of-line ABI mode: nothing is parsed or compiled here)."""

from __future__ import annotations

import os
from typing import Any

from ._abi import ffi as ffi

SONAME = "libpyssl.so.0"


def _find() -> str:
    """PYSSL_LIBRARY if set, else the library beside this file, else whatever the system's linker finds."""
    named = os.environ.get("PYSSL_LIBRARY")
    if named:
        return os.path.abspath(named)
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), SONAME)
    return beside if os.path.exists(beside) else SONAME


library_path: str = _find()

try:
    lib: Any = ffi.dlopen(library_path)
except OSError as error:
    raise ImportError(
        f"libpyssl cannot be loaded: {error}. Build it with `make build`, or let PYSSL_LIBRARY name the file."
    ) from error
