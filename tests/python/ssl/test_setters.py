"""A setter that fails leaves things as they were: connections, contexts and stores."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Callable

import pytest
from support import HOST, attempt, client_context, connected, openssl, pair, pki, reasons, server_context

from OpenSSL import SSL, crypto


@pytest.mark.parametrize("name", [b"", b"a" * 256])
def test_a_server_name_that_cannot_be_sent_leaves_the_one_before(name: bytes) -> None:
    client, _ = pair()
    client.set_tlsext_host_name(b"first.example")
    with pytest.raises(SSL.Error, match="1 to 255 are possible") as caught:
        client.set_tlsext_host_name(name)
    assert caught.value.args[0][0][2] == "ssl3 ext invalid servername"
    assert client.get_servername() == b"first.example"


def use_tls12(client: SSL.Context) -> SSL.Context:
    client.set_max_proto_version(SSL.TLS1_2_VERSION)
    return client


@pytest.mark.parametrize("has_connections", [False, True])
@pytest.mark.parametrize(
    ("setter", "value"),
    [
        ("set_cipher_list", b"no-such-cipher"),
        ("set_cipher_list", b"no-such-cipher:@SECLEVEL=5"),
        ("set_tls13_ciphersuites", b"NO_SUCH_SUITE"),
        ("set_groups", b"X25519:no-such-group"),
        ("set_tlsext_use_srtp", b"SRTP_AES128_CM_SHA1_80:NO_SUCH_PROFILE"),
        ("set_session_id", b"x" * 33),
        ("set_min_proto_version", 0x7777),
        ("set_max_proto_version", 0x7777),
        ("set_alpn_protos", [b"h2", b""]),
        ("load_tmp_dh", "/nonexistent/dh.pem"),
    ],
)
def test_a_setting_that_a_context_refuses_leaves_those_before(setter: str, value: Any, has_connections: bool) -> None:
    serving = server_context()
    serving.set_alpn_select_callback(lambda conn, offered: b"http/1.1" if b"http/1.1" in offered else b"")
    client = client_context()
    client.set_alpn_protos([b"http/1.1"])
    before = SSL.Connection(client).get_cipher_list()
    if not has_connections:
        client = client_context()
        client.set_alpn_protos([b"http/1.1"])
    with pytest.raises((SSL.Error, OSError)):
        getattr(client, setter)(value)
    assert SSL.Connection(client).get_cipher_list() == before
    one, other = connected(client, serving)
    assert (one.get_alpn_proto_negotiated(), one.get_protocol_version_name()) == (b"http/1.1", "TLSv1.3")
    one, _ = connected(use_tls12(client), serving)
    assert one.get_protocol_version_name() == "TLSv1.2"


def mismatched(context: Any) -> None:
    with pytest.raises(SSL.Error, match="key values mismatch"):
        context.use_privatekey(pki().other.pkey())


def unreadable_files(context: Any) -> None:
    for setter in ("use_certificate_file", "use_certificate_chain_file", "use_privatekey_file"):
        for file in ("/nonexistent.pem", __file__):
            with pytest.raises(SSL.Error):
                getattr(context, setter)(file)


def unreadable_authorities(context: Any) -> None:
    with pytest.raises(SSL.Error):
        context.load_client_ca(b"/nonexistent.pem")
    with pytest.raises(TypeError):
        context.set_client_ca_list([pki().other.x509().get_subject(), None])


@pytest.mark.parametrize("fails", [mismatched, unreadable_files, unreadable_authorities])
def test_credentials_that_a_server_refuses_leave_those_before(fails: Callable[[Any], None]) -> None:
    serving = server_context()
    serving.set_client_ca_list([pki().root.x509().get_subject()])
    serving.set_verify(SSL.VERIFY_PEER)
    fails(serving)
    client, server = pair(None, serving)
    client.set_verify_host(HOST)
    assert attempt(client, server) == (None, None)
    chain = client.get_peer_cert_chain()
    assert chain is not None and len(chain) == 2
    assert [name.CN for name in client.get_client_ca_list()] == ["root"]


def test_a_key_that_a_connection_refuses_leaves_the_one_before() -> None:
    client, server = pair()
    mismatched(server)
    assert attempt(client, server) == (None, None)


#: An empty name is no directory.
TRUST = [(None, ""), ("root", ""), ("nothing", "hashed"), ("damaged", "hashed")]


@pytest.mark.parametrize(("file", "directory"), TRUST)
def test_trust_that_cannot_be_loaded_adds_nothing(file: Any, directory: str, tmp_path: Path) -> None:
    root = pki().root.cert
    (tmp_path / "hashed").mkdir()
    name = openssl("x509", "-in", str(root), "-noout", "-subject_hash").decode().strip()
    shutil.copy(root, tmp_path / "hashed" / f"{name}.0")
    (tmp_path / "damaged").write_bytes(root.read_bytes() + root.read_bytes()[:300])
    path = {None: None, "root": str(root)}.get(file, str(tmp_path / str(file)))
    where = directory and str(tmp_path / directory)

    context, store = client_context(), crypto.X509Store()
    context.set_cert_store(crypto.X509Store())
    with pytest.raises(SSL.Error):
        context.load_verify_locations(path, where)
    with pytest.raises(crypto.Error):
        store.load_locations(path, where)
    client, server = pair(context)
    assert reasons(attempt(client, server)[0]) == ["certificate verify failed"]
    with pytest.raises(crypto.X509StoreContextError):
        crypto.X509StoreContext(store, pki().intermediate.x509()).verify_certificate()

    if where:  # the directory is a good one
        context.load_verify_locations(None, where)
        client, server = pair(context)
        assert attempt(client, server) == (None, None)


def test_an_mtu_that_is_too_small_sets_no_option() -> None:
    context = SSL.Context(SSL.DTLS_METHOD)
    connection = SSL.Connection(context)
    before = connection.set_options(0)
    connection.set_ciphertext_mtu(1)
    assert connection.set_options(0) == before
    connection.set_ciphertext_mtu(1200)
    assert connection.set_options(0) & SSL.OP_NO_QUERY_MTU


def test_an_incomplete_certificate_is_added_nowhere() -> None:
    store, empty = crypto.X509Store(), crypto.X509()
    with pytest.raises(crypto.Error):
        store.add_cert(empty)
    context = client_context()
    for setter in (context.use_certificate, context.add_extra_chain_cert):
        with pytest.raises((SSL.Error, crypto.Error)):
            setter(empty)
    client, server = pair(context)
    assert attempt(client, server) == (None, None)
