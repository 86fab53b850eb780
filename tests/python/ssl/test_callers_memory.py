"""A call that fails lets go of the caller's memory, however long its exception lives.

CPython up to 3.12 crashes when it collects a cycle with a memoryview whose memory is still held; an exception that a
frame of its own traceback keeps is such a cycle.
"""

from __future__ import annotations

import socket
from typing import Any, Callable, Dict

import pytest
from support import client_context

from OpenSSL import SSL


class Transport:
    """Gives more than it is asked for, from memory of its own."""

    def __init__(self, memory: Any) -> None:
        self._memory = memory

    def read(self, size: int) -> Any:
        return self._memory

    def write(self, data: bytes) -> int:
        return len(data)


def pumped() -> SSL.Connection:
    """A connection that has nothing to read and nowhere to send."""
    connection = SSL.Connection(client_context())
    connection.set_connect_state()
    return connection


def over_socket(memory: Any) -> None:
    near, far = socket.socketpair()
    with near, far:
        connection = SSL.Connection(client_context(), near)
        connection.set_connect_state()
        near.setblocking(False)
        connection.recv_into(memory)


def over_object(memory: Any) -> None:
    connection = SSL.Connection(client_context(), Transport(memory))
    connection.set_connect_state()
    connection.do_handshake()


def raising(memory: Any) -> None:
    """A callback's exception, that comes out of the call with the memory."""
    context = client_context()

    def tired(*args: Any) -> None:
        raise RuntimeError("tired")

    context.set_info_callback(tired)
    connection = SSL.Connection(context)
    connection.set_connect_state()
    connection.recv_into(memory)


FAILING: Dict[str, Callable[[Any], Any]] = {
    "recv_into": lambda memory: pumped().recv_into(memory),
    "recv_into, less than nothing": lambda memory: pumped().recv_into(memory, -1),
    "recv_into, from a socket": over_socket,
    "recv_into, a callback raises": raising,
    "send": lambda memory: pumped().send(memory),
    "sendall": lambda memory: pumped().sendall(memory),
    "bio_read_into": lambda memory: pumped().bio_read_into(memory),
    "bio_write": lambda memory: pumped().bio_write(memory),
    "Session.from_bytes": lambda memory: SSL.Session.from_bytes(memory),
    "what a transport reads": over_object,
}


@pytest.mark.parametrize("call", FAILING)
def test_memory_is_free_while_the_exception_lives(call: str) -> None:
    memory = memoryview(bytearray(1 << 16))
    part = memory[:0] if call == "bio_write" else memory  # nothing is all that bio_write refuses
    with pytest.raises((SSL.Error, ValueError, RuntimeError)) as caught:
        FAILING[call](part)
    assert caught.value.__traceback__ is not None
    part.release()  # BufferError where something still holds it
