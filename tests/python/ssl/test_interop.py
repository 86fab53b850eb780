"""TLS with `openssl s_client` and `openssl s_server`: the system's and the one of the embedded OpenSSL, both ways."""

from __future__ import annotations

import select
import socket
import subprocess
from pathlib import Path
from typing import List, Set

import pytest
from interop import (
    EMBEDDED,
    PATIENCE,
    PROGRAMS,
    Server,
    chat_with_client,
    chat_with_server,
    connect,
    echo,
    only,
    port_of,
    receive_line,
    refused,
    s_client,
    s_server,
)
from support import client_context, cn, ocsp_response, pki, reasons, second_certificate, server_context

from OpenSSL import SSL, crypto

#: The versions by their option of s_client and s_server, with the name both ends give them.
VERSIONS = {
    "tls1": (SSL.TLS1_VERSION, "TLSv1"),
    "tls1_1": (SSL.TLS1_1_VERSION, "TLSv1.1"),
    "tls1_2": (SSL.TLS1_2_VERSION, "TLSv1.2"),
    "tls1_3": (SSL.TLS1_3_VERSION, "TLSv1.3"),
}
WEAK = ("-cipher", "DEFAULT:@SECLEVEL=0")
MODERN = ["tls1_2", "tls1_3"]
OP_ALLOW_CLIENT_RENEGOTIATION = 1 << 8
LABEL = "EXPORTER-libpyssl-test"


embedded_only = pytest.mark.skipif(not EMBEDDED, reason="the library is built on the system's OpenSSL")


@pytest.fixture(params=["system", pytest.param("embedded", marks=embedded_only)])
def program(request: pytest.FixtureRequest) -> str:
    return PROGRAMS[request.param]


@embedded_only
def test_the_embedded_program_is_of_the_library_s_openssl() -> None:
    program = PROGRAMS["embedded"]
    assert Path(program).exists(), f"no {program}: make openssl-cli"
    said = subprocess.run([program, "version"], capture_output=True, check=True).stdout
    assert said.startswith(SSL.OpenSSL_version(SSL.OPENSSL_VERSION) + b" ")


# ---- versions


@pytest.mark.parametrize("version", list(VERSIONS))
def test_s_client_speaks_every_version(program: str, version: str) -> None:
    number, name = VERSIONS[version]
    with Server(only(server_context(), number), echo) as server:
        with s_client(program, server.port, "-brief", f"-{version}", *WEAK) as client:
            chat_with_client(client)
            said = client.finish()
        connection = server.result()
    assert connection.get_protocol_version_name() == name
    assert f"Protocol version: {name}\n" in said
    assert f"Ciphersuite: {connection.get_cipher_name()}\n" in said
    assert "Verification: OK\n" in said


@pytest.mark.parametrize("version", list(VERSIONS))
def test_s_server_speaks_every_version(program: str, version: str) -> None:
    number, name = VERSIONS[version]
    with s_server(program, f"-{version}", *WEAK) as server:
        with connect(only(client_context(), number), port_of(server)) as connection:
            connection.do_handshake()
            chat_with_server(connection, server)
            assert connection.get_protocol_version_name() == name
            assert server.expect(r"CIPHER is (\S+)") == connection.get_cipher_name()
            assert cn(connection.get_peer_certificate()) == "server"
            chain = connection.get_verified_chain()
            assert chain is not None
            assert [cn(cert) for cert in chain] == ["server", "intermediate", "root"]


@pytest.mark.parametrize("version", ["tls1", "tls1_1"])
def test_old_versions_are_refused_by_default(program: str, version: str) -> None:
    with Server(server_context(), refused) as server:
        with s_client(program, server.port, f"-{version}", *WEAK) as client:
            said = client.ended()
        refusal = reasons(server.result())
    if EMBEDDED:
        assert "alert protocol version" in said and "unsupported protocol" in refusal
    else:
        # OpenSSL 3 looks at what its security level allows only later, and may say it so.
        assert "alert" in said and {"unsupported protocol", "no suitable signature algorithm"} & set(refusal)


def test_s_client_speaks_dtls(program: str) -> None:
    with Server(server_context(SSL.DTLS_METHOD), echo, kind=socket.SOCK_DGRAM) as server:
        with s_client(program, server.port, "-brief", "-dtls1_2") as client:
            chat_with_client(client)
            said = client.finish()
        assert server.result().get_protocol_version_name() == "DTLSv1.2"
    assert "Protocol version: DTLSv1.2\n" in said


def test_s_server_speaks_dtls(program: str) -> None:
    with s_server(program, "-dtls1_2") as server:
        with connect(client_context(SSL.DTLS_METHOD), port_of(server), socket.SOCK_DGRAM) as connection:
            connection.do_handshake()
            chat_with_server(connection, server)
            assert connection.get_protocol_version_name() == "DTLSv1.2"
            assert cn(connection.get_peer_certificate()) == "server"


def test_s_client_comes_again_with_the_cookie_it_was_given(program: str) -> None:
    given: List[bytes] = []
    shown: List[bytes] = []

    def generate(connection: SSL.Connection) -> bytes:
        given.append(b"cookie %d" % len(given))
        return given[-1]

    def verify(connection: SSL.Connection, cookie: bytes) -> bool:
        shown.append(cookie)
        return cookie in given

    def listen(connection: SSL.Connection) -> SSL.Connection:
        while True:
            try:
                connection.DTLSv1_listen()
                return echo(connection)
            except SSL.WantReadError:
                select.select([connection], [], [], PATIENCE)

    context = server_context(SSL.DTLS_METHOD)
    context.set_cookie_generate_callback(generate)
    context.set_cookie_verify_callback(verify)
    with Server(context, listen, kind=socket.SOCK_DGRAM) as server:
        with s_client(program, server.port, "-brief", "-dtls1_2") as client:
            chat_with_client(client)
            client.finish()
        server.result()
    assert shown and set(shown) <= set(given)


def test_s_server_sees_the_cookie_it_gave(program: str) -> None:
    with s_server(program, "-dtls1_2", "-listen") as server:
        with connect(client_context(SSL.DTLS_METHOD), port_of(server), socket.SOCK_DGRAM) as connection:
            states: List[bytes] = []
            connection.set_info_callback(lambda connection, where, value: states.append(connection.get_state_string()))
            connection.do_handshake()
            chat_with_server(connection, server)
    assert any(b"hello verify" in state.lower() for state in states), states


# ---- client certificates


def asking() -> SSL.Context:
    context = server_context()
    context.load_verify_locations(str(pki().root.cert))
    context.set_client_ca_list([pki().root.x509().get_subject()])
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    return context


@pytest.mark.parametrize("version", MODERN)
def test_s_client_shows_a_certificate(program: str, version: str) -> None:
    mine = ("-cert", str(pki().client.cert), "-key", str(pki().client.key))
    with Server(asking(), echo) as server:
        with s_client(program, server.port, f"-{version}", *mine) as client:
            chat_with_client(client)
            assert "Acceptable client certificate CA names" in client.finish()
        assert cn(server.result().get_peer_certificate()) == "client"


def test_s_client_without_a_certificate_is_refused(program: str) -> None:
    with Server(asking(), refused) as server:
        with s_client(program, server.port) as client:
            assert "alert certificate required" in client.ended()
        assert reasons(server.result()) == ["peer did not return a certificate"]


@pytest.mark.parametrize("version", MODERN)
def test_s_server_sees_a_certificate(program: str, version: str) -> None:
    context = client_context()
    context.use_certificate_file(str(pki().client.cert))
    context.use_privatekey_file(str(pki().client.key))
    ask = ("-Verify", "2", "-verify_return_error", "-CAfile", str(pki().root.cert))
    with s_server(program, f"-{version}", *ask) as server:
        with connect(context, port_of(server)) as connection:
            connection.do_handshake()
            chat_with_server(connection, server)
            assert [cn(name) for name in connection.get_client_ca_list()] == ["root"]
        assert "CN" in server.expect(
            r"Client certificate\n(?:[^-]|-(?!----END))*-----END CERTIFICATE-----\n(subject=.*client)"
        )


@pytest.mark.parametrize("version", MODERN)
def test_s_server_refuses_without_a_certificate(program: str, version: str) -> None:
    with s_server(program, f"-{version}", "-Verify", "2", "-verify_return_error") as server:
        with connect(client_context(), port_of(server)) as connection:
            with pytest.raises(SSL.Error) as caught:
                connection.do_handshake()
                receive_line(connection)  # TLS 1.3 tells after its handshake
    assert any("alert" in reason for reason in reasons(caught.value))


# ---- extensions


@pytest.mark.parametrize("version", MODERN)
def test_s_client_names_a_host(program: str, version: str) -> None:
    context, other = server_context(), SSL.Context(SSL.TLS_METHOD)
    other.use_certificate(second_certificate())
    other.use_privatekey(pki().server.pkey())
    seen: List[object] = []

    def switch(connection: SSL.Connection) -> None:
        seen.append(connection.get_servername())
        if seen[-1] == b"second.example":
            connection.set_context(other)

    context.set_tlsext_servername_callback(switch)
    wanted = {"server.example": "server", "second.example": "second"}
    with Server(context, echo, times=2) as server:
        for name, shown in wanted.items():
            with s_client(program, server.port, "-brief", f"-{version}", "-servername", name) as client:
                chat_with_client(client)
                assert client.expect(r"Peer certificate: .*CN ?= ?(\w+)") == shown
                assert "Verification: OK" in client.finish()
        first, second = server.results()
    assert seen == [b"server.example", b"second.example"]
    assert first.get_context() is context and second.get_context() is other


@pytest.mark.parametrize("version", MODERN)
def test_s_server_switches_by_name(program: str, version: str, tmp_path: Path) -> None:
    cert = tmp_path / "second.pem"
    cert.write_bytes(crypto.dump_certificate(crypto.FILETYPE_PEM, second_certificate()))
    second = ("-servername", "second.example", "-cert2", str(cert), "-key2", str(pki().server.key))
    with s_server(program, f"-{version}", *second) as server:
        for name, shown in ((b"server.example", "server"), (b"second.example", "second")):
            with connect(client_context(), port_of(server)) as connection:
                connection.set_tlsext_host_name(name)
                connection.do_handshake()
                assert cn(connection.get_peer_certificate()) == shown
                server.expect(f'Hostname in TLS extension: "{name.decode()}"')


def test_s_client_offers_alpn(program: str) -> None:
    context = server_context()
    seen: List[List[bytes]] = []

    def choose(connection: SSL.Connection, offered: List[bytes]) -> bytes:
        seen.append(offered)
        return b"http/1.1"

    context.set_alpn_select_callback(choose)
    with Server(context, echo) as server:
        with s_client(program, server.port, "-alpn", "h2,http/1.1") as client:
            chat_with_client(client)
            assert "ALPN protocol: http/1.1\n" in client.finish()
        assert server.result().get_alpn_proto_negotiated() == b"http/1.1"
    assert seen == [[b"h2", b"http/1.1"]]


def test_s_server_chooses_by_alpn(program: str) -> None:
    with s_server(program, "-alpn", "h2,http/1.1") as server:
        context = client_context()
        context.set_alpn_protos([b"spdy/3", b"http/1.1"])
        with connect(context, port_of(server)) as connection:
            connection.do_handshake()
            chat_with_server(connection, server)
            assert connection.get_alpn_proto_negotiated() == b"http/1.1"
        server.expect("ALPN protocols advertised by the client: spdy/3, http/1.1")


@pytest.mark.parametrize("version", MODERN)
def test_s_client_gets_an_ocsp_response(program: str, version: str) -> None:
    context = server_context()
    context.set_ocsp_server_callback(lambda connection, data: ocsp_response())
    with Server(context, echo) as server:
        with s_client(program, server.port, f"-{version}", "-status") as client:
            chat_with_client(client)
            said = client.finish()
        server.result()
    assert "OCSP Response Status: successful (0x0)" in said and "Cert Status: good" in said


@pytest.mark.parametrize("version", MODERN)
def test_s_server_staples_an_ocsp_response(program: str, version: str, tmp_path: Path) -> None:
    response = tmp_path / "response.der"
    response.write_bytes(ocsp_response())
    seen: List[bytes] = []

    def judge(connection: SSL.Connection, stapled: bytes, data: object) -> bool:
        seen.append(stapled)
        return True

    context = client_context()
    context.set_ocsp_client_callback(judge)
    with s_server(program, f"-{version}", "-status_file", str(response)) as server:
        with connect(context, port_of(server)) as connection:
            connection.request_ocsp()
            connection.do_handshake()
            chat_with_server(connection, server)
    assert seen == [ocsp_response()]


# ---- sessions


@pytest.mark.parametrize("version", MODERN)
@pytest.mark.parametrize("tickets", [True, False])
def test_s_client_takes_a_session_up_again(program: str, version: str, tickets: bool, tmp_path: Path) -> None:
    context = server_context()
    context.set_session_id(b"interop")
    context.set_options(0 if tickets else SSL.OP_NO_TICKET)
    kept = str(tmp_path / "session")
    with Server(context, echo, times=2) as server:
        for session, made in (("-sess_out", "New"), ("-sess_in", "Reused")):
            with s_client(program, server.port, f"-{version}", session, kept) as client:
                chat_with_client(client)
                assert client.expect(r"(?m)^(New|Reused), TLSv1\.[23], Cipher is ") == made
                client.finish()
        first, second = server.results()
    assert (first.session_reused(), second.session_reused()) == (False, True)


@pytest.mark.parametrize("version", MODERN)
@pytest.mark.parametrize("tickets", [True, False])
def test_s_server_takes_a_session_up_again(program: str, version: str, tickets: bool) -> None:
    context = client_context()
    with s_server(program, f"-{version}", *([] if tickets else ["-no_ticket"])) as server:
        with connect(context, port_of(server)) as connection:
            connection.do_handshake()
            chat_with_server(connection, server)
            session = connection.get_session()
            assert session is not None and not connection.session_reused()
        with connect(context, port_of(server)) as connection:
            connection.set_session(session)
            connection.do_handshake()
            chat_with_server(connection, server, "again")
            assert connection.session_reused()
        server.expect("Reused session-id")


# ---- secrets


def secrets(file: Path) -> Set[bytes]:
    return {line for line in file.read_bytes().splitlines() if not line.startswith(b"#")}


@pytest.mark.parametrize("version", MODERN)
def test_s_client_logs_the_same_keys_and_exports_the_same(program: str, version: str, tmp_path: Path) -> None:
    lines: Set[bytes] = set()
    context = server_context()
    context.set_keylog_callback(lambda connection, line: lines.add(line))
    log = tmp_path / "keys"
    more = ("-keylogfile", str(log), "-keymatexport", LABEL, "-keymatexportlen", "48")
    with Server(context, echo) as server:
        with s_client(program, server.port, f"-{version}", *more) as client:
            chat_with_client(client)
            exported = client.expect(r"Keying material: ([0-9A-F]{96})\n")
            client.finish()
        connection = server.result()
    assert connection.export_keying_material(LABEL.encode(), 48).hex().upper() == exported
    assert lines == secrets(log) and len(lines) == (5 if version == "tls1_3" else 1)


@pytest.mark.parametrize("version", MODERN)
def test_s_server_logs_the_same_keys_and_exports_the_same(program: str, version: str, tmp_path: Path) -> None:
    lines: Set[bytes] = set()
    context = client_context()
    context.set_keylog_callback(lambda connection, line: lines.add(line))
    log = tmp_path / "keys"
    more = ("-keylogfile", str(log), "-keymatexport", LABEL, "-keymatexportlen", "48")
    with s_server(program, f"-{version}", *more) as server:
        with connect(context, port_of(server)) as connection:
            connection.do_handshake()
            chat_with_server(connection, server)
            exported = server.expect(r"Keying material: ([0-9A-F]{96})\n")
            assert connection.export_keying_material(LABEL.encode(), 48).hex().upper() == exported
    assert lines == secrets(log) and len(lines) == (5 if version == "tls1_3" else 1)


# ---- renegotiation, which TLS 1.2 has


def tls1_2(context: SSL.Context, options: int = 0) -> SSL.Context:
    context.set_options(options)
    return only(context, SSL.TLS1_2_VERSION)


def test_s_client_renegotiates(program: str) -> None:
    def two_lines(connection: SSL.Connection) -> None:
        connection.do_handshake()
        finished = []
        for _ in range(2):
            connection.sendall(receive_line(connection))
            finished += [connection.get_finished(), connection.get_peer_finished()]
        echo(connection)
        assert len(set(finished)) == 4, "two handshakes"

    with Server(tls1_2(server_context(), OP_ALLOW_CLIENT_RENEGOTIATION), two_lines) as server:
        with s_client(program, server.port) as client:
            chat_with_client(client)
            client.type("R")
            client.expect("(?m)^RENEGOTIATING")
            chat_with_client(client, "again")
            assert "Secure Renegotiation IS supported" in client.finish()
        server.result()


def test_s_client_may_not_renegotiate_by_default(program: str) -> None:
    def until_the_end(connection: SSL.Connection) -> int:
        try:
            echo(connection)
        except SSL.Error:
            return connection.total_renegotiations()
        raise AssertionError("s_client closed as if nothing had been refused")

    with Server(tls1_2(server_context()), until_the_end) as server:
        with s_client(program, server.port) as client:
            chat_with_client(client)
            client.type("R")
            assert "no renegotiation" in client.ended()
        assert server.result() == 0


def test_our_server_renegotiates_with_s_client(program: str) -> None:
    def again(connection: SSL.Connection) -> SSL.Connection:
        connection.do_handshake()
        assert receive_line(connection) == b"hello\n"
        before = connection.get_finished()
        assert connection.renegotiate() and connection.renegotiate_pending()
        connection.do_handshake()
        connection.sendall(b"renegotiated\n")
        echo(connection)
        assert connection.get_finished() != before
        return connection

    with Server(tls1_2(server_context()), again) as server:
        with s_client(program, server.port) as client:
            client.type("hello")
            client.expect("renegotiated")
            chat_with_client(client, "again")
            client.finish()
        assert server.result().total_renegotiations() == 1


def test_our_client_renegotiates_with_s_server(program: str) -> None:
    with s_server(program, "-client_renegotiation") as server:
        with connect(tls1_2(client_context()), port_of(server)) as connection:
            connection.do_handshake()
            chat_with_server(connection, server)
            before = connection.get_finished()
            assert connection.renegotiate()
            connection.do_handshake()
            chat_with_server(connection, server, "again")
            assert connection.total_renegotiations() == 1
            assert not connection.renegotiate_pending()
            assert connection.get_finished() != before


def test_s_server_renegotiates_with_our_client(program: str) -> None:
    handshakes: List[int] = []
    context = tls1_2(client_context())

    def done(connection: SSL.Connection, where: int, value: int) -> None:
        if where & SSL.SSL_CB_HANDSHAKE_DONE:
            handshakes.append(value)
            if len(handshakes) == 2:
                server.type("now")

    context.set_info_callback(done)
    with s_server(program) as server:
        with connect(context, port_of(server)) as connection:
            connection.do_handshake()
            chat_with_server(connection, server)
            before = connection.get_finished()
            server.type("r")
            assert receive_line(connection) == b"now\n"
            chat_with_server(connection, server, "again")
            assert connection.get_finished() != before


# ---- the hybrid key exchange of TLS 1.3, which OpenSSL 3.5 and later have


def hybrid(context: SSL.Context) -> SSL.Context:
    context.set_groups(b"X25519MLKEM768")
    return context


@embedded_only
def test_x25519mlkem768_between_two_of_ours() -> None:
    with Server(hybrid(server_context()), echo) as server:
        with connect(hybrid(client_context()), server.port) as connection:
            connection.sendall(b"hello\n")
            assert receive_line(connection) == b"hello\n"
            assert connection.get_group_name() == "X25519MLKEM768"
        assert server.result().get_group_name() == "X25519MLKEM768"


@embedded_only
def test_x25519mlkem768_with_s_client() -> None:
    with Server(hybrid(server_context()), echo) as server:
        with s_client(PROGRAMS["embedded"], server.port, "-groups", "X25519MLKEM768") as client:
            chat_with_client(client)
            assert "Negotiated TLS1.3 group: X25519MLKEM768" in client.finish()
        assert server.result().get_group_name() == "X25519MLKEM768"


@embedded_only
def test_x25519mlkem768_with_s_server() -> None:
    with s_server(PROGRAMS["embedded"], "-groups", "X25519MLKEM768") as server:
        with connect(hybrid(client_context()), port_of(server)) as connection:
            connection.do_handshake()
            chat_with_server(connection, server)
            assert connection.get_group_name() == "X25519MLKEM768"


@embedded_only
def test_x25519mlkem768_alone_is_refused_to_who_lacks_it() -> None:
    with Server(hybrid(server_context()), refused) as server:
        with s_client(PROGRAMS["system"], server.port, "-groups", "X25519") as client:
            assert "handshake failure" in client.ended()
        assert "no suitable key share" in reasons(server.result())
