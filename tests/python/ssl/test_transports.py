"""Connections over objects with read() and write(): real ones, cooperative ones, and those that misbehave."""

from __future__ import annotations

import errno
import gc
import io
import queue
import socket
import struct
import threading
import weakref
from contextlib import suppress
from typing import Any, Callable, List, Optional, Tuple

import gevent
import gevent.queue
import greenlet
import pytest
from support import client_context, handles, server_context

from OpenSSL import SSL
from OpenSSL._native import lib

PAYLOAD = bytes(range(256)) * 1000


class Pipe:
    """One direction in memory: what is written is there to be read."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self.ended = False

    def take(self, size: int) -> Optional[bytes]:
        if not self.bytes:
            return b"" if self.ended else None
        taken = bytes(self.bytes[:size])
        del self.bytes[:size]
        return taken


class End:
    """One end of two pipes. `meddle` is called inside each read and write and may answer in its place."""

    def __init__(self, incoming: Pipe, outgoing: Pipe) -> None:
        self.incoming, self.outgoing = incoming, outgoing
        self.meddle: Callable[[str, Any], Any] = lambda what, argument: Ellipsis

    def read(self, size: int) -> Any:
        answer = self.meddle("read", size)
        return self.incoming.take(size) if answer is Ellipsis else answer

    def write(self, data: bytes) -> Any:
        answer = self.meddle("write", data)
        if answer is not Ellipsis:
            return answer
        self.outgoing.bytes += data
        return len(data)


Ends = Tuple[SSL.Connection, SSL.Connection, End, End]


def over(near: Any, far: Any) -> Tuple[SSL.Connection, SSL.Connection]:
    client, server = SSL.Connection(client_context(), near), SSL.Connection(server_context(), far)
    client.set_connect_state()
    server.set_accept_state()
    return client, server


def shake(client: SSL.Connection, server: SSL.Connection) -> None:
    """The handshake of two ends in one thread."""
    waiting = [client, server]
    for _ in range(20):
        for end in list(waiting):
            with suppress(SSL.WantReadError):
                end.do_handshake()
                waiting.remove(end)
        if not waiting:
            return
    raise AssertionError("no end of the handshake")


def receive(end: SSL.Connection, size: int) -> bytes:
    received = b""
    while len(received) < size:
        more = end.recv(65536)
        assert more
        received += more
    return received


def joined() -> Ends:
    """Two connections with the handshake done, and their transports."""
    up, down = Pipe(), Pipe()
    near, far = End(down, up), End(up, down)
    client, server = over(near, far)
    shake(client, server)
    return client, server, near, far


# ---- which objects


def test_an_object_with_read_and_write_needs_no_descriptor() -> None:
    client, server, *_ = joined()
    assert client.sendall(PAYLOAD) == len(PAYLOAD)
    assert receive(server, len(PAYLOAD)) == PAYLOAD
    client.shutdown()
    with pytest.raises(SSL.ZeroReturnError):
        server.recv(1)


def test_an_object_with_a_descriptor_is_used_by_it_unless_told_otherwise() -> None:
    near, far = socket.socketpair()

    class Both(End):
        def fileno(self) -> int:
            return near.fileno()

    pipe = Pipe()
    both = Both(Pipe(), pipe)
    with near, far:
        near.setblocking(False)
        for transport, in_pipe in ((None, False), ("object", True)):
            client = SSL.Connection(client_context(), both, transport=transport)
            client.set_connect_state()
            with pytest.raises(SSL.WantReadError):
                client.do_handshake()
            assert bool(pipe.bytes) is in_pipe
            if not in_pipe:
                assert far.recv(3)[0] == 22


def test_an_io_object_whose_fileno_is_for_forms_sake_is_used_by_its_methods() -> None:
    """BytesIO: all that one end writes is read by the other."""
    first = io.BytesIO()
    client = SSL.Connection(client_context(), first)
    client.set_connect_state()
    with pytest.raises(SSL.SysCallError):
        client.do_handshake()  # behind its own hello there is nothing
    assert first.getvalue()[0] == 22

    class Pair:
        """A BytesIO to read from, another to write to."""

        def __init__(self, reader: io.BytesIO, writer: io.BytesIO) -> None:
            self.reader, self.writer, self.write = reader, writer, writer.write
            self.at = 0

        def read(self, size: int) -> Optional[bytes]:
            data = self.reader.getvalue()[self.at : self.at + size]
            self.at += len(data)
            return data or None

    up, down = io.BytesIO(), io.BytesIO()
    client, server = over(Pair(down, up), Pair(up, down))
    shake(client, server)
    client.sendall(PAYLOAD)
    assert receive(server, len(PAYLOAD)) == PAYLOAD


@pytest.mark.parametrize("missing", ["read", "write"])
def test_an_object_without_one_of_the_methods_is_refused(missing: str) -> None:
    other = type("Half", (), {"write" if missing == "read" else "read": lambda self, argument: None})()
    with pytest.raises(TypeError, match=rf"^a transport needs read\(\) and write\(\): Half has no {missing}\(\)$"):
        SSL.Connection(client_context(), other, transport="object")
    with pytest.raises(TypeError, match="argument must be an int, or have a fileno"):
        SSL.Connection(client_context(), other)


def test_other_words_for_transport_are_refused() -> None:
    with pytest.raises(ValueError, match="transport must be None or \"object\", not 'socket'"):
        SSL.Connection(client_context(), End(Pipe(), Pipe()), transport="socket")
    with pytest.raises(TypeError, match="NoneType has no read"):
        SSL.Connection(client_context(), None, transport="object")


def test_there_is_nothing_to_pump() -> None:
    with pytest.raises(TypeError, match="Connection sock was not None"):
        joined()[0].bio_read(1)


# ---- what they return


@pytest.mark.parametrize("raises", [False, True])
def test_nothing_now_is_want_read_and_want_write(raises: bool) -> None:
    client, server, near, far = joined()
    near.meddle = far.meddle = lambda what, argument: throw(BlockingIOError()) if raises else None
    with pytest.raises(SSL.WantReadError):
        server.recv(1)
    with pytest.raises(SSL.WantWriteError):
        client.send(b"later")
    near.meddle = far.meddle = lambda what, argument: Ellipsis
    assert client.send(b"later") == 5
    assert server.recv(100) == b"later"


@pytest.mark.parametrize("call", ["do_handshake", "recv", "send"])
def test_nothing_now_in_a_handshake_is_said_of_what_comes_first(call: str) -> None:
    """The peer answers only what it has got: as long as that cannot be written, there is nothing to read."""
    up, down = Pipe(), Pipe()
    near, far = End(down, up), End(up, down)
    client, server = over(near, far)
    near.meddle = far.meddle = lambda what, argument: None if what == "write" else Ellipsis
    arguments = {"recv": (1,), "send": (b"x",)}.get(call, ())
    for end, at in ((client, near), (server, far)):
        for _ in range(2):
            with pytest.raises(SSL.WantWriteError):
                getattr(end, call)(*arguments)
        at.meddle = lambda what, argument: Ellipsis
        with pytest.raises(SSL.WantReadError):
            getattr(end, call)(*arguments)
    shake(client, server)


def throw(error: BaseException) -> Any:
    raise error


def test_a_buffered_writer_says_in_its_error_what_it_took() -> None:
    client, server, near, _ = joined()

    def half(what: str, data: bytes) -> Any:
        if what == "read":
            return Ellipsis
        taken = (len(data) + 1) // 2
        near.outgoing.bytes += data[:taken]
        raise BlockingIOError(errno.EAGAIN, "full", taken)

    near.meddle = half
    assert client.send(b"in halves") == 9
    assert server.recv(100) == b"in halves"


def test_an_empty_read_is_the_end_of_the_stream() -> None:
    _, server, _, far = joined()
    far.incoming.ended = True
    with pytest.raises(SSL.SysCallError) as caught:
        server.recv(1)
    assert caught.value.args == (-1, "Unexpected EOF")


@pytest.mark.parametrize("type", [bytearray, memoryview])
def test_other_bytes_are_taken_from_read(type: Any) -> None:
    client, server, _, far = joined()
    far.meddle = lambda what, size: type(far.incoming.take(size)) if what == "read" else Ellipsis
    client.send(b"hello")
    assert server.recv(100) == b"hello"


WRONG_READS = [
    ("text", TypeError, r"^the transport's read\(\) must return bytes or None, not str$"),
    (7, TypeError, r"^the transport's read\(\) must return bytes or None, not int$"),
    (b"x" * 100_000, ValueError, r"^the transport's read\(5\) returned 100000 bytes: more than it was asked for$"),
]
WRONG_WRITES = [
    ("5", TypeError, r"^the transport's write\(\) must return how many bytes it took, or None, not str$"),
    (True, TypeError, r"^the transport's write\(\) must return how many bytes it took, or None, not bool$"),
    (1.0, TypeError, r"^the transport's write\(\) must return how many bytes it took, or None, not float$"),
    (0, ValueError, r"^the transport's write\(\) returned 0: None says that nothing can be written now$"),
    (-1, ValueError, r"^the transport's write\(\) returned -1 for 27 bytes$"),
    (-2, ValueError, r"^the transport's write\(\) returned -2 for 27 bytes$"),
    (28, ValueError, r"^the transport's write\(\) returned 28 for 27 bytes$"),
    (2**70, ValueError, r"^the transport's write\(\) returned 1180591620717411303424 for 27 bytes$"),
]


@pytest.mark.parametrize("wrong, kind, sentence", WRONG_READS)
def test_what_read_must_not_return(wrong: Any, kind: type[Exception], sentence: str) -> None:
    client, server, _, far = joined()
    far.meddle = lambda what, argument: wrong
    with pytest.raises(kind, match=sentence):
        server.recv(1)
    far.meddle = lambda what, argument: Ellipsis
    client.send(b"it goes on")
    assert server.recv(100) == b"it goes on"


@pytest.mark.parametrize("wrong, kind, sentence", WRONG_WRITES)
def test_what_write_must_not_return(wrong: Any, kind: type[Exception], sentence: str) -> None:
    client, server, near, _ = joined()
    near.meddle = lambda what, argument: wrong
    with pytest.raises(kind, match=sentence):
        client.send(b"hello")
    near.meddle = lambda what, argument: Ellipsis
    assert client.send(b"hello") == 5
    assert server.recv(100) == b"hello"


# ---- what they raise


class Tired(Exception):
    """A class of the test's own."""


@pytest.mark.parametrize("kind", [Tired, OSError, KeyboardInterrupt, SystemExit, SSL.WantReadError, SSL.SysCallError])
def test_what_the_object_raises_is_what_the_call_raises(kind: type[BaseException]) -> None:
    client, server, near, far = joined()
    raised = kind(1)
    near.meddle = far.meddle = lambda what, argument: throw(raised)
    calls: List[Callable[[], object]] = [
        lambda: server.recv(1),
        lambda: server.recv_into(bytearray(1)),
        lambda: server.recv(1, socket.MSG_PEEK),
        lambda: client.send(b"again"),
        lambda: client.sendall(b"again"),
    ]
    for call in calls:
        with pytest.raises(kind) as caught:
            call()
        assert caught.value is raised
    assert raised.sent == 0  # type: ignore[attr-defined]
    near.meddle = far.meddle = lambda what, argument: Ellipsis
    assert client.sendall(b"again") == 5
    assert server.recv(100) == b"again"
    with pytest.raises(SSL.WantReadError):
        server.recv(100)


def test_a_handshake_goes_on_where_the_object_raised() -> None:
    up, down = Pipe(), Pipe()
    near, far = End(down, up), End(up, down)
    client, server = over(near, far)
    for at in (near, far):
        turns = iter(range(1000))
        at.meddle = lambda what, argument, turns=turns: (  # type: ignore[misc]
            Ellipsis if next(turns) % 2 else throw(Tired())
        )
    waiting, failures = [client, server], 0
    while waiting:
        for end in list(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except SSL.WantReadError:
                pass
            except Tired:
                failures += 1
    assert failures > 5
    near.meddle = far.meddle = lambda what, argument: Ellipsis
    client.sendall(b"hello")
    assert server.recv(100) == b"hello"


def test_a_write_that_fails_half_way_says_what_went() -> None:
    client, server, near, _ = joined()
    writes: List[int] = []

    def third(what: str, data: Any) -> Any:
        if what == "write":
            writes.append(len(data))
            if len(writes) == 3:
                raise Tired("third")
        return Ellipsis

    near.meddle = third
    with pytest.raises(Tired, match="third") as caught:
        client.sendall(PAYLOAD)
    went = caught.value.sent  # type: ignore[attr-defined]
    assert 0 < went < len(PAYLOAD)
    client.sendall(PAYLOAD[went:])
    assert receive(server, len(PAYLOAD)) == PAYLOAD


def test_received_data_is_not_lost_when_an_answer_cannot_be_written() -> None:
    """A server's tickets are due when the first data comes."""
    up, down = Pipe(), Pipe()
    near, far = End(down, up), End(up, down)
    client, server = over(near, far)
    for call in (client.do_handshake, lambda: server.recv(100)):
        with pytest.raises(SSL.WantReadError):
            call()
    client.do_handshake()
    client.send(b"behind the handshake")
    far.meddle = lambda what, argument: throw(Tired()) if what == "write" else Ellipsis
    with pytest.raises(Tired):
        server.recv(100)
    far.meddle = lambda what, argument: Ellipsis
    assert server.recv(100) == b"behind the handshake"
    assert server.send(b"on") == 2
    assert client.recv(100) == b"on"


def test_a_refusal_is_told_even_if_its_alert_cannot_be_written() -> None:
    up, down = Pipe(), Pipe()
    near, far = End(down, up), End(up, down)
    client, server = over(near, far)
    client.set_verify(SSL.VERIFY_PEER, lambda *facts: False)
    for end in (client, server):
        with suppress(SSL.WantReadError):
            end.do_handshake()
    near.meddle = lambda what, argument: throw(Tired()) if what == "write" else Ellipsis
    with pytest.raises(SSL.Error, match="certificate verify failed"):
        client.do_handshake()
    # And what was raised there does not surface elsewhere.
    other = SSL.Connection(client_context(), End(Pipe(), Pipe()))
    other.set_connect_state()
    other.set_info_callback(lambda *facts: throw(ValueError("its own")))
    with pytest.raises(ValueError, match="its own"):
        other.do_handshake()


def test_what_a_callback_raises_comes_before_what_the_transport_raises() -> None:
    up, down = Pipe(), Pipe()
    near, far = End(down, up), End(up, down)
    client, server = over(near, far)
    client.set_verify(SSL.VERIFY_PEER, lambda *facts: throw(Tired("callback")))
    for end in (client, server):
        with suppress(SSL.WantReadError):
            end.do_handshake()

    def own_failures(what: str, argument: Any) -> Any:
        if what == "write":
            with pytest.raises(SSL.Error, match="stale|NULL|garbage|no role|connect|accept"):
                SSL.Connection(client_context(), None).do_handshake()
            raise ValueError("transport")
        return Ellipsis

    near.meddle = own_failures
    with pytest.raises(Tired, match="callback"):
        client.do_handshake()


# ---- from inside


def test_a_call_back_into_the_connection_is_busy() -> None:
    client, server, near, far = joined()
    said: List[str] = []

    def inside(conn: SSL.Connection) -> Callable[[str, Any], Any]:
        def call(what: str, argument: Any) -> Any:
            calls: List[Callable[[], object]] = [
                lambda: conn.recv(1),
                lambda: conn.send(b"x"),
                conn.do_handshake,
                conn.shutdown,
            ]
            for again in calls:
                with pytest.raises(SSL.Error) as caught:
                    again()
                assert caught.value.status == lib.PYSSL_ERR_BUSY
                said.append(str(caught.value.message))
            conn.get_cipher_name()  # looking is fine
            return Ellipsis

        return call

    near.meddle, far.meddle = inside(client), inside(server)
    client.send(b"hello")
    assert server.recv(100) == b"hello"
    assert set(said) == {"the connection's transport called back into the connection"}


def test_a_transport_may_close_its_own_connection() -> None:
    client, server, near, far = joined()
    for conn, end in ((client, near), (server, far)):
        closed: List[bool] = []
        end.close = lambda closed=closed: closed.append(True)  # type: ignore[attr-defined]
        end.meddle = lambda what, argument, conn=conn: conn.close()  # type: ignore[misc]
        with pytest.raises((SSL.SysCallError, SSL.WantReadError)):
            conn.recv(1)
        with pytest.raises(SSL.SysCallError, match="EBADF"):
            conn.recv(1)
        assert closed


def test_a_blocked_read_holds_up_neither_the_other_direction_nor_a_close() -> None:
    client, server, _, far = joined()
    inside, release = threading.Event(), threading.Event()

    def block(what: str, argument: Any) -> Any:
        if what == "read":
            inside.set()
            assert release.wait(20)
        return Ellipsis

    far.meddle = block
    outcomes: "queue.Queue[str]" = queue.Queue()

    def read() -> None:
        try:
            server.recv(1)
            outcomes.put("received")
        except SSL.Error as error:
            outcomes.put(repr(error.args))

    first = threading.Thread(target=read)
    first.start()
    assert inside.wait(20)
    assert server.send(b"meanwhile") == 9
    assert client.recv(100) == b"meanwhile"
    second = threading.Thread(target=read)  # waits for its turn
    second.start()
    server._close()
    assert outcomes.get(timeout=20) == "(9, 'EBADF')"
    second.join(20)
    release.set()
    first.join(20)
    assert outcomes.get(timeout=20) == "(9, 'EBADF')"


def test_a_transport_that_leads_to_its_connection_is_collected() -> None:
    before = handles()

    def make() -> "weakref.ref[End]":
        near = End(Pipe(), Pipe())
        conn = SSL.Connection(client_context(), near)
        near.meddle = lambda what, argument: conn
        return weakref.ref(near)

    gone = make()
    gc.collect()
    assert gone() is None
    assert handles() == before


def test_nothing_is_left_of_a_connection_that_could_not_be_made() -> None:
    near = End(Pipe(), Pipe())
    gone = weakref.ref(near)
    context = client_context()
    with pytest.raises(ValueError):
        SSL.Connection(context, near, transport="pipe")
    del near
    gc.collect()
    assert gone() is None


# ---- real ones


class Line:
    """A queue between threads as the transport: read blocks."""

    def __init__(self, incoming: "queue.Queue[bytes]", outgoing: "queue.Queue[bytes]") -> None:
        self.incoming, self.outgoing, self.rest = incoming, outgoing, b""

    def read(self, size: int) -> bytes:
        if not self.rest:
            self.rest = self.incoming.get(timeout=30)
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def write(self, data: bytes) -> int:
        self.outgoing.put(data)
        return len(data)

    def close(self) -> None:
        self.outgoing.put(b"")


def echo(conn: Any) -> None:
    """Sends back what comes, until the peer says that no more does."""
    try:
        while True:
            conn.sendall(conn.recv(65536))
    except SSL.ZeroReturnError:
        conn.shutdown()


def started(work: Callable[..., object], *args: Any) -> threading.Thread:
    thread = threading.Thread(target=work, args=args, daemon=True)
    thread.start()
    return thread


def ask(client: SSL.Connection, data: bytes) -> None:
    """Sends and receives the same at once, with two threads, and closes properly."""
    sender = started(client.sendall, data)
    assert receive(client, len(data)) == data
    sender.join(30)
    client.shutdown()
    with pytest.raises(SSL.ZeroReturnError):
        client.recv(1)


def test_a_queue_between_threads() -> None:
    up: "queue.Queue[bytes]" = queue.Queue()
    down: "queue.Queue[bytes]" = queue.Queue()
    client, server = over(Line(down, up), Line(up, down))
    thread = started(echo, server)
    ask(client, PAYLOAD * 8)
    thread.join(30)
    assert not thread.is_alive()


def test_close_of_the_object_ends_a_blocked_read() -> None:
    """Connection.close() closes the object too: a queue's own read ends, and the call in it."""
    up: "queue.Queue[bytes]" = queue.Queue()
    line = Line(up, up)
    client = SSL.Connection(client_context(), line)
    client.set_connect_state()
    line.write = lambda data: len(data)  # type: ignore[method-assign]
    outcome: List[Any] = []

    def shake() -> None:
        try:
            client.do_handshake()
        except SSL.SysCallError as error:
            outcome.append(error.args)

    thread = started(shake)
    while not up.empty():
        pass
    client.close()
    thread.join(20)
    assert outcome == [(errno.EBADF, "EBADF")]


@pytest.mark.parametrize("kind", ["sockets", "queues"])
def test_a_tls_connection_inside_another(kind: str) -> None:
    if kind == "sockets":
        left, right = socket.socketpair()
        client, server = over(left, right)
    else:
        up: "queue.Queue[bytes]" = queue.Queue()
        down: "queue.Queue[bytes]" = queue.Queue()
        client, server = over(Line(down, up), Line(up, down))
    inner_client = SSL.Connection(client_context(), client, transport="object")
    inner_server = SSL.Connection(server_context(), server, transport="object")
    inner_client.set_connect_state()
    inner_server.set_accept_state()
    thread = started(echo, inner_server)
    ask(inner_client, PAYLOAD * 4)
    thread.join(30)
    # The inner session is over, the outer one is not; its end is no close_notify of an inner one.
    third = SSL.Connection(client_context(), client, transport="object")
    third.set_connect_state()
    server.shutdown()
    with pytest.raises(SSL.SysCallError) as caught:
        third.do_handshake()
    assert caught.value.args == (-1, "Unexpected EOF")
    if kind == "sockets":
        left.close()
        right.close()


def test_a_tls_connection_inside_another_without_blocking() -> None:
    """What the outer connection wants is what the inner one wants."""
    left, right = socket.socketpair()
    with left, right:
        left.setblocking(False)
        right.setblocking(False)
        outer = over(left, right)
        shake(*outer)
        inner = over_objects(*outer)
        shake(*inner)
        inner[0].send(b"two layers")
        assert inner[1].recv(100) == b"two layers"
        with pytest.raises(SSL.WantReadError):
            inner[1].recv(100)
        sent = 0
        with pytest.raises(SSL.WantWriteError):
            while True:
                sent += inner[0].send(PAYLOAD[:16000])
        received = 0
        while received < sent:
            with suppress(SSL.WantReadError):
                received += len(inner[1].recv(65536))
            with suppress(SSL.WantWriteError):
                if received < sent:
                    outer[0].send(b"")


def over_objects(near: Any, far: Any) -> Tuple[SSL.Connection, SSL.Connection]:
    client = SSL.Connection(client_context(), near, transport="object")
    server = SSL.Connection(server_context(), far, transport="object")
    client.set_connect_state()
    server.set_accept_state()
    return client, server


# ---- a tunnel


class Tunnel:
    """Speaks SOCKS5 (RFC 1928, no authentication) to a relay, then carries bytes through it."""

    def __init__(self, relay: Tuple[str, int], host: str, port: int) -> None:
        self.socket = socket.create_connection(relay, timeout=30)
        self.socket.sendall(b"\x05\x01\x00")
        assert self.exactly(2) == b"\x05\x00"
        name = host.encode()
        self.socket.sendall(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + struct.pack(">H", port))
        assert self.exactly(10)[:2] == b"\x05\x00"

    def exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += self.socket.recv(size - len(data))
        return data

    def read(self, size: int) -> bytes:
        return self.socket.recv(size)

    def write(self, data: bytes) -> int:
        return self.socket.send(data)

    def close(self) -> None:
        self.socket.close()


def relay(listener: socket.socket) -> None:
    """A SOCKS5 relay for one client."""
    client, _ = listener.accept()
    assert client.recv(3) == b"\x05\x01\x00"
    client.sendall(b"\x05\x00")
    head = client.recv(5)
    assert head[:4] == b"\x05\x01\x00\x03"
    rest = client.recv(head[4] + 2)
    server = socket.create_connection((rest[:-2].decode(), struct.unpack(">H", rest[-2:])[0]))
    client.sendall(b"\x05\x00\x00\x01" + bytes(6))
    back = started(carry, server, client)
    carry(client, server)
    back.join(30)
    client.close()
    server.close()


def carry(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def test_a_socks_tunnel() -> None:
    with socket.create_server(("127.0.0.1", 0)) as target, socket.create_server(("127.0.0.1", 0)) as proxy:

        def serve() -> None:
            sock, _ = target.accept()
            with sock:
                server = SSL.Connection(server_context(), sock)
                server.set_accept_state()
                echo(server)

        threads = [started(serve), started(relay, proxy)]
        client = SSL.Connection(client_context(), Tunnel(proxy.getsockname(), "127.0.0.1", target.getsockname()[1]))
        client.set_connect_state()
        client.set_verify_host("127.0.0.1")
        ask(client, PAYLOAD * 4)
        client.close()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()


# ---- cooperative threads


class Cooperative(End):
    """Where there is nothing to read, another greenlet gets its turn, from inside the C call."""

    turn: Any = None
    switches = 0

    def read(self, size: int) -> Any:
        while (data := self.incoming.take(size)) is None:
            type(self).switches += 1
            self.turn()
        return data


@pytest.mark.parametrize("pairs", [1, 10])
def test_greenlets_that_switch_inside_read(pairs: int) -> None:
    """Ends in greenlets of one thread: each switches away in the middle of its C call, to others in theirs."""
    Cooperative.switches = 0
    scheduler: List[Any] = []
    outcomes: List[bytes] = []

    def work(conn: SSL.Connection, first: bool) -> None:
        for size in (1, 5000, 100_000):
            if first:
                conn.sendall(PAYLOAD[:size])
            data = receive(conn, size)
            if not first:
                conn.sendall(data)
            else:
                outcomes.append(data)
                assert data == PAYLOAD[:size]

    main = greenlet.getcurrent()
    for _ in range(pairs):
        up, down = Pipe(), Pipe()
        near, far = Cooperative(down, up), Cooperative(up, down)
        near.turn = far.turn = lambda: main.switch()
        for conn, first in zip(over(near, far), (True, False)):
            scheduler.append(greenlet.greenlet(lambda conn=conn, first=first: work(conn, first)))
    while scheduler:
        for each in list(scheduler):
            each.switch()
            if each.dead:
                scheduler.remove(each)
    assert len(outcomes) == 3 * pairs
    assert Cooperative.switches >= 5 * pairs


def test_what_a_greenlet_raises_in_read_is_its_own() -> None:
    """Two greenlets inside their transports at once: each call raises what its own transport raised."""
    main = greenlet.getcurrent()
    outcomes: List[Tuple[str, str]] = []

    def shake(name: str) -> None:
        near = End(Pipe(), Pipe())

        def fail(what: str, argument: Any) -> Any:
            if what == "read":
                main.switch()
                raise Tired(name)
            return Ellipsis

        near.meddle = fail
        conn = SSL.Connection(client_context(), near)
        conn.set_connect_state()
        try:
            conn.do_handshake()
        except Tired as error:
            outcomes.append((name, str(error)))

    one, two = greenlet.greenlet(shake), greenlet.greenlet(shake)
    one.switch("one")
    two.switch("two")
    one.switch()
    two.switch()
    assert outcomes == [("one", "one"), ("two", "two")]


def test_a_reader_and_a_writer_greenlet_share_a_connection() -> None:
    """One sits in its read; another one of the same thread sends, as another thread might."""
    client, server, near, _ = joined()
    main = greenlet.getcurrent()

    def switch_away(what: str, argument: Any) -> Any:
        if what == "read":
            while not near.incoming.bytes:
                main.switch()
        return Ellipsis

    near.meddle = switch_away
    received: List[bytes] = []
    reader = greenlet.greenlet(lambda: received.append(client.recv(100)))
    reader.switch()
    assert not reader.dead
    for size in (1, 5000, 100_000):
        assert client.sendall(PAYLOAD[:size]) == size
        assert receive(server, size) == PAYLOAD[:size]
    server.send(b"answer")
    reader.switch()
    assert reader.dead and received == [b"answer"]


@pytest.mark.parametrize("direction", ["read", "write"])
def test_two_greenlets_in_one_direction_are_one_too_many(direction: str) -> None:
    """To wait for the other would stop both, so the second is told; when the first is done, its turn comes."""
    client, server, near, _ = joined()
    main = greenlet.getcurrent()
    near.meddle = lambda what, argument: main.switch() if what == direction else Ellipsis
    calls: List[Callable[[], Any]] = [lambda: client.recv(100), lambda: client.send(b"first")]
    call = calls[direction == "write"]
    inside = greenlet.greenlet(call)
    inside.switch()
    with pytest.raises(SSL.Error, match="another fiber") as caught:
        client.recv(100) if direction == "read" else client.send(b"the second")
    assert caught.value.status == lib.PYSSL_ERR_BUSY
    near.meddle = lambda what, argument: Ellipsis
    server.send(b"here")
    assert inside.switch(Ellipsis) in (b"here", 5)
    if direction == "write":
        assert client.send(b"the second") == 10
        assert receive(server, 15) == b"firstthe second"


def test_a_greenlet_calling_back_is_told_from_another_one() -> None:
    client, server, near, _ = joined()
    said: List[str] = []

    def back(what: str, argument: Any) -> Any:
        for call in (lambda: client.recv(1), lambda: client.send(b"x")):
            with pytest.raises(SSL.Error) as caught:
                call()
            said.append(str(caught.value.message))
        return Ellipsis

    near.meddle = back
    greenlet.greenlet(lambda: client.send(b"hello")).switch()
    assert server.recv(100) == b"hello"
    assert set(said) == {"the connection's transport called back into the connection"}


def test_what_one_greenlet_could_not_send_is_not_taken_for_another_s() -> None:
    client, server, near, _ = joined()
    near.meddle = lambda what, argument: None if what == "write" else Ellipsis

    def send(data: bytes) -> None:
        with pytest.raises(SSL.WantWriteError):
            client.send(data)
        main.switch()
        assert client.send(data) == len(data)

    main = greenlet.getcurrent()
    first, second = greenlet.greenlet(send), greenlet.greenlet(send)
    first.switch(b"first")
    second.switch(b"the second")
    near.meddle = lambda what, argument: Ellipsis
    second.switch()
    first.switch()
    assert receive(server, 15) == b"firstthe second"


def test_greenlets_that_wait_for_a_socket_to_be_writable_send_each_its_own() -> None:
    near, far = socket.socketpair()
    with near, far:
        client, server = over(near, far)
        thread = started(server.do_handshake)
        client.do_handshake()
        thread.join(30)
        near.setblocking(False)
        filled = 0
        with pytest.raises(SSL.WantWriteError):
            while True:
                filled += client.send(b"-" * 16384)
        main = greenlet.getcurrent()

        def send(data: bytes) -> None:
            while data:
                try:
                    data = data[client.send(data) :]
                except SSL.WantWriteError:
                    main.switch()

        # The last one was taken and leaves too. The greenlets' bytes are their own, also where they are the same.
        filled += 16384
        senders = [greenlet.greenlet(lambda letter=letter: send(letter * 40_000)) for letter in (b"-", b"a", b"b")]
        received = bytearray()
        while len(received) < filled + 120_000:
            for sender in senders:
                if not sender.dead:
                    sender.switch()
            senders.reverse()
            received += server.recv(16384)
        assert received.count(b"-") == filled + 40_000
        assert received.count(b"a") == received.count(b"b") == 40_000


class Gevent(Line):
    """A gevent queue as the transport: a read that waits lets other greenlets run."""

    def write(self, data: bytes) -> int:
        gevent.sleep(0)
        return super().write(data)


def test_gevent_runs_other_greenlets_meanwhile() -> None:
    ticks: List[int] = []

    def tick() -> None:
        while True:
            ticks.append(1)
            gevent.sleep(0)

    def serve(server: SSL.Connection) -> None:
        echo(server)

    def request(client: SSL.Connection, data: bytes) -> bytes:
        client.sendall(data)
        received = receive(client, len(data))
        client.shutdown()
        with pytest.raises(SSL.ZeroReturnError):
            client.recv(1)
        return received

    ticker = gevent.spawn(tick)
    jobs = []
    for number in range(20):
        up, down = gevent.queue.Queue(), gevent.queue.Queue()
        client, server = over(Gevent(down, up), Gevent(up, down))
        data = PAYLOAD[number:50_000]
        jobs.append((gevent.spawn(request, client, data), gevent.spawn(serve, server), data))
    gevent.joinall([job for pair in jobs for job in pair[:2]], timeout=60, raise_error=True)
    ticker.kill()
    assert [asked.value for asked, _, _ in jobs] == [data for _, _, data in jobs]
    assert len(ticks) > 10


def test_gevent_reads_and_writes_at_once_on_both_ends() -> None:
    """Four greenlets on two connections, from the first byte of the handshake on."""
    up, down = gevent.queue.Queue(), gevent.queue.Queue()
    client, server = over(Gevent(down, up), Gevent(up, down))
    for end in (client, server):
        # The handshake reads and writes: one greenlet does it.
        end.shaking = gevent.spawn(end.do_handshake)  # type: ignore[attr-defined]
    gevent.joinall([client.shaking, server.shaking], timeout=20, raise_error=True)

    def send(end: SSL.Connection) -> None:
        for at in range(0, len(PAYLOAD), 5000):
            end.sendall(PAYLOAD[at : at + 5000])

    readers = [gevent.spawn(receive, end, len(PAYLOAD)) for end in (client, server)]
    writers = [gevent.spawn(send, end) for end in (client, server)]
    gevent.joinall(readers + writers, timeout=60, raise_error=True)
    assert [reader.value for reader in readers] == [PAYLOAD, PAYLOAD]


def test_gevent_timeouts_surface_and_the_connection_goes_on() -> None:
    up, down = gevent.queue.Queue(), gevent.queue.Queue()
    client, server = over(Gevent(down, up), Gevent(up, down))
    timeout = gevent.Timeout(0.05)
    with pytest.raises(gevent.Timeout) as caught:
        with timeout:
            client.do_handshake()
    assert caught.value is timeout
    serving = gevent.spawn(server.do_handshake)
    client.do_handshake()
    serving.get(timeout=20)
    client.send(b"after all")
    assert server.recv(100) == b"after all"
