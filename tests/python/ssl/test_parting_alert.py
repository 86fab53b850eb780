"""A send that fails looks for the alert the peer sent before it hung up, and that look runs callbacks."""

from __future__ import annotations

import socket
from typing import Any, Callable, List, Tuple

import pytest
from support import client_context, server_context

from OpenSSL import SSL

READ_ALERT = SSL.SSL_CB_READ_ALERT


def deserted(version: int, info: Callable[..., None], goodbye: bool) -> Tuple[SSL.Connection, socket.socket]:
    """A client whose peer has sent an alert and is gone: close_notify, or the one that follows a bad record."""
    context = client_context()
    context.set_max_proto_version(version)
    context.set_info_callback(info)
    near, far = socket.socketpair()
    client, server = SSL.Connection(context, near), SSL.Connection(server_context(), far)
    client.set_connect_state()
    server.set_accept_state()
    near.setblocking(False)
    far.setblocking(False)
    done = [False, False]
    while not all(done):
        for at, end in enumerate((client, server)):
            try:
                end.do_handshake()
                done[at] = True
            except SSL.WantReadError:
                pass
    for end in (client, server):  # session tickets
        with pytest.raises(SSL.WantReadError):
            end.recv(1)
    if goodbye:
        server.shutdown()
    else:
        near.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
        with pytest.raises(SSL.Error):
            server.recv(1)
    far.close()
    return client, near


@pytest.mark.parametrize("goodbye", [True, False], ids=["close_notify", "fatal"])
@pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION], ids=["1.2", "1.3"])
def test_callbacks_that_run_while_a_failed_send_looks_for_an_alert_get_busy(version: int, goodbye: bool) -> None:
    answers: List[Any] = []

    def info(conn: SSL.Connection, where: int, value: int) -> None:
        if where == READ_ALERT:
            for call in (lambda: conn.recv(1), lambda: conn.send(b"x"), conn.do_handshake, conn.shutdown):
                try:
                    answers.append(call())
                except SSL.Error as error:
                    answers.append((type(error), "no reading or writing in its callbacks" in str(error)))

    client, near = deserted(version, info, goodbye)
    with near, pytest.raises(SSL.Error):
        client.send(b"hello")
    assert answers == [(SSL.Error, True)] * 4


@pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION], ids=["1.2", "1.3"])
def test_what_a_callback_raises_while_a_failed_send_looks_for_an_alert_comes_out_of_the_send(version: int) -> None:
    raised = KeyboardInterrupt("from the callback")

    def info(conn: SSL.Connection, where: int, value: int) -> None:
        if where == READ_ALERT:
            raise raised

    client, near = deserted(version, info, True)
    with near:
        with pytest.raises(KeyboardInterrupt) as caught:
            client.send(b"hello")
        assert caught.value is raised
        with pytest.raises(SSL.Error, match="a callback raised an exception"):
            client.send(b"hello")


def test_a_failed_send_tells_the_alert_that_the_peer_sent_before() -> None:
    client, near = deserted(SSL.TLS1_2_VERSION, lambda *args: None, False)
    with near, pytest.raises(SSL.Error, match="alert bad record mac"):
        client.send(b"hello")
