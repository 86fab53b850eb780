"""Calls that bring something back: a handle, bytes, text, a number."""

from __future__ import annotations

from .errors import fail
from .loader import ffi, lib, speedups

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional, Type

ABSENT = lib.PYSSL_ERR_ABSENT
BUFFER = lib.PYSSL_ERR_BUFFER

#: Enough for nearly every result; a larger one costs a second call.
ROOM = 16384


class _Scratch:
    """Room for one result, used again: allocating it would cost more than most calls."""

    __slots__ = ("data", "length", "text", "view")

    def __init__(self) -> None:
        self.data = ffi.new("uint8_t[]", ROOM)
        self.text = ffi.cast("char *", self.data)
        self.length = ffi.new("size_t *")
        # Slices of a memoryview are the quickest way out.
        self.view = memoryview(ffi.buffer(self.data))


# list.pop and list.append are atomic, so threads share the pool without a lock.
_pool: List[_Scratch] = []


def bytes_of(error: Type[Exception], function: Callable[..., int], *args: Any) -> bytes:
    """The bytes that function(*args, room, size, len) stores."""
    scratch = _pool.pop() if _pool else _Scratch()
    try:
        status = function(*args, scratch.data, ROOM, scratch.length)
        if status == 0:
            return scratch.view[: scratch.length[0]].tobytes()
        if status != BUFFER:
            fail(error, status)
        return _large(error, function, args, "uint8_t[]", scratch.length)
    finally:
        _pool.append(scratch)


def text_of(error: Type[Exception], function: Callable[..., int], *args: Any) -> str:
    """The UTF-8 text that function(*args, room, size, len) stores."""
    scratch = _pool.pop() if _pool else _Scratch()
    try:
        status = function(*args, scratch.text, ROOM, scratch.length)
        if status == 0:
            return str(scratch.view[: scratch.length[0]], "utf-8")
        if status != BUFFER:
            fail(error, status)
        return _large(error, function, args, "char[]", scratch.length).decode()
    finally:
        _pool.append(scratch)


def bytes_or_none(error: Type[Exception], function: Callable[..., int], *args: Any) -> Optional[bytes]:
    """As bytes_of, with None for what was never set."""
    scratch = _pool.pop() if _pool else _Scratch()
    try:
        status = function(*args, scratch.data, ROOM, scratch.length)
        if status == 0:
            return scratch.view[: scratch.length[0]].tobytes()
        if status == ABSENT:
            return None
        if status != BUFFER:
            fail(error, status)
        return _large(error, function, args, "uint8_t[]", scratch.length)
    finally:
        _pool.append(scratch)


def text_or_none(error: Type[Exception], function: Callable[..., int], *args: Any) -> Optional[str]:
    """As text_of, with None for what was never set."""
    scratch = _pool.pop() if _pool else _Scratch()
    try:
        status = function(*args, scratch.text, ROOM, scratch.length)
        if status == 0:
            return str(scratch.view[: scratch.length[0]], "utf-8")
        if status == ABSENT:
            return None
        if status != BUFFER:
            fail(error, status)
        return _large(error, function, args, "char[]", scratch.length).decode()
    finally:
        _pool.append(scratch)


def reader(error: Type[Exception], name: str) -> Callable[[Any], bytes]:
    """`read(owner)`: the bytes that pyssl_<name>(handle, room, size, len) stores for an object that owns a handle.

    By the compiled function where there is one."""
    return _reader(error, name, bytes_of)


def reader_or_none(error: Type[Exception], name: str) -> Callable[[Any], Optional[bytes]]:
    """As reader, with None for what was never set."""
    return _reader(error, name, bytes_or_none)


def _reader(error: Type[Exception], name: str, by_cffi: Callable[..., Any]) -> Callable[[Any], Any]:
    read = getattr(speedups, name, None)
    if read is None:
        function = getattr(lib, "pyssl_" + name)
        return lambda owner: by_cffi(error, function, owner._handle)

    def fast_read(owner: Any) -> Any:
        result = read(owner._number)
        if type(result) is bytes:
            return result
        if result == ABSENT and by_cffi is bytes_or_none:
            return None
        fail(error, result)

    return fast_read


def handle_of(error: Type[Exception], kind: str, function: Callable[..., int], *args: Any) -> Any:
    """The handle that function(*args, out) stores; `kind` is the out parameter's type, "pyssl_x509 **"."""
    out = ffi.new(kind)
    status = function(*args, out)
    if status:
        fail(error, status)
    return out[0]


def int_of(error: Type[Exception], kind: str, function: Callable[..., int], *args: Any) -> int:
    """The number that function(*args, out) stores; `kind` is the out parameter's type, "int *"."""
    out = ffi.new(kind)
    status = function(*args, out)
    if status:
        fail(error, status)
    number: int = out[0]
    return number


def _large(error: Type[Exception], function: Callable[..., int], args: Any, kind: str, length: Any) -> bytes:
    """Again with as much room as was asked for; more than once where the result grew meanwhile."""
    while True:
        size = length[0] + 1
        room = ffi.new(kind, size)
        status = function(*args, room, size, length)
        if status == 0:
            taken: bytes = ffi.buffer(room, length[0])[:]
            return taken
        if status != BUFFER:
            fail(error, status)
