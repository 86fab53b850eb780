"""Callbacks from the library: a fixed set of C functions made once, none per object.

A callback finds the user's function by the number in its userdata and its Connection by the handle it is told. What the
user's function raises is kept for the call that led here (`_native.pending`), and the library is told that it failed.
Where other code than Python drives the connection no call of Python's led here: then it is for sys.unraisablehook.
"""

from __future__ import annotations

from itertools import count
from weakref import WeakValueDictionary, ref

from .._native import ffi, lib, pending, trampoline
from ..crypto import X509

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List

#: Every Connection and every Context by its handle.
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
# Of hooks without an owner, or with one that only stands in for an object that was given away.
_kept: Dict[int, Hook] = {}
_numbers = count(1)


def keep(function: Any, owner: Any = None, data: Any = None) -> Any:
    """A userdata for the library that leads back to `function`, until `destroy` is called for it.

    The owner (a Context or a Connection) keeps the function alive; without one it stays until `destroy`.
    """
    number = next(_numbers)
    hook = Hook(function, data, None)
    _hooks[number] = hook
    _give_to(owner, number, hook)
    return ffi.cast("void *", number)


def _give_to(owner: Any, number: int, hook: Hook) -> None:
    if owner is None:
        _kept[number] = hook
        return
    owner.__dict__.setdefault("_hooks", {})[number] = hook
    if is_stand_in(owner):
        hook.owner = lambda: owner
        _kept[number] = hook
    else:
        hook.owner = ref(owner)
        _kept.pop(number, None)


def move(giver: Any, taker: Any) -> None:
    """Gives one object's hooks to another."""
    for number, hook in giver.__dict__.pop("_hooks", {}).items():
        _give_to(taker, number, hook)


def is_stand_in(owner: Any) -> bool:
    """Whether the object does not own its handle, because other code than Python does."""
    return owner is not None and bool(getattr(type(owner), "_stands_in", False))


@trampoline("pyssl_destructor", None)
def destroy(userdata: Any) -> None:
    """The library lets go of a userdata."""
    number = int(ffi.cast("uintptr_t", userdata))
    hook = _hooks.pop(number, None)
    _kept.pop(number, None)
    owner = hook.owner() if hook is not None and hook.owner is not None else None
    if owner is not None:
        owner.__dict__.get("_hooks", {}).pop(number, None)


def hook_of(userdata: Any) -> Hook:
    """What `keep` was given."""
    return _hooks[int(ffi.cast("uintptr_t", userdata))]


def tell(raised: BaseException, driven: Any) -> None:
    """Has the call on a Connection that led to a callback raise what the callback raised."""
    if is_stand_in(driven):
        _Unraisable(raised)
    else:
        pending.keep(raised)


class _Unraisable:
    """Brings an exception to sys.unraisablehook, which has no other door."""

    def __init__(self, raised: BaseException) -> None:
        self.raised = raised

    def __del__(self) -> None:
        raise self.raised


def _told(answer: Callable[..., int]) -> Callable[..., int]:
    """What callbacks have in common: `answer` is given the Connection in place of its handle, and may raise."""

    def called(userdata: Any, conn: Any, *args: Any) -> int:
        connection = None
        try:
            connection = live.get(int(ffi.cast("uintptr_t", conn))) or _stranger(conn, userdata)
            return answer(userdata, connection, *args)
        except BaseException as raised:
            tell(raised, connection)
            return _RAISED

    return called


def _stranger(conn: Any, userdata: Any) -> Any:
    """A Connection for one that was made by other code from a Context that Python gave away."""
    from .handoff import stand_in_for

    hook = hook_of(userdata)
    return stand_in_for(conn, hook.owner() if hook.owner is not None else None)


@trampoline("pyssl_verify_callback")
@_told
def verify(userdata: Any, conn: Any, cert: Any, error: int, depth: int, ok: int) -> int:
    """set_verify: callback(connection, certificate, error number, depth, ok) -> truthy accepts."""
    certificate = X509._adopt(cert)
    return 1 if hook_of(userdata).function(conn, certificate, error, depth, ok) else 0


@trampoline("pyssl_info_callback")
@_told
def info(userdata: Any, conn: Any, where: int, value: int) -> int:
    """set_info_callback: callback(connection, where, value)."""
    hook_of(userdata).function(conn, where, value)
    return 0


@trampoline("pyssl_keylog_callback")
@_told
def keylog(userdata: Any, conn: Any, line: Any) -> int:
    """set_keylog_callback: callback(connection, line)."""
    hook_of(userdata).function(conn, ffi.string(line))
    return 0


@trampoline("pyssl_servername_callback")
@_told
def servername(userdata: Any, conn: Any) -> int:
    """set_tlsext_servername_callback: callback(connection)."""
    hook_of(userdata).function(conn)
    return 0


@trampoline("pyssl_alpn_select_callback")
@_told
def alpn_select(userdata: Any, conn: Any, offered: Any, length: int, room: Any, size: int) -> int:
    """set_alpn_select_callback: callback(connection, [offered]) -> one of them, or NO_OVERLAPPING_PROTOCOLS."""
    selected = hook_of(userdata).function(conn, _protocols(ffi.buffer(offered, length)[:]))
    if selected is NO_OVERLAPPING_PROTOCOLS:
        return 0
    if not isinstance(selected, bytes):
        raise TypeError(
            "ALPN callback must return a bytestring or the special NO_OVERLAPPING_PROTOCOLS sentinel value."
        )
    return _give(selected, room, size, "the protocol that the ALPN callback returned") or _REFUSE


@trampoline("pyssl_ocsp_server_callback")
@_told
def ocsp_server(userdata: Any, conn: Any, room: Any, size: int) -> int:
    """set_ocsp_server_callback: callback(connection, data) -> the DER of an OCSPResponse, b"" for none."""
    hook = hook_of(userdata)
    response = hook.function(conn, hook.data)
    if not isinstance(response, bytes):
        raise TypeError("OCSP callback must return a bytestring.")
    return _give(response, room, size, "the response that the OCSP callback returned")


@trampoline("pyssl_ocsp_client_callback")
@_told
def ocsp_client(userdata: Any, conn: Any, response: Any, length: int) -> int:
    """set_ocsp_client_callback: callback(connection, response, data) -> truthy accepts."""
    hook = hook_of(userdata)
    der = ffi.buffer(response, length)[:] if length else b""
    return 1 if hook.function(conn, der, hook.data) else 0


@trampoline("pyssl_cookie_generate_callback")
@_told
def cookie_generate(userdata: Any, conn: Any, room: Any, size: int) -> int:
    """set_cookie_generate_callback: callback(connection) -> up to 255 bytes."""
    cookie = hook_of(userdata).function(conn)
    if not isinstance(cookie, bytes):
        raise TypeError("Cookie generate callback must return a bytestring.")
    return _give(cookie, room, size, "the cookie that the generate callback returned")


@trampoline("pyssl_cookie_verify_callback")
@_told
def cookie_verify(userdata: Any, conn: Any, cookie: Any, length: int) -> int:
    """set_cookie_verify_callback: callback(connection, cookie) -> truthy when it is the one."""
    return 1 if hook_of(userdata).function(conn, ffi.buffer(cookie, length)[:]) else 0


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
