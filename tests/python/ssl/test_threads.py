"""One reader and one writer thread on each end: every byte arrives, in order, whatever else happens meanwhile."""

from __future__ import annotations

import random
import select
import socket
import threading
from typing import Any, Callable, List, Optional, Tuple

import pytest
from support import client_context, server_context

from OpenSSL import SSL

TLS1_2, TLS1_3 = 0x0303, 0x0304
_PATTERN = bytes(random.Random(20).randrange(256) for _ in range(1 << 16)) * 2


def stream(at: int, count: int) -> bytes:
    """Bytes `at` and on of a stream that never ends."""
    start = at & 0xFFFF
    return _PATTERN[start : start + count]


class Crew:
    """Threads that all must end well."""

    def __init__(self) -> None:
        self.failures: List[BaseException] = []
        self.threads: List[threading.Thread] = []

    def start(self, work: Callable[..., Any], *args: Any) -> None:
        def run() -> None:
            try:
                work(*args)
            except BaseException as failure:
                self.failures.append(failure)

        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()

    def join(self) -> None:
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), f"a thread hangs; others raised {self.failures}"
        assert not self.failures, self.failures


def write(end: SSL.Connection, total: int, seed: int, disturb: Optional[Callable[[], Any]] = None) -> None:
    sizes, sent = random.Random(seed), 0
    while sent < total:
        piece = stream(sent, min(sizes.choice((1, 70, 3000, 16384, 40000)), total - sent))
        sent += end.send(piece) if sizes.random() < 0.5 else end.sendall(piece)
        if disturb is not None and sizes.random() < 0.2:
            disturb()


def write_at_once(end: SSL.Connection, total: int, seed: int) -> None:
    sizes, sent = random.Random(seed), 0
    while sent < total:
        piece = stream(sent, min(sizes.choice((1, 70, 3000, 16384, 40000)), total - sent))
        while True:
            try:
                sent += end.send(piece)
                break
            except SSL.WantWriteError:
                select.select([], [end], [], 0.5)
            except SSL.WantReadError:
                select.select([end], [], [], 0.05)


def read(end: SSL.Connection, total: int, seed: int) -> None:
    sizes, got = random.Random(seed), 0
    while got < total:
        piece = end.recv(sizes.choice((1, 100, 5000, 16384)))
        assert piece == stream(got, len(piece)), f"other bytes after {got}"
        got += len(piece)


def read_at_once(end: SSL.Connection, total: int, seed: int) -> None:
    sizes, got = random.Random(seed), 0
    while got < total:
        try:
            piece = end.recv(sizes.choice((1, 100, 5000, 16384)))
        except (SSL.WantReadError, SSL.WantWriteError):
            select.select([end], [], [], 0.05)
            continue
        assert piece == stream(got, len(piece)), f"other bytes after {got}"
        got += len(piece)


def ends(version: int, options: int = 0) -> Tuple[SSL.Connection, SSL.Connection]:
    near, far = socket.socketpair()
    made = []
    for context, sock in ((client_context(), near), (server_context(), far)):
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
        context.set_options(options)
        made.append(SSL.Connection(context, sock))
    made[0].set_connect_state()
    made[1].set_accept_state()
    return made[0], made[1]


def close(*connections: SSL.Connection) -> None:
    for connection in connections:
        connection.close()


@pytest.mark.parametrize("version", [TLS1_2, TLS1_3])
@pytest.mark.parametrize("blocking", [True, False])
def test_both_ends_read_and_write_from_the_first_byte(version: int, blocking: bool) -> None:
    # No handshake first: the four threads do it among them, and meet the session tickets.
    for seed in range(3):
        client, server = ends(version)
        for end in (client, server):
            end.setblocking(blocking)
        crew, total = Crew(), 4_000_000
        for end in (client, server):
            crew.start(read if blocking else read_at_once, end, total, seed)
            crew.start(write if blocking else write_at_once, end, total, seed + 1)
        crew.join()
        close(client, server)


def test_right_after_the_handshake_when_the_tickets_arrive() -> None:
    for seed in range(20):
        client, server = ends(TLS1_3)
        crew = Crew()
        crew.start(server.do_handshake)
        client.do_handshake()
        crew.join()
        for end in (client, server):
            crew.start(write, end, 50_000, seed)
            crew.start(read, end, 50_000, seed)
        crew.join()
        close(client, server)


def test_through_key_updates() -> None:
    client, server = ends(TLS1_3)
    crew, total = Crew(), 2_000_000
    crew.start(server.do_handshake)
    client.do_handshake()
    crew.join()
    updates = []

    def update(end: SSL.Connection) -> Callable[[], None]:
        def disturb() -> None:
            try:
                end.key_update(peer_too=True)
                updates.append(end)
            except SSL.Error as error:
                # One is on its way already.
                assert error.reason in ("invalid key update type", "bad write retry", "still in init"), error

        return disturb

    for end in (client, server):
        crew.start(read, end, total, 1)
        crew.start(write, end, total, 2, update(end))
    crew.join()
    assert len(updates) > 10
    close(client, server)


@pytest.mark.parametrize("asking", ["client", "server"])
def test_through_renegotiations(asking: str) -> None:
    client, server = ends(TLS1_2, 1 << 8)  # SSL_OP_ALLOW_CLIENT_RENEGOTIATION
    crew, total = Crew(), 4_000_000
    crew.start(server.do_handshake)
    client.do_handshake()
    crew.join()
    asker = client if asking == "client" else server

    def again() -> None:
        if not asker.renegotiate_pending():
            asker.renegotiate()

    # Where one is long in coming, the next is not asked for meanwhile: on a busy machine once may be all of a round.
    for _ in range(10):
        for end in (client, server):
            crew.start(read, end, total, 3)
            crew.start(write, end, total, 4, again if end is asker else None)
        crew.join()
        if asker.total_renegotiations() > 1:
            break
    assert asker.total_renegotiations() > 1
    close(client, server)


def test_state_may_be_looked_at_from_anywhere() -> None:
    client, server = ends(TLS1_3)
    crew, total, stop = Crew(), 1_000_000, threading.Event()

    def look() -> None:
        while not stop.is_set():
            for end in (client, server):
                end.pending(), end.get_cipher_name(), end.get_state_string(), end.get_peer_certificate()
                end.get_session(), end.get_shutdown(), end.want_read()

    crew.start(look)
    movers = Crew()
    for end in (client, server):
        movers.start(read, end, total, 5)
        movers.start(write, end, total, 6)
    movers.join()
    stop.set()
    crew.join()
    close(client, server)


def test_connections_come_and_go_on_many_threads() -> None:
    context, other = client_context(), server_context()

    def work(seed: int) -> None:
        for _ in range(10):
            near, far = socket.socketpair()
            client, server = SSL.Connection(context, near), SSL.Connection(other, far)
            client.set_connect_state()
            server.set_accept_state()
            crew = Crew()
            crew.start(server.sendall, b"hello %d" % seed)
            assert client.recv(100) == b"hello %d" % seed
            crew.join()
            close(client, server)

    crew = Crew()
    for seed in range(4):
        crew.start(work, seed)
    crew.join()
