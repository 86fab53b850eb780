"""A send that was told to come again, and what else its caller and others send meanwhile."""

from __future__ import annotations

import contextlib
import functools
import socket
import threading
import time
from typing import Any, Iterator, List, Tuple

import greenlet
import pytest
from support import client_context, server_context

from OpenSSL import SSL

FIRST = b"x" * 16384
BAD_RETRY = ("SSL routines", "", "bad write retry")


class Full:
    """A connection whose peer does not read, with one send of FIRST that OpenSSL took and that is not out yet."""

    def __init__(self) -> None:
        near, far = socket.socketpair()
        self.client = SSL.Connection(client_context(), near, honor_timeout=True)
        self.server = SSL.Connection(server_context(), far, honor_timeout=True)
        self.client.set_connect_state()
        self.server.set_accept_state()
        shake = threading.Thread(target=self.server.do_handshake)
        shake.start()
        self.client.do_handshake()
        shake.join()
        self.server.settimeout(10)
        self.filled = 0

    def fill(self) -> None:
        """FIRST is the first send that does not fit, for each send is of a whole record."""
        self.client.settimeout(0)
        near = self.client._socket
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        while True:
            try:
                self.client.send(FIRST)
            except SSL.WantWriteError:
                return
            self.filled += 1

    def read(self, length: int) -> bytes:
        got = bytearray()
        while len(got) < length:
            got += self.server.recv(65536)
        return bytes(got)

    def read_first(self) -> None:
        """Reads all that was sent of FIRST, the last one included, whose rest leaves as the client tries to receive."""
        want = (self.filled + 1) * len(FIRST)
        got = bytearray()
        self.server.settimeout(0.02)
        deadline = time.monotonic() + 30
        while len(got) < want and time.monotonic() < deadline:
            with contextlib.suppress(SSL.WantReadError, TimeoutError):
                self.client.recv(1)
            with contextlib.suppress(TimeoutError):
                got += self.server.recv(65536)
        self.server.settimeout(10)
        self.client._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 100_000)
        assert got == FIRST * (self.filled + 1)

    def close(self) -> None:
        self.client._socket.close()
        self.server._socket.close()


@pytest.fixture
def full(request: pytest.FixtureRequest) -> Iterator[Full]:
    made = Full()
    made.fill()
    yield made
    made.close()
    request.node.funcargs.clear()


def in_thread(work: Any) -> Any:
    came: List[Any] = []
    thread = threading.Thread(target=lambda: came.append(work()))
    thread.start()
    thread.join(30)
    assert came, "the thread hangs or failed"
    return came[0]


@pytest.mark.parametrize("other", [b"y", b"y" * 16384, b"x" * 16383, b"x" * 16383 + b"y" * 100])
def test_other_bytes_from_the_same_caller_are_a_bad_write_retry(full: Full, other: bytes) -> None:
    for _ in range(2):
        with pytest.raises(SSL.Error, match="same bytes") as caught:
            full.client.send(other)
        assert type(caught.value) is SSL.Error and caught.value.args == ([BAD_RETRY],)
    full.read_first()
    # It is so although the bytes have left: to say that `other` was sent would not be true.
    with pytest.raises(SSL.Error, match="same bytes"):
        full.client.send(other)
    assert full.client.send(FIRST) == len(FIRST)
    full.client.settimeout(30)
    assert full.client.sendall(other) == len(other)
    assert full.read(len(other)) == other


def test_a_send_that_timed_out_is_not_ended_by_other_bytes() -> None:
    full = Full()
    full.fill()
    full.client.settimeout(0.05)
    with pytest.raises(TimeoutError):
        full.client.send(FIRST)
    with pytest.raises(SSL.Error, match="same bytes"):
        full.client.sendall(b"y" * 4096)
    full.read_first()
    assert full.client.send(FIRST) == len(FIRST)
    full.client.sendall(b"y" * 4096)
    assert full.read(4096) == b"y" * 4096
    full.close()


def test_the_same_bytes_may_be_in_another_place_and_have_more_behind_them(full: Full) -> None:
    with pytest.raises(SSL.WantWriteError):
        full.client.send(bytearray(FIRST) + b"more")
    full.read_first()
    assert full.client.send(memoryview(bytearray(FIRST) + b"more")) == len(FIRST)
    assert full.client.send(b"more") == 4
    assert full.read(4) == b"more"


def test_the_same_bytes_of_another_thread_are_a_message_of_their_own(full: Full) -> None:
    full.read_first()
    assert in_thread(lambda: full.client.send(FIRST)) == len(FIRST)
    assert full.read(len(FIRST)) == FIRST
    # And the first thread's own send is still its own.
    assert full.client.send(FIRST) == len(FIRST)
    assert full.client.send(b"end") == 3
    assert full.read(3) == b"end"


def test_a_new_thread_is_not_taken_for_one_that_ended() -> None:
    """Threads come and go, one at a time, so that the system gives each the memory of the last one."""
    for _ in range(5):
        full = Full()
        in_thread(full.fill)
        full.read_first()
        for number in range(20):
            message = b"%02d" % number
            assert in_thread(functools.partial(full.client.send, message)) == 2
            assert full.read(2) == message
        full.close()


class Slow:
    """A transport that takes nothing while `closed`."""

    def __init__(self) -> None:
        self.closed = False
        self.out = bytearray()
        self.peer: Any = None

    def read(self, size: int) -> Any:
        data, self.peer.out[:size] = bytes(self.peer.out[:size]), b""
        return data or None

    def write(self, data: bytes) -> Any:
        if self.closed:
            return None
        self.out += data
        return len(data)


def over_slow_transports() -> Tuple[SSL.Connection, SSL.Connection, Slow]:
    near, far = Slow(), Slow()
    near.peer, far.peer = far, near
    client, server = SSL.Connection(client_context(), near), SSL.Connection(server_context(), far)
    client.set_connect_state()
    server.set_accept_state()
    for _ in range(4):
        for end in (client, server):
            try:
                end.do_handshake()
            except SSL.WantReadError:
                pass
    return client, server, near


def test_a_new_greenlet_is_not_taken_for_one_that_ended() -> None:
    client, server, near = over_slow_transports()

    def send(data: bytes, told: List[Any]) -> None:
        try:
            told.append(client.send(data))
        except SSL.WantWriteError:
            told.append(None)

    near.closed = True
    for number in range(20):
        told: List[Any] = []
        # Each dies at once, and the next is most likely made in its place.
        greenlet.greenlet(send).switch(b"%02d" % number, told)
        assert told == [None]
        near.closed = False
        greenlet.greenlet(send).switch(b"end", told)
        assert told == [None, 3]
        near.closed = True
        assert server.recv(100) + server.recv(100) == b"%02dend" % number
