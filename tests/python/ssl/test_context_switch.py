"""Connection.set_context in the server name callback: whose verification rules hold then."""

from __future__ import annotations

import itertools
from typing import Any, List, Optional

import pytest
from support import attempt, client_context, pair, pki, reasons, server_context, shake

from OpenSSL import SSL, crypto

PEER, DEMAND = SSL.VERIFY_PEER, SSL.VERIFY_FAIL_IF_NO_PEER_CERT
ONCE, POST = SSL.VERIFY_CLIENT_ONCE, 8
MODES = [SSL.VERIFY_NONE, PEER, PEER | DEMAND, PEER | ONCE, PEER | DEMAND | POST]


def _server(mode: int = SSL.VERIFY_NONE, callback: Any = None) -> SSL.Context:
    context = server_context()
    context.set_verify(mode, callback)
    context.get_cert_store().add_cert(pki().root.x509())
    return context


def _client(certificate: Optional[crypto.X509] = None, key: Optional[crypto.PKey] = None) -> SSL.Context:
    context = client_context()
    context.use_certificate(certificate or pki().client.x509())
    context.use_privatekey(key or pki().client.pkey())
    return context


@pytest.mark.parametrize(("first", "second"), list(itertools.product(MODES, MODES)))
def test_the_verify_mode_is_the_stricter_of_both(first: int, second: int) -> None:
    server, other = _server(first), _server(second)
    server.set_tlsext_servername_callback(lambda connection: connection.set_context(other))
    ends = pair(_client(), server)
    shake(*ends)
    demands, reliefs = PEER | DEMAND, ONCE | POST
    assert ends[1].get_verify_mode() == (first | second) & demands | first & second & reliefs
    asked = (first | second) & PEER and not first & second & POST
    assert (ends[1].get_peer_certificate() is not None) is bool(asked)


def test_the_callback_of_the_first_context_is_gone_and_that_of_the_second_is_used() -> None:
    seen: List[str] = []

    def says(who: str) -> Any:
        return lambda connection, cert, error, depth, ok: [seen.append(who), True][1]  # type: ignore[func-returns-value]

    server, other = _server(PEER, says("first")), _server(PEER, says("second"))
    server.set_tlsext_servername_callback(lambda connection: connection.set_context(other))
    shake(*pair(_client(), server))
    assert set(seen) == {"second"}


def test_without_a_callback_of_its_own_the_second_context_leaves_the_verdict_to_openssl() -> None:
    server, other = _server(PEER, lambda *arguments: True), server_context()
    other.set_verify(PEER)
    server.set_tlsext_servername_callback(lambda connection: connection.set_context(other))
    assert reasons(attempt(*pair(_client(), server))[1]) == ["certificate verify failed"], "it trusts nobody"


@pytest.mark.parametrize("order", ["before", "after"])
@pytest.mark.parametrize("mode", [SSL.VERIFY_NONE, PEER | ONCE])
def test_what_was_set_on_the_connection_stays(order: str, mode: int) -> None:
    seen: List[int] = []

    def own(connection: SSL.Connection, cert: Any, error: int, depth: int, ok: int) -> bool:
        seen.append(depth)
        return True

    server, other = _server(), server_context()
    other.set_verify(PEER | DEMAND, lambda *arguments: False)

    def switch(connection: SSL.Connection) -> None:
        if order == "before":
            connection.set_verify(mode, own)
        connection.set_context(other)
        if order == "after":
            connection.set_verify(mode, own)

    server.set_tlsext_servername_callback(switch)
    ends = pair(_client(), server)
    shake(*ends)
    assert ends[1].get_verify_mode() == mode and bool(seen) is bool(mode)


def test_a_host_that_is_verified_stays_so() -> None:
    server, other = _server(), _server()
    server.set_tlsext_servername_callback(lambda connection: connection.set_context(other))
    ends = pair(_client(), server)
    ends[1].set_verify_host("client.example")
    assert reasons(attempt(*ends)[1]) == ["certificate verify failed"]


def test_the_authorities_named_are_those_of_the_new_context() -> None:
    server, other = _server(PEER), _server(PEER)
    pair(client_context(), server)
    # Of a context that has connections, each connection has a list of its own.
    server.set_client_ca_list([pki().other.x509().get_subject()])
    server.set_tlsext_servername_callback(lambda connection: connection.set_context(other))
    for named in ([], [pki().root.x509().get_subject()]):
        other.set_client_ca_list(named)
        ends = pair(_client(), server)
        shake(*ends)
        assert [name.CN for name in ends[0].get_client_ca_list()] == [name.CN for name in named]


def _below_the_intermediate() -> crypto.X509:
    cert, issuer = crypto.X509(), pki().intermediate
    cert.set_version(2)
    cert.gmtime_adj_notBefore(-3600)
    cert.gmtime_adj_notAfter(86400)
    cert.set_issuer(issuer.x509().get_subject())
    cert.get_subject().CN = "deep"
    cert.set_pubkey(pki().client.pkey())
    cert.sign(issuer.pkey(), "sha256")
    return cert


@pytest.mark.parametrize(
    ("first", "second", "accepted"), [(0, 5, True), (5, 0, False), (None, 0, False), (0, None, True)]
)
def test_the_depth_goes_along(first: Optional[int], second: Optional[int], accepted: bool) -> None:
    server, other = _server(PEER), _server(PEER)
    for context, depth in ((server, first), (other, second)):
        if depth is not None:
            context.set_verify_depth(depth)
    server.set_tlsext_servername_callback(lambda connection: connection.set_context(other))
    client = _client(_below_the_intermediate())
    client.add_extra_chain_cert(pki().intermediate.x509())
    failures = attempt(*pair(client, server))
    assert (failures[1] is None) is accepted
