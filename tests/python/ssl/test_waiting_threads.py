"""What threads that wait on one connection do to each other: nothing, until one of them ends it."""

from __future__ import annotations

import errno
import os
import random
import socket
import threading
import time
from typing import Any, Callable, Dict, List

import pytest
from support import client_context, server_context, socket_pair

from OpenSSL import SSL


def shaken() -> Any:
    client, server = socket_pair()
    helper = threading.Thread(target=server.do_handshake)
    helper.start()
    client.do_handshake()
    helper.join()
    return client, server


class Waiting:
    """A call on a thread of its own, over and over, until it raises."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.failure: BaseException = AssertionError("it has not ended")
        self.ended = 0.0
        self._call = call
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            while True:
                self._call()
        except BaseException as failure:
            self.failure = failure
        self.ended = time.monotonic()

    def end(self) -> BaseException:
        self.thread.join(10)
        assert not self.thread.is_alive(), "still waiting"
        return self.failure


def test_a_reader_on_a_silent_peer_does_not_delay_a_writer() -> None:
    client, server = shaken()
    reading, draining = Waiting(lambda: client.recv(100)), Waiting(lambda: server.recv(65536))
    time.sleep(0.05)
    took = []
    for _ in range(1000):
        begun = time.perf_counter()
        client.send(b"x" * 1000)
        took.append(time.perf_counter() - begun)
    took.sort()
    print(f"send: p50 {took[500] * 1e3:.3f} ms, p99 {took[990] * 1e3:.3f} ms, longest {took[-1] * 1e3:.3f} ms")
    assert took[990] < 0.05
    client.close(), server.close()
    reading.end(), draining.end()


def closed(failure: BaseException) -> bool:
    return isinstance(failure, SSL.SysCallError) and failure.args == (errno.EBADF, "EBADF")


def shut_down(failure: BaseException) -> bool:
    said = "another thread shut the connection down"
    expected = (errno.ESHUTDOWN, "ESHUTDOWN")
    return isinstance(failure, SSL.SysCallError) and failure.args == expected and failure.message == said


def test_close_ends_a_reader_and_a_writer() -> None:
    client, server = shaken()
    reading, writing = Waiting(lambda: client.recv(100)), Waiting(lambda: client.sendall(bytes(1 << 20)))
    time.sleep(0.1)
    begun = time.monotonic()
    client.close()
    assert closed(reading.end()) and closed(writing.end())
    assert max(reading.ended, writing.ended) - begun < 2
    server.close()


def test_shutdown_ends_a_reader_and_a_writer() -> None:
    client, server = shaken()
    reading, writing = Waiting(lambda: client.recv(100)), Waiting(lambda: client.sendall(bytes(1 << 20)))
    time.sleep(0.1)
    # It waits itself, behind what the writer has left; not so the two.
    shutting = Waiting(client.shutdown)
    assert shut_down(reading.end()) and shut_down(writing.end())
    draining = Waiting(lambda: server.recv(65536))
    assert isinstance(draining.end(), SSL.ZeroReturnError)
    client.close(), server.close()
    shutting.end()


def test_what_comes_after_a_shutdown_can_be_received() -> None:
    client, server = shaken()
    reading = Waiting(lambda: client.recv(100))
    time.sleep(0.1)
    client.shutdown()
    assert shut_down(reading.end())
    server.send(b"late")
    assert client.recv(100) == b"late"
    with pytest.raises(SSL.Error) as caught:
        client.send(b"too late")
    assert caught.value.reason == "protocol is shutdown"
    client.close(), server.close()


def test_the_socket_s_own_shutdown_ends_a_reader_and_a_writer() -> None:
    client, server = shaken()
    reading, writing = Waiting(lambda: client.recv(100)), Waiting(lambda: client.sendall(bytes(1 << 20)))
    time.sleep(0.1)
    client.sock_shutdown(socket.SHUT_RDWR)
    assert isinstance(reading.end(), SSL.SysCallError) and isinstance(writing.end(), SSL.SysCallError)
    client.close(), server.close()


def test_load_for_as_long_as_asked() -> None:
    """PYSSL_SOAK seconds, else 5: new connections, four threads each, from right after the handshake on."""
    until, rounds, moved = time.monotonic() + float(os.environ.get("PYSSL_SOAK", "5")), 0, 0
    chance = random.Random()
    pattern = bytes(chance.randrange(256) for _ in range(65536)) * 6
    while time.monotonic() < until or rounds < 4:
        version = (0x0303, 0x0304)[rounds % 2]
        moved += load_round(version, random.Random(chance.random()), pattern)
        rounds += 1
    print(f"{rounds} connections, {moved >> 20} MB")


def load_round(version: int, chance: random.Random, pattern: bytes) -> int:
    near, far = socket.socketpair()
    made: Dict[int, SSL.Connection] = {}
    for at, (context, sock) in enumerate(((client_context(), near), (server_context(), far))):
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
        made[at] = SSL.Connection(context, sock)
    made[0].set_connect_state()
    made[1].set_accept_state()
    totals = [chance.randrange(1, 2_000_000) for _ in made]
    failures: List[BaseException] = []

    def guarded(work: Callable[..., None], *args: Any) -> threading.Thread:
        def run() -> None:
            try:
                work(*args)
            except BaseException as failure:
                failures.append(failure)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def write(end: SSL.Connection, total: int, sizes: random.Random) -> None:
        sent = 0
        while sent < total:
            size = min(total - sent, sizes.randrange(1, 1 << sizes.randrange(1, 19)))
            start = sent & 0xFFFF
            end.sendall(pattern[start : start + size])
            sent += size
            if version == 0x0304 and sizes.random() < 0.2:
                end.key_update(peer_too=sizes.random() < 0.5)
            elif version == 0x0303 and end is made[1] and sizes.random() < 0.1:
                end.renegotiate()

    def read(end: SSL.Connection, total: int, sizes: random.Random) -> None:
        got = 0
        while got < total:
            piece = end.recv(sizes.randrange(1, 1 << sizes.randrange(1, 19)))
            start = got & 0xFFFF
            assert piece == pattern[start : start + len(piece)], f"other bytes after {got}"
            got += len(piece)

    threads = []
    for at, end in made.items():
        threads.append(guarded(write, end, totals[at], random.Random(chance.random())))
        threads.append(guarded(read, end, totals[1 - at], random.Random(chance.random())))
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), f"a thread hangs; others raised {failures}"
    assert not failures, failures
    for end in made.values():
        end.close()
    return sum(totals)
