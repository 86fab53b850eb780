"""Where transports end, stall, change hands or are pulled away: what each of Connection's calls does then."""

from __future__ import annotations

import io
import os
import select
import signal
import socket
import struct
import threading
import time
from typing import Any, Callable, Dict, Iterator, List, Tuple

import pytest
from support import client_context, connected, pump, server_context, socket_pair, wait_until_asleep

from OpenSSL import SSL

Pair = Tuple[SSL.Connection, SSL.Connection]


def in_thread(work: Callable[[], Any]) -> Callable[[], Any]:
    """Runs `work` on another thread; calling the result waits for it and gives what it returned or raised."""
    came: List[Any] = []

    def run() -> None:
        try:
            came.append(work())
        except BaseException as raised:
            came.append(raised)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def wait() -> Any:
        thread.join(30)
        assert not thread.is_alive(), "the thread hangs"
        return came[0]

    return wait


def shake_on_sockets(client: SSL.Connection, server: SSL.Connection) -> None:
    other = in_thread(server.do_handshake)
    client.do_handshake()
    assert other() is None
    # The client takes the session tickets, so that what comes next is data.
    server.send(b".")
    assert client.recv(1) == b"."


@pytest.fixture
def ends(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """Connected over a socketpair, blocking."""
    client, server = socket_pair()
    shake_on_sockets(client, server)
    yield client, server
    for end in (client, server):
        end._socket.close()
    # The handles are counted before pytest lets go of this.
    request.node.funcargs.clear()


def reset(connection: SSL.Connection) -> None:
    connection._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection._socket.close()


def over_tcp() -> Pair:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        near = socket.create_connection(listening.getsockname())
        far, _ = listening.accept()
    client, server = SSL.Connection(client_context(), near), SSL.Connection(server_context(), far)
    client.set_connect_state()
    server.set_accept_state()
    shake_on_sockets(client, server)
    return client, server


# ---- ends of the stream


def test_end_of_file_without_close_notify(ends: Pair) -> None:
    client, server = ends
    server.send(b"last words")
    server._socket.close()
    assert client.recv(100) == b"last words"
    for _ in range(3):
        with pytest.raises(SSL.SysCallError) as caught:
            client.recv(100)
        assert caught.value.args == (-1, "Unexpected EOF")


def test_end_of_file_in_the_middle_of_a_record(ends: Pair) -> None:
    client, server = connected()
    client.send(b"x" * 1000)
    part = client.bio_read(500)
    server.bio_write(part)
    server.bio_shutdown()
    with pytest.raises(SSL.SysCallError) as caught:
        server.recv(1000)
    assert caught.value.args == (-1, "Unexpected EOF")


def test_end_of_file_in_the_handshake() -> None:
    client, server = socket_pair()
    server._socket.close()
    with pytest.raises(SSL.SysCallError) as caught:
        client.do_handshake()
    # The hello may have met a closed socket, or its answer the end of the stream.
    assert caught.value.args in ((-1, "Unexpected EOF"), (32, "EPIPE"), (104, "ECONNRESET"))
    client.close()


def test_close_notify_then_end_of_file_is_a_clean_end(ends: Pair) -> None:
    client, server = ends
    assert server.shutdown() is False
    server._socket.close()
    for _ in range(3):
        with pytest.raises(SSL.ZeroReturnError):
            client.recv(1)


def test_reset_by_the_peer() -> None:
    client, server = over_tcp()
    reset(server)
    with pytest.raises(SSL.SysCallError) as caught:
        client.recv(1)
    assert caught.value.args == (104, "ECONNRESET") and caught.value.errno == 104
    with pytest.raises(SSL.Error):
        client.send(b"x")
    client.close()


def test_sending_to_a_peer_that_left() -> None:
    client, server = over_tcp()
    server._socket.close()
    with pytest.raises(SSL.SysCallError) as caught:
        for _ in range(1000):
            client.send(b"x" * 16384)
    assert caught.value.args in ((32, "EPIPE"), (104, "ECONNRESET"))
    client.close()


def test_half_close_one_way_ended_the_other_works(ends: Pair) -> None:
    client, server = ends
    client.shutdown()
    client.sock_shutdown(socket.SHUT_WR)
    with pytest.raises(SSL.ZeroReturnError):
        server.recv(1)
    for _ in range(3):
        server.sendall(b"still here")
        assert client.recv(100) == b"still here"
    server.shutdown()
    with pytest.raises(SSL.ZeroReturnError):
        client.recv(1)


# ---- now is not the time


CALLS: Dict[str, Callable[[SSL.Connection], Any]] = {
    "do_handshake": lambda end: end.do_handshake(),
    "recv": lambda end: end.recv(1),
    "recv_into": lambda end: end.recv_into(bytearray(1)),
    "peek": lambda end: end.recv(1, socket.MSG_PEEK),
    "send": lambda end: end.send(b"x"),
    "sendall": lambda end: end.sendall(b"x"),
}


@pytest.mark.parametrize("call", ["do_handshake", "recv", "recv_into", "send", "sendall", "shutdown", "peek"])
def test_want_read_in_each_state(call: str) -> None:
    calls: Dict[str, Callable[[SSL.Connection], Any]] = {**CALLS, "shutdown": lambda end: end.shutdown()}
    client, server = socket_pair()
    client.setblocking(False)
    server.setblocking(False)
    if call != "shutdown":
        # All but shutdown do the handshake first.
        for _ in range(2):
            with pytest.raises(SSL.WantReadError):
                calls[call](client)
            assert (client.want_read(), client.want_write()) == (1, 0)
    client.setblocking(True)
    server.setblocking(True)
    shake_on_sockets(client, server)
    client.setblocking(False)
    if call in ("recv", "recv_into", "peek"):
        with pytest.raises(SSL.WantReadError):
            calls[call](client)
    if call == "shutdown":
        assert client.shutdown() is False
        with pytest.raises(SSL.WantReadError):
            client.shutdown()
    client.close()
    server.close()


def fill(sock: socket.socket) -> int:
    """Writes until the peer would have to read."""
    written = 0
    try:
        while True:
            written += sock.send(bytes(65536))
    except BlockingIOError:
        return written


def discard(sock: socket.socket, count: int) -> None:
    while count > 0:
        count -= len(sock.recv(min(count, 65536)))


@pytest.mark.parametrize("call", CALLS)
def test_want_write_at_the_first_word_of_the_handshake(call: str) -> None:
    client, server = socket_pair()
    client.setblocking(False)
    written = fill(client._socket)
    for _ in range(2):
        with pytest.raises(SSL.WantWriteError):
            CALLS[call](client)
        assert (client.want_read(), client.want_write()) == (0, 1)
    discard(server._socket, written)
    with pytest.raises(SSL.WantReadError):
        CALLS[call](client)
    assert (client.want_read(), client.want_write()) == (1, 0)
    client.setblocking(True)
    shake_on_sockets(client, server)
    client.close()
    server.close()


@pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
@pytest.mark.parametrize("call", CALLS)
def test_want_write_in_the_middle_of_the_handshake(call: str, version: int) -> None:
    """The server's answer does not go: it must not wait for more from the client, who waits for it."""
    contexts = client_context(), server_context()
    for context in contexts:
        context.set_max_proto_version(version)
    client, server = socket_pair(*contexts)
    for end in (client, server):
        end.setblocking(False)
    with pytest.raises(SSL.WantReadError):
        client.do_handshake()
    written = fill(server._socket)
    for _ in range(2):
        with pytest.raises(SSL.WantWriteError):
            CALLS[call](server)
    discard(client._socket, written)
    with pytest.raises(SSL.WantReadError):
        CALLS[call](server)
    for end in (client, server):
        end.setblocking(True)
    shake_on_sockets(client, server)
    client.close()
    server.close()


def test_want_write_in_the_middle_of_a_renegotiation() -> None:
    contexts = client_context(), server_context()
    for context in contexts:
        context.set_max_proto_version(SSL.TLS1_2_VERSION)
    client, server = socket_pair(*contexts)
    shake_on_sockets(client, server)
    client.setblocking(False)
    server.setblocking(False)
    assert server.renegotiate()
    server.do_handshake()  # says that it wants to
    written = fill(client._socket)
    with pytest.raises(SSL.WantWriteError):
        client.recv(1)  # the client's hello does not go
    discard(server._socket, written)
    for _ in range(5):
        for end in (client, server):
            try:
                end.recv(1)
            except SSL.WantReadError:
                pass
    assert server.total_renegotiations() == 1 and not server.renegotiate_pending()
    client.send(b"after it")
    assert server.recv(100) == b"after it"
    client.close()
    server.close()


def test_want_write_when_the_peer_does_not_read(ends: Pair) -> None:
    client, server = ends
    client.setblocking(False)
    piece = os.urandom(16384)
    sent = 0
    with pytest.raises(SSL.WantWriteError) as caught:
        while True:
            sent += client.send(piece)
    assert caught.value.args == () and (client.want_read(), client.want_write()) == (0, 1)
    # Receiving still works: nothing has come.
    with pytest.raises(SSL.WantReadError):
        client.recv(1)
    # Fewer bytes than were given before cannot be the same ones.
    with pytest.raises(SSL.Error, match="same bytes"):
        client.send(piece[:10])
    got = bytearray()
    while len(got) < sent:
        got += server.recv(16384)
    # The retry may come from another place in memory.
    assert client.send(bytearray(piece)) == len(piece)
    while len(got) < sent + len(piece):
        got += server.recv(16384)
    assert got == piece * (sent // len(piece) + 1)
    assert client.want_write() == 0


def test_close_notify_waits_its_turn(ends: Pair) -> None:
    client, server = ends
    client.setblocking(False)
    piece, sent = bytes(16384), 0
    with pytest.raises(SSL.WantWriteError):
        while True:
            sent += client.send(piece)
    for _ in range(2):
        with pytest.raises(SSL.WantWriteError):
            client.shutdown()
    got = 0
    while got < sent + len(piece):
        got += len(server.recv(16384))
        try:
            assert client.shutdown() is False
            break
        except SSL.WantWriteError:
            pass
    while got < sent + len(piece):
        got += len(server.recv(16384))
    with pytest.raises(SSL.ZeroReturnError):
        server.recv(1)


def test_sendall_tells_how_far_it_came(ends: Pair) -> None:
    client, server = ends
    client.setblocking(False)
    data = os.urandom(5_000_000)
    with pytest.raises(SSL.WantWriteError) as caught:
        client.sendall(data)
    sent = caught.value.sent
    assert sent is not None and 0 < sent < len(data)
    reader = in_thread(lambda: receive(server, len(data)))
    while sent < len(data):
        select.select([], [client], [])
        try:
            sent += client.sendall(memoryview(data)[sent:])
        except SSL.WantWriteError as again:
            assert again.sent is not None
            sent += again.sent
    assert reader() == data


def receive(connection: SSL.Connection, count: int) -> bytes:
    got = bytearray()
    while len(got) < count:
        got += connection.recv(65536)
    return bytes(got)


def test_three_gib_in_pieces_to_a_reader_that_begins_slowly(ends: Pair) -> None:
    client, server = ends
    client.setblocking(False)
    piece = memoryview(bytes(range(256)) * 4096)  # 1 MiB, sent again and again
    total, counted = 3 << 30, 0

    def drain() -> int:
        room, got, checked = bytearray(65536), 0, 0
        while got < total:
            n = server.recv_into(room)
            if got < 20 * 16384:
                time.sleep(0.005)
            if got // (1 << 24) != checked:
                checked = got // (1 << 24)
                assert bytes(room[:n]) == bytes((got + i) & 255 for i in range(n))
            got += n
        return got

    reader = in_thread(drain)
    wants = 0
    while counted < total:
        at = counted & (len(piece) - 1)
        try:
            counted += client.send(piece[at : at + 16384])
        except SSL.WantWriteError:
            wants += 1
            select.select([], [client], [])
    assert reader() == total and wants > 0


# ---- closed, and numbers that come back


def test_a_closed_own_socket_is_a_bad_descriptor(ends: Pair) -> None:
    client, _ = ends
    client.close()
    for call in (lambda: client.send(b"x"), lambda: client.recv(1), client.shutdown, client.do_handshake):
        with pytest.raises(SSL.SysCallError) as caught:
            call()
        assert caught.value.args == (9, "EBADF")
    assert client.get_cipher_name() is not None
    client.close()


def test_the_python_socket_closed_first_is_a_bad_descriptor(ends: Pair) -> None:
    client, _ = ends
    client._socket.close()
    for call in (lambda: client.send(b"x"), lambda: client.recv(1)):
        with pytest.raises(SSL.SysCallError) as caught:
            call()
        assert caught.value.args == (9, "EBADF") and caught.value.errno == 9


def test_a_number_given_to_another_file_is_never_touched(ends: Pair) -> None:
    client, _ = ends
    number = client.fileno()
    client._socket.close()
    near, far = socket.socketpair()
    with near, far:
        stolen = near if near.fileno() == number else None
        if stolen is None:
            os.dup2(near.fileno(), number)
        far.send(b"not yours")
        for call in (lambda: client.recv(100), lambda: client.send(b"x"), client.shutdown):
            with pytest.raises(SSL.SysCallError) as caught:
                call()
            assert caught.value.args == (9, "EBADF")
        assert near.recv(100) == b"not yours"
        far.setblocking(False)
        with pytest.raises(BlockingIOError):
            far.recv(1)
        if stolen is None:
            os.close(number)


def test_detach_of_the_socket_leaves_the_descriptor_open(ends: Pair) -> None:
    client, server = ends
    number = client._socket.detach()
    server.send(b"still open")
    assert client.recv(100) == b"still open"
    os.close(number)


# ---- signals and other threads


def test_ctrl_c_ends_a_blocking_recv_at_once(ends: Pair) -> None:
    client, server = ends
    main = threading.main_thread().ident
    assert main is not None

    def press() -> None:
        wait_until_asleep(threading.main_thread())
        signal.pthread_kill(main, signal.SIGINT)

    presser = threading.Thread(target=press)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    begin = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            presser.start()
            client.recv(1)
    finally:
        presser.join()
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - begin < 60
    server.send(b"goes on")
    assert client.recv(100) == b"goes on"


def test_a_handled_signal_does_not_disturb_a_blocking_call(ends: Pair) -> None:
    client, server = ends
    seen: List[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: seen.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
        answer = threading.Timer(0.3, server.send, (b"late",))
        answer.start()
        assert client.recv(100) == b"late"
        late_reader = threading.Timer(0.3, receive, (server, 8_000_000))
        late_reader.start()
        assert client.sendall(bytes(8_000_000)) == 8_000_000
        late_reader.join()
        answer.join()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(seen) > 1


def test_close_wakes_a_reader_and_a_writer(ends: Pair) -> None:
    client, _ = ends
    reader = in_thread(lambda: client.recv(1))

    def write() -> None:
        while True:
            client.send(bytes(16384))

    writer = in_thread(write)
    time.sleep(0.3)
    client.close()
    for outcome in (reader(), writer()):
        assert isinstance(outcome, SSL.SysCallError) and outcome.args == (9, "EBADF")


# ---- waiting for the socket


def test_select_tells_the_truth(ends: Pair) -> None:
    client, server = ends
    for n in range(3):
        server.send(b"one %d" % n)
        server.send(b"two %d" % n)
        assert select.select([client], [], [], 5)[0]
        assert client.recv(100) == b"one %d" % n
        # No more was taken from the socket than the first record.
        assert client.pending() == 0 and select.select([client], [], [], 0)[0]
        assert client.recv(100) == b"two %d" % n
        assert client.pending() == 0 and not select.select([client], [], [], 0)[0]


# ---- files and with


def test_makefile_binary_and_text(ends: Pair) -> None:
    client, server = ends
    with client.makefile("wb") as out:
        out.write(b"one\ntwo\n")
    with server.makefile("rb") as lines:
        assert lines.readline() == b"one\n" and lines.mode == "rb"
        assert lines.readline() == b"two\n"
    with client.makefile("w", encoding="utf-8") as out:
        out.write("gr\u00fc\u00df\nfive")
    client.shutdown()
    with server.makefile(encoding="utf-8") as lines:
        assert lines.readline() == "gr\u00fc\u00df\n"
        assert lines.read() == "five"
        assert lines.mode == "r"


def test_makefile_both_ways_and_unbuffered(ends: Pair) -> None:
    client, server = ends
    with client.makefile("rwb") as both, server.makefile("rwb", 0) as raw:
        both.write(b"ping")
        both.flush()
        assert raw.read(100) == b"ping" and raw.fileno() == server.fileno()
        raw.write(b"pong")
        assert both.read1(100) == b"pong"
        assert not raw.seekable() and raw.readable() and raw.writable()
    with pytest.raises(ValueError, match="closed"):
        raw.read(1)


def test_a_file_closed_after_its_connection_was_freed_is_no_error(ends: Pair) -> None:
    """The collector frees the objects of a cycle in any order."""
    client, _ = ends
    lines = client.makefile("rb")
    client.close()
    SSL.Connection._free(client.__dict__["_handle"])
    lines.close()
    assert client.fileno() == -1
    del client.__dict__["_handle"]


def test_makefile_refuses_what_it_cannot_be(ends: Pair) -> None:
    client, _ = ends
    with pytest.raises(ValueError, match="invalid mode"):
        client.makefile("x")
    with pytest.raises(ValueError, match="binary"):
        client.makefile("r", 0)
    with client.makefile("rb", 0) as reading, pytest.raises(io.UnsupportedOperation):
        reading.write(b"x")


def test_a_file_that_would_have_to_wait(ends: Pair) -> None:
    client, _ = ends
    client.setblocking(False)
    with client.makefile("rb", 0) as raw:
        assert raw.read(10) is None


def test_the_socket_is_closed_with_the_last_file(ends: Pair) -> None:
    client, server = ends
    lines, number = client.makefile("rb"), client.fileno()
    client.close()
    server.sendall(b"still read\n")
    assert lines.readline() == b"still read\n"
    os.fstat(number)
    lines.close()
    with pytest.raises(OSError):
        os.fstat(number)


def test_a_truncated_stream_is_no_end_of_file(ends: Pair) -> None:
    client, server = ends
    server.send(b"half a li")
    server._socket.close()
    with client.makefile("rb") as lines, pytest.raises(SSL.SysCallError):
        lines.readline()


def test_with_says_goodbye_and_closes(ends: Pair) -> None:
    client, server = ends
    with client as same:
        assert same is client
        number = client.fileno()
    with pytest.raises(SSL.ZeroReturnError):
        server.recv(1)
    with pytest.raises(OSError):
        os.fstat(number)


def test_with_says_nothing_when_something_went_wrong(ends: Pair) -> None:
    client, server = ends
    with pytest.raises(KeyError), client:
        raise KeyError
    with pytest.raises(SSL.SysCallError) as caught:
        server.recv(1)
    assert caught.value.args == (-1, "Unexpected EOF")


def test_with_on_a_pumped_connection_ends_it() -> None:
    client, server = connected()
    with client:
        pass
    assert pump(server, server) == 0
    with pytest.raises(SSL.SysCallError):
        client.send(b"x")


# ---- listening and connecting


def test_accept_and_connect_over_tcp() -> None:
    listening = SSL.Connection(server_context(), socket.socket())
    listening.bind(("127.0.0.1", 0))
    listening.listen(1)
    address = listening.getsockname()

    def serve() -> bytes:
        connection, peer = listening.accept()
        assert type(connection) is SSL.Connection and peer[0] == "127.0.0.1"
        with connection:
            got = connection.recv(100)
            connection.sendall(got.upper())
        return got

    server = in_thread(serve)
    client = SSL.Connection(client_context(), socket.socket())
    assert client.connect_ex(address) == 0
    client.sendall(b"hello")
    assert client.recv(100) == b"HELLO" and server() == b"hello"
    with pytest.raises(SSL.ZeroReturnError):
        client.recv(1)
    client.close()
    again = SSL.Connection(client_context(), socket.socket())
    listening.close()
    assert again.connect_ex(address) != 0
    with pytest.raises(ConnectionRefusedError):
        again.connect(address)
    again.close()


def test_attributes_are_the_sockets() -> None:
    client, server = socket_pair()
    assert client.fileno() == client._socket.fileno()
    assert client.family == socket.AF_UNIX and client.gettimeout() is None
    client.settimeout(5)
    assert client._socket.gettimeout() == 5
    with pytest.raises(AttributeError, match="'socket' object has no attribute 'nosuch'"):
        client.nosuch  # noqa: B018
    client.close()
    server.close()
