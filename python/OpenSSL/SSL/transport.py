"""Objects with read(n) and write(data) as the transport of a Connection, in place of a descriptor."""

from __future__ import annotations

import itertools
import sys
from io import UnsupportedOperation
from operator import index

from .._native import ffi, in_subinterpreter, lib, pending, trampoline
from . import callbacks
from .errors import ZeroReturnError, check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

    from .callbacks import Hook

_LATER: int = lib.PYSSL_TRANSPORT_LATER
_FAILED: int = lib.PYSSL_TRANSPORT_FAILED


def descriptor_of(sock: Any, transport: Optional[str]) -> Optional[int]:
    """The descriptor to use; None where the object itself is the transport: it has none, or is to be used by its own
    methods (`transport="object"`)."""
    if "greenlet" in sys.modules:
        _tell_greenlets_apart()
    if transport not in (None, "object"):
        raise ValueError(f'transport must be None or "object", not {transport!r}')
    if transport == "object":
        missing = [name for name in ("read", "write") if not callable(getattr(sock, name, None))]
        if missing:
            raise TypeError(f"a transport needs read() and write(): {type(sock).__name__} has no {missing[0]}()")
        return None
    number = sock
    if not isinstance(sock, int):
        fileno = getattr(sock, "fileno", None)
        moves = callable(getattr(sock, "read", None)) and callable(getattr(sock, "write", None))
        if fileno is None and moves:
            return None
        try:
            number = fileno() if fileno is not None else None
        except UnsupportedOperation:
            # What an io object says that has the method for form's sake.
            if moves:
                return None
            raise
    if not isinstance(number, int):
        raise TypeError("argument must be an int, or have a fileno() method.")
    if number < 0:
        raise ValueError(f"file descriptor cannot be a negative integer ({number})")
    return number


def functions_of(transport: Any, owner: Any) -> Any:
    """The pyssl_transport that leads to an object; the owner, its Connection, keeps the object alive."""
    functions = ffi.new("pyssl_transport *")
    functions.read, functions.write = _read, _write
    functions.userdata, functions.destroy = callbacks.keep(transport, owner), callbacks.destroy
    return functions


_getcurrent: Any = None


def _tell_greenlets_apart() -> None:
    """A greenlet may switch away inside of read() or write(), or between a send that was told to come again and the
    next go at it, and another one use the same connection meanwhile."""
    global _getcurrent
    if _getcurrent is None and not in_subinterpreter():
        _getcurrent = sys.modules["greenlet"].getcurrent
        check(lib.pyssl_set_fiber_fn(_fiber))


_numbers = itertools.count(1)


@trampoline("pyssl_fiber_fn", 0)
def _fiber() -> int:
    """A number for the current greenlet that none before it had, which an address would not be."""
    current = _getcurrent()
    number = getattr(current, "_pyssl_fiber", 0)
    if not number:
        number = current._pyssl_fiber = next(_numbers)
    return number


@trampoline("pyssl_transport_read_fn", _FAILED)
def _read(userdata: Any, room: Any, size: int) -> int:
    # An exception may be on its way out while the alert that it leads to is written.
    before = pending.take()
    hook = callbacks.hook_of(userdata)
    try:
        data = hook.function.read(size)
        return _LATER if data is None else _store(data, room, size)
    except BlockingIOError:
        return _LATER
    except ZeroReturnError:
        # A TLS connection as the transport: its end is the end of the stream, and no close_notify of this session.
        return 0
    except BaseException as raised:
        return _failed(hook, raised)
    finally:
        pending.put_back(before)


@trampoline("pyssl_transport_write_fn", _FAILED)
def _write(userdata: Any, data: Any, size: int) -> int:
    before = pending.take()
    hook = callbacks.hook_of(userdata)
    try:
        count = hook.function.write(ffi.buffer(data, size)[:])
        return _LATER if count is None else _counted(count, size)
    except BlockingIOError as raised:
        # A buffered writer says here what it took.
        taken = getattr(raised, "characters_written", 0)
        return taken if 0 < taken <= size else _LATER
    except BaseException as raised:
        return _failed(hook, raised)
    finally:
        pending.put_back(before)


def _store(data: Any, room: Any, size: int) -> int:
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"the transport's read() must return bytes or None, not {type(data).__name__}")
    # Let go of before an exception leaves: see io.py.
    with ffi.from_buffer("uint8_t[]", data) as given:
        if len(given) > size:
            raise ValueError(f"the transport's read({size}) returned {len(given)} bytes: more than it was asked for")
        ffi.memmove(room, given, len(given))
        return len(given)


def _counted(count: Any, size: int) -> int:
    try:
        if isinstance(count, bool):
            raise TypeError
        number = index(count)
    except TypeError:
        what = f"how many bytes it took, or None, not {type(count).__name__}"
        raise TypeError(f"the transport's write() must return {what}") from None
    if number == 0:
        raise ValueError("the transport's write() returned 0: None says that nothing can be written now")
    if not 0 < number <= size:
        raise ValueError(f"the transport's write() returned {number} for {size} bytes")
    return number


def _failed(hook: Hook, raised: BaseException) -> int:
    callbacks.tell(raised, hook.owner() if hook.owner is not None else None)
    return _FAILED
