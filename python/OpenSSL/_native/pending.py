"""The exception a callback raised, on its way through C to the call that ran the callback.

A callback runs on the thread of the call that led to it, and that call returns PYSSL_ERR_CALLBACK right after, so one
place per thread is enough: the very exception object surfaces there and nowhere else.
"""

from __future__ import annotations

from _thread import _local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional


class _Pending(_local):
    exception: Optional[BaseException] = None


_pending = _Pending()


def keep(exception: BaseException) -> None:
    """Remembers what a callback raised. The first one wins: it is the cause."""
    if _pending.exception is None:
        _pending.exception = exception


def take() -> Optional[BaseException]:
    """What the callback of the call that just returned raised, if anything."""
    exception = _pending.exception
    _pending.exception = None
    return exception


def put_back(exception: Optional[BaseException]) -> None:
    """What was taken before a call from inside a callback comes first again, whatever the call left."""
    if exception is not None:
        _pending.exception = exception
