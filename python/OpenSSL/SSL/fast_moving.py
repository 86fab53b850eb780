"""Moving bytes past cffi, where the compiled functions of _native._fast are there."""

from __future__ import annotations

from .._native import fast
from .errors import WantReadError, WantWriteError
from .moving import Moving

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_Conn: Any = fast.conn_type(Moving)


class FastMoving(_Conn, Moving):  # type: ignore[misc]
    """The calls that programs make for every message, as python/fast/moving.c has them. The rest is Moving's."""

    read = _Conn.recv
    write = _Conn.send

    #: What the compiled methods raise, and whose methods they are in place of.
    _want_read = WantReadError
    _want_write = WantWriteError
    _by_cffi = Moving
