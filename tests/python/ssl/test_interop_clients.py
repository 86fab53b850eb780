"""TLS with Python's ssl, both ways, and with curl."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import warnings
from pathlib import Path
from typing import Any, List, Tuple

import pytest
from interop import ENVIRONMENT, PATIENCE, Server, connect, echo, only, receive_line, refused
from support import client_context, cn, ocsp_response, pki, reasons, second_certificate, server_context

from OpenSSL import SSL

VERSIONS = {
    "TLSv1": SSL.TLS1_VERSION,
    "TLSv1.1": SSL.TLS1_1_VERSION,
    "TLSv1.2": SSL.TLS1_2_VERSION,
    "TLSv1.3": SSL.TLS1_3_VERSION,
}
MODERN = ["TLSv1.2", "TLSv1.3"]


# ---- Python's ssl as the client


def standard(purpose: ssl.Purpose, version: str) -> ssl.SSLContext:
    """A context of the standard library that speaks one version."""
    context = ssl.create_default_context(purpose, cafile=str(pki().root.cert))
    if VERSIONS[version] < SSL.TLS1_2_VERSION:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # for the old versions
        context.minimum_version = context.maximum_version = ssl.TLSVersion(VERSIONS[version])
    return context


def standard_connect(context: ssl.SSLContext, port: int, name: str = "server.example", **more: Any) -> ssl.SSLSocket:
    sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
    return context.wrap_socket(sock, server_hostname=name, **more)


def say_hello(sock: ssl.SSLSocket) -> None:
    sock.sendall(b"hello\n")
    assert sock.recv(100) == b"hello\n"


@pytest.mark.parametrize("version", list(VERSIONS))
def test_a_client_of_ssl(version: str) -> None:
    theirs = standard(ssl.Purpose.SERVER_AUTH, version)
    theirs.set_alpn_protocols(["h2", "http/1.1"])
    theirs.load_cert_chain(pki().client.cert, pki().client.key)
    context = only(server_context(), VERSIONS[version])
    context.set_alpn_select_callback(lambda connection, offered: offered[-1])
    context.load_verify_locations(str(pki().root.cert))
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    with Server(context, echo) as server:
        with standard_connect(theirs, server.port) as sock:
            say_hello(sock)
            cipher = sock.cipher()
            assert cipher is not None
            assert (sock.version(), sock.selected_alpn_protocol()) == (version, "http/1.1")
            unique = sock.get_channel_binding()
            sock.unwrap()
        connection = server.result()
    assert connection.get_protocol_version_name() == version
    assert connection.get_cipher_name() == cipher[0]
    assert connection.get_alpn_proto_negotiated() == b"http/1.1"
    assert connection.get_servername() == b"server.example"
    assert cn(connection.get_peer_certificate()) == "client"
    # tls-unique (RFC 5929): the first Finished message of the handshake, the client's.
    assert connection.get_peer_finished() == unique


@pytest.mark.parametrize("version", MODERN)
@pytest.mark.parametrize("tickets", [True, False])
def test_a_client_of_ssl_takes_a_session_up_again(version: str, tickets: bool) -> None:
    theirs = standard(ssl.Purpose.SERVER_AUTH, version)
    context = server_context()
    context.set_session_id(b"interop")
    context.set_options(0 if tickets else SSL.OP_NO_TICKET)
    session = None
    with Server(context, echo, times=2) as server:
        for again in (False, True):
            with standard_connect(theirs, server.port, session=session) as sock:
                say_hello(sock)
                assert sock.session_reused is again
                session = sock.session
                sock.unwrap()
        assert [connection.session_reused() for connection in server.results()] == [False, True]


@pytest.mark.parametrize("version", MODERN)
def test_a_client_of_ssl_gets_the_context_of_its_name(version: str) -> None:
    context, other = server_context(), SSL.Context(SSL.TLS_METHOD)
    other.use_certificate(second_certificate())
    other.use_privatekey(pki().server.pkey())

    def switch(connection: SSL.Connection) -> None:
        if connection.get_servername() == b"second.example":
            connection.set_context(other)

    context.set_tlsext_servername_callback(switch)
    with Server(context, echo, times=2) as server:
        for name in ("server.example", "second.example"):
            with standard_connect(standard(ssl.Purpose.SERVER_AUTH, version), server.port, name) as sock:
                say_hello(sock)  # the name is verified
                sock.unwrap()
        server.results()


# ---- Python's ssl as the server


class StandardServer:
    """An echoing server of the standard library, for `times` connections; version and facts of each."""

    def __init__(self, context: ssl.SSLContext, times: int = 1) -> None:
        self._context, self._times = context, times
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self.port: int = self._listener.getsockname()[1]
        self.seen: List[Tuple[Any, ...]] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> StandardServer:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._thread.join(PATIENCE)
        self._listener.close()

    def _run(self) -> None:
        for _ in range(self._times):
            accepted, _ = self._listener.accept()
            accepted.settimeout(PATIENCE)
            with accepted, self._context.wrap_socket(accepted, server_side=True) as sock:
                while True:
                    data = sock.recv(16384)
                    if not data:
                        break
                    sock.sendall(data)
                shown = sock.getpeercert()
                who = dict(pair[0] for pair in shown["subject"])["commonName"] if shown else None  # type: ignore
                self.seen.append((sock.version(), sock.selected_alpn_protocol(), who, sock.session_reused))
                sock.unwrap()  # else the session leaves the server's cache


@pytest.mark.parametrize("version", list(VERSIONS))
def test_a_server_of_ssl(version: str) -> None:
    theirs = standard(ssl.Purpose.CLIENT_AUTH, version)
    theirs.load_cert_chain(pki().chain, pki().server.key)
    theirs.verify_mode = ssl.CERT_REQUIRED
    theirs.set_alpn_protocols(["h2", "http/1.1"])
    names: List[str] = []
    theirs.sni_callback = lambda sock, name, context: names.append(name)
    context = only(client_context(), VERSIONS[version])
    context.use_certificate_file(str(pki().client.cert))
    context.use_privatekey_file(str(pki().client.key))
    context.set_alpn_protos([b"http/1.1"])
    with StandardServer(theirs) as server:
        with connect(context, server.port) as connection:
            connection.set_tlsext_host_name(b"server.example")
            connection.set_verify_host("server.example")
            connection.do_handshake()
            connection.sendall(b"hello\n")
            assert receive_line(connection) == b"hello\n"
            assert connection.get_protocol_version_name() == version
            assert connection.get_alpn_proto_negotiated() == b"http/1.1"
    assert server.seen == [(version, "http/1.1", "client", False)]
    assert names == ["server.example"]


@pytest.mark.parametrize("version", MODERN)
@pytest.mark.parametrize("tickets", [True, False])
def test_a_server_of_ssl_takes_a_session_up_again(version: str, tickets: bool) -> None:
    theirs = standard(ssl.Purpose.CLIENT_AUTH, version)
    theirs.load_cert_chain(pki().chain, pki().server.key)
    if not tickets:
        theirs.options |= ssl.OP_NO_TICKET
    context = client_context()
    session = None
    with StandardServer(theirs, times=2) as server:
        for again in (False, True):
            with connect(context, server.port) as connection:
                if session is not None:
                    connection.set_session(session)
                connection.do_handshake()
                connection.sendall(b"hello\n")
                assert receive_line(connection) == b"hello\n"
                assert connection.session_reused() is again
                session = connection.get_session()
                assert session is not None
    assert [seen[-1] for seen in server.seen] == [False, True]


# ---- curl

PAGE = b"Hello from libpyssl\n"


def page(connection: SSL.Connection) -> SSL.Connection:
    """A talk: answers one HTTP request, with the connection's facts for later."""
    connection.do_handshake()
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        request += connection.recv(16384)
    connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE))
    connection.shutdown()
    return connection


def nothing_asked(connection: SSL.Connection) -> None:
    """A talk with a client that goes without a request: curl verifies names and staples after its handshake."""
    with pytest.raises(SSL.Error):
        connection.do_handshake()
        connection.recv(1)


def curl(port: int, *args: str, name: str = "server.example") -> "subprocess.CompletedProcess[bytes]":
    where = ["--connect-to", f"{name}:{port}:127.0.0.1:{port}", f"https://{name}:{port}/"]
    command = [
        "curl",
        "-q",
        "-sS",
        "--noproxy",
        "*",
        "--max-time",
        "60",
        "--cacert",
        str(pki().root.cert),
        *args,
        *where,
    ]
    return subprocess.run(command, capture_output=True, env=ENVIRONMENT)


@pytest.mark.parametrize("version", list(VERSIONS))
def test_curl_fetches(version: str) -> None:
    option = version.lower() if version != "TLSv1" else "tlsv1.0"
    with Server(only(server_context(), VERSIONS[version]), page) as server:
        done = curl(server.port, f"--{option}", "--tls-max", option[4:], "--ciphers", "DEFAULT:@SECLEVEL=0")
        assert (done.stdout, done.stderr, done.returncode) == (PAGE, b"", 0)
        connection = server.result()
    assert connection.get_protocol_version_name() == version
    assert connection.get_servername() == b"server.example"


def test_curl_with_a_certificate_alpn_and_keylog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = set()
    offers: List[List[bytes]] = []
    context = server_context()

    def choose(connection: SSL.Connection, offered: List[bytes]) -> bytes:
        offers.append(offered)
        return b"http/1.1"

    context.set_alpn_select_callback(choose)
    context.set_keylog_callback(lambda connection, line: lines.add(line))
    context.load_verify_locations(str(pki().root.cert))
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    log = tmp_path / "keys"
    monkeypatch.setitem(ENVIRONMENT, "SSLKEYLOGFILE", str(log))
    with Server(context, page) as server:
        done = curl(server.port, "--http2", "--cert", str(pki().client.cert), "--key", str(pki().client.key))
        assert (done.stdout, done.stderr) == (PAGE, b"")
        connection = server.result()
    assert offers == [[b"h2", b"http/1.1"]]
    assert connection.get_alpn_proto_negotiated() == b"http/1.1"
    assert cn(connection.get_peer_certificate()) == "client"
    assert set(log.read_bytes().splitlines()) == lines and len(lines) == 5


@pytest.mark.parametrize("stapled", [True, False])
def test_curl_wants_an_ocsp_response(stapled: bool) -> None:
    context = server_context()
    context.set_ocsp_server_callback(lambda connection, data: ocsp_response() if stapled else b"")
    with Server(context, page if stapled else nothing_asked) as server:
        done = curl(server.port, "--cert-status")
        server.results()
        if stapled:
            assert (done.stdout, done.stderr) == (PAGE, b"")
        else:
            assert done.returncode == 91, done.stderr  # CURLE_SSL_INVALIDCERTSTATUS
            assert b"No OCSP response received" in done.stderr


def test_curl_refuses_a_wrong_name() -> None:
    with Server(server_context(), nothing_asked) as server:
        done = curl(server.port, name="other.example")
        assert done.returncode == 60, done.stderr  # CURLE_PEER_FAILED_VERIFICATION
        server.results()


def test_curl_refuses_an_unknown_ca() -> None:
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate(pki().other.x509())
    context.use_privatekey(pki().other.pkey())
    with Server(context, refused) as server:
        assert curl(server.port).returncode == 60
        assert "tlsv1 alert unknown ca" in reasons(server.result())
