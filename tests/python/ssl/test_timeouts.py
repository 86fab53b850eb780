"""honor_timeout=True: settimeout() on the wrapped socket means what it means in the standard library."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from typing import Any, Callable, Iterator, Tuple

import pytest
from support import client_context, server_context

from OpenSSL import SSL

Pair = Tuple[SSL.Connection, SSL.Connection]


def made(honor: bool = True) -> Pair:
    near, far = socket.socketpair()
    client = SSL.Connection(client_context(), near, honor_timeout=honor)
    server = SSL.Connection(server_context(), far, honor_timeout=True)
    client.set_connect_state()
    server.set_accept_state()
    return client, server


def shake_hands(client: SSL.Connection, server: SSL.Connection) -> None:
    thread = threading.Thread(target=server.do_handshake)
    thread.start()
    client.do_handshake()
    thread.join()
    server.send(b".")
    assert client.recv(1) == b"."


@pytest.fixture
def ends(request: pytest.FixtureRequest) -> Iterator[Pair]:
    client, server = made()
    shake_hands(client, server)
    yield client, server
    client.close()
    server.close()
    request.node.funcargs.clear()


def timed_out(call: Callable[[], Any], least: float) -> TimeoutError:
    begin = time.monotonic()
    with pytest.raises(TimeoutError) as caught:
        call()
    took = time.monotonic() - begin
    assert least * 0.95 <= took < least + 30, took
    return caught.value


def test_the_handshake_has_a_deadline() -> None:
    client, server = made()
    client.settimeout(0.2)
    timed_out(client.do_handshake, 0.2)
    # Nothing is lost: the handshake goes on from there.
    client.settimeout(10)
    shake_hands(client, server)
    client.close()
    server.close()


def test_recv_and_its_kin(ends: Pair) -> None:
    client, server = ends
    client.settimeout(0.1)
    for call in (
        lambda: client.recv(1),
        lambda: client.recv(1, socket.MSG_PEEK),
        lambda: client.recv_into(bytearray(1)),
        lambda: client.makefile("rb", 0).read(1),
    ):
        timed_out(call, 0.1)
    server.send(b"came")
    assert client.recv(100) == b"came"


def test_send_and_sendall(ends: Pair) -> None:
    client, server = ends
    client.settimeout(0.3)
    piece = os.urandom(16384)
    sent = 0

    def fill() -> None:
        nonlocal sent
        while True:
            sent += client.send(piece)

    timed_out(fill, 0.3)
    timed_out(lambda: client.send(piece), 0.3)
    error = timed_out(lambda: client.sendall(piece * 3), 0.3)
    assert getattr(error, "sent") == 0  # noqa: B009
    reader = threading.Thread(target=drain, args=(server, sent + len(piece) * 10))
    reader.start()
    assert client.sendall(piece * 10) == len(piece) * 10
    reader.join()


def drain(connection: SSL.Connection, count: int) -> None:
    connection.settimeout(20)
    while count > 0:
        count -= len(connection.recv(65536))


def test_sendall_has_one_deadline_for_all_of_it(ends: Pair) -> None:
    client, server = ends
    client.settimeout(0.5)
    stop = threading.Event()

    def trickle() -> None:
        # Always some room, never enough: each piece alone would be in time.
        server.settimeout(60)
        while not stop.wait(0.02):
            server.recv(16384)

    reader = threading.Thread(target=trickle)
    reader.start()
    try:
        error = timed_out(lambda: client.sendall(bytes(50_000_000)), 0.5)
    finally:
        stop.set()
        reader.join()
    assert 0 < getattr(error, "sent") < 50_000_000  # noqa: B009


def test_shutdown(ends: Pair) -> None:
    client, _ = ends
    client.settimeout(0.2)
    assert client.shutdown() is False
    timed_out(client.shutdown, 0.2)


def test_a_signal_does_not_stretch_the_deadline(ends: Pair) -> None:
    client, _ = ends
    client.settimeout(0.4)
    before = signal.signal(signal.SIGALRM, lambda number, frame: None)
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    try:
        timed_out(lambda: client.recv(1), 0.4)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_in_time_is_in_time(ends: Pair) -> None:
    client, server = ends
    client.settimeout(10)
    late = threading.Timer(0.2, server.send, (b"late",))
    late.start()
    assert client.recv(100) == b"late"
    late.join()


def test_no_timeout_blocks_and_zero_does_not(ends: Pair) -> None:
    client, server = ends
    client.settimeout(0)
    with pytest.raises(SSL.WantReadError):
        client.recv(1)
    client.settimeout(None)
    late = threading.Timer(0.2, server.send, (b"late",))
    late.start()
    assert client.recv(100) == b"late"
    late.join()


def test_a_reader_with_a_deadline_and_a_writer_share_the_connection(ends: Pair) -> None:
    client, server = ends
    client.settimeout(0.3)
    failures = []

    def read() -> None:
        for _ in range(3):
            try:
                client.recv(1)
            except TimeoutError as error:
                failures.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    server.settimeout(60)
    for _ in range(200):
        client.sendall(b"x" * 1000)
        got = 0
        while got < 1000:
            got += len(server.recv(1000))
    reader.join()
    assert len(failures) == 3


def test_close_wakes_a_call_with_a_deadline(ends: Pair) -> None:
    client, _ = ends
    client.settimeout(200)
    closer = threading.Timer(0.2, client.close)
    closer.start()
    begin = time.monotonic()
    with pytest.raises(SSL.SysCallError) as caught:
        client.recv(1)
    assert caught.value.args == (9, "EBADF") and time.monotonic() - begin < 100
    closer.join()


def test_accept_passes_it_on() -> None:
    listening = SSL.Connection(server_context(), socket.socket(), honor_timeout=True)
    listening.bind(("127.0.0.1", 0))
    listening.listen(1)
    with socket.create_connection(listening.getsockname()):
        connection, _ = listening.accept()
        connection.settimeout(0.1)
        timed_out(connection.do_handshake, 0.1)
        connection.close()
    listening.close()


def test_without_it_a_timeout_means_not_to_wait() -> None:
    client, server = made(honor=False)
    client.settimeout(100)
    begin = time.monotonic()
    with pytest.raises(SSL.WantReadError):
        client.do_handshake()
    assert time.monotonic() - begin < 50
    client.close()
    server.close()


def test_it_means_nothing_without_a_socket() -> None:
    conn = SSL.Connection(client_context(), None, honor_timeout=True)
    conn.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        conn.do_handshake()
