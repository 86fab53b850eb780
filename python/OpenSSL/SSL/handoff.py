"""Connections and Contexts given to code in other languages, and taken from it.

The handle goes, and with it the right to free it. Another object stands in for the one that was given away, with its
callbacks, transport and app data: callbacks are given that one from then on. It lives as long as the library needs it.
"""

from __future__ import annotations

from .._native import ffi, lib
from .._native.errors import own_error
from . import callbacks
from .errors import Error, check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Type, TypeVar

    from .connection import Connection
    from .context import Context

    C = TypeVar("C", bound="Connection")
    X = TypeVar("X", bound="Context")

#: What a Connection may have beside its handle and its hooks.
_CONNECTION = ("_context", "_socket", "_honors", "_app_data", "_open_files", "_close_with_files")
_CONTEXT = ("_app_data", "_passwd_cb")


def give_away(connection: Connection) -> int:
    """Connection.detach."""
    stand_in = stand_in_for(connection._handle, None)
    connection._watch_no_more()
    if connection._honors:
        check(lib.pyssl_conn_set_timeout(connection._handle, -1))
    _move(connection, stand_in, _CONNECTION)
    return number_of(_leave(connection))


def take_in(cls: Type[C], context: Context, handle: int, socket: Any) -> C:
    """Connection.from_handle."""
    conn = _cast("pyssl_conn *", handle)
    check(lib.pyssl_conn_shutdown_state(conn, ffi.new("int *")))
    before = _stand_in_of(handle, "Connection")
    connection = cls.__new__(cls)
    connection._handle = conn
    connection._number = handle
    if before is not None:
        _move(before, connection, _CONNECTION)
        _leave(before)
    connection._context = context
    if socket is not None:
        connection._socket = socket
    callbacks.live[handle] = connection
    return connection


def give_away_context(context: Context) -> int:
    """Context.detach."""
    handle = context._handle
    stand_in = _stand_in_class(_context_class())._adopt(handle)
    callbacks.live[number_of(handle)] = stand_in
    # Its hooks keep it, until the library lets go of them. Without hooks nothing ever asks for it.
    _move(context, stand_in, _CONTEXT)
    return number_of(_leave(context))


def take_in_context(cls: Type[X], handle: int) -> X:
    """Context.from_handle."""
    ctx = _cast("pyssl_ctx *", handle)
    check(lib.pyssl_ctx_timeout(ctx, ffi.new("int64_t *")))
    before = _stand_in_of(handle, "Context")
    context = cls._adopt(ctx)
    if before is not None:
        _move(before, context, _CONTEXT)
        _leave(before)
    callbacks.live[handle] = context
    return context


def stand_in_for(conn: Any, context: Any) -> Any:
    """A Connection that does not own its handle; the library's own connection keeps it."""
    from .connection import Connection

    stand_in = _stand_in_class(Connection)._adopt(conn)
    stand_in._number = number_of(conn)
    stand_in._context = context
    check(lib.pyssl_conn_keep(conn, callbacks.keep(stand_in), callbacks.destroy))
    callbacks.live[stand_in._number] = stand_in
    return stand_in


def _move(giver: Any, taker: Any, names: Any) -> None:
    for name in names:
        if name in giver.__dict__:
            taker.__dict__[name] = giver.__dict__.pop(name)
    callbacks.move(giver, taker)


def _leave(given: Any) -> Any:
    """Takes the handle out of an object, which is of no use then."""
    handle = given.__dict__.pop("_handle")
    given._number = 0
    given.__class__ = _variant(type(given), "gone", __getattribute__=_refuse)
    return handle


def _refuse(self: Any, name: str) -> Any:
    """Every attribute of an object that was given away, but for what Python itself looks at."""
    if name.startswith("__"):
        return object.__getattribute__(self, name)
    why = f"the {type(self).__name__} was given away: detach() handed its handle to other code"
    raise own_error(Error, why, lib.PYSSL_ERR_HANDLE)


def _stand_in_of(handle: int, kind: str) -> Any:
    """Who stands in for the object of this handle; None for one that Python has never seen."""
    known = callbacks.live.get(handle)
    if known is not None and not callbacks.is_stand_in(known):
        raise ValueError(f"the handle belongs to a {kind} of this program already")
    return known


_variants: dict[tuple[type, str], Any] = {}


def _variant(cls: Any, kind: str, **names: Any) -> Any:
    """A subclass that passes for the class itself."""
    if (cls, kind) not in _variants:
        _variants[cls, kind] = type(cls.__name__, (cls,), {"__module__": cls.__module__, **names})
    return _variants[cls, kind]


def _stand_in_class(cls: Any) -> Any:
    """The class, but for freeing the handle."""
    return _variant(cls, "stand-in", _stands_in=True, _free=staticmethod(lambda handle: 0))


def _context_class() -> Any:
    from .context import Context

    return Context


def _cast(kind: str, handle: Any) -> Any:
    if not isinstance(handle, int) or isinstance(handle, bool):
        raise TypeError(f"handle must be an integer, not {type(handle).__name__}")
    if not 0 <= handle < 2**64:
        raise ValueError(f"handle is no {kind}: {handle}")
    return ffi.cast(kind, handle)


def number_of(handle: Any) -> int:
    """The handle, which is no address, as the number it is."""
    return int(ffi.cast("uintptr_t", handle))
