"""C functions that call into Python: one for each function type of the header, made once at import."""

from __future__ import annotations

from . import ending, pending
from .loader import ffi, lib, mode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional


def trampoline(kind: str, failed: Optional[int] = -1) -> Callable[[Callable[..., Any]], Any]:
    """Turns a Python function into a C function of the header's type `kind` ("pyssl_verify_callback").

    C gets `failed` when the function raises, and what it raised is kept for the call that led here; with None, for
    functions that return nothing, it is dropped. With the compiled shim no machine code is made at run time, which
    hardened systems forbid; the shim has one such function for each type, so a type may be used once.
    """
    options: dict[str, Any] = {"onerror": _drop} if failed is None else {"error": failed, "onerror": _keep}

    def make(function: Callable[..., Any]) -> Any:
        if mode == "abi":
            made = _for_ever(ffi.callback(kind, function, **options))
        else:
            name = f"python_{kind}"
            ffi.def_extern(name, **options)(function)
            made = getattr(lib, name)
        ending.watch(made, function)
        return made

    return make


def _for_ever(callback: Any) -> Any:
    """Keeps what the library may call for as long as the process lives. The interpreter takes its modules apart at its
    end, in no order to rely on: objects that go after this would have the library call what is no more."""
    try:
        from _ctypes import Py_INCREF
    except ImportError:  # PyPy, which leaves its objects as they are at the end
        _callbacks.append(callback)
    else:
        Py_INCREF(callback)
    return callback


_callbacks: List[Any] = []


def _keep(kind: Any, raised: Any, traceback: Any) -> None:
    """Also for what comes between the library and a function's own try, as KeyboardInterrupt may."""
    pending.keep(raised)


def _drop(kind: Any, raised: Any, traceback: Any) -> None:
    pass
