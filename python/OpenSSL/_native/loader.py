"""Finds libpyssl and opens it through cffi: by the compiled modules where they are, else in ABI mode.

Nothing is parsed or compiled here. PYSSL_LIBRARY names another library, PYSSL_FFI=abi or =api insists on one way.
"""

from __future__ import annotations

import os

import _cffi_backend

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SONAME = "libpyssl.so.0"


def _find() -> str:
    """PYSSL_LIBRARY if set, else the library beside this file, else whatever the system's linker finds."""
    named = os.environ.get("PYSSL_LIBRARY")
    if named:
        return os.path.abspath(named)
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), SONAME)
    return beside if os.path.exists(beside) else SONAME


def _open(path: str) -> tuple[Any, Any, Any, str]:
    """Returns (ffi, lib, speedups, mode).

    The library is loaded first: the compiled modules then use it, by its SONAME, whatever else lies around.
    """
    try:
        loaded = _cffi_backend.load_library(path, 0)
    except OSError as error:
        raise ImportError(
            f"libpyssl cannot be loaded: {error}. Build it with `make build`, or let PYSSL_LIBRARY name the file."
        ) from error
    wanted = os.environ.get("PYSSL_FFI", "")
    # cffi's compiled callbacks belong to the interpreter that defined them first.
    if wanted != "abi" and not in_subinterpreter():
        try:
            from . import _shim, _speedups  # type: ignore[attr-defined]

            return _shim.ffi, _shim.lib, _speedups, "api"
        except ImportError as error:
            if wanted == "api":
                raise ImportError(
                    f"PYSSL_FFI=api asks for the compiled modules, which cannot be loaded: {error}. "
                    "Build the package again where a C compiler and Python.h are (Debian: python3-dev)."
                ) from error
    from ._abi import ffi

    lib = ffi.dlopen(path)
    del loaded  # not before the library has another holder
    return ffi, lib, None, "abi"


def in_subinterpreter() -> bool:
    """Whether this is not the process's first interpreter."""
    for name in ("_interpreters", "_xxsubinterpreters"):
        try:
            interpreters = __import__(name)
            return bool(interpreters.get_current() != interpreters.get_main())
        except (ImportError, AttributeError):
            pass
    return False


library_path: str = _find()
ffi: Any
lib: Any
#: The compiled functions of python/speedups; None in ABI mode.
speedups: Any
mode: str
ffi, lib, speedups, mode = _open(library_path)
