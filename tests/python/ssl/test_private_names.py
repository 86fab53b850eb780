"""Private names of pyOpenSSL that mitmproxy, Scrapy and Twisted touch: what they do is what OpenSSL's functions do."""

from __future__ import annotations

import gc
import socket
from pathlib import Path
from typing import Any, Tuple

import pytest
from support import HOST, attempt, client_context, openssl, pair, pki, reasons, shake

from OpenSSL import SSL, crypto

_lib: Any = getattr(SSL, "_lib")  # noqa: B009
_ffi: Any = getattr(SSL, "_ffi")  # noqa: B009
_openssl_assert: Any = getattr(SSL, "_openssl_assert")  # noqa: B009

X509_V_OK, HOSTNAME_MISMATCH, IP_ADDRESS_MISMATCH = 0, 62, 64


def expecting(name: Any, mode: int = SSL.VERIFY_PEER) -> Tuple[SSL.Connection, SSL.Connection]:
    """A client that was told by private names whom to expect, and a server whose certificate is for HOST."""
    context = client_context()
    context.set_verify(mode)
    client, server = pair(context)
    param = _lib.SSL_get0_param(client._ssl)
    flags = _lib.X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | _lib.X509_CHECK_FLAG_NEVER_CHECK_SUBJECT
    _lib.X509_VERIFY_PARAM_set_hostflags(param, flags)
    setter = _lib.X509_VERIFY_PARAM_set1_host if isinstance(name, str) else _lib.X509_VERIFY_PARAM_set1_ip
    value = name.encode() if isinstance(name, str) else name
    _openssl_assert(setter(param, value, len(value)) == 1)
    return client, server


def result_of(conn: Any) -> int:
    number: int = _lib.SSL_get_verify_result(conn._ssl)
    return number


@pytest.mark.parametrize("name", [HOST, socket.inet_aton("127.0.0.1")])
def test_the_expected_peer_is_accepted(name: Any) -> None:
    client, server = expecting(name)
    shake(client, server)
    assert result_of(client) == X509_V_OK


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("other.example", HOSTNAME_MISMATCH, b"hostname mismatch"),
        (socket.inet_aton("127.0.0.2"), IP_ADDRESS_MISMATCH, b"IP address mismatch"),
        (socket.inet_pton(socket.AF_INET6, "::1"), IP_ADDRESS_MISMATCH, b"IP address mismatch"),
    ],
)
def test_another_peer_is_refused_and_the_result_says_why(name: Any, code: int, words: bytes) -> None:
    client, server = expecting(name)
    error, _ = attempt(client, server)
    assert reasons(error) == ["certificate verify failed"]
    assert result_of(client) == code
    assert _ffi.string(_lib.X509_verify_cert_error_string(code)) == words


def test_expecting_a_host_does_not_turn_verification_on() -> None:
    client, server = expecting("other.example", SSL.VERIFY_NONE)
    shake(client, server)
    assert client.get_verify_mode() == SSL.VERIFY_NONE
    assert result_of(client) == HOSTNAME_MISMATCH


def test_a_length_of_nothing_is_that_of_the_text() -> None:
    client, server = pair()
    assert _lib.X509_VERIFY_PARAM_set1_host(client._ssl, HOST.encode(), 0) == 1
    shake(client, server)


@pytest.mark.parametrize("name", [b"*.example", b"", b"a\0b"])
def test_a_host_that_cannot_be_is_a_failure_and_the_assertion_says_which(name: bytes) -> None:
    client, _ = pair()
    assert _lib.X509_VERIFY_PARAM_set1_host(client._ssl, name, len(name)) == 0
    with pytest.raises(SSL.Error) as caught:
        _openssl_assert(False)
    assert caught.value.args[0][0][2]
    with pytest.raises(SSL.Error):  # told once
        _openssl_assert(False)


@pytest.mark.parametrize("size", [0, 3, 5])
def test_an_address_has_four_or_sixteen_bytes(size: int) -> None:
    client, _ = pair()
    assert _lib.X509_VERIFY_PARAM_set1_ip(client._ssl, bytes(size), size) == 0


@pytest.mark.parametrize("flag", [0x1, 0x2, 0x8, 0x10])
def test_a_flag_that_would_be_ignored_is_refused(flag: int) -> None:
    client, _ = pair()
    with pytest.raises(NotImplementedError):
        _lib.X509_VERIFY_PARAM_set_hostflags(client._ssl, flag)


def test_versions_are_limited() -> None:
    context: Any = SSL.Context(_lib.TLS_server_method())
    assert _lib.SSL_CTX_set_min_proto_version(context._context, SSL.TLS1_2_VERSION) == 1
    assert _lib.SSL_CTX_set_max_proto_version(context._context, SSL.TLS1_2_VERSION) == 1
    assert _lib.SSL_CTX_set_max_proto_version(context._context, 0x9999) == 0
    client = client_context()
    client.set_min_proto_version(SSL.TLS1_3_VERSION)
    context.use_certificate_chain_file(str(pki().chain))
    context.use_privatekey_file(str(pki().server.key))
    error, _ = attempt(*pair(client, context))
    assert reasons(error)[-1:] == ["tlsv1 alert protocol version"]


def test_options_are_read() -> None:
    context: Any = SSL.Context(SSL.TLS_METHOD)
    before = _lib.SSL_CTX_get_options(context._context)
    context.set_options(SSL.OP_NO_TICKET)
    assert _lib.SSL_CTX_get_options(context._context) == before | SSL.OP_NO_TICKET


# ---- Diffie-Hellman parameters


@pytest.fixture(scope="module")
def dh_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parameters of 1024 bits, which clients refuse, so that it shows whether they are used."""
    path = tmp_path_factory.mktemp("dh") / "dh.pem"
    path.write_bytes(openssl("dhparam", "-dsaparam", "1024"))
    return path


def load(path: Path) -> Any:
    bio = _lib.BIO_new_file(str(path).encode(), b"r")
    assert bio != _ffi.NULL
    bio = _ffi.gc(bio, _lib.BIO_free)
    return _lib.PEM_read_bio_DHparams(bio, _ffi.NULL, _ffi.NULL, _ffi.NULL)


@pytest.mark.parametrize("given", [True, False])
def test_parameters_of_a_file_are_used(dh_file: Path, given: bool) -> None:
    dh = _ffi.gc(load(dh_file), _lib.DH_free)
    assert dh
    context: Any = with_an_rsa_key()
    context.set_cipher_list(b"DHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0")
    if given:
        _openssl_assert(_lib.SSL_CTX_set_tmp_dh(context._context, dh) == 1)
    client = SSL.Context(SSL.TLS_METHOD)
    client.set_max_proto_version(SSL.TLS1_2_VERSION)
    client.set_groups(b"X25519")  # with a group of RFC 7919 OpenSSL would take that
    error, _ = attempt(*pair(client, context))
    assert ("dh key too small" in (reasons(error) if error else [])) is given


def with_an_rsa_key() -> SSL.Context:
    key, cert = crypto.PKey(), crypto.X509()
    key.generate_key(crypto.TYPE_RSA, 2048)
    cert.set_serial_number(1)
    cert.gmtime_adj_notBefore(0)
    cert.gmtime_adj_notAfter(3600)
    cert.set_pubkey(key)
    cert.sign(key, "sha256")
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate(cert)
    context.use_privatekey(key)
    return context


def test_a_file_without_parameters_is_null(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    assert load(tmp_path / "empty") == _ffi.NULL
    assert load(pki().server.cert) == _ffi.NULL
    assert _lib.BIO_new_file(str(tmp_path / "nothing").encode(), b"r") == _ffi.NULL


def test_parameters_that_were_freed_are_refused(dh_file: Path) -> None:
    dh = load(dh_file)
    _lib.DH_free(dh)
    context: Any = SSL.Context(SSL.TLS_METHOD)
    for pointer in (dh, _ffi.NULL, _ffi.cast("void *", 0xDEAD)):
        with pytest.raises(ValueError, match="not alive"):
            _lib.SSL_CTX_set_tmp_dh(context._context, pointer)


def test_what_is_collected_is_freed(dh_file: Path) -> None:
    from OpenSSL import _util

    before = len(_util._parameters._alive), len(_util._files._alive)
    dh = _ffi.gc(load(dh_file), _lib.DH_free)
    del dh
    gc.collect()
    assert (len(_util._parameters._alive), len(_util._files._alive)) == before


def test_the_types_of_keys_are_those_of_cryptography() -> None:
    from typing import get_args

    private, public, key = (get_args(getattr(crypto, name)) for name in ("_PrivateKey", "_PublicKey", "_Key"))
    assert [kind.__name__.replace("PrivateKey", "PublicKey") for kind in private] == [k.__name__ for k in public]
    assert set(key) == {*private, *public} and len(public) == 5
    pair = crypto.PKey()
    pair.generate_key(crypto.TYPE_RSA, 2048)
    assert isinstance(pair.to_cryptography_key(), private)


def test_a_context_knows_whether_it_writes_keys() -> None:
    context: Any = SSL.Context(SSL.TLS_METHOD)
    assert context._keylog_callback is None
    context.set_keylog_callback(lambda connection, line: None)
    assert context._keylog_callback is not None
    context.set_keylog_callback(None)
    assert context._keylog_callback is None


def test_other_private_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match="has no attribute '_nothing'"):
        SSL._nothing  # type: ignore[attr-defined]
