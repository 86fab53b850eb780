"""A server resumes a session only under the rules that it was made under: those are settled at the client hello."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import Any, Callable, Dict, List, Optional, Tuple

import pytest
from support import attempt, client_context, cn, exchange, pair, pki, pump, reasons, server_context, shake

from OpenSSL import SSL, crypto

DEMAND = SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
VERSIONS = pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION], ids=["1.2", "1.3"])
NO_CERTIFICATE = "peer did not return a certificate"


def _server(version: int, mode: int = SSL.VERIFY_NONE, ca: Optional[crypto.X509] = None) -> SSL.Context:
    context = server_context()
    context.set_max_proto_version(version)
    context.set_verify(mode)
    context.get_cert_store().add_cert(ca or pki().root.x509())
    return context


def _client(certificate: bool) -> SSL.Context:
    context = client_context()
    if certificate:
        context.use_certificate(pki().client.x509())
        context.use_privatekey(pki().client.pkey())
    return context


def _ends(client: SSL.Context, server: SSL.Context, name: bytes, session: Any = None) -> Tuple[Any, Any]:
    ends = pair(client, server)
    ends[0].set_tlsext_host_name(name)
    if session is not None:
        ends[0].set_session(session)
    return ends


def _session(client: SSL.Context, server: SSL.Context, name: bytes = b"public.test") -> SSL.Session:
    ends = _ends(client, server, name)
    shake(*ends)
    return _kept(ends)


def _kept(ends: Tuple[Any, Any]) -> SSL.Session:
    """The client's session, of a connection that ended well: OpenSSL spoils that of another one."""
    session: Optional[SSL.Session] = ends[0].get_session()
    for end in ends:
        end.shutdown()
    assert session is not None
    return session


def _protected(public: SSL.Context, protected: SSL.Context) -> List[Any]:
    """Has the name admin.test served by another context; the names that the callback was told."""
    names: List[Any] = []

    def switch(connection: SSL.Connection) -> None:
        names.append(connection.get_servername())
        if names[-1] == b"admin.test":
            connection.set_context(protected)

    public.set_tlsext_servername_callback(switch)
    return names


@VERSIONS
@pytest.mark.parametrize("ids", [(None, None), (b"one", b"one"), (b"one", b"two")], ids=str)
def test_a_name_that_demands_a_certificate_does_not_resume_a_session_without_one(version: int, ids: Any) -> None:
    public, protected = _server(version), _server(version, DEMAND)
    for context, number in zip((public, protected), ids):
        if number is not None:
            context.set_session_id(number)
    names = _protected(public, protected)
    client = _client(certificate=False)
    session = _session(client, public)
    resumed = _ends(client, public, b"public.test", session)
    shake(*resumed)
    assert resumed[1].session_reused()
    refused = _ends(client, public, b"admin.test", session)
    assert reasons(attempt(*refused)[1]) == [NO_CERTIFICATE]
    assert not refused[1].session_reused() and refused[1].get_servername() == b"admin.test"
    assert names == [b"public.test", b"public.test", b"admin.test"]


@VERSIONS
def test_a_client_with_a_certificate_is_asked_for_it_and_may_resume_then(version: int) -> None:
    public, protected = _server(version), _server(version, DEMAND)
    _protected(public, protected)
    client = _client(certificate=True)
    session = _session(client, public)
    for reused in (False, True):
        ends = _ends(client, public, b"admin.test", session)
        shake(*ends)
        assert ends[1].session_reused() is reused and cn(ends[1].get_peer_certificate()) == "client"
        session = _kept(ends)


@VERSIONS
def test_a_certificate_of_another_names_authority_does_not_count(version: int) -> None:
    public = _server(version)
    first, second = _server(version, DEMAND), _server(version, DEMAND, pki().other.x509())
    contexts: Dict[Any, SSL.Context] = {b"first.test": first, b"second.test": second}
    public.set_tlsext_servername_callback(
        lambda connection: connection.set_context(contexts[connection.get_servername()])
    )
    client = _client(certificate=True)
    session = _session(client, public, b"first.test")
    ends = _ends(client, public, b"second.test", session)
    assert reasons(attempt(*ends)[1]) == ["certificate verify failed"]
    assert not ends[1].session_reused()


def _other_callback(context: SSL.Context) -> None:
    context.set_verify(DEMAND, lambda connection, cert, error, depth, ok: bool(ok))


CHANGES: List[Callable[[SSL.Context], Any]] = [
    lambda context: context.set_verify(SSL.VERIFY_PEER),
    _other_callback,
    lambda context: context.set_verify_depth(3),
    lambda context: context.set_session_id(b"another"),
    lambda context: context.get_cert_store().add_cert(pki().other.x509()),
    lambda context: context.get_cert_store().set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN),
    lambda context: context.set_cert_store(_store_of(pki().root.x509(), pki().other.x509())),
    lambda context: context.add_client_ca(pki().root.x509()),
    lambda context: context.load_verify_locations(None, str(pki().directory)),
]


def _store_of(*certs: crypto.X509) -> crypto.X509Store:
    store = crypto.X509Store()
    for cert in certs:
        store.add_cert(cert)
    return store


@VERSIONS
@pytest.mark.parametrize("change", CHANGES)
def test_no_session_is_resumed_after_a_change_of_trust(version: int, change: Callable[[SSL.Context], Any]) -> None:
    server, client = _server(version, DEMAND), _client(certificate=True)
    session = _session(client, server)
    before = _ends(client, server, b"public.test", session)
    shake(*before)
    assert before[1].session_reused()
    change(server)
    after = _ends(client, server, b"public.test", _kept(before))
    shake(*after)
    assert not after[1].session_reused() and cn(after[1].get_peer_certificate()) == "client"


@VERSIONS
def test_a_store_filled_alike_is_as_good(version: int) -> None:
    server, client = _server(version, DEMAND), _client(certificate=True)
    session = _session(client, server)
    server.set_cert_store(_store_of(pki().root.x509()))
    ends = _ends(client, server, b"public.test", session)
    shake(*ends)
    assert ends[1].session_reused()


@VERSIONS
def test_one_verify_callback_in_the_place_of_another_ends_the_sessions_of_the_first(version: int) -> None:
    server, client = _server(version), _client(certificate=True)
    server.set_verify(DEMAND, lambda *arguments: True)
    session = _session(client, server)
    server.set_verify(DEMAND, lambda *arguments: False)
    assert reasons(attempt(*_ends(client, server, b"public.test", session))[1]) == ["certificate verify failed"]


@VERSIONS
@pytest.mark.parametrize("where", ["connection", "context"])
def test_a_demand_made_after_the_session_asks_for_a_certificate(version: int, where: str) -> None:
    server, client = _server(version), _client(certificate=False)
    session = _session(client, server)
    if where == "context":
        server.set_verify(DEMAND)
    ends = _ends(client, server, b"public.test", session)
    if where == "connection":
        ends[1].set_verify(DEMAND)
    assert reasons(attempt(*ends)[1]) == [NO_CERTIFICATE]
    assert not ends[1].session_reused()


@VERSIONS
def test_a_name_to_verify_set_after_the_session_is_verified(version: int) -> None:
    server, client = _server(version, DEMAND), _client(certificate=True)
    ends = _ends(client, server, b"public.test", _session(client, server))
    ends[1].set_verify_host("client.example")
    assert reasons(attempt(*ends)[1]) == ["certificate verify failed"]
    assert not ends[1].session_reused()


@VERSIONS
@pytest.mark.parametrize("mode", [SSL.VERIFY_PEER, DEMAND])
@pytest.mark.parametrize("certificate", [False, True])
def test_a_server_that_verifies_resumes_without_a_session_id_of_the_users(
    version: int, mode: int, certificate: bool
) -> None:
    if mode == DEMAND and not certificate:
        return
    server, client = _server(version, mode), _client(certificate)
    ends = _ends(client, server, b"public.test", _session(client, server))
    shake(*ends)
    assert ends[1].session_reused()
    assert (ends[1].get_peer_certificate() is not None) is certificate
    assert exchange(*ends) == b"hello"


def _hello_retry(server: SSL.Context) -> None:
    """The client's key share is for another group."""
    server.set_tmp_ecdh(crypto.get_elliptic_curve("secp384r1"))


def test_the_callback_runs_once_where_the_server_asks_for_another_hello() -> None:
    server, client = _server(SSL.TLS1_3_VERSION), _client(certificate=False)
    names = _protected(server, server)
    _hello_retry(server)
    ends = _ends(client, server, b"public.test")
    shake(*ends)
    assert names == [b"public.test"] and ends[1].get_servername() == b"public.test"
    again = _ends(client, server, b"public.test", _kept(ends))
    shake(*again)
    assert again[1].session_reused() and names == [b"public.test"] * 2


def test_a_second_hello_with_another_name_is_refused() -> None:
    server, client = _server(SSL.TLS1_3_VERSION), _client(certificate=False)
    names = _protected(server, _server(SSL.TLS1_3_VERSION, DEMAND))
    _hello_retry(server)
    near, far = _ends(client, server, b"admin.test")
    for _ in range(2):
        with pytest.raises(SSL.WantReadError):
            near.do_handshake()
        hello = near.bio_read(65536)
        assert hello.count(b"admin.test") == 1
        # Of the same length.
        far.bio_write(hello if names else hello.replace(b"admin.test", b"publi.test"))
        if names:
            break
        with pytest.raises(SSL.WantReadError):
            far.do_handshake()
        pump(far, near)
    with pytest.raises(SSL.Error):
        far.do_handshake()
    assert far.bio_read(65536)[-2:] == b"\x02\x2f", "fatal, illegal_parameter"
    assert names == [b"publi.test"]


def _renegotiate(client: SSL.Connection, server: SSL.Connection) -> None:
    assert server.renegotiate()
    server.do_handshake()
    for _ in range(4):
        for end, other in ((server, client), (client, server)):
            pump(end, other)
            with pytest.raises(SSL.WantReadError):
                other.recv(1)
    assert server.total_renegotiations() == 1 and server.get_state_string() == b"SSL negotiation finished successfully"


@VERSIONS
def test_the_callback_can_ask_for_what_the_hello_says(version: int) -> None:
    server = _server(version)
    seen: List[Any] = []
    server.set_tlsext_servername_callback(
        lambda connection: seen.append((connection.get_servername(), connection.client_random()))
    )
    ends = _ends(_client(certificate=False), server, b"public.test")
    shake(*ends)
    assert seen == [(b"public.test", ends[0].client_random())]


def test_the_callback_runs_again_at_a_renegotiation() -> None:
    server, client = _server(SSL.TLS1_2_VERSION), _client(certificate=False)
    names = _protected(server, server)
    ends = _ends(client, server, b"public.test")
    shake(*ends)
    _renegotiate(*ends)
    assert names == [b"public.test"] * 2


def test_a_demand_before_a_renegotiation_is_met_by_it() -> None:
    ends = _ends(_client(certificate=True), _server(SSL.TLS1_2_VERSION), b"public.test")
    shake(*ends)
    assert ends[1].get_peer_certificate() is None
    ends[1].set_verify(DEMAND)
    _renegotiate(*ends)
    assert not ends[1].session_reused() and cn(ends[1].get_peer_certificate()) == "client"


def _answered_extensions(server: SSL.Context) -> List[int]:
    """The extensions of a TLS 1.2 server's hello."""
    near, far = _ends(_client(certificate=False), server, b"public.test")
    for end in (near, far):
        with pytest.raises(SSL.WantReadError):
            end.do_handshake()
        if end is near:
            pump(near, far)
    hello = far.bio_read(65536)
    at = 5 + 4 + 2 + 32  # record, message, version, random
    at += 1 + hello[at] + 2 + 1  # session id, suite, compression
    end = at + 2 + int.from_bytes(hello[at : at + 2], "big")
    at, kinds = at + 2, []
    while at < end:
        kinds.append(int.from_bytes(hello[at : at + 2], "big"))
        at += 4 + int.from_bytes(hello[at + 2 : at + 4], "big")
    return kinds


def test_a_name_that_a_callback_took_is_acknowledged() -> None:
    server, other = _server(SSL.TLS1_2_VERSION), _server(SSL.TLS1_2_VERSION)
    assert 0 not in _answered_extensions(server)
    server.set_tlsext_servername_callback(lambda connection: connection.set_context(other))
    assert 0 in _answered_extensions(server)


def _demand_late(connection: SSL.Connection) -> None:
    connection.set_verify(DEMAND)


def _switch_late(connection: SSL.Connection) -> None:
    connection.set_context(_server(SSL.TLS1_3_VERSION, DEMAND))


@VERSIONS
@pytest.mark.parametrize("strengthen", [_demand_late, _switch_late])
@pytest.mark.parametrize("step", ["do_handshake", "recv", "send"])
def test_a_demand_after_the_session_was_chosen_ends_the_connection(
    version: int, strengthen: Callable[[SSL.Connection], None], step: str
) -> None:
    server, client = _server(version), _client(certificate=False)
    client.set_alpn_protos([b"x"])
    session = _session(client, server)

    def select(connection: SSL.Connection, offered: List[bytes]) -> bytes:
        strengthen(connection)
        return b"x"

    server.set_alpn_select_callback(select)
    near, far = _ends(client, server, b"public.test", session)
    move = {"do_handshake": far.do_handshake, "recv": lambda: far.recv(9), "send": lambda: far.send(b"secret")}[step]
    failed: List[SSL.Error] = []
    for _ in range(4):
        try:
            near.do_handshake()
            near.send(b"request")
        except SSL.WantReadError:
            pass
        pump(near, far)
        try:
            move()
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            failed.append(error)
            break
        pump(far, near)
    assert far.session_reused(), "or there would be nothing to refuse"
    assert [reasons(error) for error in failed] == [[NO_CERTIFICATE]]
    assert "resumed a session that has no client certificate" in str(failed[0])
    pump(far, near)
    with pytest.raises(SSL.Error) as told:
        near.recv(100)
    assert "alert" in reasons(told.value)[0]
    with pytest.raises(SSL.Error):
        far.send(b"more")


@VERSIONS
def test_a_demand_after_the_session_was_chosen_is_met_by_a_certificate_of_the_same_trust(version: int) -> None:
    server, client = _server(version, SSL.VERIFY_PEER), _client(certificate=True)
    client.set_alpn_protos([b"x"])
    session = _session(client, server)
    other = _server(version, DEMAND, pki().other.x509())

    def select(strengthen: Callable[[SSL.Connection], None]) -> Callable[[SSL.Connection, List[bytes]], bytes]:
        return lambda connection, offered: [strengthen(connection), b"x"][1]  # type: ignore[return-value,func-returns-value]

    server.set_alpn_select_callback(select(lambda connection: connection.set_context(_server(version, DEMAND))))
    ends = _ends(client, server, b"public.test", session)
    shake(*ends)
    assert ends[1].session_reused() and ends[1].get_verify_mode() == DEMAND
    server.set_alpn_select_callback(select(lambda connection: connection.set_context(other)))
    failure = attempt(*_ends(client, server, b"public.test", ends[0].get_session()))[1]
    assert reasons(failure) == ["certificate verify failed"]
    assert "was verified by other rules" in str(failure)


@VERSIONS
def test_a_session_whose_demand_a_later_callback_dropped_is_not_one_that_met_it(version: int) -> None:
    server, client = _server(version, DEMAND), _client(certificate=False)
    client.set_alpn_protos([b"x"])

    def lenient(connection: SSL.Connection, offered: List[bytes]) -> bytes:
        connection.set_verify(SSL.VERIFY_NONE)
        return b"x"

    server.set_alpn_select_callback(lenient)
    session = _session(client, server)
    server.set_alpn_select_callback(lambda connection, offered: b"x")
    ends = _ends(client, server, b"public.test", session)
    assert reasons(attempt(*ends)[1]) == [NO_CERTIFICATE]
    assert not ends[1].session_reused()


_LABEL = b"\xa4\x22\x04\x20"  # [4], an octet string of 32 bytes: the session id context in OpenSSL's DER


def _label(server: SSL.Context) -> bytes:
    ends = _ends(_client(certificate=True), server, b"public.test")
    shake(*ends)
    session = ends[1].get_session()
    assert session is not None
    made: bytes = session.to_bytes()
    assert _LABEL in made
    return made.partition(_LABEL)[2][:32]


def _rules(number: int) -> SSL.Context:
    server = _server(SSL.TLS1_2_VERSION, [SSL.VERIFY_NONE, SSL.VERIFY_PEER, DEMAND, DEMAND][number])
    if number == 3:
        server.set_session_id(b"mine")
        server.add_client_ca(pki().root.x509())
        server.set_verify_depth(5)
    return server


def test_the_label_of_sessions_is_the_same_in_another_process() -> None:
    labels = [_label(_rules(number)) for number in range(4)]
    assert len(set(labels)) == 4
    code = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import support, test_server_rules
identity = lambda name: support.Identity(Path(sys.argv[2], name + ".pem"), Path(sys.argv[2], name + ".key"))
made = support.Pki(Path(sys.argv[2]), *map(identity, ["root", "intermediate", "server", "client", "other"]),
                   Path(sys.argv[2], "chain.pem"))
support.pki = test_server_rules.pki = lambda: made
for number in range(4):
    print(test_server_rules._label(test_server_rules._rules(number)).hex())
"""
    here, made = os.path.dirname(__file__), str(pki().directory)
    there = subprocess.run([sys.executable, "-c", code, here, made], capture_output=True, text=True, check=False)
    assert there.stdout.split() == [label.hex() for label in labels], there.stderr


def test_a_forked_server_resumes_what_its_parent_began() -> None:
    server, client = _server(SSL.TLS1_3_VERSION, DEMAND), _client(certificate=True)
    session = _session(client, server)
    near, far = socket.socketpair()
    child = os.fork()
    if child == 0:
        try:
            accepted = SSL.Connection(server, far)
            accepted.set_accept_state()
            accepted.do_handshake()
            accepted.sendall(b"resumed" if accepted.session_reused() else b"not resumed")
        finally:
            os._exit(0)
    far.close()
    connection = SSL.Connection(client, near)
    connection.set_connect_state()
    connection.set_session(session)
    connection.set_tlsext_host_name(b"public.test")
    connection.do_handshake()
    assert connection.recv(100) == b"resumed"
    os.waitpid(child, 0)
    near.close()
