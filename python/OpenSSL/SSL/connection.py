"""SSL.Connection."""

from __future__ import annotations

import socket as _socket
from typing import TYPE_CHECKING, Any, Optional

from .._native import Handle, ffi, handle_of, int_of, lib, text_of
from ..crypto import X509
from . import callbacks
from .context import Context
from .errors import INTERRUPTED, WANT_READ, Error, WantReadError, check, fail

if TYPE_CHECKING:
    from typing import Tuple

#: TLS moves at most this much at a time (RFC 8446, 5.1).
_RECORD = 16384
_MSG_PEEK = int(_socket.MSG_PEEK)
_ABSENT = lib.PYSSL_ERR_ABSENT

_recv = lib.pyssl_conn_recv
_send = lib.pyssl_conn_send
_bio_read = lib.pyssl_conn_bio_read
_bio_write = lib.pyssl_conn_bio_write

# Rooms for received bytes, used again. list.pop and list.append are atomic, so threads share them without a lock.
_rooms: list[Any] = []


class Connection(Handle):
    """A TLS connection over a socket, a descriptor, or (with None) no transport at all."""

    _free = lib.pyssl_conn_free
    _socket: Any

    def __init__(self, context: Context, socket: Any = None) -> None:
        if not isinstance(context, Context):
            raise TypeError("context must be a Context instance")
        if socket is None:
            self._handle = handle_of(Error, "pyssl_conn **", lib.pyssl_conn_new, context._handle)
        else:
            descriptor = socket if isinstance(socket, int) else socket.fileno()
            out = ffi.new("pyssl_conn **")
            check(lib.pyssl_conn_new_fd(context._handle, descriptor, out))
            self._handle = out[0]
        self._context = context
        self._socket = socket
        self._app_data: Any = None
        callbacks.live[int(ffi.cast("uintptr_t", self._handle))] = self

    def __getattr__(self, name: str) -> Any:
        sock = self.__dict__.get("_socket")
        if sock is None:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        return getattr(sock, name)

    def recv(self, bufsiz: int, flags: Optional[int] = None) -> bytes:
        """Receives at most one record's worth of bytes; with MSG_PEEK they stay to be received again.

        Raises ZeroReturnError after the peer's close_notify, SysCallError(-1, "Unexpected EOF") where the transport ended
        without one, WantReadError and WantWriteError where it must wait on a non-blocking socket, Error on failure.
        """
        if bufsiz > _RECORD:
            bufsiz = _RECORD
        room = _rooms.pop() if _rooms else ffi.new("uint8_t[]", _RECORD)
        peek = _MSG_PEEK if flags is not None and flags & _MSG_PEEK else 0
        try:
            count = _recv(self._handle, room, bufsiz, peek)
            while count == INTERRUPTED:
                count = _recv(self._handle, room, bufsiz, peek)
            if count > 0:
                data: bytes = ffi.buffer(room, count)[:]
                return data
        finally:
            _rooms.append(room)
        if count == WANT_READ:
            raise WantReadError()
        fail(count or WANT_READ)

    read = recv

    def send(self, buf: Any, flags: int = 0) -> int:
        """Sends at most one record (16,384 bytes); how many bytes that was."""
        data = buf if type(buf) is bytes else ffi.from_buffer("uint8_t[]", buf)
        count: int = _send(self._handle, data, len(data))
        while count == INTERRUPTED:
            count = _send(self._handle, data, len(data))
        if count < 0:
            fail(count)
        return count

    write = send

    def sendall(self, buf: Any, flags: int = 0) -> int:
        """Sends everything; how many bytes that was."""
        data = ffi.from_buffer("uint8_t[]", buf)
        total, sent = len(data), 0
        while sent < total:
            sent += self.send(ffi.buffer(data + sent, total - sent))
        return sent

    def bio_read(self, bufsiz: int) -> bytes:
        """Takes ciphertext for the peer. WantReadError when there is none."""
        room = _rooms.pop() if _rooms else ffi.new("uint8_t[]", _RECORD)
        try:
            count = _bio_read(self._handle, room, min(bufsiz, _RECORD))
            if count > 0:
                data: bytes = ffi.buffer(room, count)[:]
                return data
        finally:
            _rooms.append(room)
        if count == WANT_READ:
            raise WantReadError()
        fail(count)

    def bio_write(self, buf: Any) -> int:
        """Gives ciphertext from the peer."""
        data = buf if type(buf) is bytes else ffi.from_buffer("uint8_t[]", buf)
        count: int = _bio_write(self._handle, data, len(data))
        if count < 0:
            fail(count)
        return count

    def bio_shutdown(self) -> None:
        """Tells that no more ciphertext will come."""
        check(lib.pyssl_conn_bio_shutdown(self._handle))

    def do_handshake(self) -> None:
        """Does the handshake, or what is left of it."""
        status = lib.pyssl_conn_do_handshake(self._handle)
        while status == INTERRUPTED:
            status = lib.pyssl_conn_do_handshake(self._handle)
        if status:
            fail(status)

    def set_connect_state(self) -> None:
        """Makes this end the client."""
        check(lib.pyssl_conn_set_connect_state(self._handle))

    def set_accept_state(self) -> None:
        """Makes this end the server."""
        check(lib.pyssl_conn_set_accept_state(self._handle))

    def connect(self, addr: Any) -> None:
        """Makes this end the client and connects the socket. The handshake comes later."""
        self.set_connect_state()
        self._socket.connect(addr)

    def accept(self) -> Tuple[Connection, Any]:
        """Accepts a connection of the listening socket: (Connection in server state, address)."""
        client, address = self._socket.accept()
        connection = Connection(self._context, client)
        connection.set_accept_state()
        return connection, address

    def set_tlsext_host_name(self, name: bytes) -> None:
        """Names the host a client wants (server name indication)."""
        if not isinstance(name, bytes):
            raise TypeError("name must be a byte string")
        check(lib.pyssl_conn_set_tlsext_host_name(self._handle, name, len(name)))

    def shutdown(self) -> bool:
        """Sends close_notify; True when the peer's has come too."""
        done = ffi.new("int *")
        check(lib.pyssl_conn_shutdown(self._handle, done))
        return bool(done[0])

    def pending(self) -> int:
        """Decrypted bytes that can be received without asking the peer."""
        return int_of(Error, "size_t *", lib.pyssl_conn_pending, self._handle)

    def get_context(self) -> Context:
        """The Context of this connection."""
        return self._context

    def get_peer_certificate(self) -> Optional[X509]:
        """The peer's own certificate, or None."""
        handle = handle_of(Error, "pyssl_x509 **", lib.pyssl_conn_get_peer_certificate, self._handle)
        return None if handle == ffi.NULL else X509._adopt(handle)

    def get_protocol_version_name(self) -> str:
        """The protocol version's name, "TLSv1.3"."""
        return text_of(Error, lib.pyssl_conn_get_version_name, self._handle)

    def get_cipher_name(self) -> Optional[str]:
        """The cipher suite's name, or None before the handshake."""
        return self._text_or_none(lib.pyssl_conn_get_cipher_name)

    def get_group_name(self) -> Optional[str]:
        """The key exchange group's name, or None."""
        return self._text_or_none(lib.pyssl_conn_get_group_name)

    def _text_or_none(self, function: Any) -> Optional[str]:
        try:
            return text_of(Error, function, self._handle)
        except Error as error:
            if error.status == _ABSENT:
                return None
            raise


Connection.__module__ = "OpenSSL.SSL"
