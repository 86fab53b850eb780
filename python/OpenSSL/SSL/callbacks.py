"""Callbacks from the library: a fixed set of C functions made once, none per object.

A callback finds its Context through the userdata and its Connection by the handle it is told. What the user's function
raises is kept for the call that led here (`_native.pending`), and the library is told that it failed.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakValueDictionary

from .._native import ffi, pending, trampoline
from ..crypto import X509

#: Every Connection by its handle.
live: WeakValueDictionary[int, Any] = WeakValueDictionary()

#: For C: the callback failed.
_RAISED = -1


def _connection(handle: Any) -> Any:
    return live[int(ffi.cast("uintptr_t", handle))]


@trampoline("pyssl_verify_callback", error=_RAISED)
def verify(userdata: Any, conn: Any, cert: Any, error: int, depth: int, ok: int) -> int:
    """set_verify: callback(connection, certificate, error number, depth, ok) -> truthy accepts."""
    try:
        function = ffi.from_handle(userdata)
        accepted = function(_connection(conn), X509._adopt(cert), error, depth, ok)
        return 1 if accepted else 0
    except BaseException as raised:
        pending.keep(raised)
        return _RAISED


@trampoline("pyssl_destructor")
def destroy(userdata: Any) -> None:
    """The library lets go of a userdata."""
    _kept.pop(int(ffi.cast("uintptr_t", userdata)), None)


#: Userdata that the library holds: address -> cffi handle.
_kept: dict[int, Any] = {}


def keep(value: Any) -> Any:
    """A userdata for the library that leads back to `value`, alive until `destroy` is called for it."""
    handle = ffi.new_handle(value)
    _kept[int(ffi.cast("uintptr_t", handle))] = handle
    return handle
