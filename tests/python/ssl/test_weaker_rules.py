"""No handshake ends under weaker rules than it was told, whatever callback or moment makes them stricter."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

import pytest
from support import attempt, client_context, cn, pair, pki, pump, reasons, server_context, shake
from test_post_handshake import settle
from test_server_rules import DEMAND, NO_CERTIFICATE, VERSIONS, _client, _ends, _kept, _server, _session

from OpenSSL import SSL
from OpenSSL._util import lib

#: OpenSSL's SSL_VERIFY_POST_HANDSHAKE, which C programs have by name.
POST_HANDSHAKE = 8


def _accepts(*told: Any) -> bool:
    return True


def _refuses(*told: Any) -> bool:
    return False


def _judges_of_the_connection(server: SSL.Context) -> None:
    def choose(connection: SSL.Connection) -> None:
        connection.set_verify(DEMAND, _accepts if connection.get_servername() == b"first.test" else _refuses)

    server.set_tlsext_servername_callback(choose)


def _judges_of_contexts(server: SSL.Context) -> None:
    first, second = _server(SSL.TLS1_3_VERSION), _server(SSL.TLS1_3_VERSION)
    first.set_verify(DEMAND, _accepts)
    second.set_verify(DEMAND, _refuses)
    server.set_tlsext_servername_callback(
        lambda connection: connection.set_context(first if connection.get_servername() == b"first.test" else second)
    )


@VERSIONS
@pytest.mark.parametrize("prepare", [_judges_of_the_connection, _judges_of_contexts])
def test_what_one_verify_callback_accepted_is_not_resumed_under_another(
    version: int, prepare: Callable[[SSL.Context], None]
) -> None:
    server, client = _server(version), _client(certificate=True)
    prepare(server)
    session = _session(client, server, b"first.test")
    ends = _ends(client, server, b"second.test", session)
    assert reasons(attempt(*ends)[1]) == ["certificate verify failed"]
    assert not ends[1].session_reused()


@VERSIONS
def test_a_time_without_a_verify_callback_does_not_make_two_callbacks_one(version: int) -> None:
    server, client = _server(version), _client(certificate=True)
    server.set_verify(DEMAND, _accepts)
    session = _session(client, server)
    server.set_verify(DEMAND)
    server.set_verify(DEMAND, _refuses)
    assert reasons(attempt(*_ends(client, server, b"public.test", session))[1]) == ["certificate verify failed"]


def test_up_to_tls_1_2_a_late_demand_is_not_put_off_until_after_the_handshake() -> None:
    server, client = _server(SSL.TLS1_2_VERSION), _client(certificate=False)
    client.set_alpn_protos([b"x"])
    session = _session(client, server)

    def select(connection: SSL.Connection, offered: List[bytes]) -> bytes:
        connection.set_verify(DEMAND | POST_HANDSHAKE)
        return b"x"

    server.set_alpn_select_callback(select)
    for offered in (None, session):
        ends = _ends(client, server, b"public.test", offered)
        assert reasons(attempt(*ends)[1]) == [NO_CERTIFICATE]


@VERSIONS
def test_a_demand_after_the_request_for_certificates_ends_a_full_handshake(version: int) -> None:
    near, far = _ends(_client(certificate=False), _server(version), b"public.test")
    for end, other in ((near, far), (far, near)):
        with pytest.raises(SSL.WantReadError):
            end.do_handshake()
        pump(end, other)
    far.set_verify(DEMAND)
    failure = attempt(near, far)[1]
    assert reasons(failure) == [NO_CERTIFICATE] and "was not asked for a certificate" in str(failure)


def test_a_certificate_shown_after_the_handshake_is_not_seen_where_other_rules_hold() -> None:
    server = _server(SSL.TLS1_3_VERSION)
    contexts: Dict[Any, SSL.Context] = {}
    contexts[b"first.test"] = _server(SSL.TLS1_3_VERSION)
    contexts[b"second.test"] = _server(SSL.TLS1_3_VERSION, ca=pki().other.x509())
    server.set_tlsext_servername_callback(
        lambda connection: connection.set_context(contexts[connection.get_servername()])
    )
    client = _client(certificate=True)
    client.set_post_handshake_auth()
    ends = _ends(client, server, b"first.test")
    shake(*ends)
    ends[1].set_verify(DEMAND)
    ends[1].verify_client_post_handshake()
    assert settle(*ends) == [] and cn(ends[1].get_peer_certificate()) == "client"
    ends = _ends(client, server, b"second.test", _kept(ends))
    shake(*ends)
    assert ends[1].get_peer_certificate() is None


@VERSIONS
def test_a_resumed_session_does_not_answer_for_a_name_that_is_expected_without_verification(version: int) -> None:
    ours, theirs = client_context(), server_context()
    theirs.set_max_proto_version(version)
    ours.set_verify(SSL.VERIFY_NONE)
    first = pair(ours, theirs)
    shake(*first)
    assert lib.SSL_get_verify_result(first[0]) == 0
    near, far = pair(ours, theirs)
    assert lib.X509_VERIFY_PARAM_set1_host(near, b"bank.example", 0) == 1
    near.set_session(_kept(first))
    shake(near, far)
    assert lib.SSL_get_verify_result(near) == 62, "X509_V_ERR_HOSTNAME_MISMATCH"


def test_a_name_and_an_address_cannot_be_expected_at_once() -> None:
    for first, second in (("host", "ip"), ("ip", "host")):
        near, _ = pair(client_context(), server_context())
        expect = {
            "host": lambda near=near: lib.X509_VERIFY_PARAM_set1_host(near, b"bank.example", 0),
            "ip": lambda near=near: lib.X509_VERIFY_PARAM_set1_ip(near, bytes([127, 0, 0, 1]), 4),
        }
        assert expect[first]() == expect[first]() == 1
        with pytest.raises(NotImplementedError, match="both"):
            expect[second]()
