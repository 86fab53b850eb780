"""The safe way to be a client: Context.client and Connection.set_client."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Optional

import pytest
from support import HOST, attempt, pair, pki, reasons, server_context

from OpenSSL import SSL, crypto


def asked_for(host: str) -> List[Optional[bytes]]:
    """What a server hears as the server name from a client of that host."""
    heard: List[Optional[bytes]] = []
    serving = server_context()
    serving.set_tlsext_servername_callback(lambda conn: heard.append(conn.get_servername()))
    client, server = SSL.Connection(SSL.Context.client(pki().root.cert)), SSL.Connection(serving)
    server.set_accept_state()
    client.set_client(host)
    attempt(client, server)
    return heard


class TestSetClient:
    @pytest.mark.parametrize("host", [HOST, HOST + ".", "localhost", "127.0.0.1"])
    def test_one_call_makes_a_client_that_verifies(self, host: str) -> None:
        client = SSL.Connection(SSL.Context.client(pki().root.cert))
        server = SSL.Connection(server_context())
        server.set_accept_state()
        client.set_client(host)
        assert attempt(client, server) == (None, None)

    def test_the_certificate_must_be_for_the_host(self) -> None:
        client, server = pair(SSL.Context.client(pki().root.cert))
        client.set_client("evil.example")
        error = attempt(client, server)[0]
        assert reasons(error) == ["certificate verify failed"] and 'wanted "evil.example"' in str(error)

    def test_it_turns_verification_on(self) -> None:
        context = SSL.Context(SSL.TLS_METHOD)
        context.load_verify_locations(pki().root.cert)
        client, server = pair(context)
        client.set_client("evil.example")
        assert client.get_verify_mode() == SSL.VERIFY_PEER
        assert reasons(attempt(client, server)[0]) == ["certificate verify failed"]

    def test_a_name_is_asked_for_without_its_dot_and_an_address_is_not(self) -> None:
        assert asked_for(HOST) == asked_for(HOST + ".") == [HOST.encode()]
        assert asked_for("b\u00fccher.example") == [b"xn--bcher-kva.example"]
        assert asked_for("127.0.0.1") == asked_for("::1") == asked_for("[::1]") == [None]

    def test_an_address_takes_back_a_name_that_was_to_be_asked_for(self) -> None:
        client, _ = pair()
        client.set_client(HOST)
        assert client.get_servername() == HOST.encode()
        client.set_client("127.0.0.1")
        assert client.get_servername() is None

    def test_once_the_handshake_has_begun_it_is_an_error(self) -> None:
        client, server = pair(SSL.Context.client(pki().root.cert))
        client.set_client(HOST)
        with pytest.raises(SSL.WantReadError):
            client.do_handshake()
        with pytest.raises(SSL.Error, match="the handshake has begun"):
            client.set_client("evil.example")
        assert attempt(client, server) == (None, None)
        with pytest.raises(SSL.Error, match="the handshake has begun"):
            client.set_client(HOST)

    def test_a_host_is_text(self) -> None:
        client, _ = pair()
        with pytest.raises(TypeError, match="host must be a string"):
            client.set_client(5)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="embedded null byte in host"):
            client.set_client("a\0b")


class TestClientContext:
    def test_it_verifies_against_a_file(self) -> None:
        context = SSL.Context.client(pki().root.cert)
        assert context.get_verify_mode() == SSL.VERIFY_PEER
        client, server = pair(context)
        assert attempt(client, server) == (None, None)
        client, server = pair(SSL.Context.client(pki().other.cert))
        assert reasons(attempt(client, server)[0]) == ["certificate verify failed"]

    def test_it_verifies_against_certificates_in_memory(self) -> None:
        client, server = pair(SSL.Context.client(cadata=pki().root.cert.read_bytes()))
        assert attempt(client, server) == (None, None)
        both = pki().other.cert.read_bytes() + pki().root.cert.read_bytes()
        client, server = pair(SSL.Context.client(cadata=both))
        assert attempt(client, server) == (None, None)
        client, server = pair(SSL.Context.client(cadata=pki().other.cert.read_bytes()))
        assert reasons(attempt(client, server)[0]) == ["certificate verify failed"]

    def test_file_and_memory_are_trusted_together(self) -> None:
        client, server = pair(SSL.Context.client(pki().other.cert, pki().root.cert.read_bytes()))
        assert attempt(client, server) == (None, None)

    @pytest.mark.parametrize(("trusted", "refusal"), [("root", []), ("other", ["certificate verify failed"])])
    def test_without_arguments_it_trusts_what_the_system_trusts(
        self, trusted: str, refusal: List[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(getattr(pki(), trusted).cert))
        monkeypatch.delenv("SSL_CERT_DIR", raising=False)
        client, server = pair(SSL.Context.client())
        error = attempt(client, server)[0]
        assert (reasons(error) if error else []) == refusal

    def test_own_trust_is_in_place_of_the_system_s(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(pki().root.cert))
        client, server = pair(SSL.Context.client(pki().other.cert))
        assert reasons(attempt(client, server)[0]) == ["certificate verify failed"]

    def test_no_trust_is_an_error_and_no_context(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
        with pytest.raises(SSL.Error, match="No such file"):
            SSL.Context.client()
        with pytest.raises(SSL.Error, match="No such file"):
            SSL.Context.client(tmp_path / "none.pem")
        with pytest.raises(SSL.Error, match="no certificate"):
            SSL.Context.client(cadata=b"nothing")

    def test_what_it_starts_with_may_be_changed(self) -> None:
        context = SSL.Context.client(cadata=pki().other.cert.read_bytes())
        context.load_verify_pem(pki().root.cert.read_bytes())
        client, server = pair(context)
        assert attempt(client, server) == (None, None)


class TestFromMemory:
    def test_a_server_is_set_up_without_files(self) -> None:
        serving = SSL.Context(SSL.TLS_SERVER_METHOD)
        serving.use_certificate_chain_pem(pki().chain.read_bytes())
        serving.use_privatekey_pem(pki().server.key.read_bytes())
        serving.check_privatekey()
        client, server = pair(SSL.Context.client(pki().root.cert), serving)
        client.set_client(HOST)
        assert attempt(client, server) == (None, None)
        chain = client.get_peer_cert_chain()
        assert chain is not None and [cert.get_subject().CN for cert in chain] == ["server", "intermediate"]

    def test_the_passphrase_callback_is_asked(self) -> None:
        secret = crypto.dump_privatekey(crypto.FILETYPE_PEM, pki().server.pkey(), "aes-256-cbc", b"sesame")
        context = server_context()
        with pytest.raises(SSL.Error, match="no passphrase was given"):
            context.use_privatekey_pem(secret)
        context.set_passwd_cb(lambda size, verify, data: b"sesame")
        context.use_privatekey_pem(secret)
        context.check_privatekey()

    def test_what_cannot_be_read_changes_nothing(self) -> None:
        serving = server_context()
        for bad in (b"", b"nothing", pki().server.key.read_bytes(), pki().root.cert.read_bytes()[:200]):
            with pytest.raises(SSL.Error):
                serving.use_certificate_chain_pem(bad)
        for bad in (b"", b"nothing", pki().root.cert.read_bytes()):
            with pytest.raises(SSL.Error):
                serving.use_privatekey_pem(bad)
        client, server = pair(SSL.Context.client(pki().root.cert), serving)
        assert attempt(client, server) == (None, None)

    def test_a_damaged_bundle_adds_no_trust(self) -> None:
        root = pki().root.cert.read_bytes()
        context = SSL.Context.client(pki().other.cert)
        store = context.get_cert_store()
        for bad in (b"", b"nothing", root + root[:200], root + root.replace(b"MII", b"!!!", 1)):
            with pytest.raises(SSL.Error):
                context.load_verify_pem(bad)
            with pytest.raises(crypto.Error):
                store.load_pem(bad)
        client, server = pair(context)
        assert reasons(attempt(client, server)[0]) == ["certificate verify failed"]

    def test_a_store_takes_certificates_and_revocation_lists(self) -> None:
        root, key = pki().root.x509(), pki().root.pkey()
        revoked, crl = crypto.Revoked(), crypto.CRL()
        revoked.set_serial(b"%x" % pki().client.x509().get_serial_number())
        revoked.set_rev_date(b"20200101000000Z")
        crl.add_revoked(revoked)
        store = crypto.X509Store()
        store.set_flags(crypto.X509StoreFlags.CRL_CHECK)
        store.load_pem(pki().root.cert.read_bytes() + crl.export(root, key, digest=b"sha256"))
        with pytest.raises(crypto.X509StoreContextError, match="certificate revoked"):
            crypto.X509StoreContext(store, pki().client.x509()).verify_certificate()
        with pytest.raises(TypeError):
            store.load_pem("text")  # type: ignore[arg-type]

    def test_all_certificates_of_a_bundle(self) -> None:
        chain = crypto.load_certificate_chain(pki().chain.read_bytes())
        assert [cert.get_subject().CN for cert in chain] == ["server", "intermediate"]
        many = crypto.load_certificate_chain(b"words\n" + pki().root.cert.read_bytes() * 40)
        assert len(many) == 40
        many[0].set_version(0)
        assert many[1].get_version() == 2
        for bad in (b"", b"nothing", pki().root.cert.read_bytes() + b"-----BEGIN CERTIFICATE-----\nAAAA\n"):
            with pytest.raises(crypto.Error):
                crypto.load_certificate_chain(bad)


def test_a_failed_handshake_of_a_careful_client_sends_nothing(tmp_path: Path) -> None:
    """send() does the handshake: what was to be sent must not reach a server that is another's."""
    client, server = pair(SSL.Context.client(pki().root.cert))
    client.set_client("bank.example")
    received: Any = None
    for _ in range(5):
        try:
            client.send(b"the secret")
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            assert 'wanted "bank.example"' in str(error)
            break
        for source, sink in ((client, server), (server, client)):
            try:
                sink.bio_write(source.bio_read(65536))
            except SSL.WantReadError:
                pass
        try:
            received = server.recv(100)
        except SSL.Error:
            pass
    else:
        pytest.fail("the handshake never failed")
    assert received is None
