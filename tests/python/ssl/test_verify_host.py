"""Connection.set_verify_host: who the peer must be (RFC 6125, RFC 9525)."""

from __future__ import annotations

import socket
from typing import Any, List, Optional

import pytest
from support import HOST, attempt, client_context, connected, pair, pki, reasons, server_context

from OpenSSL import SSL, crypto


def issued(*names: str, common_name: str = "common.example") -> SSL.Context:
    """A server whose certificate, signed by the tests' root, has these subjectAltNames ("DNS:..." or "IP:...")."""
    cert, key = crypto.X509(), pki().server.pkey()
    cert.set_version(2)
    cert.set_serial_number(77)
    cert.get_subject().CN = common_name
    cert.set_issuer(pki().root.x509().get_subject())
    cert.gmtime_adj_notBefore(-60)
    cert.gmtime_adj_notAfter(3600)
    cert.set_pubkey(key)
    if names:
        cert.add_extensions([crypto.X509Extension(b"subjectAltName", False, ",".join(names).encode())])
    cert.sign(pki().root.pkey(), "sha256")
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate(cert)
    context.use_privatekey(key)
    return context


def outcome(wanted: Any, server: Optional[SSL.Context] = None, client: Optional[SSL.Context] = None) -> Any:
    """What the client's handshake raised."""
    one, other = pair(client, server)
    one.set_verify_host(wanted)
    return attempt(one, other)[0]


@pytest.mark.parametrize("name", [HOST, "localhost", "SERVER.Example", HOST + ".", "127.0.0.1", b"localhost"])
def test_a_name_or_address_of_the_certificate_is_accepted(name: Any) -> None:
    assert outcome(name) is None


def test_another_name_is_refused_with_both_sides_names() -> None:
    error = outcome("wrong.example")
    assert reasons(error) == ["certificate verify failed"]
    assert error.verify_code == 62 and error.depth == 0
    assert error.subject == "CN=server,O=libpyssl tests"
    assert error.reason == "certificate verify failed" and error.lib == "SSL routines"
    for part in ('wanted "wrong.example"', f'"{HOST}"', '"localhost"', '"127.0.0.1"', "hostname mismatch"):
        assert part in str(error) and part in error.verify_message, part


def test_another_address_is_refused() -> None:
    error = outcome("127.0.0.2")
    assert error.verify_code == 64 and 'wanted "127.0.0.2"' in str(error)


@pytest.mark.parametrize(
    ("name", "names", "good"),
    [
        ("www.example.org", ["DNS:*.example.org"], True),
        ("a.b.example.org", ["DNS:*.example.org"], False),
        ("example.org", ["DNS:*.example.org"], False),
        ("www.example.org", ["DNS:w*.example.org"], False),
        ("www.example.org", ["DNS:*w.example.org"], False),
        ("www.example.org", ["DNS:www.*.org"], False),
        ("example.org", ["DNS:*.org"], False),
        ("www.example.org", ["DNS:other.example", "DNS:www.example.org"], True),
        ("2001:db8::1", ["IP:2001:DB8::1"], True),
        ("[2001:db8::1]", ["IP:2001:DB8::1"], True),
        ("2001:db8::2", ["IP:2001:DB8::1"], False),
        ("192.0.2.1", ["DNS:192.0.2.1"], False),
        ("xn--bcher-kva.example", ["DNS:xn--bcher-kva.example"], True),
        ("b\u00fccher.example", ["DNS:xn--bcher-kva.example"], True),
    ],
)
def test_wildcards_addresses_and_international_names(name: str, names: List[str], good: bool) -> None:
    error = outcome(name, issued(*names))
    assert (error is None) is good, error


def test_the_common_name_counts_for_nothing() -> None:
    error = outcome("common.example", issued())
    assert error.verify_code == 62 and "no DNS name and no IP address" in str(error)
    assert outcome("common.example", issued("DNS:other.example")) is not None


def test_it_turns_verification_on() -> None:
    careless = SSL.Context(SSL.TLS_METHOD)
    careless.load_verify_locations(str(pki().root.cert))
    assert careless.get_verify_mode() == SSL.VERIFY_NONE
    conn = SSL.Connection(careless)
    conn.set_verify_host("x.example")
    assert conn.get_verify_mode() & SSL.VERIFY_PEER
    assert reasons(outcome("wrong.example", client=careless)) == ["certificate verify failed"]
    assert outcome(HOST, client=careless) is None


def test_the_verify_callback_sees_the_mismatch_and_has_the_last_word() -> None:
    seen: List[int] = []
    context = client_context()

    def accept(conn: Any, cert: crypto.X509, code: int, depth: int, ok: int) -> bool:
        seen.append(code)
        return True

    context.set_verify(SSL.VERIFY_PEER, accept)
    assert outcome("wrong.example", client=context) is None
    assert 62 in seen


def test_the_last_call_counts() -> None:
    client, server = pair()
    client.set_verify_host("10.0.0.1")
    client.set_verify_host("wrong.example")
    client.set_verify_host(HOST)
    assert attempt(client, server) == (None, None)
    client, server = pair()
    client.set_verify_host(HOST)
    client.set_verify_host("127.0.0.9")
    assert reasons(attempt(client, server)[0]) == ["certificate verify failed"]


@pytest.mark.parametrize(
    "name", ["", ".example.org", "*.example.org", "a b.example", "http://example.org", "a\0b", "[::1"]
)
def test_what_no_certificate_can_hold_is_a_value_error(name: str) -> None:
    conn = SSL.Connection(client_context())
    with pytest.raises(ValueError):
        conn.set_verify_host(name)
    assert conn.get_verify_mode() == SSL.VERIFY_PEER


def test_a_name_is_text() -> None:
    with pytest.raises(TypeError, match="name must be a string"):
        SSL.Connection(client_context()).set_verify_host(5)  # type: ignore[arg-type]


def test_over_a_socket_too() -> None:
    near, far = socket.socketpair()
    with near, far:
        near.settimeout(5)
        far.setblocking(False)
        client = SSL.Connection(client_context(), near, honor_timeout=True)
        server = SSL.Connection(issued("DNS:other.example"), far)
        client.set_connect_state()
        server.set_accept_state()
        client.set_verify_host(HOST)
        client._socket.setblocking(False)
        with pytest.raises(SSL.WantReadError):
            client.do_handshake()
        with pytest.raises(SSL.WantReadError):
            server.do_handshake()
        with pytest.raises(SSL.Error, match=HOST):
            client.do_handshake()
        with pytest.raises(SSL.Error, match="bad certificate"):
            server.do_handshake()


NO_NAMES = [
    "bank.example..", "a..b.example", "[bank.example]", "[127.0.0.1]", "127.1", "1.2.3.4.5", "bank.0x7f", "2130706433",
    "a" * 64 + ".example", ".".join(["a" * 60] * 5), "-bank.example", "bank-.example", "bank.example:443",
    "x@bank.example", "fe80::1%eth0", "bank,example", ".",
]  # fmt: skip


@pytest.mark.parametrize("name", NO_NAMES)
@pytest.mark.parametrize("setter", ["set_verify_host", "set_client"])
def test_a_name_that_is_none_is_a_value_error_with_words_and_the_name_set_before_stays(name: str, setter: str) -> None:
    client, server = pair()
    client.set_verify_host("bank.example")
    with pytest.raises(ValueError, match="cannot be verified: "):
        getattr(client, setter)(name)
    error = attempt(client, server)[0]
    assert reasons(error) == ["certificate verify failed"] and 'wanted "bank.example"' in str(error)


def test_underscores_and_long_names_are_legal() -> None:
    long = ".".join(["a" * 60] * 4) + ".example"
    for name in ("a_b.example", "_dmarc.example", long, "xn--bcher-kva.example", "1e100.net", "3com.example"):
        assert outcome(name, issued(f"DNS:{name}")) is None, name


class TestAfterTheHandshake:
    def test_the_peer_is_checked_at_once(self) -> None:
        client, _ = connected()
        client.set_verify_host(HOST)
        client.set_verify_host("127.0.0.1")
        with pytest.raises(SSL.Error) as caught:
            client.set_verify_host("evil.example")
        error = caught.value
        assert reasons(error) == ["certificate verify failed"] and error.verify_code == 62
        assert error.subject == "CN=server,O=libpyssl tests"
        assert 'wanted "evil.example"' in str(error) and f'"{HOST}"' in str(error)
        with pytest.raises(SSL.Error, match="IP address mismatch"):
            client.set_verify_host("127.0.0.2")
        client.set_verify_host(HOST)

    def test_a_chain_that_was_not_verified_is_refused_whatever_its_names(self) -> None:
        client, _ = connected(SSL.Context(SSL.TLS_METHOD))
        with pytest.raises(SSL.Error, match=r"cannot be verified as .*unable to get local issuer certificate"):
            client.set_verify_host(HOST)

    def test_a_peer_without_a_certificate_is_refused(self) -> None:
        _, server = connected()
        with pytest.raises(SSL.Error, match="it has shown no certificate"):
            server.set_verify_host(HOST)

    def test_a_session_resumed_without_verification_is_refused(self) -> None:
        context, serving = client_context(), server_context()
        context.set_verify(SSL.VERIFY_NONE)
        first, other = connected(context, serving)
        session = first.get_session()
        assert session is not None
        first.shutdown()
        again, other = pair(context, serving)
        again.set_session(session)
        assert attempt(again, other) == (None, None) and again.session_reused()
        with pytest.raises(SSL.Error, match="resumed without verification"):
            again.set_verify_host(HOST)


def test_in_the_middle_of_a_handshake_it_is_an_error() -> None:
    client, server = pair()
    client.set_verify_host("bank.example")
    with pytest.raises(SSL.WantReadError):
        client.do_handshake()
    with pytest.raises(SSL.Error, match="the handshake is under way"):
        client.set_verify_host(HOST)
    assert 'wanted "bank.example"' in str(attempt(client, server)[0])


def test_in_a_verify_callback_it_is_an_error() -> None:
    context, raised = client_context(), []

    def look(conn: Any, cert: crypto.X509, code: int, depth: int, ok: int) -> bool:
        with pytest.raises(SSL.Error, match="the handshake is under way") as caught:
            conn.set_verify_host(HOST)
        raised.append(caught.value)
        return bool(ok)

    context.set_verify(SSL.VERIFY_PEER, look)
    assert reasons(outcome("wrong.example", client=context)) == ["certificate verify failed"]
    assert raised
