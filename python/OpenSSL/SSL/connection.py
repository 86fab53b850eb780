"""SSL.Connection: its transport, handshake and end. What moves bytes is in io.py."""

from __future__ import annotations

from .._native import ffi, handle_of, int_of, lib, speedups
from . import callbacks
from .config import ConnectionConfig
from .context import Context
from .errors import Error, check
from .handoff import give_away, number_of, take_in
from .info import ConnectionInfo
from .io import ConnectionIO
from .transport import descriptor_of, functions_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Optional, Tuple, Type
elif speedups is not None:
    from .fast_io import FastIO as ConnectionIO

_handshake = lib.pyssl_conn_do_handshake

#: In get_shutdown(): this end has sent its close_notify.
_SENT_SHUTDOWN = 1


class Connection(ConnectionIO, ConnectionConfig, ConnectionInfo):
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
    _socket: Any = None
    _honors = False
    _app_data: Any = None
    _open_files = 0
    _close_with_files = False

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
        if honor_timeout and descriptor is not None and hasattr(socket, "gettimeout"):
            self._honors = True
            # Calls that would have to wait come back with TIMEOUT at once, and _again() looks how long they may.
            check(lib.pyssl_conn_set_timeout(self._handle, 0))
        if descriptor is not None:
            self._watch(socket, descriptor)
        self._number = number_of(self._handle)
        callbacks.live[self._number] = self

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

    # ---- the handshake, and its end

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
        from .makefile import open_file

        return open_file(self, mode, buffering, encoding, errors, newline)

    def _close(self) -> None:
        """Ends what other threads do on the connection and closes the socket, once no file of makefile is open."""
        if self._open_files > 0:
            self._close_with_files = True
            return
        status = lib.pyssl_conn_close(self._handle)
        # The collector may free the connection before a file of makefile, which closes it.
        if status and status != lib.PYSSL_ERR_HANDLE:
            check(status)
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
