"""Callbacks from the library: a fixed set of C functions made once, none per object.

A callback finds the user's function by the number in its userdata and its Connection by the handle it is told. What the
user's function raises is kept for the call that led here (`_native.pending`), and the library is told that it failed.
"""

from __future__ import annotations

from itertools import count
from weakref import WeakValueDictionary, ref

from .._native import ffi, lib, pending, trampoline
from ..crypto import X509

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

#: Every Connection by its handle.
live: WeakValueDictionary[int, Any] = WeakValueDictionary()

#: What an ALPN callback returns to go on without a protocol.
NO_OVERLAPPING_PROTOCOLS = object()

#: For C: the callback raised.
_RAISED = -1

_REFUSE: int = lib.PYSSL_ALPN_REFUSE


class Hook:
    """A user's function and the data it wants. Alive as long as its owner, and until the library lets go of it."""

    __slots__ = ("__weakref__", "data", "function", "owner")

    def __init__(self, function: Any, data: Any, owner: Any) -> None:
        self.function = function
        self.data = data
        self.owner = owner


# Weak, for a function may lead to its owner, and the garbage collector cannot look into the library.
_hooks: WeakValueDictionary[int, Hook] = WeakValueDictionary()
# Of hooks without an owner.
_kept: Dict[int, Hook] = {}
_numbers = count(1)


def keep(function: Any, owner: Any = None, data: Any = None) -> Any:
    """A userdata for the library that leads back to `function`, until `destroy` is called for it.

    The owner (a Context or a Connection) keeps the function alive; without one it stays until `destroy`.
    """
    number = next(_numbers)
    hook = Hook(function, data, None if owner is None else ref(owner))
    (_kept if owner is None else owner.__dict__.setdefault("_hooks", {}))[number] = hook
    _hooks[number] = hook
    return ffi.cast("void *", number)


@trampoline("pyssl_destructor", None)
def destroy(userdata: Any) -> None:
    """The library lets go of a userdata."""
    number = int(ffi.cast("uintptr_t", userdata))
    hook = _hooks.pop(number, None)
    _kept.pop(number, None)
    owner = hook.owner() if hook is not None and hook.owner is not None else None
    if owner is not None:
        owner.__dict__.get("_hooks", {}).pop(number, None)


@trampoline("pyssl_verify_callback")
def verify(userdata: Any, conn: Any, cert: Any, error: int, depth: int, ok: int) -> int:
    """set_verify: callback(connection, certificate, error number, depth, ok) -> truthy accepts."""
    try:
        certificate = X509._adopt(cert)
        return 1 if _hook(userdata).function(_connection(conn), certificate, error, depth, ok) else 0
    except BaseException as raised:
        return _failed(raised)


@trampoline("pyssl_info_callback")
def info(userdata: Any, conn: Any, where: int, value: int) -> int:
    """set_info_callback: callback(connection, where, value)."""
    try:
        _hook(userdata).function(_connection(conn), where, value)
        return 0
    except BaseException as raised:
        return _failed(raised)


@trampoline("pyssl_keylog_callback")
def keylog(userdata: Any, conn: Any, line: Any) -> int:
    """set_keylog_callback: callback(connection, line)."""
    try:
        _hook(userdata).function(_connection(conn), ffi.string(line))
        return 0
    except BaseException as raised:
        return _failed(raised)


@trampoline("pyssl_servername_callback")
def servername(userdata: Any, conn: Any) -> int:
    """set_tlsext_servername_callback: callback(connection)."""
    try:
        _hook(userdata).function(_connection(conn))
        return 0
    except BaseException as raised:
        return _failed(raised)


@trampoline("pyssl_alpn_select_callback")
def alpn_select(userdata: Any, conn: Any, offered: Any, length: int, room: Any, size: int) -> int:
    """set_alpn_select_callback: callback(connection, [offered]) -> one of them, or NO_OVERLAPPING_PROTOCOLS."""
    try:
        selected = _hook(userdata).function(_connection(conn), _protocols(ffi.buffer(offered, length)[:]))
        if selected is NO_OVERLAPPING_PROTOCOLS:
            return 0
        if not isinstance(selected, bytes):
            raise TypeError(
                "ALPN callback must return a bytestring or the special NO_OVERLAPPING_PROTOCOLS sentinel value."
            )
        return _give(selected, room, size, "the protocol that the ALPN callback returned") or _REFUSE
    except BaseException as raised:
        return _failed(raised)


@trampoline("pyssl_ocsp_server_callback")
def ocsp_server(userdata: Any, conn: Any, room: Any, size: int) -> int:
    """set_ocsp_server_callback: callback(connection, data) -> the DER of an OCSPResponse, b"" for none."""
    try:
        hook = _hook(userdata)
        response = hook.function(_connection(conn), hook.data)
        if not isinstance(response, bytes):
            raise TypeError("OCSP callback must return a bytestring.")
        return _give(response, room, size, "the response that the OCSP callback returned")
    except BaseException as raised:
        return _failed(raised)


@trampoline("pyssl_ocsp_client_callback")
def ocsp_client(userdata: Any, conn: Any, response: Any, length: int) -> int:
    """set_ocsp_client_callback: callback(connection, response, data) -> truthy accepts."""
    try:
        hook = _hook(userdata)
        der = ffi.buffer(response, length)[:] if length else b""
        return 1 if hook.function(_connection(conn), der, hook.data) else 0
    except BaseException as raised:
        return _failed(raised)


@trampoline("pyssl_cookie_generate_callback")
def cookie_generate(userdata: Any, conn: Any, room: Any, size: int) -> int:
    """set_cookie_generate_callback: callback(connection) -> up to 255 bytes."""
    try:
        cookie = _hook(userdata).function(_connection(conn))
        if not isinstance(cookie, bytes):
            raise TypeError("Cookie generate callback must return a bytestring.")
        return _give(cookie, room, size, "the cookie that the generate callback returned")
    except BaseException as raised:
        return _failed(raised)


@trampoline("pyssl_cookie_verify_callback")
def cookie_verify(userdata: Any, conn: Any, cookie: Any, length: int) -> int:
    """set_cookie_verify_callback: callback(connection, cookie) -> truthy when it is the one."""
    try:
        return 1 if _hook(userdata).function(_connection(conn), ffi.buffer(cookie, length)[:]) else 0
    except BaseException as raised:
        return _failed(raised)


def _hook(userdata: Any) -> Hook:
    return _hooks[int(ffi.cast("uintptr_t", userdata))]


def _connection(handle: Any) -> Any:
    return live[int(ffi.cast("uintptr_t", handle))]


def _failed(raised: BaseException) -> int:
    pending.keep(raised)
    return _RAISED


def _give(data: bytes, room: Any, size: int, what: str) -> int:
    """Copies an answer to the library: how long it is."""
    if len(data) > size:
        raise ValueError(f"{what} is longer than {size} bytes: it has {len(data)}")
    ffi.memmove(room, data, len(data))
    return len(data)


def _protocols(offered: bytes) -> List[bytes]:
    """The protocols of an ALPN extension, each of which stands behind a byte with its length."""
    protocols = []
    while offered:
        end = 1 + offered[0]
        protocols.append(offered[1:end])
        offered = offered[end:]
    return protocols
