"""Authentication after the handshake (RFC 8446, 4.6.2): a server asks a client for its certificate once they talk."""

from __future__ import annotations

import ssl
from typing import List, Tuple

import pytest
from interop import PATIENCE, Server, connect
from support import HOST, attempt, client_context, cn, connected, exchange, pki, pump, reasons, server_context
from test_interop_clients import standard, standard_connect

from OpenSSL import SSL

DEMANDED = SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT


def client_with_certificate(offers: bool = True) -> SSL.Context:
    context = client_context()
    context.use_certificate_file(str(pki().client.cert))
    context.use_privatekey_file(str(pki().client.key))
    context.set_post_handshake_auth(offers)
    return context


def server_that_knows_clients() -> SSL.Context:
    context = server_context()
    context.load_verify_locations(str(pki().root.cert))
    context.set_session_id(b"post-handshake")
    return context


def talking(client: SSL.Context) -> Tuple[SSL.Connection, SSL.Connection]:
    """A connected pair whose server has not asked for a certificate yet, but will take only a good one."""
    left, right = connected(client, server_that_knows_clients())
    assert right.get_peer_certificate() is None
    right.set_verify(DEMANDED)
    return left, right


def settle(left: SSL.Connection, right: SSL.Connection) -> List[BaseException]:
    """Carries request and answer; what the ends raise on the way."""
    raised: List[BaseException] = []
    for end, other in ((right, left), (left, right), (right, left), (left, right)):
        try:
            end.recv(1)
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            raised.append(error)
        pump(end, other)
    return raised


def test_a_certificate_is_asked_for_and_verified() -> None:
    left, right = talking(client_with_certificate())
    right.verify_client_post_handshake()
    assert settle(left, right) == []
    assert cn(right.get_peer_certificate()) == "client"
    assert exchange(left, right) == b"hello"
    assert exchange(right, left) == b"hello"


def test_a_client_without_a_certificate_is_refused() -> None:
    context = client_context()
    context.set_post_handshake_auth()
    left, right = talking(context)
    right.verify_client_post_handshake()
    raised = settle(left, right)
    assert reasons(raised[0]) == ["peer did not return a certificate"]
    with pytest.raises(SSL.Error):
        right.recv(1)


def test_a_client_whose_certificate_is_of_another_root_is_refused() -> None:
    context = client_with_certificate()
    context.use_certificate_file(str(pki().other.cert))
    context.use_privatekey_file(str(pki().other.key))
    left, right = talking(context)
    right.verify_client_post_handshake()
    assert reasons(settle(left, right)[0]) == ["certificate verify failed"]


@pytest.mark.parametrize("why", ["not offered", "taken back", "TLS 1.2", "before the handshake", "not verified"])
def test_who_cannot_be_asked_is_not(why: str) -> None:
    client, server = client_with_certificate(offers=why != "taken back"), server_that_knows_clients()
    if why == "not offered":
        client = client_context()
    if why == "TLS 1.2":
        client.set_max_proto_version(SSL.TLS1_2_VERSION)
    from support import pair

    left, right = pair(client, server)
    if why != "before the handshake":
        assert attempt(left, right) == (None, None)
    if why != "not verified":
        right.set_verify(DEMANDED)
    with pytest.raises(SSL.Error, match="cannot ask for a certificate after the handshake"):
        right.verify_client_post_handshake()


def test_a_client_answers_pythons_ssl() -> None:
    import socket
    import threading

    context = standard(ssl.Purpose.CLIENT_AUTH, "TLSv1.3")
    context.load_cert_chain(pki().chain, pki().server.key)
    context.post_handshake_auth = True
    context.verify_mode = ssl.CERT_OPTIONAL
    listener = socket.create_server(("127.0.0.1", 0))
    seen: List[object] = []

    def serve() -> None:
        sock, _ = listener.accept()
        sock.settimeout(PATIENCE)
        with context.wrap_socket(sock, server_side=True) as theirs:
            seen.append(theirs.getpeercert())
            assert theirs.recv(100) == b"hello"
            theirs.verify_client_post_handshake()
            theirs.sendall(b"who")
            assert theirs.recv(100) == b"me"
            seen.append(theirs.getpeercert())
            theirs.sendall(b"yes")

    thread = threading.Thread(target=serve)
    thread.start()
    with listener, connect(client_with_certificate(), listener.getsockname()[1]) as connection:
        connection.sendall(b"hello")
        assert connection.recv(100) == b"who"
        connection.sendall(b"me")
        assert connection.recv(100) == b"yes"
    thread.join(PATIENCE)
    before, after = seen
    assert not before
    assert isinstance(after, dict) and (("commonName", "client"),) in after["subject"]


def test_a_server_asks_pythons_ssl() -> None:
    def ask(connection: SSL.Connection) -> object:
        connection.do_handshake()
        before = connection.get_peer_certificate()
        assert connection.recv(100) == b"hello\n"
        connection.set_verify(DEMANDED)
        connection.verify_client_post_handshake()
        connection.sendall(b"hello\n")
        assert connection.recv(100) == b"hello\n"
        connection.sendall(b"hello\n")
        return before, cn(connection.get_peer_certificate())

    theirs = standard(ssl.Purpose.SERVER_AUTH, "TLSv1.3")
    theirs.load_cert_chain(pki().client.cert, pki().client.key)
    theirs.post_handshake_auth = True
    with Server(server_that_knows_clients(), ask) as server:
        with standard_connect(theirs, server.port, HOST) as sock:
            for _ in range(2):
                sock.sendall(b"hello\n")
                assert sock.recv(100) == b"hello\n"
        assert server.result() == (None, "client")
