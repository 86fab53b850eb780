"""The TLS cases in Python, for whichever library: with_openssl.py and with_ssl.py bring what they need of it."""

from __future__ import annotations

import socket
import threading
from typing import Any, Callable

from bench.worker import Case, processor_clock, resident, wall_clock

RECORD = 16384

#: A connected pair without a socket, handshake and tickets done: (client, server).
ConnectPair = Callable[[], "tuple[Any, Any]"]
#: exchange(sender, receiver, message): carries a message over such a pair, up to the call that tells that there is no
#: more; the last bytes received.
Exchange = Callable[[Any, Any, bytes], bytes]
#: wrap(socket, server): one end over a socket, with do_handshake, send and recv that block.
Wrap = Callable[[socket.socket, bool], Any]


def tls_cases(connect_pair: ConnectPair, exchange: Exchange, wrap: Wrap) -> dict[str, Case]:
    return {
        "handshakes": lambda seconds: handshakes(connect_pair, seconds),
        "messages-64": lambda seconds: messages(connect_pair, exchange, 64, seconds),
        "messages-1k": lambda seconds: messages(connect_pair, exchange, 1024, seconds),
        "records-16k": lambda seconds: messages(connect_pair, exchange, RECORD, seconds) * RECORD,
        "bulk": lambda seconds: bulk(wrap, seconds),
        "pingpong": lambda seconds: pingpong(wrap, seconds),
        "second-thread": lambda seconds: second_thread(connect_pair, seconds),
    }


def handshakes(connect_pair: ConnectPair, seconds: float) -> float:
    begin, count = processor_clock(), 0
    while True:
        connect_pair()
        count += 1
        spent = processor_clock() - begin
        if spent >= seconds:
            return count / spent


def messages(connect_pair: ConnectPair, exchange: Exchange, size: int, seconds: float) -> float:
    message = pattern(size)
    client, server = connect_pair()
    received = exchange(client, server, message)
    begin, count = processor_clock(), 0
    while True:
        for _ in range(10):
            received = exchange(client, server, message)
        count += 10
        spent = processor_clock() - begin
        if spent >= seconds:
            assert received == message
            return count / spent


def bulk(wrap: Wrap, seconds: float) -> float:
    """Bytes a second from one thread to another."""
    record, records = pattern(RECORD), 0
    reader, writer = link(wrap)
    begin = wall_clock()

    def write() -> None:
        nonlocal records
        while True:
            writer.send(record)
            records += 1
            if wall_clock() - begin >= seconds:
                break
        writer.send(b"e")  # a short record: this was all

    thread = start(write)
    received, last = 0, record
    while True:
        data = reader.recv(RECORD)
        if len(data) < RECORD:
            break
        received, last = received + 1, data
    spent = wall_clock() - begin
    thread.join()
    assert (data, received, last) == (b"e", records, record)
    return received * RECORD / spent


def pingpong(wrap: Wrap, seconds: float) -> float:
    """Round trips a second of 64 bytes."""
    message = pattern(64)
    here, there = link(wrap)

    def echo() -> None:
        while True:
            data = there.recv(64)
            if len(data) < 64:
                return
            there.send(data)

    thread = start(echo)
    begin, count = wall_clock(), 0
    while True:
        here.send(message)
        answer = here.recv(64)
        count += 1
        spent = wall_clock() - begin
        if spent >= seconds:
            break
    here.send(b"e")
    thread.join()
    assert answer == message
    return count / spent


def second_thread(connect_pair: ConnectPair, seconds: float) -> float:
    """How many times as many handshakes two threads do as one, all on the same two contexts."""
    one = handshakes_of(1, connect_pair, seconds / 2)
    return handshakes_of(2, connect_pair, seconds / 2) / one


def handshakes_of(threads: int, connect_pair: ConnectPair, seconds: float) -> float:
    counts = [0] * threads
    begin = wall_clock()

    def shake(number: int) -> None:
        while wall_clock() - begin < seconds:
            connect_pair()
            counts[number] += 1

    running = [start(lambda number=number: shake(number)) for number in range(threads)]  # type: ignore[misc]
    for thread in running:
        thread.join()
    return sum(counts) / (wall_clock() - begin)


def idle_memory(connect_pair: ConnectPair, pairs: int) -> float:
    """Resident bytes of one side of a connection that has done its handshake."""
    for _ in range(20):
        connect_pair()
    ends = []
    before = resident()
    for _ in range(pairs):
        ends.append(connect_pair())
    return (resident() - before) / pairs / 2


def link(wrap: Wrap) -> tuple[Any, Any]:
    """Both ends of a connection over a socketpair, handshake done."""
    one, other = socket.socketpair()
    client, server = wrap(one, False), wrap(other, True)
    thread = start(server.do_handshake)
    client.do_handshake()
    thread.join()
    return client, server


def start(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def pattern(size: int) -> bytes:
    return bytes((i * 7 + i // 251) % 256 for i in range(size))
