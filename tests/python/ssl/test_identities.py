"""The certificates that a server shows: each with its own key and chain, replaced as a whole."""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, List, NamedTuple, Optional

import pytest
from support import attempt, client_context, cn, connected, pair, pki, pump, reasons, server_context, shake

from OpenSSL import SSL, crypto

MISMATCH = "key values mismatch"


class Chained(NamedTuple):
    """A certificate, its key, and the intermediate that signed it, which root signed."""

    cert: crypto.X509
    key: crypto.PKey
    issuer: crypto.X509

    def file(self, directory: Path) -> str:
        path = directory / f"{cn(self.cert)}.pem"
        path.write_bytes(
            b"".join(crypto.dump_certificate(crypto.FILETYPE_PEM, cert) for cert in (self.cert, self.issuer))
        )
        return str(path)


def _key(kind: str) -> crypto.PKey:
    key = crypto.PKey()
    key.generate_key(*((crypto.TYPE_RSA, 2048) if kind == "rsa" else (crypto.TYPE_EC, 256)))
    return key


def _cert(name: str, key: crypto.PKey, issuer: crypto.X509, signer: crypto.PKey, ca: bool = False) -> crypto.X509:
    cert = crypto.X509()
    cert.set_version(2)
    cert.set_serial_number(abs(hash(name)) + 1)
    cert.gmtime_adj_notBefore(-3600)
    cert.gmtime_adj_notAfter(86400)
    cert.set_issuer(issuer.get_subject())
    cert.get_subject().CN = name
    cert.set_pubkey(key)
    cert.add_extensions([crypto.X509Extension(b"basicConstraints", True, b"CA:TRUE" if ca else b"CA:FALSE")])
    cert.sign(signer, "sha256")
    return cert


@lru_cache(maxsize=None)
def _pem(kind: str, number: int = 1) -> Any:
    key, above = _key(kind), _key(kind)
    issuer = _cert(f"{kind} issuer {number}", above, pki().root.x509(), pki().root.pkey(), ca=True)
    cert = _cert(f"{kind} {number}", key, issuer, above)
    return [crypto.dump_certificate(1, cert), crypto.dump_privatekey(1, key), crypto.dump_certificate(1, issuer)]


def _made(kind: str, number: int = 1) -> Chained:
    cert, key, issuer = _pem(kind, number)
    return Chained(crypto.load_certificate(1, cert), crypto.load_privatekey(1, key), crypto.load_certificate(1, issuer))


def _chain(client: SSL.Context, server: SSL.Context) -> List[Any]:
    return [cn(cert) for cert in connected(client, server)[0].get_peer_cert_chain() or []]


def _client_for(kind: str) -> SSL.Context:
    client = client_context()
    client.set_max_proto_version(SSL.TLS1_2_VERSION)
    client.set_cipher_list({"rsa": b"ECDHE-RSA-AES128-GCM-SHA256", "ec": b"ECDHE-ECDSA-AES128-GCM-SHA256"}[kind])
    return client


@pytest.mark.parametrize("order", [["ec", "rsa"], ["rsa", "ec"]], ids="-".join)
@pytest.mark.parametrize("late", [False, True])
def test_each_certificate_goes_with_its_own_chain(order: List[str], late: bool, tmp_path: Path) -> None:
    server = SSL.Context(SSL.TLS_METHOD)
    if late:
        pair(client_context(), server)
    for kind in order:
        server.use_certificate_chain_file(_made(kind).file(tmp_path))
        server.use_privatekey(_made(kind).key)
        server.check_privatekey()
    for kind in order:
        assert _chain(_client_for(kind), server) == [f"{kind} 1", f"{kind} issuer 1"]


@pytest.mark.parametrize("late", [False, True])
def test_extra_certificates_go_with_certificates_that_have_no_chain(late: bool, tmp_path: Path) -> None:
    server = SSL.Context(SSL.TLS_METHOD)
    if late:
        pair(client_context(), server)
    server.use_certificate_chain_file(_made("ec").file(tmp_path))
    server.use_privatekey(_made("ec").key)
    server.use_certificate(_made("rsa").cert)
    server.use_privatekey(_made("rsa").key)
    server.add_extra_chain_cert(_made("rsa").issuer)
    server.add_extra_chain_cert(pki().root.x509())
    assert _chain(_client_for("ec"), server) == ["ec 1", "ec issuer 1"]
    assert _chain(_client_for("rsa"), server) == ["rsa 1", "rsa issuer 1", "root"]


def test_a_connections_own_certificate_does_not_go_with_the_contexts_chain(tmp_path: Path) -> None:
    server = SSL.Context(SSL.TLS_METHOD)
    server.use_certificate_chain_file(_made("ec").file(tmp_path))
    server.use_privatekey(_made("ec").key)
    for kind, number in (("ec", 2), ("rsa", 1)):
        own = _made(kind, number)
        ends = pair(_client_for(kind), server)
        ends[0].set_verify(SSL.VERIFY_NONE)
        ends[1].use_certificate(own.cert)
        ends[1].use_privatekey(own.key)
        shake(*ends)
        assert [cn(cert) for cert in ends[0].get_peer_cert_chain() or []] == [f"{kind} {number}"]
    assert _chain(_client_for("ec"), server) == ["ec 1", "ec issuer 1"]


def test_a_connections_certificate_of_the_same_issuer_keeps_the_chain(tmp_path: Path) -> None:
    server = SSL.Context(SSL.TLS_METHOD)
    server.use_certificate_chain_file(str(pki().chain))
    server.use_privatekey_file(str(pki().server.key))
    key = _key("ec")
    ends = pair(client_context(), server)
    ends[1].use_certificate(_cert("sibling", key, pki().intermediate.x509(), pki().intermediate.pkey()))
    ends[1].use_privatekey(key)
    shake(*ends)
    assert [cn(cert) for cert in ends[0].get_peer_cert_chain() or []] == ["sibling", "intermediate"]


def test_a_certificate_of_another_key_than_that_set_before_is_refused() -> None:
    server = SSL.Context(SSL.TLS_METHOD)
    server.use_privatekey(_made("ec", 1).key)
    with pytest.raises(SSL.Error) as raised:
        server.use_certificate(_made("ec", 2).cert)
    assert reasons(raised.value) == [MISMATCH]
    assert "does not belong to the private key that was set before" in str(raised.value)
    server.use_certificate(_made("ec", 1).cert)
    server.check_privatekey()
    ends = pair(client_context(), SSL.Context(SSL.TLS_METHOD))
    ends[1].use_privatekey(_made("ec", 1).key)
    with pytest.raises(SSL.Error) as raised:
        ends[1].use_certificate(_made("ec", 2).cert)
    assert reasons(raised.value) == [MISMATCH]


@pytest.mark.parametrize("first", ["certificate", "key"])
def test_key_and_certificate_may_be_set_in_either_order(first: str) -> None:
    server, own = SSL.Context(SSL.TLS_METHOD), _made("ec")
    steps: List[Callable[[], None]] = [lambda: server.use_certificate(own.cert), lambda: server.use_privatekey(own.key)]
    for step in steps if first == "certificate" else steps[::-1]:
        step()
    server.check_privatekey()
    server.add_extra_chain_cert(own.issuer)
    assert _chain(client_context(), server) == ["ec 1", "ec issuer 1"]


def _shown(server: SSL.Context) -> Any:
    client = client_context()
    client.set_verify(SSL.VERIFY_NONE)
    return cn(connected(client, server)[0].get_peer_certificate())


def test_a_new_certificate_waits_for_its_key() -> None:
    server, old, new = SSL.Context(SSL.TLS_METHOD), _made("ec", 1), _made("ec", 2)
    server.use_certificate(old.cert)
    server.use_privatekey(old.key)
    assert _shown(server) == "ec 1"
    server.use_certificate(new.cert)
    assert _shown(server) == "ec 1"
    with pytest.raises(SSL.Error) as raised:
        server.check_privatekey()
    assert reasons(raised.value) == ["no private key assigned"] and "waits for its private key" in str(raised.value)
    with pytest.raises(SSL.Error) as raised:
        server.use_privatekey(_made("ec", 3).key)
    assert reasons(raised.value) == [MISMATCH]
    assert _shown(server) == "ec 1"
    server.use_privatekey(new.key)
    server.check_privatekey()
    assert _shown(server) == "ec 2"


def test_a_renewal_may_be_given_up() -> None:
    server, old = SSL.Context(SSL.TLS_METHOD), _made("ec", 1)
    server.use_certificate(old.cert)
    server.use_privatekey(old.key)
    server.use_certificate(_made("ec", 2).cert)
    server.use_certificate(old.cert)
    server.check_privatekey()
    assert _shown(server) == "ec 1"


def test_a_certificate_that_openssl_refuses_is_refused_at_once_and_changes_nothing(tmp_path: Path) -> None:
    server, old = SSL.Context(SSL.TLS_METHOD), _made("rsa", 1)
    server.use_certificate_chain_file(old.file(tmp_path))
    server.use_privatekey(old.key)
    weak = crypto.PKey()
    weak.generate_key(crypto.TYPE_RSA, 1024)
    cert = _cert("weak", weak, pki().root.x509(), pki().root.pkey())
    with pytest.raises(SSL.Error) as raised:
        server.use_certificate(cert)
    assert reasons(raised.value) == ["ee key too small"]
    weak_chain = tmp_path / "weak.pem"
    new = _made("rsa", 2)
    weak_chain.write_bytes(b"".join(crypto.dump_certificate(crypto.FILETYPE_PEM, each) for each in (new.cert, cert)))
    with pytest.raises(SSL.Error) as raised:
        server.use_certificate_chain_file(weak_chain)
    assert reasons(raised.value) == ["ca key too small"]
    server.check_privatekey()
    assert _chain(_client_for("rsa"), server) == ["rsa 1", "rsa issuer 1"]


@pytest.mark.parametrize("by", ["file", "object"])
def test_no_handshake_fails_while_certificate_and_key_are_renewed(by: str, tmp_path: Path) -> None:
    server, client = SSL.Context(SSL.TLS_METHOD), client_context()
    client.set_verify(SSL.VERIFY_NONE)
    pairs = [_made("ec", number) for number in (1, 2)]
    files = [made.file(tmp_path) for made in pairs]
    done = threading.Event()
    failed: List[Optional[BaseException]] = []

    def renew(at: int) -> None:
        if by == "file":
            server.use_certificate_chain_file(files[at])
        else:
            server.use_certificate(pairs[at].cert)
        server.use_privatekey(pairs[at].key)

    def serve() -> None:
        while not done.is_set():
            failed.extend(failure for failure in attempt(*pair(client, server)) if failure is not None)

    renew(0)
    threads = [threading.Thread(target=serve) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(1, 401):
        renew(number % 2)
    done.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert _shown(server) == "ec 1"


def test_a_chain_changes_with_its_certificate(tmp_path: Path) -> None:
    server = SSL.Context(SSL.TLS_METHOD)
    for number in (1, 2):
        made = _made("ec", number)
        server.use_certificate_chain_file(made.file(tmp_path))
        if number == 2:
            assert _chain(client_context(), server) == ["ec 1", "ec issuer 1"]
        server.use_privatekey(made.key)
        assert _chain(client_context(), server) == [f"ec {number}", f"ec issuer {number}"]


def _dhe_client() -> SSL.Context:
    client = client_context()
    client.set_max_proto_version(SSL.TLS1_2_VERSION)
    client.set_cipher_list(b"DHE-RSA-AES128-GCM-SHA256")
    # No finite field group: OpenSSL 4 would take that (RFC 7919).
    client.set_groups(b"X25519")
    return client


def _dhe_server(bits: int = 2048) -> SSL.Context:
    key = crypto.PKey()
    key.generate_key(crypto.TYPE_RSA, bits)
    server = SSL.Context(SSL.TLS_METHOD)
    server.use_certificate(_cert("dhe", key, pki().root.x509(), pki().root.pkey()))
    server.use_privatekey(key)
    return server


def _prime_bits(server: SSL.Context) -> int:
    """The size of the prime in a TLS 1.2 server's key exchange message."""
    near, far = pair(_dhe_client(), server)
    for end, other in ((near, far), (far, near)):
        with pytest.raises(SSL.WantReadError):
            end.do_handshake()
        if end is near:
            pump(end, other)
    flight, messages = far.bio_read(65536), b""
    while flight:
        size = int.from_bytes(flight[3:5], "big")
        messages, flight = messages + flight[5 : 5 + size], flight[5 + size :]
    while messages[0] != 12:  # server_key_exchange
        messages = messages[4 + int.from_bytes(messages[1:4], "big") :]
    return 8 * int.from_bytes(messages[4:6], "big")


def test_a_server_does_ephemeral_diffie_hellman_by_default() -> None:
    client = connected(_dhe_client(), _dhe_server())[0]
    assert client.get_cipher_name() == "DHE-RSA-AES128-GCM-SHA256"
    switched = server_context()
    other = _dhe_server()
    switched.set_tlsext_servername_callback(lambda connection: connection.set_context(other))
    assert connected(_dhe_client(), switched)[0].get_cipher_name() == "DHE-RSA-AES128-GCM-SHA256"


def test_the_group_is_as_strong_as_the_key() -> None:
    assert [_prime_bits(_dhe_server(bits)) for bits in (2048, 3072)] == [2048, 3072]


def test_parameters_that_were_loaded_are_used(tmp_path: Path) -> None:
    from support import openssl

    parameters = tmp_path / "dh.pem"
    openssl("genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe4096", "-out", str(parameters))
    server = _dhe_server()
    server.load_tmp_dh(str(parameters))
    assert _prime_bits(server) == 4096
