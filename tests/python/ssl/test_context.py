"""SSL.Context: methods, keys, settings, and what each does to a handshake."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any, Callable, List, Tuple

import pytest
from support import (
    attempt,
    client_context,
    cn,
    connected,
    exchange,
    openssl,
    pair,
    pki,
    reasons,
    server_context,
    shake,
    socket_pair,
    was_told,
)

from OpenSSL import SSL, crypto


def context() -> SSL.Context:
    return SSL.Context(SSL.TLS_METHOD)


def args(call: Callable[..., Any], *arguments: Any) -> Tuple[type, Tuple[Any, ...]]:
    """What a call raises."""
    try:
        call(*arguments)
    except Exception as error:
        return type(error), error.args
    raise AssertionError("nothing was raised")


# ---- methods and versions


@pytest.mark.parametrize(
    ("method", "version"),
    [
        (SSL.SSLv23_METHOD, "TLSv1.3"),
        (SSL.TLS_METHOD, "TLSv1.3"),
        (SSL.TLSv1_METHOD, "TLSv1"),
        (SSL.TLSv1_1_METHOD, "TLSv1.1"),
        (SSL.TLSv1_2_METHOD, "TLSv1.2"),
        (SSL.DTLS_METHOD, "DTLSv1.2"),
    ],
)
def test_a_method_is_a_protocol(method: int, version: str) -> None:
    client, server = client_context(method), server_context(method)
    for each in (client, server):
        each.set_cipher_list(b"DEFAULT:@SECLEVEL=0")
    ends = connected(client, server)
    assert [end.get_protocol_version_name() for end in ends] == [version, version]
    assert exchange(*ends) == b"hello"


@pytest.mark.parametrize(
    ("client", "server"),
    [(SSL.TLS_CLIENT_METHOD, SSL.TLS_SERVER_METHOD), (SSL.DTLS_CLIENT_METHOD, SSL.DTLS_SERVER_METHOD)],
)
def test_methods_for_one_end(client: int, server: int) -> None:
    assert exchange(*connected(client_context(client), server_context(server))) == b"hello"
    with pytest.raises(SSL.Error):
        shake(*pair(client_context(server), server_context(client)))


def test_protocols_that_are_gone_say_why() -> None:
    for method, why in ((SSL.SSLv2_METHOD, "SSL 2.0"), (SSL.SSLv3_METHOD, "SSL 3.0")):
        with pytest.raises(ValueError, match=rf"\ANo such protocol: .*{why}"):
            SSL.Context(method)
    for number in (0, 13, -1, 1 << 30):
        assert args(SSL.Context, number) == (ValueError, ("No such protocol",))
    assert args(SSL.Context, "7") == (TypeError, ("method must be an integer",))


def test_versions_can_be_limited() -> None:
    client, server = client_context(), server_context()
    client.set_max_proto_version(SSL.TLS1_2_VERSION)
    assert connected(client, server)[0].get_protocol_version() == SSL.TLS1_2_VERSION
    server.set_min_proto_version(SSL.TLS1_3_VERSION)
    failures = attempt(*pair(client, server))
    assert "alert protocol version" in reasons(failures[0])[0] and reasons(failures[1]) == ["unsupported protocol"]
    client.set_max_proto_version(0)
    assert connected(client, server)[0].get_protocol_version() == SSL.TLS1_3_VERSION
    for setter in (client.set_min_proto_version, client.set_max_proto_version):
        for version in (5, -1, 0x300):
            kind, (entries,) = args(setter, version)
            assert kind is SSL.Error and entries[0][0] == "libpyssl"


# ---- certificates and keys


def use_files(server: SSL.Context) -> None:
    server.use_certificate_file(pki().server.cert)
    server.add_extra_chain_cert(pki().intermediate.x509())
    server.use_privatekey_file(pki().server.key)


def use_files_by_bytes(server: SSL.Context) -> None:
    server.use_certificate_chain_file(bytes(pki().chain))
    server.use_privatekey_file(bytes(pki().server.key), SSL.FILETYPE_PEM)


def use_der(server: SSL.Context) -> None:
    directory = pki().directory
    openssl("x509", "-in", str(pki().server.cert), "-outform", "DER", "-out", str(directory / "server.der"))
    openssl("pkey", "-in", str(pki().server.key), "-outform", "DER", "-out", str(directory / "key.der"))
    server.use_certificate_file(str(directory / "server.der"), SSL.FILETYPE_ASN1)
    server.add_extra_chain_cert(pki().intermediate.x509())
    server.use_privatekey_file(str(directory / "key.der"), SSL.FILETYPE_ASN1)


def use_objects(server: SSL.Context) -> None:
    server.use_certificate(pki().server.x509())
    server.add_extra_chain_cert(pki().intermediate.x509())
    server.use_privatekey(pki().server.pkey())


def use_objects_of_the_cryptography_package(server: SSL.Context) -> None:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificate

    server.use_certificate(load_pem_x509_certificate(pki().server.cert.read_bytes()))
    intermediate = load_pem_x509_certificate(pki().intermediate.cert.read_bytes())
    server.add_extra_chain_cert(intermediate)
    server.add_client_ca(intermediate)
    key: Any = load_pem_private_key(pki().server.key.read_bytes(), None)
    server.use_privatekey(key)


@pytest.mark.parametrize(
    "use", [use_files, use_files_by_bytes, use_der, use_objects, use_objects_of_the_cryptography_package]
)
def test_certificate_chain_and_key(use: Callable[[SSL.Context], None]) -> None:
    server = context()
    use(server)
    server.check_privatekey()
    client, _ = connected(None, server)
    chain = client.get_peer_cert_chain()
    assert chain is not None and [cn(cert) for cert in chain] == ["server", "intermediate"]


def test_a_certificate_is_taken_as_it_is_at_the_call() -> None:
    server, cert = context(), pki().other.x509()
    server.use_certificate(cert)
    server.use_privatekey(pki().other.pkey())
    cert.get_subject().CN = "changed"
    client, _ = connected(context(), server)
    shown = client.get_peer_certificate()
    assert shown is not None and cn(shown) == "other"


def test_a_key_of_another_certificate_is_refused() -> None:
    server = context()
    server.use_certificate(pki().server.x509())
    with pytest.raises(SSL.Error) as raised:
        server.use_privatekey(pki().client.pkey())
    assert reasons(raised.value) == ["key values mismatch"]
    empty = context()
    with pytest.raises(SSL.Error) as raised:
        empty.check_privatekey()
    assert reasons(raised.value) == ["no certificate assigned"]
    server = context()
    server.use_certificate(pki().server.x509())
    with pytest.raises(SSL.Error) as raised:
        server.check_privatekey()
    assert reasons(raised.value) == ["no private key assigned"]


FILES: List[Tuple[str, Tuple[Any, ...]]] = [
    ("use_certificate_file", ()),
    ("use_certificate_chain_file", ()),
    ("use_privatekey_file", ()),
    ("load_verify_locations", ()),
    ("load_tmp_dh", ()),
    ("load_client_ca", ()),
]


@pytest.mark.parametrize("name", [name for name, _ in FILES])
def test_a_file_that_cannot_be_used_is_named(name: str, tmp_path: Path) -> None:
    missing, wrong = tmp_path / "missing", tmp_path / "wrong"
    wrong.write_text("not what anybody looks for\n")

    def call(path: Path) -> None:
        getattr(context(), name)(bytes(path) if name == "load_client_ca" else path)

    with pytest.raises(SSL.Error) as raised:
        call(missing)
    assert raised.value.file == str(missing) and raised.value.errno == 2 and str(missing) in str(raised.value)
    assert raised.value.args[0]
    with pytest.raises(SSL.Error) as raised:
        call(tmp_path)
    assert raised.value.file == str(tmp_path) and raised.value.errno == 21
    with pytest.raises(SSL.Error) as raised:
        call(wrong)
    assert raised.value.file == str(wrong) and str(wrong) in str(raised.value)
    for impossible in (7, None) if name != "load_verify_locations" else (7,):
        with pytest.raises(TypeError):
            getattr(context(), name)(impossible)


@pytest.mark.parametrize("name", ["use_certificate_file", "use_privatekey_file"])
def test_types_of_files(name: str) -> None:
    use = getattr(context(), name)
    assert args(use, "/nope", "1") == (TypeError, ("filetype must be an integer",))
    assert args(lambda: use(str(pki().server.cert), 99)) == (SSL.Error, ([("SSL routines", "", "bad ssl filetype")],))


def test_wrong_objects_are_refused() -> None:
    one = context()
    for use in (one.use_certificate, one.add_extra_chain_cert, one.add_client_ca):
        for wrong in ("x", None, pki().server.pkey()):
            assert args(use, wrong) == (TypeError, ("Must be a certificate",))
    for no_key in ("x", None, pki().server.x509()):
        assert args(one.use_privatekey, no_key) == (TypeError, ("Unsupported key type",))


def test_a_key_without_its_private_part_is_refused() -> None:
    with pytest.raises((SSL.Error, ValueError, TypeError)) as raised:
        context().use_privatekey(pki().server.x509().get_pubkey())
    assert "private" in str(raised.value) or "public" in str(raised.value)


def test_a_key_file_with_a_certificate_in_it_says_so() -> None:
    with pytest.raises(SSL.Error) as raised:
        context().use_privatekey_file(pki().server.cert)
    assert str(pki().server.cert) in str(raised.value)


# ---- suites and groups


def test_cipher_suites_up_to_tls_1_2() -> None:
    client = client_context(SSL.TLSv1_2_METHOD)
    client.set_cipher_list(b"ECDHE-ECDSA-CHACHA20-POLY1305")
    assert connected(client)[0].get_cipher_name() == "ECDHE-ECDSA-CHACHA20-POLY1305"
    assert connected(client)[0].get_cipher_list()[-1:] == ["ECDHE-ECDSA-CHACHA20-POLY1305"]
    with pytest.raises(SSL.Error) as raised:
        client.set_cipher_list(b"NO-SUCH-CIPHER")
    assert reasons(raised.value) == ["no cipher match"] and "NO-SUCH-CIPHER" in str(raised.value)
    assert args(client.set_cipher_list, 7) == (TypeError, ("cipher_list must be a byte string.",))
    with pytest.raises(ValueError, match="NUL"):
        client.set_cipher_list(b"ALL\0")


def test_old_cipher_suites_are_there() -> None:
    for name in ("ECDHE-ECDSA-CAMELLIA128-SHA256", "ECDHE-ECDSA-ARIA128-GCM-SHA256"):
        client, server = client_context(SSL.TLSv1_2_METHOD), server_context(SSL.TLSv1_2_METHOD)
        for context in (client, server):
            context.set_cipher_list(f"{name}:@SECLEVEL=0".encode())
        assert connected(client, server)[0].get_cipher_name() == name


def test_cipher_suites_of_tls_1_3() -> None:
    client = client_context()
    client.set_tls13_ciphersuites(b"TLS_CHACHA20_POLY1305_SHA256")
    assert connected(client)[0].get_cipher_name() == "TLS_CHACHA20_POLY1305_SHA256"
    with pytest.raises(SSL.Error) as raised:
        client.set_tls13_ciphersuites(b"NO_SUCH_SUITE")
    assert reasons(raised.value) == ["no cipher match"]
    assert args(client.set_tls13_ciphersuites, "x") == (TypeError, ("ciphersuites must be a byte string.",))


def test_no_common_cipher_suite() -> None:
    client, server = client_context(SSL.TLSv1_2_METHOD), server_context(SSL.TLSv1_2_METHOD)
    client.set_cipher_list(b"ECDHE-ECDSA-AES128-GCM-SHA256")
    server.set_cipher_list(b"ECDHE-ECDSA-AES256-GCM-SHA384")
    failures = attempt(*pair(client, server))
    assert was_told(failures[0]) and reasons(failures[1]) == ["no shared cipher"]


@pytest.mark.parametrize("group", ["X25519MLKEM768", "X25519", "P-384"])
def test_groups(group: str) -> None:
    server = server_context()
    server.set_groups(group.encode())
    names = {"X25519MLKEM768": "X25519MLKEM768", "X25519": "x25519", "P-384": "secp384r1"}
    assert connected(None, server)[0].get_group_name() == names[group]
    with pytest.raises(SSL.Error) as raised:
        server.set_groups(b"no-such-group")
    assert "no-such-group" in str(raised.value)
    assert args(server.set_groups, "X25519") == (TypeError, ("groups must be a byte string.",))


def test_one_curve() -> None:
    server = server_context()
    server.set_tmp_ecdh(crypto.get_elliptic_curve("secp521r1"))
    assert connected(None, server)[0].get_group_name() == "secp521r1"

    class Curve:
        name = "secp256r1"  # as the cryptography package calls it

    server.set_tmp_ecdh(Curve())  # type: ignore[arg-type]
    assert connected(None, server)[0].get_group_name() == "secp256r1"
    with pytest.raises(TypeError, match="curve must be an elliptic curve, not str"):
        server.set_tmp_ecdh("prime256v1")  # type: ignore[arg-type]
    with pytest.raises(SSL.Error):
        server.set_tmp_ecdh(crypto.get_elliptic_curve("secp112r1"))


def test_ephemeral_diffie_hellman(tmp_path: Path) -> None:
    parameters = tmp_path / "dh.pem"
    openssl("genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out", str(parameters))
    server = server_context(SSL.TLSv1_2_METHOD)
    server.set_cipher_list(b"DHE+AESGCM")
    client = client_context(SSL.TLSv1_2_METHOD)
    client.set_cipher_list(b"ALL")
    assert was_told(attempt(*pair(client, server))[0]), "an ECDSA certificate has no DHE suites"
    server.load_tmp_dh(parameters)

    key = crypto.PKey()
    key.generate_key(crypto.TYPE_RSA, 2048)
    cert = pki().other.x509()
    cert.set_pubkey(key)
    cert.sign(key, "sha256")
    rsa = SSL.Context(SSL.TLSv1_2_METHOD)
    rsa.use_certificate(cert)
    rsa.use_privatekey(key)
    rsa.set_cipher_list(b"DHE+AESGCM")
    rsa.load_tmp_dh(str(parameters))
    client = SSL.Context(SSL.TLSv1_2_METHOD)
    client.set_cipher_list(b"ALL")
    name = connected(client, rsa)[0].get_cipher_name()
    assert name is not None and name.startswith("DHE-RSA-")


@pytest.mark.parametrize(
    ("made_by", "reason"),
    [
        (("req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=x", "-keyout", "/dev/null"), "CERTIFICATE"),
        (("genpkey", "-algorithm", "ed25519"), "PRIVATE KEY"),
        (("genpkey", "-genparam", "-algorithm", "EC", "-pkeyopt", "group:P-256"), "EC PARAMETERS"),
    ],
)
def test_other_things_than_diffie_hellman_parameters_are_named(
    made_by: tuple[str, ...], reason: str, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.pem"
    openssl(*made_by, "-out", str(wrong))
    said = f"it has a PEM block of another kind: {reason} (Expecting: DH PARAMETERS)"
    with pytest.raises(SSL.Error, match=re.escape(f'the Diffie-Hellman parameters file "{wrong}": {said}')):
        context().load_tmp_dh(wrong)


def test_diffie_hellman_parameters_that_are_damaged_or_missing(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    for text, said in (
        (b"", "it has no PEM block (Expecting: DH PARAMETERS)"),
        (b"-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n", "its DH PARAMETERS cannot be used: "),
        (b"-----BEGIN DH PARAMETERS-----\nAAAA\n", "its DH PARAMETERS cannot be used: "),
    ):
        wrong.write_bytes(text)
        with pytest.raises(SSL.Error, match=re.escape(f'the Diffie-Hellman parameters file "{wrong}": {said}')):
            context().load_tmp_dh(wrong)
    with pytest.raises(SSL.Error, match=r"parameters \".*gone.pem\": No such file or directory \(errno 2\)"):
        context().load_tmp_dh(tmp_path / "gone.pem")


# ---- options, modes, sessions


def test_options_are_added() -> None:
    one = context()
    before = one.set_options(0)
    assert one.set_options(SSL.OP_NO_TLSv1_3) == before | SSL.OP_NO_TLSv1_3
    assert one.set_options(0) == before | SSL.OP_NO_TLSv1_3
    client = client_context()
    client.set_options(SSL.OP_NO_TLSv1_3)
    assert connected(client)[0].get_protocol_version_name() == "TLSv1.2"
    assert args(one.set_options, "x") == (TypeError, ("options must be an integer",))
    with pytest.raises(OverflowError):
        one.set_options(1 << 70)


def test_modes_are_added_and_taken_off() -> None:
    one = context()
    assert one.set_mode(0) == 7
    assert one.set_mode(SSL.MODE_RELEASE_BUFFERS) == 23
    assert one.clear_mode(SSL.MODE_RELEASE_BUFFERS) == 7
    assert args(one.set_mode, "x") == (TypeError, ("mode must be an integer",))


def test_the_asynchronous_mode_is_refused() -> None:
    one = context()
    SSL_MODE_ASYNC = 0x100
    for mode in (SSL_MODE_ASYNC, SSL_MODE_ASYNC | SSL.MODE_RELEASE_BUFFERS, -1):
        with pytest.raises(ValueError, match="MODE_ASYNC is not supported"):
            one.set_mode(mode)
        assert one.set_mode(0) == 7
    assert one.clear_mode(SSL_MODE_ASYNC) == 7


def test_sessions() -> None:
    one = context()
    assert (one.get_timeout(), one.set_timeout(300), one.get_timeout()) == (7200, 7200, 300)
    assert one.get_session_cache_mode() == SSL.SESS_CACHE_SERVER
    assert one.set_session_cache_mode(SSL.SESS_CACHE_BOTH) == SSL.SESS_CACHE_SERVER
    assert one.get_session_cache_mode() == SSL.SESS_CACHE_BOTH
    one.set_session_id(b"x" * 32)
    with pytest.raises(SSL.Error) as raised:
        one.set_session_id(b"x" * 33)
    assert reasons(raised.value) == ["ssl session id context too long"]
    for setter, name in ((one.set_timeout, "timeout"), (one.set_session_cache_mode, "mode")):
        assert args(setter, "x") == (TypeError, (f"{name} must be an integer",))


def test_a_fresh_context() -> None:
    one = context()
    assert (one.get_verify_mode(), one.get_verify_depth(), one.get_app_data()) == (SSL.VERIFY_NONE, -1, None)
    one.set_verify_depth(4)
    one.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_CLIENT_ONCE)
    one.set_app_data(self := object())
    assert (one.get_verify_depth(), one.get_verify_mode(), one.get_app_data()) == (4, 5, self)
    assert args(one.set_verify_depth, "x") == (TypeError, ("depth must be an integer",))
    assert args(one.set_verify, "x") == (TypeError, ("mode must be an integer",))
    assert args(one.set_verify, 0, "x") == (TypeError, ("callback must be callable",))


# ---- ALPN, NPN, SRTP


def test_what_protocols_can_be_offered() -> None:
    one = context()
    one.set_alpn_protos([b"a", b"x" * 255])
    one.set_alpn_protos((b"a",))  # type: ignore[arg-type]
    assert args(one.set_alpn_protos, []) == (ValueError, ("at least one protocol must be specified",))
    kind, (entries,) = args(one.set_alpn_protos, [b"a", b""])
    assert kind is SSL.Error and entries[0][0] == "libpyssl"
    assert args(one.set_alpn_protos, [b"x" * 256])[0] is ValueError
    assert args(one.set_alpn_protos, ["a"])[0] is TypeError


def test_openssl_has_no_npn_any_more() -> None:
    one = context()
    for setter in (one.set_npn_advertise_callback, one.set_npn_select_callback):
        with pytest.raises(NotImplementedError, match="ALPN"):
            setter(lambda *told: [])


def test_srtp_profiles() -> None:
    client, server = client_context(SSL.DTLS_METHOD), server_context(SSL.DTLS_METHOD)
    client.set_tlsext_use_srtp(b"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM")
    server.set_tlsext_use_srtp(b"SRTP_AEAD_AES_128_GCM")
    assert connected(client, server)[0].get_selected_srtp_profile() == b"SRTP_AEAD_AES_128_GCM"
    with pytest.raises(SSL.Error) as raised:
        client.set_tlsext_use_srtp(b"NO_SUCH_PROFILE")
    assert reasons(raised.value) == ["srtp unknown protection profile"]
    assert args(client.set_tlsext_use_srtp, "x") == (TypeError, ("profiles must be a byte string.",))


# ---- str for bytes


@pytest.mark.parametrize(
    ("method", "argument", "label"),
    [
        ("set_cipher_list", "ALL", "cipher_list"),
        ("set_session_id", "id", "buf"),
        ("load_client_ca", None, "cafile"),
    ],
)
def test_str_is_taken_with_a_warning(method: str, argument: Any, label: str) -> None:
    with pytest.warns(DeprecationWarning) as caught:
        getattr(context(), method)(argument or str(pki().root.cert))
    (warning,) = caught
    assert str(warning.message) == f"str for {label} is no longer accepted, use bytes"
    assert warning.filename == __file__


def test_nothing_is_deprecated_for_being_old() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        server = context()
        use_objects(server)
        server.add_client_ca(pki().root.x509())
        server.set_client_ca_list([pki().root.x509().get_subject()])
        server.set_tmp_ecdh(crypto.get_elliptic_curve("prime256v1"))
        server.set_passwd_cb(lambda *told: b"")
        SSL.ContextType(SSL.SSLv23_METHOD)


# ---- life


def test_a_context_may_be_changed_after_its_first_connection() -> None:
    client, server = client_context(), server_context()
    before = pair(client, server)
    client.set_cipher_list(b"ECDHE-ECDSA-CHACHA20-POLY1305")
    client.set_max_proto_version(SSL.TLS1_2_VERSION)
    client.set_options(SSL.OP_NO_TICKET)
    client.set_app_data("changed")
    after = pair(client, server)
    shake(*before)
    shake(*after)
    assert before[0].get_protocol_version_name() == "TLSv1.3"
    assert after[0].get_cipher_name() == "ECDHE-ECDSA-CHACHA20-POLY1305"


def test_every_kind_of_change_reaches_the_connections_made_after_it() -> None:
    """These settings OpenSSL would look up in the context at the handshake, also for connections made before."""
    client, server = client_context(), SSL.Context(SSL.TLS_METHOD)
    use_objects(server)
    pair(client, server)
    before = pair(client, server)
    server.set_tls13_ciphersuites(b"TLS_CHACHA20_POLY1305_SHA256")
    server.set_client_ca_list([pki().other.x509().get_subject()])
    server.add_client_ca(pki().root.x509())
    server.add_extra_chain_cert(pki().root.x509())
    server.set_verify(SSL.VERIFY_PEER)
    client.set_cert_store(crypto.X509Store())
    client.get_cert_store().add_cert(pki().root.x509())
    client.use_certificate(pki().client.x509())
    client.use_privatekey(pki().client.pkey())
    server.set_cert_store(client.get_cert_store())
    after = pair(client, server)
    shake(*before)
    shake(*after)

    def facts(ends: Tuple[SSL.Connection, SSL.Connection]) -> Tuple[Any, ...]:
        chain, peer = ends[0].get_peer_cert_chain() or [], ends[1].get_peer_certificate()
        return (
            [cn(name) for name in ends[0].get_client_ca_list()],
            [cn(cert) for cert in chain],
            peer and cn(peer),
        )

    assert facts(before) == ([], ["server", "intermediate"], None)
    assert facts(after) == (["other", "root"], ["server", "intermediate", "root"], "client")
    assert after[0].get_cipher_name() == "TLS_CHACHA20_POLY1305_SHA256" != before[0].get_cipher_name()
    with pytest.raises(SSL.Error) as raised:
        server.set_tls13_ciphersuites(b"NO_SUCH_SUITE")
    assert reasons(raised.value) == ["no cipher match"]


def test_a_certificate_may_be_replaced_while_the_context_serves() -> None:
    """As servers do when theirs is renewed."""
    server = context()
    server.use_certificate(pki().other.x509())
    server.use_privatekey(pki().other.pkey())
    before = pair(context(), server)
    server.use_certificate_chain_file(pki().chain)
    server.use_privatekey_file(pki().server.key)
    after = pair(context(), server)
    shake(*before)
    shake(*after)
    shown = [ends[0].get_peer_certificate() for ends in (before, after)]
    assert [cn(cert) for cert in shown if cert is not None] == ["other", "server"]


def test_threads_change_a_context_while_others_shake_hands() -> None:
    client, server = client_context(), server_context()
    done = threading.Event()
    failed: List[BaseException] = []

    def change() -> None:
        try:
            while not done.is_set():
                server.set_cipher_list(b"DEFAULT")
                server.set_alpn_select_callback(lambda connection, offered: offered[0])
                server.set_options(SSL.OP_NO_COMPRESSION)
                server.use_certificate_chain_file(pki().chain)
                server.get_cert_store().add_cert(pki().root.x509())
        except BaseException as failure:
            failed.append(failure)

    def work() -> None:
        try:
            for _ in range(100):
                shake(*pair(client, server))
        except BaseException as failure:
            failed.append(failure)

    changers = [threading.Thread(target=change) for _ in range(2)]
    workers = [threading.Thread(target=work) for _ in range(2)]
    for thread in changers + workers:
        thread.start()
    for thread in workers:
        thread.join()
    done.set()
    for thread in changers:
        thread.join()
    assert failed == []


def test_a_connection_outlives_the_name_of_its_context() -> None:
    ends = pair(client_context(), server_context())
    shake(*ends)
    assert exchange(*ends) == b"hello"


def test_contexts_cannot_be_pickled() -> None:
    import pickle

    with pytest.raises(TypeError):
        pickle.dumps(context())


# ---- other programs


def _over_sockets(client: SSL.Connection, server: SSL.Connection) -> None:
    thread = threading.Thread(target=server.do_handshake)
    thread.start()
    client.do_handshake()
    thread.join()


def test_over_a_socketpair() -> None:
    client, server = socket_pair()
    _over_sockets(client, server)
    client.send(b"ping")
    assert server.recv(10) == b"ping"


def test_what_a_callback_raises_over_a_socketpair() -> None:
    context = server_context()
    error = LookupError("mine")

    def throw(*told: Any) -> None:
        raise error

    context.set_keylog_callback(throw)
    client, server = socket_pair(None, context)
    raised: List[BaseException] = []

    def serve() -> None:
        try:
            server.do_handshake()
        except BaseException as failure:
            raised.append(failure)

    thread = threading.Thread(target=serve)
    thread.start()
    with pytest.raises(SSL.Error) as told:
        client.do_handshake()
        client.recv(1)
    thread.join()
    assert was_told(told.value) and raised == [error]
    error.__traceback__ = None


def test_pythons_ssl_at_the_other_end() -> None:
    """The standard library's ssl, over OpenSSL 3.0, as the client: ALPN, a client certificate, SNI."""
    program = f"""
import socket, ssl, sys
context = ssl.create_default_context(cafile={str(pki().root.cert)!r})
context.load_cert_chain({str(pki().client.cert)!r}, {str(pki().client.key)!r})
context.set_alpn_protocols(["h2", "http/1.1"])
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as raw:
    with context.wrap_socket(raw, server_hostname="server.example") as tls:
        tls.sendall(b"ping")
        print(tls.selected_alpn_protocol(), tls.version(), tls.recv(10).decode())
"""
    import socket

    server = server_context()
    server.load_verify_locations(pki().root.cert)
    server.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    server.set_session_id(b"test")
    server.load_client_ca(bytes(pki().root.cert))
    server.set_alpn_select_callback(lambda connection, offered: offered[-1])
    names: List[Any] = []
    server.set_tlsext_servername_callback(lambda connection: names.append(connection.get_servername()))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client = subprocess.Popen(
            [sys.executable, "-c", program, str(listener.getsockname()[1])], stdout=subprocess.PIPE, text=True
        )
        accepted, _ = listener.accept()
        with accepted:
            connection = SSL.Connection(server, accepted)
            connection.set_accept_state()
            connection.do_handshake()
            assert connection.recv(10) == b"ping"
            peer = connection.get_peer_certificate()
            connection.sendall(b"pong")
            assert client.communicate()[0] == "http/1.1 TLSv1.3 pong\n"
    assert peer is not None and cn(peer) == "client"
    assert names == [b"server.example"]


def test_openssl_s_client_at_the_other_end() -> None:
    """The system's openssl command, with OCSP stapling and a list of authorities."""
    import socket

    server = server_context(SSL.TLSv1_2_METHOD)
    server.set_ocsp_server_callback(lambda connection, data: bytes.fromhex("30030a0103"))
    server.load_verify_locations(pki().root.cert)
    server.set_verify(SSL.VERIFY_PEER)
    server.set_client_ca_list([pki().root.x509().get_subject(), pki().other.x509().get_subject()])
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        where = f"127.0.0.1:{listener.getsockname()[1]}"
        command = ["openssl", "s_client", "-connect", where, "-CAfile", str(pki().root.cert), "-status"]
        client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        accepted, _ = listener.accept()
        with accepted:
            connection = SSL.Connection(server, accepted)
            connection.set_accept_state()
            connection.do_handshake()
            connection.shutdown()
        output = client.communicate(b"")[0].decode()
    assert "OCSP Response Status: trylater (0x3)" in output
    assert (
        "Acceptable client certificate CA names\nO = libpyssl tests, CN = root\nO = libpyssl tests, CN = other\n"
        in output
    )
    assert "Verify return code: 0 (ok)" in output
