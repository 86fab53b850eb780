"""A peer that ended the connection with an alert: what the next sends and receives of this end raise."""

from __future__ import annotations

import errno
from typing import Any, Callable

import pytest
from support import client_context, pki, reasons, server_context, socket_pair

from OpenSSL import SSL

ALERT = "tlsv13 alert certificate required"
GONE = {(errno.EPIPE, "EPIPE"), (errno.ECONNRESET, "ECONNRESET")}


def refused_client() -> SSL.Connection:
    """A TLS 1.3 client whose handshake is done, and whose server then refused it for want of a certificate."""
    context = server_context()
    context.load_verify_locations(str(pki().root.cert))
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    client, server = socket_pair(client_context(), context)
    client.setblocking(False)
    server.setblocking(False)
    for end in (client, server, client):
        try:
            end.do_handshake()
        except SSL.WantReadError:
            pass
    with pytest.raises(SSL.Error, match="peer did not return a certificate"):
        server.do_handshake()
    server.close()
    return client


@pytest.mark.parametrize("send", [SSL.Connection.send, SSL.Connection.sendall])
def test_a_send_is_a_syscallerror_with_the_alert(send: Callable[..., Any]) -> None:
    refused = refused_client()
    for _ in range(2):  # as in every release, each time
        with pytest.raises(SSL.SysCallError) as caught:
            send(refused, b"hello")
        assert caught.value.args in GONE
        assert caught.value.alert == ALERT
        assert ALERT in str(caught.value) and ALERT in str(caught.value.message)


def test_a_receive_after_it_tells_the_alert() -> None:
    refused = refused_client()
    with pytest.raises(SSL.SysCallError):
        refused.send(b"hello")
    with pytest.raises(SSL.Error) as caught:
        refused.recv(1)
    assert not isinstance(caught.value, SSL.SysCallError)
    assert reasons(caught.value) == [ALERT] and caught.value.alert == ALERT


def test_a_receive_without_a_send_tells_the_alert() -> None:
    refused = refused_client()
    with pytest.raises(SSL.Error) as caught:
        refused.recv(1)
    assert reasons(caught.value) == [ALERT] and caught.value.alert == ALERT


def test_where_there_was_no_alert_the_send_says_so_much() -> None:
    client, server = socket_pair()
    client.setblocking(False)
    server.setblocking(False)
    for end in (client, server, client, server):
        try:
            end.do_handshake()
        except SSL.WantReadError:
            pass
    server.sock_shutdown(2)
    server.close()
    with pytest.raises(SSL.SysCallError) as caught:
        for _ in range(10):
            client.send(b"hello")
    assert caught.value.args in GONE and caught.value.alert is None
