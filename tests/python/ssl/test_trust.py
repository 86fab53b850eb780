"""Whom a Context trusts: files, directories, the system, stores; and the authorities it names to clients."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import pytest
from support import attempt, cn, openssl, pair, pki, reasons, server_context, shake, was_told

from OpenSSL import SSL, crypto


def client(trust: Callable[[SSL.Context], Any], mode: int = SSL.VERIFY_PEER) -> SSL.Context:
    context = SSL.Context(SSL.TLS_METHOD)
    trust(context)
    context.set_verify(mode)
    return context


def accepts(context: SSL.Context) -> bool:
    """Whether a client with this context accepts the server's chain."""
    failures = attempt(*pair(context))
    if failures == (None, None):
        return True
    assert reasons(failures[0]) == ["certificate verify failed"] and was_told(failures[1])
    return False


@pytest.fixture
def hashed(tmp_path: Path) -> Path:
    """A directory with the root, as `openssl rehash` leaves it."""
    (tmp_path / "root.pem").write_bytes(pki().root.cert.read_bytes())
    openssl("rehash", str(tmp_path))
    return tmp_path


def test_a_file_a_directory_or_both(hashed: Path) -> None:
    root, other = str(pki().root.cert), pki().other.cert
    assert not accepts(client(lambda context: None))
    assert not accepts(client(lambda context: context.load_verify_locations(other)))
    for trust in (
        (root,),
        (root.encode(), None),
        (Path(root),),
        (None, hashed),
        (None, bytes(hashed)),
        (other, hashed),
    ):
        assert accepts(client(lambda context, trust=trust: context.load_verify_locations(*trust))), trust  # type: ignore[misc]


def test_a_refusal_says_which_certificate_and_why() -> None:
    failure = attempt(*pair(client(lambda context: None)))[0]
    assert isinstance(failure, SSL.Error)
    assert failure.args == ([("SSL routines", "", "certificate verify failed")],)
    assert failure.verify_code == SSL.X509VerificationCodes.ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    assert failure.depth == 1 and failure.subject == "CN=intermediate,O=libpyssl tests"
    assert failure.verify_message == "unable to get local issuer certificate"


def test_nothing_named_or_nothing_there() -> None:
    context = SSL.Context(SSL.TLS_METHOD)
    with pytest.raises(SSL.Error) as raised:
        context.load_verify_locations(None)
    assert raised.value.args[0][0][0] == "libpyssl"
    with pytest.raises(SSL.Error) as raised:
        context.load_verify_locations("/no/such/file")
    assert raised.value.errno == 2 and raised.value.file == "/no/such/file"
    context.load_verify_locations(None, "/no/such/directory")


# ---- the system's


PROGRAM = """
import sys
from support import attempt, pair
from OpenSSL import SSL
context = SSL.Context(SSL.TLS_METHOD)
context.set_verify(SSL.VERIFY_PEER)
server = SSL.Context(SSL.TLS_METHOD)
server.use_certificate_chain_file(sys.argv[2])
server.use_privatekey_file(sys.argv[3])
try:
    getattr(context, sys.argv[1])()
    print("accepted" if attempt(*pair(context, server)) == (None, None) else "refused")
except SSL.Error as error:
    print(error)
"""


def _with_environment(method: str, **variables: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in ("SSL_CERT_FILE", "SSL_CERT_DIR")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, method, str(pki().chain), str(pki().server.key)],
        capture_output=True,
        text=True,
        cwd=str(Path(__file__).parent),
        env={**environment, **variables},
    )
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize("method", ["set_default_verify_paths", "load_system_trust"])
def test_the_environment_names_the_systems_trust(method: str, hashed: Path) -> None:
    root, other = str(pki().root.cert), str(pki().other.cert)
    assert _with_environment(method, SSL_CERT_FILE=root) == "accepted"
    assert _with_environment(method, SSL_CERT_DIR=str(hashed)) == "accepted"
    assert _with_environment(method, SSL_CERT_DIR=f"/no/such:{hashed}") == "accepted"
    assert _with_environment(method, SSL_CERT_FILE=other) == "refused"
    assert _with_environment(method, SSL_CERT_FILE=other, SSL_CERT_DIR=str(hashed)) == "accepted"


def test_a_wrong_name_in_the_environment_is_no_reason_to_trust_others() -> None:
    assert _with_environment("set_default_verify_paths", SSL_CERT_FILE="/no/such/file") == "refused"
    assert "/no/such/file" in _with_environment("load_system_trust", SSL_CERT_FILE="/no/such/file")


BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


@pytest.mark.parametrize("method", ["set_default_verify_paths", "load_system_trust"])
def test_the_distributions_bundle_is_found_though_openssl_is_built_in(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert BUNDLE.exists(), "Debian's ca-certificates is a part of the test machine"
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    first = crypto.load_certificate(crypto.FILETYPE_PEM, BUNDLE.read_bytes())
    context = SSL.Context(SSL.TLS_METHOD)
    with pytest.raises(crypto.X509StoreContextError):
        crypto.X509StoreContext(context.get_cert_store(), first).verify_certificate()
    getattr(context, method)()
    crypto.X509StoreContext(context.get_cert_store(), first).verify_certificate()


# ---- stores


def test_the_store_is_live_and_keeps_its_context() -> None:
    context = client(lambda context: None)
    store = context.get_cert_store()
    assert not accepts(context)
    store.add_cert(pki().root.x509())
    assert accepts(context)
    del context
    gc.collect()
    crypto.X509StoreContext(store, pki().intermediate.x509()).verify_certificate()
    store.add_cert(pki().other.x509())
    crypto.X509StoreContext(store, pki().other.x509()).verify_certificate()


def test_another_store_may_be_set_and_shared() -> None:
    store = crypto.X509Store()
    store.add_cert(pki().root.x509())
    first, second = client(lambda c: c.set_cert_store(store)), client(lambda c: c.set_cert_store(store))
    assert accepts(first) and accepts(second)
    empty = crypto.X509Store()
    first.set_cert_store(empty)
    assert not accepts(first) and accepts(second)
    empty.add_cert(pki().root.x509())
    del empty
    gc.collect()
    assert accepts(first)
    with pytest.raises(TypeError, match="store must be an X509Store instance"):
        first.set_cert_store(None)  # type: ignore[arg-type]


def test_flags_of_the_store_count() -> None:
    context = client(lambda c: c.load_verify_locations(pki().root.cert))
    context.get_cert_store().set_flags(crypto.X509StoreFlags.CRL_CHECK)
    failure = attempt(*pair(context))[0]
    assert isinstance(failure, SSL.Error)
    assert failure.verify_code == SSL.X509VerificationCodes.ERR_UNABLE_TO_GET_CRL


def test_depth() -> None:
    context = client(lambda c: c.load_verify_locations(pki().root.cert))
    context.set_verify_depth(0)
    failure = attempt(*pair(context))[0]
    assert isinstance(failure, SSL.Error)
    assert failure.verify_code == SSL.X509VerificationCodes.ERR_CERT_CHAIN_TOO_LONG
    context.set_verify_depth(1)
    assert accepts(context)


# ---- client certificates


def server(mode: int) -> SSL.Context:
    context = server_context()
    context.load_verify_locations(pki().root.cert)
    context.set_verify(mode)
    return context


def with_certificate(name: Optional[str]) -> SSL.Context:
    context = SSL.Context(SSL.TLS_METHOD)
    if name is not None:
        identity = getattr(pki(), name)
        context.use_certificate(identity.x509())
        context.use_privatekey(identity.pkey())
    return context


def test_clients_are_asked_for_certificates() -> None:
    asks, insists = SSL.VERIFY_PEER, SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
    results: Dict[Any, List[str]] = {}
    for mode in (SSL.VERIFY_NONE, asks, insists):
        for name in (None, "client", "other"):
            failures = attempt(*pair(with_certificate(name), server(mode)))
            results[mode, name] = [] if failures == (None, None) else reasons(failures[1])
            assert failures[1] is None or was_told(failures[0])
    refused, absent = ["certificate verify failed"], ["peer did not return a certificate"]
    assert results == {
        (SSL.VERIFY_NONE, None): [],
        (SSL.VERIFY_NONE, "client"): [],
        (SSL.VERIFY_NONE, "other"): [],
        (asks, None): [],
        (asks, "client"): [],
        (asks, "other"): refused,
        (insists, None): absent,
        (insists, "client"): [],
        (insists, "other"): refused,
    }


def test_authorities_named_to_clients(tmp_path: Path) -> None:
    def named(context: SSL.Context) -> List[str]:
        ends = pair(SSL.Context(SSL.TLS_METHOD), context)
        shake(*ends)
        return [cn(name) for name in ends[0].get_client_ca_list()]

    context = server(SSL.VERIFY_PEER)
    assert named(context) == []
    names = [pki().root.x509().get_subject(), pki().other.x509().get_subject()]
    context.set_client_ca_list(names)
    names[0].CN = "changed later"
    assert named(context) == ["root", "other"]
    context.add_client_ca(pki().intermediate.x509())
    assert named(context) == ["root", "other", "intermediate"]
    file = tmp_path / "authorities.pem"
    pem = pki().other.cert.read_bytes()
    file.write_bytes(pem + pki().root.cert.read_bytes() + pem)
    context.load_client_ca(bytes(file))
    assert named(context) == ["other", "root"]
    context.set_client_ca_list([])
    assert named(context) == []
    with pytest.raises(TypeError, match=r"\Aclient CAs must be X509Name objects, not str objects\Z"):
        context.set_client_ca_list([names[0], "x"])  # type: ignore[list-item]
    with pytest.raises(TypeError):
        context.set_client_ca_list(7)  # type: ignore[arg-type]


def test_a_file_without_certificates_names_no_authority(tmp_path: Path) -> None:
    context = SSL.Context(SSL.TLS_METHOD)
    with pytest.raises(SSL.Error) as raised:
        context.load_client_ca(bytes(pki().server.key))
    assert str(pki().server.key) in str(raised.value)
