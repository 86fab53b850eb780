"""os.fork() while other threads shake hands, and connections that a child inherits. PYSSL_SOAK makes it 1,000 forks."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from typing import Any, Callable, List

import pytest
from support import client_context, connected, server_context, socket_pair

from OpenSSL import SSL

FORKS = 1000 if os.environ.get("PYSSL_SOAK") else 100


def in_child(body: Callable[[], Any]) -> float:
    """Runs body in a forked child, which must end well within 20 seconds; how long the fork took."""
    begun = time.monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 and later know that threads are there
        pid = os.fork()
    took = time.monotonic() - begun
    if pid == 0:
        status = 1
        try:
            signal.alarm(20)
            body()
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    assert status == 0, f"the child ended with wait status {status:#x}"
    return took


def one_connection() -> None:
    client, server = connected()
    assert client.get_peer_certificate() is not None and server.get_cipher_name() == client.get_cipher_name()


def test_a_child_makes_connections_while_the_parents_threads_shake_hands() -> None:
    over = threading.Event()
    failures: List[BaseException] = []

    def shake_hands() -> None:
        # With callbacks, which wait for the GIL that the forking thread has.
        client, server = client_context(), server_context()
        client.set_verify(SSL.VERIFY_PEER, lambda conn, cert, code, depth, ok: bool(ok))
        client.set_info_callback(lambda conn, where, value: None)
        try:
            while not over.is_set():
                connected(client, server)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=shake_hands) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        took = sorted(in_child(one_connection) for _ in range(FORKS))
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not failures, failures
    print(f"{FORKS} forks: median {took[FORKS // 2] * 1e3:.1f} ms, longest {took[-1] * 1e3:.1f} ms")


def test_a_child_that_runs_a_program_at_once() -> None:
    over = threading.Event()

    def shake_hands() -> None:
        while not over.is_set():
            one_connection()

    thread = threading.Thread(target=shake_hands)
    thread.start()
    try:
        for _ in range(20):
            assert subprocess.run(["true"], preexec_fn=lambda: None, timeout=20).returncode == 0
    finally:
        over.set()
        thread.join()


def test_an_inherited_connection_gives_a_defined_error_in_the_child() -> None:
    client, server = socket_pair()
    helper = threading.Thread(target=server.do_handshake)
    helper.start()
    client.do_handshake()
    helper.join()

    def child() -> None:
        for use in (lambda: client.recv(10), lambda: client.send(b"x"), client.shutdown):
            with pytest.raises(SSL.SysCallError) as caught:
                use()
            assert caught.value.args == (errno.EBADF, "EBADF")
            assert "belongs to the parent process" in str(caught.value.message)
        assert client.get_protocol_version() > 0

    in_child(child)
    client.send(b"the parent goes on")
    assert server.recv(100) == b"the parent goes on"
    client.close(), server.close()


def test_an_inherited_connection_can_be_adopted() -> None:
    near, far = socket.socketpair()
    server = SSL.Connection(server_context(), far)
    server.set_accept_state()
    client = SSL.Connection(client_context(), near)
    client.set_connect_state()
    helper = threading.Thread(target=server.do_handshake)
    helper.start()
    client.do_handshake()
    helper.join()

    def child() -> None:
        server.adopt_after_fork()
        server.sendall(b"from the child")

    in_child(child)
    assert client.recv(100) == b"from the child"
    client.close(), server.close()
