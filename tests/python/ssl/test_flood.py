"""A peer that makes this end answer and never reads: what waits to be sent has a bound."""

from __future__ import annotations

import socket
import threading
from typing import Any, Callable, Dict, List, Tuple

import pytest
from support import client_context, connected, pump, server_context

from OpenSSL import SSL

#: How many bytes of answers may wait; one record more is there when receiving stops.
BOUND = 64 * 1024
RECORD = 16384 + 256


def flood(client: SSL.Connection, updates: int) -> bytes:
    """Key updates that want an answer each, as ciphertext."""
    stream = b""
    for _ in range(updates):
        client.key_update(True)
        client.do_handshake()
        stream += client.bio_read(65536)
    return stream


def drained(end: SSL.Connection) -> bytes:
    output = b""
    try:
        while True:
            output += end.bio_read(65536)
    except SSL.WantReadError:
        return output


def test_a_pumped_connection_stops_receiving_until_its_answers_are_taken() -> None:
    client, server = connected()
    server.bio_write(flood(client, 5000))
    client.sendall(b"the end")
    pump(client, server)
    rounds: List[int] = []
    received = None
    while received is None:
        try:
            received = server.recv(100)
        except SSL.WantWriteError:
            assert server.want_write() and not server.want_read()
            output = drained(server)
            assert BOUND < len(output) < BOUND + RECORD, len(output)
            rounds.append(len(output))
            client.bio_write(output)
    assert (received, len(rounds)) == (b"the end", 5000 * 27 // BOUND)
    # Both ends have followed every update.
    server.sendall(b"still in step")
    pump(server, client)
    assert client.recv(100) == b"still in step"


@pytest.mark.parametrize("call", ["recv", "peek", "shutdown"])
def test_whatever_receives_stops(call: str) -> None:
    client, server = connected()
    if call == "shutdown":
        assert server.shutdown() is False
        drained(server)
    server.bio_write(flood(client, 5000))
    calls: Dict[str, Callable[[int], object]] = {
        "recv": server.recv,
        "peek": lambda n: server.recv(n, socket.MSG_PEEK),
        "shutdown": lambda n: server.shutdown(),
    }
    with pytest.raises(SSL.WantWriteError):
        calls[call](1)
    assert len(drained(server)) < BOUND + RECORD


def test_what_send_left_does_not_stop_receiving() -> None:
    client, server = connected()
    for _ in range(64):
        server.send(bytes(16384))
    client.sendall(b"data")
    pump(client, server)
    assert server.recv(100) == b"data"
    # Answers before it count until they have gone, answers behind it until that has gone too.
    server.bio_write(flood(client, 5000))
    with pytest.raises(SSL.WantWriteError):
        server.recv(1)
    client.bio_write(drained(server))
    with pytest.raises(SSL.WantWriteError):
        server.recv(1)


@pytest.mark.parametrize("blocking", [True, False], ids=["blocking", "non-blocking"])
def test_a_socket_is_not_read_while_the_peer_does_not_read(blocking: bool) -> None:
    client, server, attacker, near = flooding_peer()
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    stream = flood(client, 12000)
    sent = 0

    def push() -> int:
        nonlocal sent
        attacker.setblocking(False)
        try:
            while sent < len(stream):
                sent += attacker.send(stream[sent : sent + 65536])
        except BlockingIOError:
            pass
        return sent

    push()
    if blocking:
        near.setblocking(True)
        failures: List[BaseException] = []

        def receive() -> None:
            try:
                server.recv(1)
            except BaseException as failure:
                failures.append(failure)

        thread = threading.Thread(target=receive)
        thread.start()
        before = -1
        while before != push():
            before = sent
            thread.join(0.3)
        assert thread.is_alive() and sent < len(stream), (failures, sent)
        server.close()
        thread.join(20)
        assert [type(failure) for failure in failures] == [SSL.SysCallError]
    else:
        near.setblocking(False)
        for _ in range(100):
            push()
            try:
                server.recv(1)
            except SSL.WantWriteError:
                pass
            except SSL.WantReadError:
                continue
        assert sent < len(stream)
    attacker.close()
    near.close()


def flooding_peer() -> Tuple[SSL.Connection, SSL.Connection, socket.socket, socket.socket]:
    """A server on a socket, and a client without a transport whose ciphertext goes over the other end."""
    far, near = socket.socketpair()
    server: Any = SSL.Connection(server_context(), near)
    server.set_accept_state()
    client = SSL.Connection(client_context(), None)
    client.set_connect_state()
    near.setblocking(False)
    far.setblocking(False)
    done = [False, False]
    while not all(done):
        for at, end in enumerate((client, server)):
            try:
                end.do_handshake()
                done[at] = True
            except (SSL.WantReadError, SSL.WantWriteError):
                pass
        far.sendall(drained(client))
        try:
            client.bio_write(far.recv(65536))
        except BlockingIOError:
            pass
    with pytest.raises(SSL.WantReadError):
        server.recv(1)
    return client, server, far, near
