"""Moving bytes: what a Connection sends, receives, and (without a transport) is pumped by."""

from __future__ import annotations

from _socket import MSG_PEEK as _MSG_PEEK
from _socket import socket as _Socket
from time import monotonic as _monotonic

from .._native import ffi, lib
from .._native.errors import own_error
from .errors import INTERRUPTED, TIMEOUT, WANT_READ, Error, WantReadError, check, fail

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, NoReturn, Optional, Tuple

#: TLS moves at most this much at a time (RFC 8446, 5.1).
_RECORD = 16384
#: Ciphertext is moved in larger pieces: a record with its header and tag is more than _RECORD.
_ROOM = 65536
_MOST = 2**31 - 1

_recv = lib.pyssl_conn_recv
_send = lib.pyssl_conn_send
_send_all = lib.pyssl_conn_send_all
_bio_read = lib.pyssl_conn_bio_read
_bio_write = lib.pyssl_conn_bio_write
_from_buffer = ffi.from_buffer
#: Lets go of the caller's memory before an exception leaves a call. The traceback would hold it longer, and CPython up
#: to 3.12 crashes when it collects a cycle with a memoryview whose memory is still held.
_release = ffi.release

# Rooms for received bytes with a view each, used again: making them costs as much as a call. list.pop and list.append
# are atomic, so threads share them without a lock; what an exception loses on the way is made again.
_rooms: List[Tuple[Any, Any]] = []
_allocate = ffi.new_allocator(should_clear_after_alloc=False)


class ConnectionIO:
    """The part of a Connection that moves bytes, by way of cffi."""

    _handle: Any
    #: The handle as a number; 0 once it was given away.
    _number: int
    _socket: Any
    _honors: bool
    #: The socket's method, which tells recv and send that the descriptor is still open; None where the library looks.
    _fileno: Optional[Callable[[], int]] = None
    _descriptor: int

    def _watch(self, socket: Any, descriptor: int) -> None:
        """Has the socket asked, where that is quicker than the library's own look (a system call)."""
        if isinstance(socket, _Socket):
            check(lib.pyssl_conn_trust_descriptor(self._handle, 1))
            self._fileno, self._descriptor = socket.fileno, descriptor

    def _watch_no_more(self) -> None:
        """The socket was closed, or given to who does not ask it: the library looks again, and says what it finds."""
        self._fileno = None
        check(lib.pyssl_conn_trust_descriptor(self._handle, 0))

    def recv(self, bufsiz: int, flags: Optional[int] = None) -> bytes:
        """Receives at most one record's worth of bytes; with MSG_PEEK they stay to be received again.

        A bufsiz of 0 receives nothing and gives b"". Raises ZeroReturnError after the peer's close_notify,
        SysCallError(-1, "Unexpected EOF") where the transport ended without one, WantReadError and WantWriteError where
        it must wait on a non-blocking socket, Error on failure.
        """
        if bufsiz > _RECORD:
            bufsiz = _RECORD
        elif bufsiz < 0:
            raise ValueError("bufsiz must not be negative")
        fileno = self._fileno
        if fileno is not None and fileno() != self._descriptor:
            self._watch_no_more()
        peek = flags & _MSG_PEEK if flags else 0
        room = _rooms.pop() if _rooms else _new_room()
        count = _recv(self._handle, room[0], bufsiz, peek)
        if count > 0:
            data: bytes = room[1][:count]
            _rooms.append(room)
            return data
        _rooms.append(room)
        if count == WANT_READ:
            raise WantReadError
        return self._received_nothing(count, bufsiz, peek)

    read = recv

    def _received_nothing(self, status: int, bufsiz: int, peek: int) -> bytes:
        """What comes of a recv that brought nothing at first."""
        room = _new_room()
        count = self._after(status, _recv, room[0], bufsiz, peek)
        data: bytes = room[1][:count]
        return data

    def recv_into(self, buffer: Any, nbytes: Optional[int] = None, flags: Optional[int] = None) -> int:
        """Receives at most one record's worth of bytes into a writable buffer: how many.

        `nbytes` is the most to receive; None, or more than the buffer has: as many bytes as it has. Raises as recv
        does.
        """
        try:
            room = _from_buffer("uint8_t[]", buffer, True)
        except BufferError as error:
            raise TypeError(f"buffer must be writable: {error}") from None
        try:
            size = len(room)
            if nbytes is not None and nbytes < size:
                if nbytes < 0:
                    raise ValueError("nbytes must not be negative")
                size = nbytes
            peek = _MSG_PEEK if flags and flags & _MSG_PEEK else 0
            fileno = self._fileno
            if fileno is not None and fileno() != self._descriptor:
                self._watch_no_more()
            count: int = _recv(self._handle, room, size, peek)
            return count if count >= 0 else self._after(count, _recv, room, size, peek)
        except BaseException:
            _release(room)
            raise

    def send(self, buf: Any, flags: int = 0) -> int:
        """Sends at most one record (16,384 bytes); how many bytes that was. `flags` is ignored.

        After WantWriteError or WantReadError call again with the same bytes; they may be in another place.
        """
        data = buf if type(buf) is bytes else _bytes_like(buf)
        try:
            size = len(data)
            if size > _MOST:
                raise ValueError("Cannot send more than 2**31-1 bytes at once.")
            fileno = self._fileno
            if fileno is not None and fileno() != self._descriptor:
                self._watch_no_more()
            count: int = _send(self._handle, data, size)
            return count if count >= 0 else self._sent_nothing(count, data)
        except BaseException:
            if data is not buf:
                _release(data)
            raise

    write = send

    def _sent_nothing(self, status: int, data: Any) -> int:
        """What comes of a send that sent nothing at first."""
        return self._after(status, _send, data, len(data))

    def sendall(self, buf: Any, flags: int = 0) -> int:
        """Sends everything; how many bytes that was. `flags` is ignored.

        Whatever it raises says in `.sent` how many bytes went. After WantWriteError or WantReadError call again with
        the rest.
        """
        data = _from_buffer("uint8_t[]", buf) if type(buf) is bytes else _bytes_like(buf)
        total, before = len(data), 0
        if total == 0:
            return 0
        went = ffi.new("size_t *")

        def rest() -> int:
            nonlocal before
            before += went[0]
            status: int = _send_all(self._handle, data + before, total - before, went)
            return status

        try:
            status = _send_all(self._handle, data, total, went)
            if status == INTERRUPTED or status == TIMEOUT:
                status = self._again(status, rest)
            if status:
                fail(status)
        except BaseException as error:
            try:
                error.sent = before + went[0]  # type: ignore[attr-defined]
            except AttributeError:
                pass  # a transport's own, of a class that takes no attributes
            _release(data)
            raise
        return total

    def _after(self, status: int, function: Any, *args: Any) -> int:
        """What came of a call that did not succeed at once: its result when it does after all."""
        if status == INTERRUPTED or status == TIMEOUT:
            status = self._again(status, lambda: function(self._handle, *args))
        if status < 0:
            fail(status)
        return status

    def _again(self, status: int, call: Callable[[], int]) -> int:
        """Calls again after a signal (its handlers have run by then) and, where the socket's timeout is honored, until
        that is over."""
        if not self._honors:
            while status == INTERRUPTED:
                status = call()
            return status
        timeout = self._socket.gettimeout()
        deadline = _monotonic() + timeout if timeout else None
        try:
            while status in (INTERRUPTED, TIMEOUT):
                left = -1
                if deadline is not None:
                    left = int((deadline - _monotonic()) * 1000) + 1
                    if left <= 0:
                        raise TimeoutError("timed out")
                # The library waits, for it knows what other threads do meanwhile.
                check(lib.pyssl_conn_set_timeout(self._handle, left))
                status = call()
        finally:
            lib.pyssl_conn_set_timeout(self._handle, 0)
        return status

    # ---- without a socket

    def bio_read(self, bufsiz: int) -> bytes:
        """Takes up to `bufsiz` bytes of ciphertext for the peer; of DTLS, one datagram. WantReadError when there is
        none."""
        if type(bufsiz) is not int or not 0 < bufsiz <= _ROOM:
            return self._bio_read_much(bufsiz)
        room = _rooms.pop() if _rooms else _new_room()
        count = _bio_read(self._handle, room[0], bufsiz)
        if count > 0:
            data: bytes = room[1][:count]
            _rooms.append(room)
            return data
        _rooms.append(room)
        if count == WANT_READ:
            raise WantReadError
        self._bio_failed(count)

    def _bio_read_much(self, bufsiz: int) -> bytes:
        if not isinstance(bufsiz, int):
            raise TypeError("bufsiz must be an integer")
        if self._socket is not None:
            self._bio_failed(lib.PYSSL_ERR_ARGUMENT)
        if bufsiz < 0:
            raise ValueError("bufsiz must not be negative")
        if bufsiz == 0:
            raise own_error(Error, "bufsiz is 0: no byte can be read")
        data = self.bio_read(int(min(bufsiz, _ROOM)))
        while len(data) < bufsiz and len(data) % _ROOM == 0:
            try:
                data += self.bio_read(min(bufsiz - len(data), _ROOM))
            except WantReadError:
                break
        return data

    def bio_read_into(self, buffer: Any) -> int:
        """Takes ciphertext for the peer into a writable buffer: how many bytes. WantReadError when there is none."""
        try:
            room = _from_buffer("uint8_t[]", buffer, True)
        except BufferError as error:
            raise TypeError(f"buffer must be writable: {error}") from None
        count: int = _bio_read(self._handle, room, len(room))
        if count < 0:
            _release(room)
            self._bio_failed(count)
        return count

    def bio_write(self, buf: Any, flags: int = 0) -> int:
        """Gives ciphertext from the peer, all of which is taken: how many bytes. For DTLS, one datagram.

        flags is there for callers of 0.10 and does nothing.
        """
        data = buf if type(buf) is bytes else _bytes_like(buf)
        count: int = _bio_write(self._handle, data, len(data))
        if count <= 0:
            if data is not buf:
                _release(data)
            self._bio_failed(count)
        return count

    def bio_shutdown(self) -> None:
        """Tells that no more ciphertext will come."""
        status = lib.pyssl_conn_bio_shutdown(self._handle)
        if status:
            self._bio_failed(status)

    def _bio_failed(self, status: int) -> NoReturn:
        if self._socket is not None:
            raise TypeError("Connection sock was not None")
        fail(status or WANT_READ)


def _new_room() -> Tuple[Any, Any]:
    room = _allocate("uint8_t[]", _ROOM)
    return room, ffi.buffer(room)


def _bytes_like(buf: Any) -> Any:
    """The memory of any buffer; text as UTF-8, as it always was."""
    if isinstance(buf, str):
        import warnings

        warnings.warn("str for buf is no longer accepted, use bytes", DeprecationWarning, stacklevel=3)
        buf = buf.encode("utf-8")
    elif hasattr(buf, "__len__") and len(buf) > _MOST and isinstance(buf, bytes):
        raise ValueError("Cannot send more than 2**31-1 bytes at once.")
    return _from_buffer("uint8_t[]", buf)
