"""C functions that call into Python: one for each function type of the header, made once at import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .loader import ffi, lib, mode

if TYPE_CHECKING:
    from typing import Any, Callable


def trampoline(kind: str, error: Any = None) -> Callable[[Callable[..., Any]], Any]:
    """Turns a Python function into a C function of the header's type `kind` ("pyssl_verify_callback").

    `error` is what C gets if the function raises all the same; functions here keep what they raise (see `pending`) and
    do not let that happen. With the compiled shim no machine code is made at run time, which hardened systems forbid; it
    has one such function for each type, so a type may be used once.
    """

    def make(function: Callable[..., Any]) -> Any:
        if mode == "abi":
            return ffi.callback(kind, function, error=error)
        name = f"python_{kind}"
        ffi.def_extern(name=name, error=error)(function)
        return getattr(lib, name)

    return make
