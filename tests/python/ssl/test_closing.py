"""Connection.close() while other threads use the socket, and files of the program that get numbers the library had."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
import threading
from typing import Any, List

import pytest
from support import client_context, server_context, socket_pair
from test_fork import in_child

from OpenSSL import SSL

ROUNDS = int(os.environ.get("PYSSL_CLOSE_ROUNDS", "1000"))
THEIRS = b"another file's bytes"


def endless(call: Any, failures: List[BaseException]) -> threading.Thread:
    def run() -> None:
        try:
            while call():
                pass
        except (SSL.Error, OSError):
            pass
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def close_in_the_middle(contexts: Any, how: str, failures: List[BaseException]) -> bool:
    """Returns true when the other file got the socket's number: a waiting thread's own may take it first."""
    near, far = socket_pair(*contexts)
    number: int = near.fileno()
    mine, other = socket.socketpair()
    with mine, other:
        mine.sendall(THEIRS)
        helper = threading.Thread(target=far.do_handshake)
        helper.start()
        near.do_handshake()
        helper.join()
        calls = [lambda end=end: end.send(b"x" * 500) for end in (near, far)]
        calls += [lambda end=end: end.recv(500) for end in (near, far)]
        threads = [endless(call, failures) for call in calls]
        if how == "close":
            near.close()
        else:
            near.shutdown()
            near.close()
        taken = os.dup(other.fileno())
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        try:
            assert other.recv(1000, socket.MSG_DONTWAIT) == THEIRS, "the library received another file's bytes"
            with pytest.raises(BlockingIOError):
                mine.recv(1000, socket.MSG_DONTWAIT)
        finally:
            os.close(taken)
            far.close()
    return bool(taken == number)


def put_at(source: int, number: int) -> None:
    """dup2(); EBUSY says that another thread is about to get this very number (dup(2))."""
    while True:
        try:
            os.dup2(source, number)
            return
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise


@pytest.mark.parametrize("how, rounds", [("close", ROUNDS), ("shutdown and close", ROUNDS // 10)])
def test_no_byte_moves_on_a_file_that_got_the_sockets_number(how: str, rounds: int) -> None:
    contexts = (client_context(), server_context())
    failures: List[BaseException] = []
    hits = sum(close_in_the_middle(contexts, how, failures) for _ in range(rounds))
    assert not failures, failures[0]
    assert hits > rounds // 20


def test_a_child_leaves_files_alone_that_have_the_numbers_its_parent_waited_with() -> None:
    client, server = socket_pair()
    helper = threading.Thread(target=server.do_handshake)
    helper.start()
    client.do_handshake()
    helper.join()
    # The main thread waits once, and so has what wakes it.
    sender = threading.Timer(0.1, server.send, (b"late",))
    sender.start()
    assert client.recv(10) == b"late"
    sender.join()

    def child() -> None:
        with tempfile.TemporaryFile() as file:
            used = {file.fileno(), client.fileno(), server.fileno()}
            taken = [number for number in range(3, 64) if number not in used]
            for number in taken:
                put_at(file.fileno(), number)
            os.close(taken.pop())  # for what the child waits with
            os.close(taken.pop())
            for end in (client, server):
                end.adopt_after_fork()
            threading.Timer(0.1, server.send, (b"child",)).start()
            assert client.recv(10) == b"child"
            client.close()
            same = [os.path.samestat(os.fstat(number), os.fstat(file.fileno())) for number in taken]
            assert all(same) and os.fstat(file.fileno()).st_size == 0

    in_child(child)
    client.close()
    server.close()
