"""A store remembers the chains whose signatures were good. Nobody can tell, but by the clock: each test does the same
handshake again and again, before and after the chain is known."""

from __future__ import annotations

import datetime
from typing import Any, Iterator, List, Tuple

import pytest
from support import attempt, client_context, cn, connected, pair, pki, reasons, server_context, shake

from OpenSSL import SSL, crypto

Seen = List[Tuple[str, int, int, bool]]


def watching(context: SSL.Context, answer: bool = True) -> Seen:
    seen: Seen = []

    def callback(_: SSL.Connection, cert: crypto.X509, code: int, depth: int, ok: int) -> bool:
        seen.append((cn(cert), code, depth, bool(ok)))
        return answer

    context.set_verify(SSL.VERIFY_PEER, callback)
    return seen


def test_a_verify_callback_is_asked_of_every_certificate_each_time() -> None:
    context = client_context()
    seen = watching(context)
    connected(context)
    first = seen[:]
    assert [(name, depth) for name, _, depth, _ in first[-3:]] == [("root", 2), ("intermediate", 1), ("server", 0)]
    for _ in range(3):
        del seen[:]
        client, _ = connected(context)
        assert seen == first
        chain = client.get_verified_chain()
        assert chain and [cn(cert) for cert in chain] == ["server", "intermediate", "root"]


def test_of_a_chain_that_ends_nowhere_a_callback_hears_the_same_each_time() -> None:
    """OpenSSL says nothing of the last certificate's signature, which nobody here could check."""
    context = SSL.Context(SSL.TLS_METHOD)
    seen = watching(context)
    connected(context)
    first = seen[:]
    assert [name for name, _, _, ok in first if not ok] and ("intermediate", 0, 1, True) not in first
    for _ in range(2):
        del seen[:]
        connected(context)
        assert seen == first


@pytest.mark.parametrize("refused", ["root", "intermediate", "server"])
def test_a_verify_callback_may_refuse_what_is_known(refused: str) -> None:
    context = client_context()
    connected(context)
    asked: List[str] = []

    def callback(_: SSL.Connection, cert: crypto.X509, code: int, depth: int, ok: int) -> bool:
        asked.append(cn(cert))
        return bool(cn(cert) != refused)

    context.set_verify(SSL.VERIFY_PEER, callback)
    failure, _ = attempt(*pair(context))
    assert "certificate verify failed" in reasons(failure)
    assert asked[-1] == refused
    # What one connection refuses, another may take.
    context.set_verify(SSL.VERIFY_PEER)
    connected(context)


def test_what_a_callback_puts_up_with_does_not_become_known() -> None:
    context, server = client_context(), forged()
    seen = watching(context)
    for _ in range(2):
        shake(*pair(context, server))
        assert [name for name, _, _, ok in seen if not ok] == ["server"]
        del seen[:]
    context.set_verify(SSL.VERIFY_PEER)
    for _ in range(2):
        failure, _ = attempt(*pair(context, server))
        assert isinstance(failure, SSL.Error) and failure.verify_message == "certificate signature failure"


def test_a_chain_is_known_to_the_store_that_met_it() -> None:
    """By whatever way it is verified; and a chain with another signature is another chain."""
    context = client_context()
    connected(context)
    store = context.get_cert_store()
    assert store is not None
    made = pki()
    for _ in range(2):
        crypto.X509StoreContext(store, made.server.x509(), [made.intermediate.x509()]).verify_certificate()
        with pytest.raises(crypto.X509StoreContextError, match="signature failure"):
            crypto.X509StoreContext(store, forged_certificate(), [made.intermediate.x509()]).verify_certificate()
    failure, _ = attempt(*pair(context, forged()))
    assert isinstance(failure, SSL.Error) and failure.verify_message == "certificate signature failure"


def test_a_known_chain_is_refused_when_it_has_expired_or_its_root_is_trusted_no_more() -> None:
    context = client_context()
    connected(context)
    store = context.get_cert_store()
    assert store is not None
    for when, code in later():
        store.set_time(when)
        failure, _ = attempt(*pair(context))
        assert getattr(failure, "verify_code", None) == code
    context.set_cert_store(crypto.X509Store())
    failure, _ = attempt(*pair(context))
    assert isinstance(failure, SSL.Error) and failure.verify_code


def later() -> Iterator[Tuple[Any, Any]]:
    now = datetime.datetime.now(datetime.timezone.utc)
    yield now + datetime.timedelta(days=1), None
    yield now + datetime.timedelta(days=400), 10  # X509_V_ERR_CERT_HAS_EXPIRED
    yield now - datetime.timedelta(days=400), 9  # X509_V_ERR_CERT_NOT_YET_VALID
    yield now, None


def forged() -> SSL.Context:
    """A server's context whose certificate has another signature than its issuer's."""
    context = server_context()
    context.use_certificate(forged_certificate())
    return context


def forged_certificate() -> crypto.X509:
    cert = pki().server.x509()
    cert.sign(pki().other.pkey(), "sha256")
    return cert
