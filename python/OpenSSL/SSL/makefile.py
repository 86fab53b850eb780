"""Connection.makefile: the io module's file objects over a Connection."""

from __future__ import annotations

import io

from .errors import WantReadError, WantWriteError, ZeroReturnError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

    from .connection import Connection


def open_file(
    connection: Connection,
    mode: str,
    buffering: Optional[int],
    encoding: Optional[str],
    errors: Optional[str],
    newline: Optional[str],
) -> Any:
    """As socket.socket.makefile does it."""
    if not set(mode) <= {"r", "w", "b"}:
        raise ValueError(f"invalid mode {mode!r} (only r, w, b allowed)")
    writing = "w" in mode
    reading = "r" in mode or not writing
    binary = "b" in mode
    if buffering is None or buffering < 0:
        buffering = io.DEFAULT_BUFFER_SIZE
    if buffering == 0 and not binary:
        raise ValueError("unbuffered streams must be binary")
    raw = ConnectionFile(connection, ("r" if reading else "") + ("w" if writing else ""))
    if buffering == 0:
        return raw
    buffered: Any
    if reading and writing:
        buffered = io.BufferedRWPair(raw, raw, buffering)
    elif reading:
        buffered = io.BufferedReader(raw, buffering)
    else:
        buffered = io.BufferedWriter(raw, buffering)
    if binary:
        return buffered
    text = io.TextIOWrapper(buffered, encoding, errors, newline)
    text.mode = mode  # type: ignore[misc]
    return text


class ConnectionFile(io.RawIOBase):
    """Unbuffered bytes of a Connection. Its socket is closed when both the Connection and all its files are."""

    def __init__(self, connection: Connection, mode: str) -> None:
        super().__init__()
        self._connection: Optional[Connection] = connection
        self._mode = mode
        connection._open_files += 1

    @property
    def mode(self) -> str:
        """ "rb", "wb" or "rwb"."""
        return self._mode + "b"

    def readable(self) -> bool:
        self._open()
        return "r" in self._mode

    def writable(self) -> bool:
        self._open()
        return "w" in self._mode

    def seekable(self) -> bool:
        self._open()
        return False

    def fileno(self) -> int:
        """The socket's descriptor."""
        number: int = self._open().fileno()
        return number

    def readinto(self, buffer: Any) -> Optional[int]:
        """Receives at most one record: how many bytes; 0 after close_notify, None where it would have to wait."""
        connection = self._open()
        if "r" not in self._mode:
            raise io.UnsupportedOperation("not readable")
        try:
            return connection.recv_into(buffer)
        except ZeroReturnError:
            return 0
        except WantReadError:
            return None

    def write(self, data: Any) -> Optional[int]:
        """Sends at most one record: how many bytes, None where it would have to wait."""
        connection = self._open()
        if "w" not in self._mode:
            raise io.UnsupportedOperation("not writable")
        try:
            return connection.send(data)
        except WantWriteError:
            return None

    def close(self) -> None:
        if self.closed:
            return
        super().close()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection._file_closed()

    def _open(self) -> Connection:
        if self.closed or self._connection is None:
            raise ValueError("I/O operation on closed file.")
        return self._connection
