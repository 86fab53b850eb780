"""The methods that move bytes are Python's like any other, compiled or not: how they are called, described, overridden,
copied, and let go of. Both modes have the same expectations."""

from __future__ import annotations

import copy
import gc
import inspect
import pickle
import socket
import subprocess
import sys
import weakref
from typing import Any, List

import pytest
from support import client_context, connected, pump, socket_pair

from OpenSSL import SSL
from OpenSSL._native import ffi, lib
from OpenSSL.SSL.io import ConnectionIO

NAMES = ("recv", "read", "send", "write", "bio_read", "bio_write")


class Whole(int):
    """No plain int."""


class Octets(bytes):
    """No plain bytes."""


def received(call: Any) -> Any:
    """What a call brings on a connection that has got b"hello"."""
    client, server = connected()
    client.send(b"hello")
    pump(client, server)
    return call(server)


@pytest.mark.parametrize(
    "call",
    [
        lambda conn: conn.recv(100),
        lambda conn: conn.recv(100, None),
        lambda conn: conn.recv(100, 0),
        lambda conn: conn.recv(100, flags=0),
        lambda conn: conn.recv(bufsiz=100, flags=None),
        lambda conn: conn.recv(100, -1 & ~socket.MSG_PEEK),
        lambda conn: conn.recv(2**70, 2**70),
        lambda conn: conn.recv(Whole(100), Whole(0)),
        lambda conn: conn.recv(100, socket.MSG_PEEK) and conn.recv(100, 0xFFFF) and conn.recv(100),
        lambda conn: conn.recv(100, int(socket.MSG_PEEK)) and conn.recv(100),
        lambda conn: conn.recv(True) + conn.recv(4),
        lambda conn: conn.read(100),
        lambda conn: SSL.Connection.recv(conn, 100),
        lambda conn: conn.recv(*(), **{"bufsiz": 100}),
    ],
)
def test_recv_is_called_in_many_ways(call: Any) -> None:
    assert received(call) == b"hello"


@pytest.mark.parametrize(
    "call, error",
    [
        (lambda conn: conn.recv(), TypeError),
        (lambda conn: conn.recv("1"), TypeError),
        (lambda conn: conn.recv(None), TypeError),
        (lambda conn: conn.recv(1.5), TypeError),
        (lambda conn: conn.recv(1, 0, 0), TypeError),
        (lambda conn: conn.recv(1, "0"), TypeError),
        (lambda conn: conn.recv(1, bufsiz=1), TypeError),
        (lambda conn: conn.recv(1, size=1), TypeError),
        (lambda conn: conn.recv(-1), ValueError),
        (lambda conn: conn.recv(-(2**70)), ValueError),
        (lambda conn: conn.send(), TypeError),
        (lambda conn: conn.send(1), TypeError),
        (lambda conn: conn.send(None), TypeError),
        (lambda conn: conn.send(b"x", 0, 0), TypeError),
        (lambda conn: conn.send(data=b"x"), TypeError),
        (lambda conn: conn.bio_read(), TypeError),
        (lambda conn: conn.bio_read("1"), TypeError),
        (lambda conn: conn.bio_read(1, 1), TypeError),
        (lambda conn: conn.bio_read(-1), ValueError),
        (lambda conn: conn.bio_read(0), SSL.Error),
        (lambda conn: conn.bio_write(), TypeError),
        (lambda conn: conn.bio_write(1), TypeError),
        (lambda conn: conn.bio_write(b"x", 0, 0), TypeError),
        (lambda conn: conn.bio_write(b""), SSL.WantReadError),
        (lambda conn: type(conn).recv(1, 1), (TypeError, AttributeError)),
        (lambda conn: type(conn).recv(), TypeError),
    ],
)
def test_wrong_calls_are_refused_and_lose_nothing(call: Any, error: Any) -> None:
    def wrong(conn: SSL.Connection) -> bytes:
        with pytest.raises(error):
            call(conn)
        return conn.recv(100)

    assert received(wrong) == b"hello"


@pytest.mark.parametrize(
    "call",
    [
        lambda conn: conn.send(b"hello"),
        lambda conn: conn.send(b"hello", 0),
        lambda conn: conn.send(b"hello", "ignored"),
        lambda conn: conn.send(buf=b"hello", flags=0),
        lambda conn: conn.send(bytearray(b"hello")),
        lambda conn: conn.send(memoryview(b"hello!")[:5]),
        lambda conn: conn.send(Octets(b"hello")),
        lambda conn: conn.write(b"hello"),
        lambda conn: conn.send(b"") + conn.send(b"hello"),
        lambda conn: SSL.Connection.send(conn, b"hello"),
    ],
)
def test_send_is_called_in_many_ways(call: Any) -> None:
    client, server = connected()
    assert call(client) == 5
    pump(client, server)
    assert server.recv(100) == b"hello"


@pytest.mark.parametrize(
    "read",
    [
        lambda conn: conn.bio_read(1000),
        lambda conn: conn.bio_read(bufsiz=1000),
        lambda conn: conn.bio_read(Whole(1000)),
        lambda conn: conn.bio_read(2**70),
        lambda conn: conn.bio_read(True) + conn.bio_read(999),
    ],
)
@pytest.mark.parametrize(
    "write",
    [
        lambda conn, data: conn.bio_write(data),
        lambda conn, data: conn.bio_write(data, 0),
        lambda conn, data: conn.bio_write(buf=data, flags=0),
        lambda conn, data: conn.bio_write(bytearray(data)),
        lambda conn, data: conn.bio_write(Octets(data)),
    ],
)
def test_ciphertext_is_moved_in_many_ways(read: Any, write: Any) -> None:
    client, server = connected()
    client.send(b"hello")
    ciphertext = read(client)
    assert write(server, ciphertext) == len(ciphertext) == 27
    assert server.recv(100) == b"hello"


def test_no_call_keeps_what_it_was_given() -> None:
    client, server = connected()
    data, octets, size, flags = bytes(1000), Octets(1000), int("5555"), int("65536")
    calls = (
        lambda: client.send(data, flags),
        lambda: client.send(octets, flags),
        lambda: client.send(buf=data, flags=flags),
        lambda: client.bio_read(size),
        lambda: client.bio_read(bufsiz=size),
        lambda: server.recv(size, flags),
        lambda: server.recv(bufsiz=size, flags=flags),
    )
    given = (data, octets, size, flags, SSL.WantReadError, ConnectionIO, type(client))
    before = [sys.getrefcount(thing) for thing in given]
    for _ in range(10):
        for call in calls:
            try:
                call()
            except SSL.WantReadError:
                pass
    assert [sys.getrefcount(thing) for thing in given] == before


@pytest.mark.parametrize("name", NAMES)
def test_a_method_is_described_as_in_the_source(name: str) -> None:
    method, source = getattr(SSL.Connection, name), getattr(ConnectionIO, name)
    assert method.__doc__ == source.__doc__ and len(inspect.getdoc(method) or "") > 50
    conn = SSL.Connection(client_context())
    described = inspect.signature(getattr(conn, name)).parameters.values()
    expected = list(inspect.signature(source).parameters.values())[1:]
    assert [(p.name, p.default, p.kind) for p in described] == [(p.name, p.default, p.kind) for p in expected]
    assert list(inspect.signature(method).parameters) == ["self", *(p.name for p in expected)]


def test_read_and_write_are_other_names() -> None:
    assert SSL.Connection.read is SSL.Connection.recv and SSL.Connection.write is SSL.Connection.send


def test_there_need_be_no_docstrings() -> None:
    code = "from OpenSSL import SSL; print(SSL.Connection.recv.__doc__, SSL.Connection.send.__doc__)"
    assert subprocess.run([sys.executable, "-OO", "-c", code], capture_output=True, text=True).stdout == "None None\n"


class Counting(SSL.Connection):
    """A program's own, which looks at what goes through it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.seen: List[Any] = []
        super().__init__(*args, **kwargs)

    def recv(self, bufsiz: int, flags: Any = None) -> bytes:
        self.seen.append(("recv", bufsiz))
        return super().recv(bufsiz, flags)

    def bio_write(self, buf: Any, flags: int = 0) -> int:
        self.seen.append(("bio_write", len(buf)))
        return super().bio_write(buf, flags)


def test_a_subclass_overrides_what_it_likes() -> None:
    conn = Counting(client_context())
    conn.set_connect_state()
    for call in (lambda: conn.recv(10), lambda: conn.recv(bufsiz=11), lambda: conn.bio_write(b"")):
        with pytest.raises(SSL.WantReadError):
            call()
    assert conn.seen == [("recv", 10), ("recv", 11), ("bio_write", 0)]


def test_a_method_is_replaced_on_the_class_and_on_an_object(monkeypatch: Any) -> None:
    client, server = connected()
    original = SSL.Connection.send
    monkeypatch.setattr(SSL.Connection, "send", lambda self, buf, flags=0: original(self, buf.upper(), flags))
    monkeypatch.setattr(server, "recv", lambda bufsiz: SSL.Connection.recv(server, bufsiz)[:3])
    client.send(b"hello")
    pump(client, server)
    assert server.recv(100) == b"HEL"
    monkeypatch.undo()
    client.send(b"hello")
    pump(client, server)
    assert server.recv(100) == b"hello"


def test_a_connection_is_an_object_of_pythons() -> None:
    conn: Any = SSL.Connection(client_context())
    conn.mine = 1
    assert conn.__dict__["mine"] == 1 and weakref.ref(conn)() is conn
    assert copy.copy(conn) is conn
    with pytest.raises(TypeError, match="cannot pickle 'Connection' object"):
        pickle.dumps(conn)
    unmade = SSL.Connection.__new__(SSL.Connection)
    for call in (lambda: unmade.recv(1), lambda: unmade.send(b"x"), lambda: unmade.bio_read(1)):
        with pytest.raises(AttributeError, match="'Connection' object has no attribute '_"):
            call()


class Telling(socket.socket):
    """A socket that leads to its connection, and says what it is told to say."""

    connection: Any = None
    answer: Any = None

    def fileno(self) -> int:
        if isinstance(self.answer, Exception):
            raise self.answer
        return super().fileno() if self.answer is None else self.answer


def with_telling_socket() -> Any:
    """(A connection over a Telling socket, its peer.)"""
    client, server = socket_pair()
    sock = Telling(fileno=client._socket.detach())
    again = SSL.Connection(client.get_context(), sock)
    again.set_connect_state()
    return again, server


def test_a_cycle_through_the_socket_is_collected() -> None:
    conn, _ = with_telling_socket()
    conn._socket.connection = conn
    conn_gone, sock_gone = weakref.ref(conn), weakref.ref(conn._socket)
    del conn
    gc.collect()
    assert conn_gone() is None and sock_gone() is None


def test_the_socket_goes_with_its_connection() -> None:
    conn, _ = with_telling_socket()
    gone = weakref.ref(conn._socket)
    gc.disable()
    try:
        del conn
        assert gone() is None
    finally:
        gc.enable()


def test_a_class_goes_with_its_last_object() -> None:
    class Passing(SSL.Connection):
        pass

    gone = weakref.ref(Passing)
    for _ in range(3):
        Passing(client_context())
    del Passing
    gc.collect()
    assert gone() is None


def test_a_socket_that_cannot_tell_its_descriptor_is_heard() -> None:
    conn, _ = with_telling_socket()
    conn._socket.answer = RuntimeError("no idea")
    calls: Any = (lambda: conn.recv(1), lambda: conn.send(b"x"))
    for call in calls:
        with pytest.raises(RuntimeError, match="no idea"):
            call()


@pytest.mark.parametrize("answer", ["text", 2**70, 12345])
def test_where_the_socket_says_something_else_the_library_looks_itself(answer: Any) -> None:
    conn, server = with_telling_socket()
    server._socket.setblocking(False)
    conn._socket.setblocking(False)
    conn._socket.answer = answer
    calls: Any = (lambda: conn.recv(1), lambda: conn.send(b"x"))
    for call in calls:
        with pytest.raises(SSL.WantReadError):  # the handshake has begun, so the descriptor is the same file
            call()
    with pytest.raises(SSL.WantReadError):
        server.do_handshake()


def test_no_method_reaches_a_connection_that_was_given_away() -> None:
    conn = SSL.Connection(client_context())
    handle = conn.detach()
    for call in (
        lambda: SSL.Connection.recv(conn, 1),
        lambda: SSL.Connection.recv(conn, bufsiz=1),
        lambda: SSL.Connection.send(conn, b"x"),
        lambda: SSL.Connection.bio_read(conn, 1),
        lambda: SSL.Connection.bio_write(conn, b"x"),
    ):
        with pytest.raises(SSL.Error, match="was given away"):
            call()
    assert lib.pyssl_conn_free(ffi.cast("pyssl_conn *", handle)) == 0


def test_a_callback_of_a_connection_that_was_given_away_has_its_methods() -> None:
    told: List[str] = []

    def look(conn: SSL.Connection, where: int, value: int) -> None:
        for call in (lambda: conn.recv(1), lambda: conn.send(b"x"), conn.do_handshake):
            with pytest.raises(SSL.Error) as caught:
                call()
            told.append(str(caught.value))

    context = client_context()
    context.set_info_callback(look)
    conn = ffi.cast("pyssl_conn *", SSL.Connection(context).detach())
    lib.pyssl_conn_set_connect_state(conn)
    assert lib.pyssl_conn_do_handshake(conn) == lib.PYSSL_ERR_WANT_READ
    assert len(told) > 2 and {text.split(":")[0] for text in told} == {
        "the connection is in the middle of the call that led here"
    }
    assert lib.pyssl_conn_free(conn) == 0
