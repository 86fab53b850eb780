"""SSL.Connection: the transport, and moving bytes."""

from __future__ import annotations

from _socket import MSG_PEEK as _MSG_PEEK
from time import monotonic as _monotonic

from .._native import ffi, handle_of, int_of, lib
from . import callbacks
from .context import Context
from .errors import INTERRUPTED, TIMEOUT, WANT_READ, Error, WantReadError, check, fail
from .facts import Facts
from .handoff import give_away, take_in
from .setup import Setup
from .transport import descriptor_of, functions_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Callable, List, NoReturn, Optional, Tuple, Type

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
_handshake = lib.pyssl_conn_do_handshake
_from_buffer = ffi.from_buffer

#: In get_shutdown(): this end has sent its close_notify.
_SENT_SHUTDOWN = 1

# Rooms for received bytes with a view each, used again: making them costs as much as a call. list.pop and list.append
# are atomic, so threads share them without a lock; what an exception loses on the way is made again.
_rooms: List[Tuple[Any, Any]] = []
_allocate = ffi.new_allocator(should_clear_after_alloc=False)


class Connection(Setup, Facts):
    """A TLS or DTLS connection over a socket, a descriptor, any object with read() and write(), or (with None) no
    transport at all: then bio_read and bio_write move the ciphertext.

    An object without a fileno() is used by its own methods: read(n) returns up to n bytes, b"" at the end, and
    write(data) how many it took; None or BlockingIOError from either say "nothing now". What else they raise, recv or
    send raises, and the same call may be made again.
    `transport="object"` uses those methods of one that has a fileno() too.

    One thread may receive while another sends and a third closes. With a socket that has a timeout (settimeout) calls
    raise WantReadError or WantWriteError at once where they would have to wait, as pyOpenSSL's always did; with
    `honor_timeout=True` they wait as long as the timeout says, and raise TimeoutError then. Attributes that are not
    here are the socket's.
    """

    _free = lib.pyssl_conn_free
    _socket: Any
    _app_data: Any

    def __init__(
        self,
        context: Context,
        socket: Any = None,
        *,
        honor_timeout: bool = False,
        transport: Optional[str] = None,
    ) -> None:
        if not isinstance(context, Context):
            raise TypeError("context must be a Context instance")
        descriptor = None
        if socket is None and transport is None:
            self._handle = handle_of(Error, "pyssl_conn **", lib.pyssl_conn_new, context._handle)
        else:
            descriptor = descriptor_of(socket, transport)
            out = ffi.new("pyssl_conn **")
            if descriptor is not None:
                check(lib.pyssl_conn_new_fd(context._handle, descriptor, out))
            else:
                check(lib.pyssl_conn_new_transport(context._handle, functions_of(socket, self), out))
            self._handle = out[0]
        self._context = context
        self._socket = socket
        self._honors = bool(honor_timeout) and descriptor is not None and hasattr(socket, "gettimeout")
        if self._honors:
            # Calls that would have to wait come back with TIMEOUT at once, and _again() looks how long they may.
            check(lib.pyssl_conn_set_timeout(self._handle, 0))
        self._app_data = None
        self._open_files = 0
        self._close_with_files = False
        callbacks.live[int(ffi.cast("uintptr_t", self._handle))] = self

    def __getattr__(self, name: str) -> Any:
        sock = self.__dict__.get("_socket")
        if sock is None:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        value = getattr(sock, name)
        return self._close if name == "close" else value

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], value: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        """Sends close_notify when all went well, as far as that can be done at once, and closes the socket."""
        if kind is None:
            try:
                # A second shutdown() would wait for the peer's close_notify.
                if not self.get_shutdown() & _SENT_SHUTDOWN:
                    self.shutdown()
            except (Error, OSError):
                pass
        self._close()

    # ---- moving bytes

    def recv(self, bufsiz: int, flags: Optional[int] = None) -> bytes:
        """Receives at most one record's worth of bytes; with MSG_PEEK they stay to be received again.

        Raises ZeroReturnError after the peer's close_notify, SysCallError(-1, "Unexpected EOF") where the transport
        ended without one, WantReadError and WantWriteError where it must wait on a non-blocking socket, Error on
        failure.
        """
        if bufsiz > _RECORD:
            bufsiz = _RECORD
        elif bufsiz < 0:
            raise ValueError("bufsiz must not be negative")
        room = _rooms.pop() if _rooms else _new_room()
        count = _recv(self._handle, room[0], bufsiz, flags & _MSG_PEEK if flags else 0)
        if count < 0:
            if count == WANT_READ:
                _rooms.append(room)
                raise WantReadError
            count = self._after(count, _recv, room[0], bufsiz, flags & _MSG_PEEK if flags else 0)
        data: bytes = room[1][:count]
        _rooms.append(room)
        if count == 0:
            raise WantReadError
        return data

    read = recv

    def recv_into(self, buffer: Any, nbytes: Optional[int] = None, flags: Optional[int] = None) -> int:
        """Receives at most one record's worth of bytes into a writable buffer: how many.

        `nbytes` is the most to receive; None, or more than the buffer has: as many bytes as it has. Raises as recv
        does.
        """
        try:
            room = _from_buffer("uint8_t[]", buffer, True)
        except BufferError as error:
            raise TypeError(f"buffer must be writable: {error}") from None
        size = len(room)
        if nbytes is not None and nbytes < size:
            if nbytes < 0:
                raise ValueError("nbytes must not be negative")
            size = nbytes
        peek = _MSG_PEEK if flags and flags & _MSG_PEEK else 0
        count: int = _recv(self._handle, room, size, peek)
        return count if count >= 0 else self._after(count, _recv, room, size, peek)

    def send(self, buf: Any, flags: int = 0) -> int:
        """Sends at most one record (16,384 bytes); how many bytes that was. `flags` is ignored.

        After WantWriteError or WantReadError call again with the same bytes; they may be in another place.
        """
        data = buf if type(buf) is bytes else _bytes(buf)
        size = len(data)
        if size > _MOST:
            raise ValueError("Cannot send more than 2**31-1 bytes at once.")
        count: int = _send(self._handle, data, size)
        return count if count >= 0 else self._after(count, _send, data, size)

    write = send

    def sendall(self, buf: Any, flags: int = 0) -> int:
        """Sends everything; how many bytes that was. `flags` is ignored.

        Whatever it raises says in `.sent` how many bytes went. After WantWriteError or WantReadError call again with
        the rest.
        """
        data = _from_buffer("uint8_t[]", buf) if type(buf) is bytes else _bytes(buf)
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
            raise
        return total

    def do_handshake(self) -> None:
        """Does the handshake, or what is left of it."""
        status = _handshake(self._handle)
        if status:
            self._after(status, _handshake)

    def adopt_after_fork(self) -> None:
        """In a forked child: takes over the parent's connection, which the parent must not use any more."""
        check(lib.pyssl_conn_adopt_after_fork(self._handle))

    def shutdown(self) -> bool:
        """Sends close_notify; called again, waits for the peer's. True when both were exchanged.

        Calls of other threads that wait on the connection end with SysCallError(ESHUTDOWN).
        """
        done = ffi.new("int *")
        status = lib.pyssl_conn_shutdown(self._handle, done)
        if status:
            self._after(status, lib.pyssl_conn_shutdown, done)
        return bool(done[0])

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
            raise Error([])
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
            self._bio_failed(count)
        return count

    def bio_write(self, buf: Any, flags: int = 0) -> int:
        """Gives ciphertext from the peer, all of which is taken: how many bytes. For DTLS, one datagram.

        flags is there for callers of 0.10 and does nothing.
        """
        data = buf if type(buf) is bytes else _bytes(buf)
        count: int = _bio_write(self._handle, data, len(data))
        if count <= 0:
            self._bio_failed(count or WANT_READ)
        return count

    def bio_shutdown(self) -> None:
        """Tells that no more ciphertext will come."""
        status = lib.pyssl_conn_bio_shutdown(self._handle)
        if status:
            self._bio_failed(status)

    def _bio_failed(self, status: int) -> NoReturn:
        if self._socket is not None:
            raise TypeError("Connection sock was not None")
        fail(status)

    # ---- DTLS

    def DTLSv1_listen(self) -> None:
        """Waits for a client hello with a cookie that the Context's callback accepts; the handshake comes after it.

        WantReadError until it came, where nothing waits.
        """
        status = lib.pyssl_conn_dtls_listen(self._handle)
        if status:
            self._after(status, lib.pyssl_conn_dtls_listen)

    def DTLSv1_get_timeout(self) -> Optional[float]:
        """Seconds until DTLSv1_handle_timeout has something to do; None when no answer is awaited."""
        left = ffi.new("uint64_t *")
        status = lib.pyssl_conn_dtls_timeout(self._handle, left)
        if status == lib.PYSSL_ERR_ABSENT:
            return None
        check(status)
        return int(left[0]) / 1e6

    def DTLSv1_handle_timeout(self) -> bool:
        """Sends again what got no answer in time; whether it was time."""
        return bool(int_of(Error, "int *", lib.pyssl_conn_dtls_handle_timeout, self._handle))

    # ---- the socket's

    def connect(self, addr: Any) -> Any:
        """Makes this end the client and connects the socket. The handshake comes later."""
        self.set_connect_state()
        return self._socket.connect(addr)

    def connect_ex(self, addr: Any) -> int:
        """As connect, giving the errno where connect raises."""
        self.set_connect_state()
        number: int = self._socket.connect_ex(addr)
        return number

    def accept(self) -> Tuple[Connection, Any]:
        """Accepts a connection of the listening socket: (Connection in server state, address)."""
        client, address = self._socket.accept()
        connection = Connection(self._context, client, honor_timeout=self._honors)
        connection.set_accept_state()
        return connection, address

    def sock_shutdown(self, *args: Any, **kwargs: Any) -> None:
        """The socket's own shutdown()."""
        return self._socket.shutdown(*args, **kwargs)  # type: ignore[no-any-return]

    def makefile(
        self,
        mode: str = "r",
        buffering: Optional[int] = None,
        *,
        encoding: Optional[str] = None,
        errors: Optional[str] = None,
        newline: Optional[str] = None,
    ) -> Any:
        """A file object over the connection, as socket.makefile gives one over a socket."""
        from .file import open_file

        return open_file(self, mode, buffering, encoding, errors, newline)

    def _close(self) -> None:
        """Ends what other threads do on the connection and closes the socket, once no file of makefile is open."""
        if self._open_files > 0:
            self._close_with_files = True
            return
        check(lib.pyssl_conn_close(self._handle))
        if hasattr(self._socket, "close"):
            self._socket.close()

    def _file_closed(self) -> None:
        self._open_files -= 1
        if self._open_files == 0 and self._close_with_files:
            self._close()

    # ---- other languages

    def detach(self) -> int:
        """Gives the connection away: the number is its handle, which C casts to `pyssl_conn *` and frees.

        This object is of no more use. Callbacks and a transport object go on working, and the socket stays open, until
        the handle is freed.
        """
        return give_away(self)

    @classmethod
    def from_handle(cls, context: Context, handle: int, socket: Any = None) -> Connection:
        """Takes a connection from other code: the handle is this object's from now on.

        `context` is the Context it was made with; `socket`, if there is one, what its descriptor belongs to. What
        detach left behind (socket, app data, callbacks) is taken up again.
        """
        if not isinstance(context, Context):
            raise TypeError("context must be a Context instance")
        return take_in(cls, context, handle, socket)

    # ---- the program's

    def get_app_data(self) -> Any:
        """What set_app_data was given, or None."""
        return self._app_data

    def set_app_data(self, data: Any) -> None:
        """Keeps any object with the connection."""
        self._app_data = data


Connection.__module__ = "OpenSSL.SSL"


def _new_room() -> Tuple[Any, Any]:
    room = _allocate("uint8_t[]", _ROOM)
    return room, ffi.buffer(room)


def _bytes(buf: Any) -> Any:
    """The memory of any buffer; text as UTF-8, as it always was."""
    if isinstance(buf, str):
        import warnings

        warnings.warn("str for buf is no longer accepted, use bytes", DeprecationWarning, stacklevel=3)
        buf = buf.encode("utf-8")
    elif hasattr(buf, "__len__") and len(buf) > _MOST and isinstance(buf, bytes):
        raise ValueError("Cannot send more than 2**31-1 bytes at once.")
    return _from_buffer("uint8_t[]", buf)
