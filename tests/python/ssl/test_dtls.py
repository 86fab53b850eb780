"""DTLS over datagram sockets and without: borders, cookies, timeouts, sizes."""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import Any, Iterator, List, Tuple

import pytest
from support import attempt, client_context, exchange, pump, reasons, server_context

from OpenSSL import SSL

Pair = Tuple[SSL.Connection, SSL.Connection]


def contexts() -> Tuple[SSL.Context, SSL.Context]:
    return client_context(SSL.DTLS_METHOD), server_context(SSL.DTLS_METHOD)


def pumped() -> Pair:
    ours, theirs = contexts()
    client, server = SSL.Connection(ours), SSL.Connection(theirs)
    client.set_connect_state()
    server.set_accept_state()
    return client, server


def datagrams(source: SSL.Connection) -> List[bytes]:
    out = []
    while True:
        try:
            out.append(source.bio_read(65536))
        except SSL.WantReadError:
            return out


def over_udp(blocking: bool = True) -> Pair:
    near, far = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
    near.bind(("127.0.0.1", 0))
    far.bind(("127.0.0.1", 0))
    near.connect(far.getsockname())
    far.connect(near.getsockname())
    ours, theirs = contexts()
    client, server = SSL.Connection(ours, near), SSL.Connection(theirs, far)
    client.set_connect_state()
    server.set_accept_state()
    for end in (client, server):
        end.setblocking(blocking)
    return client, server


@pytest.fixture
def udp(request: pytest.FixtureRequest) -> Iterator[Pair]:
    client, server = over_udp()
    yield client, server
    client.close()
    server.close()
    request.node.funcargs.clear()


def run(work: Any) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_without_a_socket() -> None:
    client, server = pumped()
    assert attempt(client, server) == (None, None)
    assert client.get_protocol_version_name() == "DTLSv1.2"
    assert exchange(client, server) == exchange(server, client) == b"hello"
    assert client.shutdown() is False
    pump(client, server)
    with pytest.raises(SSL.ZeroReturnError):
        server.recv(1)


def test_each_bio_read_is_one_datagram() -> None:
    client, server = pumped()
    client.set_ciphertext_mtu(500)
    server.set_ciphertext_mtu(500)
    assert attempt(client, server) == (None, None)
    for size in (1, 100, 300):
        client.send(b"x" * size)
    sent = datagrams(client)
    assert len(sent) == 3 and len(sent[0]) < len(sent[1]) < len(sent[2])
    # In another order, one lost, one twice: those that arrive are whole.
    for packet in (sent[2], sent[0], sent[0]):
        server.bio_write(packet)
    assert [len(server.recv(1000)) for _ in range(2)] == [300, 1]
    with pytest.raises(SSL.WantReadError):
        server.recv(1000)


def test_the_certificates_go_in_datagrams_of_the_mtu() -> None:
    client, server = pumped()
    for end in (client, server):
        end.set_ciphertext_mtu(400)
    sizes: List[int] = []
    for _ in range(20):
        for end, other in ((client, server), (server, client)):
            try:
                end.do_handshake()
            except SSL.WantReadError:
                pass
            for packet in datagrams(end):
                sizes.append(len(packet))
                other.bio_write(packet)
    assert max(sizes) <= 400 and len(sizes) > 6
    assert exchange(client, server) == b"hello"
    assert 300 < client.get_cleartext_mtu() < 400


def test_a_datagram_read_in_pieces_is_not_lost() -> None:
    client, server = pumped()
    assert attempt(client, server) == (None, None)
    client.send(b"y" * 200)
    first = client.bio_read(50)
    packet = first + client.bio_read(10_000)
    assert len(first) == 50
    server.bio_write(packet)
    assert server.recv(1000) == b"y" * 200


def test_garbage_is_passed_over() -> None:
    client, server = pumped()
    assert attempt(client, server) == (None, None)
    server.bio_write(os.urandom(300))
    client.send(b"after garbage")
    pump(client, server)
    assert server.recv(100) == b"after garbage"


def test_a_lost_flight_is_sent_again() -> None:
    client, server = pumped()
    assert client.DTLSv1_get_timeout() is None
    with pytest.raises(SSL.WantReadError):
        client.do_handshake()
    lost = datagrams(client)
    assert lost
    left = client.DTLSv1_get_timeout()
    assert left is not None and 0 < left <= 1
    assert client.DTLSv1_handle_timeout() is False and datagrams(client) == []
    time.sleep(left + 0.01)
    assert client.DTLSv1_get_timeout() == 0
    assert client.DTLSv1_handle_timeout() is True
    again = datagrams(client)
    assert again and len(again[0]) == len(lost[0])
    left = client.DTLSv1_get_timeout()
    assert left is not None and left > 1.5
    for packet in again:
        server.bio_write(packet)
    assert attempt(client, server) == (None, None)
    assert client.DTLSv1_get_timeout() is None


def test_tls_has_no_timeouts_and_no_mtu() -> None:
    conn = SSL.Connection(client_context())
    assert conn.DTLSv1_get_timeout() is None and conn.DTLSv1_handle_timeout() is False
    conn.set_ciphertext_mtu(500)
    with pytest.raises(ValueError, match="DTLS"):
        conn.get_cleartext_mtu()
    with pytest.raises(SSL.Error) as caught:
        conn.DTLSv1_listen()
    assert reasons(caught.value) == ["unsupported ssl version"]


def test_the_mtu_is_known_after_the_handshake() -> None:
    client, server = pumped()
    assert client.get_cleartext_mtu() == 0
    client.set_ciphertext_mtu(1000)
    assert attempt(client, server) == (None, None)
    room = client.get_cleartext_mtu()
    assert 900 < room < 1000
    client.send(b"z" * room)
    assert [len(packet) <= 1000 for packet in datagrams(client)] == [True]


def test_listen_wants_a_cookie_that_was_given() -> None:
    ours, theirs = contexts()
    given: List[Any] = []

    def generate(conn: SSL.Connection) -> bytes:
        given.append(conn)
        return b"cookie for you"

    theirs.set_cookie_generate_callback(generate)
    theirs.set_cookie_verify_callback(lambda conn, cookie: cookie == b"cookie for you")
    client, server = SSL.Connection(ours), SSL.Connection(theirs)
    client.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        server.DTLSv1_listen()
    with pytest.raises(SSL.WantReadError):
        client.do_handshake()
    pump(client, server)
    with pytest.raises(SSL.WantReadError):
        server.DTLSv1_listen()
    assert given == [server]
    # The request for the cookie goes out, the client comes again with it.
    assert pump(server, client) > 0
    with pytest.raises(SSL.WantReadError):
        client.do_handshake()
    pump(client, server)
    server.DTLSv1_listen()
    assert attempt(client, server) == (None, None)
    assert exchange(server, client) == b"hello"


def test_what_a_cookie_callback_raises_comes_out_of_listen() -> None:
    ours, theirs = contexts()
    raised = KeyError("mine")

    def generate(conn: SSL.Connection) -> bytes:
        raise raised

    theirs.set_cookie_generate_callback(generate)
    theirs.set_cookie_verify_callback(lambda conn, cookie: True)
    client, server = SSL.Connection(ours), SSL.Connection(theirs)
    client.set_connect_state()
    with pytest.raises(SSL.WantReadError):
        client.do_handshake()
    pump(client, server)
    with pytest.raises(KeyError) as caught:
        server.DTLSv1_listen()
    assert caught.value is raised


def test_over_udp(udp: Pair) -> None:
    client, server = udp
    thread = run(server.do_handshake)
    client.do_handshake()
    thread.join(60)
    for size in (1, 500, 1300):
        client.send(b"u" * size)
    assert [len(server.recv(2000)) for _ in range(3)] == [1, 500, 1300]
    server.send(b"answer")
    assert client.recv(100) == b"answer"


def test_over_udp_without_blocking() -> None:
    client, server = over_udp(blocking=False)
    waiting = [client, server]
    for _ in range(20):
        for end in list(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except SSL.WantReadError:
                pass
    assert not waiting
    with pytest.raises(SSL.WantReadError):
        server.recv(10)
    client.send(b"one datagram")
    assert server.recv(100) == b"one datagram"
    client.close()
    server.close()


def test_a_blocking_handshake_sends_again_by_itself(udp: Pair) -> None:
    client, server = udp
    thread = run(client.do_handshake)
    # The first hello is lost: read past the connection, and thrown away.
    assert server._socket.recv(4096)
    server.do_handshake()
    thread.join(60)
    assert not thread.is_alive()
    client.send(b"after all")
    assert server.recv(100) == b"after all"


def test_a_peer_that_is_not_there_yet_is_no_end(udp: Pair) -> None:
    client, _ = udp
    client.setblocking(False)
    far = socket.socket(type=socket.SOCK_DGRAM)
    far.bind(("127.0.0.1", 0))
    address = far.getsockname()
    far.close()
    client.connect(address)
    with pytest.raises(SSL.SysCallError) as caught:
        client.do_handshake()
    assert caught.value.args == (111, "ECONNREFUSED")
    # It is not over: the next flight may find somebody.
    far = socket.socket(type=socket.SOCK_DGRAM)
    far.bind(address)
    far.connect(client.getsockname())
    late = SSL.Connection(contexts()[1], far)
    late.set_accept_state()
    client.setblocking(True)
    thread = run(late.do_handshake)
    client.do_handshake()
    thread.join(60)
    client.send(b"found")
    assert late.recv(100) == b"found"
    late.close()


def test_a_deadline_holds_for_dtls_too() -> None:
    client, server = over_udp()
    server.close()
    near, far = socket.socketpair(type=socket.SOCK_DGRAM)
    conn = SSL.Connection(contexts()[0], near, honor_timeout=True)
    conn.set_connect_state()
    conn.settimeout(1.3)
    begin = time.monotonic()
    with pytest.raises(TimeoutError):
        conn.do_handshake()
    assert 1.2 < time.monotonic() - begin < 30
    # The hello, and once more after a second.
    far.setblocking(False)
    assert far.recv(4096)[13:14] == far.recv(4096)[13:14] == b"\x01"
    with pytest.raises(BlockingIOError):
        far.recv(4096)
    for sock in (near, far, client):
        sock.close()
