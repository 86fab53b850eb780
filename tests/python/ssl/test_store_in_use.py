"""A store that changes while handshakes and verifications on other threads read it."""

from __future__ import annotations

import datetime
import threading
from pathlib import Path
from typing import Callable, List

import pytest
from support import attempt, client_context, openssl, pair, pki, reasons, server_context, shake

from OpenSSL import SSL, crypto
from OpenSSL.crypto import X509StoreContext, X509StoreContextError, X509StoreFlags

SOON = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
LONG_AFTER = SOON + datetime.timedelta(days=365)


def refused(ends: tuple[SSL.Connection, SSL.Connection]) -> bool:
    failure = attempt(*ends)[0]
    assert failure is None or reasons(failure) == ["certificate verify failed"]
    return failure is not None


def test_flags_time_and_certificates_reach_connections_that_are_there_already() -> None:
    """As a store of OpenSSL's: what it says when the peer is verified counts."""
    changes: List[Callable[[crypto.X509Store], None]] = [
        lambda store: store.set_flags(X509StoreFlags.CRL_CHECK),
        lambda store: store.set_time(LONG_AFTER),
    ]
    for change in changes:
        client = client_context()
        before, after = pair(client), pair(client)
        assert not refused(before)
        store = client.get_cert_store()
        assert store is not None
        change(store)
        assert refused(after)

    client = SSL.Context(SSL.TLS_METHOD)
    client.set_verify(SSL.VERIFY_PEER)
    refusing, waiting = pair(client), pair(client)
    assert refused(refusing)
    store = client.get_cert_store()
    assert store is not None
    store.add_cert(pki().root.x509())
    assert not refused(waiting)


def test_every_handle_on_a_store_changes_the_same_store() -> None:
    client = client_context()
    one, other = client.get_cert_store(), client.get_cert_store()
    assert one is not None and other is not None
    leaf, intermediate = pki().server.x509(), pki().intermediate.x509()
    X509StoreContext(other, leaf, [intermediate]).verify_certificate()
    one.set_time(LONG_AFTER)
    with pytest.raises(X509StoreContextError, match="expired"):
        X509StoreContext(other, leaf, [intermediate]).verify_certificate()
    other.set_time(SOON)
    X509StoreContext(one, leaf, [intermediate]).verify_certificate()


def test_a_set_store_brings_its_flags_and_its_time_along() -> None:
    store = crypto.X509Store()
    store.add_cert(pki().root.x509())
    client = client_context()
    served = pair(client)
    client.set_cert_store(store)
    ends, later = pair(client), pair(client)
    store.set_time(LONG_AFTER)
    assert refused(ends) and not refused(served)
    store.set_time(SOON)
    assert not refused(later)


def test_threads_change_a_store_while_others_verify_and_shake_hands(tmp_path: Path) -> None:
    client, server = client_context(), server_context()
    leaf, intermediate, root = pki().server.x509(), pki().intermediate.x509(), pki().root.x509()
    (tmp_path / "root.pem").write_bytes(pki().root.cert.read_bytes())
    openssl("rehash", str(tmp_path))
    done = threading.Event()
    failed: List[BaseException] = []

    def guarded(body: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                body()
            except BaseException as failure:
                failed.append(failure)

        return run

    def change() -> None:
        round = 0
        while not done.is_set():
            round += 1
            store = client.get_cert_store()
            assert store is not None
            store.set_flags(X509StoreFlags.PARTIAL_CHAIN)
            store.set_time(datetime.datetime.now(datetime.timezone.utc))
            store.add_cert(root)
            store.add_cert(pki().other.x509())
            store.load_locations(pki().root.cert)
            if round < 100:  # as many directories, each asked for what is not in the store
                directory = tmp_path / f"{threading.get_ident()}.{round}"
                directory.mkdir()
                store.load_locations(None, directory)
            client.load_verify_locations(None, tmp_path)

    def handshakes() -> None:
        for _ in range(60):
            shake(*pair(client, server))

    def verifications() -> None:
        store = client.get_cert_store()
        assert store is not None
        for _ in range(300):
            assert X509StoreContext(store, leaf, [intermediate]).get_verified_chain()

    changers = [threading.Thread(target=guarded(change)) for _ in range(2)]
    workers = [threading.Thread(target=guarded(body)) for body in (handshakes, handshakes, verifications)]
    for thread in changers + workers:
        thread.start()
    for thread in workers:
        thread.join(120)
        assert not thread.is_alive()
    done.set()
    for thread in changers:
        thread.join(120)
    assert failed == []
