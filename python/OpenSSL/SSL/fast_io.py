"""Moving bytes past cffi, where the compiled functions of _native._speedups are there."""

from __future__ import annotations

from .._native import speedups
from .errors import WantReadError, WantWriteError
from .io import ConnectionIO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_Conn: Any = speedups.conn_type(ConnectionIO)


class FastIO(_Conn, ConnectionIO):  # type: ignore[misc]
    """The calls that programs make for every message, as python/speedups/io.c has them. The rest is ConnectionIO's."""

    read = _Conn.recv
    write = _Conn.send

    #: What the compiled methods raise, and whose methods they are in place of.
    _want_read = WantReadError
    _want_write = WantWriteError
    _by_cffi = ConnectionIO
