"""The end of the interpreter: from then on no other thread may come out of the library into Python.

A daemon thread may be inside the library while the interpreter ends. If it then calls back into Python, it has no
thread state left, or one that was freed, and crashes. To ask whether the interpreter is ending would be a race. So the
library has a gate before every C function made by `trampoline`, and the gate is closed as the last thing before the
interpreter begins to end (include/pyssl.h: pyssl_language_end). Threads that come later stay in the library. Threads
that have passed the gate and not reached Python yet are waited for. Threads in Python code are the interpreter's own
affair.
"""

from __future__ import annotations

import atexit
import sys
import time
from _thread import get_ident

from .loader import ffi, lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Set

#: Seconds, at most, that the interpreter's end waits for threads on their way into Python. They need microseconds of
#: processor time, but for those that this module cannot see arrive: greenlets of another thread that are switched out.
PATIENCE = 1.0

_number = ffi.new("uint64_t *")
lib.pyssl_language_new(_number)
_language: int = _number[0]

#: The code that a frame runs while its thread is in one of the functions.
_codes: Set[Any] = set()


def watch(made: Any, function: Callable[..., Any]) -> None:
    """Puts the gate before a C function that calls the Python function."""
    _codes.add(function.__code__)
    lib.pyssl_language_add_function(_language, ffi.cast("void (*)(void)", made))


def close() -> None:
    """Closes the gate to all threads but this one."""
    deadline = time.monotonic() + PATIENCE
    # In this order: calls only become fewer, so as many frames as there were calls means that all have arrived.
    while lib.pyssl_language_end(_language) > _arrived() and time.monotonic() < deadline:
        time.sleep(0.0002)


def _arrived() -> int:
    """Returns how many calls of the functions other threads are in."""
    me, count = get_ident(), 0
    for thread, frame in sys._current_frames().items():
        at = frame if thread != me else None
        while at is not None:
            count += at.f_code in _codes
            at = at.f_back
    return count


class _Ending:
    """Closes the gate when it is freed, once the atexit functions have begun to run.

    atexit frees the arguments of its functions when the last function is done, and no Python code runs between that and
    the interpreter's end. To close the gate in an atexit function would be too early: the functions after it may wait
    for threads that call back, or for locks that such threads hold.
    """

    begun = False

    def __del__(self, close: Callable[[], None] = close) -> None:
        if self.begun:
            close()


def _begin(ending: _Ending) -> None:
    ending.begun = True


if sys.implementation.name == "cpython":
    atexit.register(_begin, _Ending())
else:
    atexit.register(close)
