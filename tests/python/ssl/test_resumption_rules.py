"""A client that verifies resumes only what was verified by its own rules and meets them still."""

from __future__ import annotations

import datetime
import time
from typing import Any, Callable, List, Tuple

import pytest
from support import (
    HOST,
    attempt,
    client_context,
    exchange,
    ocsp_response,
    openssl,
    pair,
    pki,
    pump,
    second_certificate,
    server_context,
    shake,
)

from OpenSSL import SSL, crypto

TLS1_2, TLS1_3 = 0x0303, 0x0304

both_versions = pytest.mark.parametrize("version", [TLS1_2, TLS1_3])
Contexts = Tuple[SSL.Context, SSL.Context]
Prepare = Callable[[SSL.Connection], object]


def at(version: int, *contexts: SSL.Context) -> None:
    for context in contexts:
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)


def contexts(version: int) -> Contexts:
    ours, theirs = client_context(), server_context()
    at(version, ours, theirs)
    theirs.set_session_id(b"rules")
    return ours, theirs


def nothing(client: SSL.Connection) -> None:
    pass


def noting(notes: List[Any], what: Callable[[Any], Any]) -> Callable[..., bool]:
    """A verify callback that agrees with OpenSSL."""

    def callback(*told: Any) -> bool:
        notes.append(what(told))
        return bool(told[4])

    return callback


def host(name: str) -> Prepare:
    return lambda client: client.set_verify_host(name)


def unverified(client: SSL.Connection) -> None:
    client.set_verify(SSL.VERIFY_NONE)


def asks(client: SSL.Connection) -> None:
    client.request_ocsp()


def verify(mode: int = SSL.VERIFY_PEER, callback: Any = None) -> Prepare:
    return lambda client: client.set_verify(mode, callback)


def session_by(ours: SSL.Context, theirs: SSL.Context, prepare: Prepare = nothing) -> SSL.Session:
    """The session of a handshake by the rules that `prepare` makes."""
    client, server = pair(ours, theirs)
    prepare(client)
    shake(client, server)
    return session_of(client)


def session_of(client: SSL.Connection) -> SSL.Session:
    session = client.get_session()
    assert session is not None
    # OpenSSL gives up the session of a connection that goes without a goodbye.
    if not client.get_shutdown():
        client.shutdown()
    return session


def resume(ours: SSL.Context, theirs: SSL.Context, session: SSL.Session, prepare: Prepare = nothing) -> SSL.Connection:
    """The client of a good handshake that was given the session, by rules of its own."""
    client, server = pair(ours, theirs)
    prepare(client)
    client.set_session(session)
    shake(client, server)
    assert client.session_reused() is server.session_reused()
    assert exchange(client, server) == b"hello"
    client.shutdown()
    return client


def refused(ours: SSL.Context, theirs: SSL.Context, session: SSL.Session, prepare: Prepare = nothing) -> str:
    client, server = pair(ours, theirs)
    prepare(client)
    client.set_session(session)
    failure, _ = attempt(client, server)
    assert isinstance(failure, SSL.Error), failure
    return str(failure)


# ---- names


@both_versions
@pytest.mark.parametrize("name", [HOST, "127.0.0.1"])
def test_a_session_of_the_same_name_is_resumed(version: int, name: str) -> None:
    ours, theirs = contexts(version)
    session = session_by(ours, theirs, host(name))
    assert resume(ours, theirs, session, host(name)).session_reused()


@both_versions
@pytest.mark.parametrize("before", [nothing, unverified, host(HOST)])
def test_a_session_is_no_way_round_the_name(version: int, before: Prepare) -> None:
    ours, theirs = contexts(version)
    session = session_by(ours, theirs, before)
    assert "bank.example" in refused(ours, theirs, session, host("bank.example"))


@both_versions
@pytest.mark.parametrize("before", [nothing, host("localhost"), host("127.0.0.1")])
def test_without_a_name_or_by_another_one_the_handshake_is_a_full_one(version: int, before: Prepare) -> None:
    ours, theirs = contexts(version)
    session = session_by(ours, theirs, before)
    assert not resume(ours, theirs, session, host(HOST)).session_reused()


@both_versions
def test_who_asks_for_no_name_resumes_a_session_of_any(version: int) -> None:
    ours, theirs = contexts(version)
    session = session_by(ours, theirs, host(HOST))
    assert resume(ours, theirs, session).session_reused()
    assert resume(ours, theirs, session, unverified).session_reused()


# ---- whether and by which anchors


@both_versions
def test_a_session_that_was_not_verified_is_not_resumed_by_who_verifies(version: int) -> None:
    ours, theirs = contexts(version)
    session = session_by(ours, theirs, unverified)
    assert resume(ours, theirs, session, unverified).session_reused()
    assert not resume(ours, theirs, session).session_reused()


@both_versions
def test_an_untrusted_server_is_refused_also_with_its_session(version: int) -> None:
    ours, theirs = SSL.Context(SSL.TLS_METHOD), server_context()
    at(version, ours, theirs)
    session = session_by(ours, theirs)
    ours.set_verify(SSL.VERIFY_PEER)
    assert "certificate verify failed" in refused(ours, theirs, session)


@both_versions
def test_every_mode_but_none_verifies(version: int) -> None:
    ours, theirs = SSL.Context(SSL.TLS_METHOD), server_context()
    at(version, ours, theirs)
    session = session_by(ours, theirs)
    assert "certificate verify failed" in refused(ours, theirs, session, verify(SSL.VERIFY_FAIL_IF_NO_PEER_CERT))


@both_versions
def test_another_store_is_another_rule(version: int) -> None:
    ours, theirs = contexts(version)
    session = session_by(ours, theirs)
    assert resume(ours, theirs, session).session_reused()
    store = crypto.X509Store()
    store.add_cert(pki().root.x509())
    ours.set_cert_store(store)
    assert not resume(ours, theirs, session).session_reused()
    ours.set_cert_store(crypto.X509Store())
    assert "certificate verify failed" in refused(ours, theirs, session)


@both_versions
def test_a_store_with_one_anchor_more_trusts_the_old_one_still(version: int) -> None:
    ours, theirs = contexts(version)
    session = session_by(ours, theirs)
    ours.get_cert_store().add_cert(pki().other.x509())
    assert resume(ours, theirs, session).session_reused()


@both_versions
def test_another_context_before_the_handshake_brings_its_own_store(version: int) -> None:
    ours, theirs = contexts(version)
    session = session_by(ours, theirs)
    strangers = SSL.Context(SSL.TLS_METHOD)
    at(version, strangers)
    client, server = pair(ours, theirs)
    client.set_session(session)
    client.set_context(strangers)
    failure, _ = attempt(client, server)
    assert isinstance(failure, SSL.Error) and "certificate verify failed" in str(failure)


# ---- depth, flags, time


@both_versions
def test_another_depth_is_another_rule(version: int) -> None:
    ours, theirs = contexts(version)
    session = session_by(ours, theirs)
    ours.set_verify_depth(0)
    assert "certificate verify failed" in refused(ours, theirs, session)
    ours.set_verify_depth(7)
    assert not resume(ours, theirs, session).session_reused()


@both_versions
def test_another_security_level_is_another_rule(version: int) -> None:
    ours, theirs = contexts(version)
    session = session_by(ours, theirs)
    ours.set_cipher_list(b"DEFAULT@SECLEVEL=3")
    assert not resume(ours, theirs, session).session_reused()


@both_versions
def test_other_flags_are_another_rule(version: int) -> None:
    ours, theirs = contexts(version)
    session = session_by(ours, theirs)
    ours.get_cert_store().set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
    again = resume(ours, theirs, session)
    assert not again.session_reused()
    assert resume(ours, theirs, session_of(again)).session_reused()


@both_versions
def test_who_asks_for_revocation_lists_never_resumes(version: int) -> None:
    ours, theirs = contexts(version)
    session = session_by(ours, theirs)
    store = ours.get_cert_store()
    store.set_flags(crypto.X509StoreFlags.CRL_CHECK)
    assert "unable to get certificate CRL" in refused(ours, theirs, session)
    store.add_crl(_crl())
    again = session_of(resume(ours, theirs, session))
    assert not resume(ours, theirs, again).session_reused()


@both_versions
def test_another_moment_of_the_verification_is_another_rule(version: int) -> None:
    ours, theirs = contexts(version)
    session = session_by(ours, theirs)
    ours.get_cert_store().set_time(datetime.datetime.now() + datetime.timedelta(days=400))
    assert "certificate has expired" in refused(ours, theirs, session)


@both_versions
def test_a_chain_past_its_dates_is_not_resumed(version: int) -> None:
    ours, theirs = contexts(version)
    certificate = pki().server.x509()
    certificate.gmtime_adj_notAfter(4)
    certificate.sign(pki().intermediate.pkey(), "sha256")
    theirs.use_certificate(certificate)
    session = session_by(ours, theirs)
    assert resume(ours, theirs, session).session_reused()
    while not certificate.has_expired():
        time.sleep(0.2)
    assert "certificate has expired" in refused(ours, theirs, session)


# ---- callbacks and OCSP


@both_versions
def test_the_context_s_callback_has_said_its_word(version: int) -> None:
    ours, theirs = contexts(version)
    calls: List[int] = []
    ours.set_verify(SSL.VERIFY_PEER, noting(calls, lambda told: told[3]))
    session = session_by(ours, theirs)
    asked = len(calls)
    assert asked == 3 and resume(ours, theirs, session).session_reused() and len(calls) == asked


@both_versions
def test_another_callback_is_asked(version: int) -> None:
    ours, theirs = contexts(version)
    session = session_by(ours, theirs)
    calls: List[int] = []
    own = verify(callback=noting(calls, lambda told: told[3]))
    assert not resume(ours, theirs, session, own).session_reused() and calls
    pins = verify(callback=lambda *told: False)
    assert "certificate verify failed" in refused(ours, theirs, session, pins)


@both_versions
def test_who_has_no_callback_asks_for_no_more_than_who_has(version: int) -> None:
    ours, theirs = contexts(version)
    own = verify(callback=lambda *told: bool(told[4]))
    assert resume(ours, theirs, session_by(ours, theirs, own)).session_reused()


@both_versions
def test_what_a_callback_put_up_with_is_not_verified(version: int) -> None:
    ours, theirs = SSL.Context(SSL.TLS_METHOD), server_context()
    at(version, ours, theirs)
    ours.set_verify(SSL.VERIFY_PEER, lambda *told: True)
    session = session_by(ours, theirs)
    assert not resume(ours, theirs, session).session_reused()
    assert "certificate verify failed" in refused(ours, theirs, session, verify())


@both_versions
def test_who_judges_an_ocsp_response_resumes_only_what_it_judged(version: int) -> None:
    ours, theirs = contexts(version)
    theirs.set_ocsp_server_callback(lambda *told: ocsp_response())
    judged: List[bytes] = []

    def judge(connection: SSL.Connection, response: bytes, data: Any) -> bool:
        judged.append(response)
        return bool(response)

    ours.set_ocsp_client_callback(judge)
    session = session_by(ours, theirs)
    assert not judged
    again = resume(ours, theirs, session, asks)
    assert not again.session_reused() and len(judged) == 1
    newer = session_of(again)
    assert resume(ours, theirs, newer, asks).session_reused() and len(judged) == 1
    assert resume(ours, theirs, newer).session_reused()


# ---- whose rules a session has


@both_versions
def test_a_session_of_a_resumed_connection_has_the_rules_of_the_full_handshake(version: int) -> None:
    ours, theirs = contexts(version)
    verified = session_by(ours, theirs, host(HOST))
    for _ in range(3):
        verified = session_of(resume(ours, theirs, verified, unverified))
    assert resume(ours, theirs, verified, host(HOST)).session_reused()
    assert not resume(ours, theirs, verified, host("localhost")).session_reused()
    loose = session_by(ours, theirs, unverified)
    for _ in range(3):
        loose = session_of(resume(ours, theirs, loose, unverified))
    assert not resume(ours, theirs, loose).session_reused()


@both_versions
def test_a_session_taken_in_the_middle_of_its_handshake(version: int) -> None:
    ours, theirs = contexts(version)
    taken: List[Any] = []
    ours.set_verify(SSL.VERIFY_PEER, noting(taken, lambda told: told[0].get_session()))
    session_by(ours, theirs)
    for session in [session for session in taken if session is not None]:
        # It may have become one to be resumed since; by which rules, the end of the handshake has said.
        assert "bank.example" in refused(ours, theirs, session, host("bank.example"))


def test_a_session_without_a_certificate_is_not_verified() -> None:
    ours, theirs = contexts(TLS1_2)
    for context in (ours, theirs):
        context.set_cipher_list(b"ADH-AES128-SHA256:@SECLEVEL=0")
    assert not resume(ours, theirs, session_by(ours, theirs)).session_reused()
    assert resume(ours, theirs, session_by(ours, theirs), unverified).session_reused()


def test_dtls_goes_by_the_same_rules() -> None:
    ours, theirs = client_context(SSL.DTLS_METHOD), server_context(SSL.DTLS_METHOD)
    theirs.set_session_id(b"rules")
    session = session_by(ours, theirs)
    client, server = pair(ours, theirs)
    client.set_session(session)
    shake(client, server)
    assert client.session_reused()
    assert "bank.example" in refused(ours, theirs, session, host("bank.example"))


# ---- the net


def test_a_renegotiation_by_other_rules_that_resumes_ends_the_connection() -> None:
    """A server of TLS 1.2 asks for another handshake, and the client has other rules since the first."""
    ours, theirs = contexts(TLS1_2)
    ours.set_cipher_list(b"ECDHE+AESGCM")
    for changed in (False, True):
        client, server = pair(ours, theirs)
        shake(client, server)
        if changed:
            client.set_verify(SSL.VERIFY_PEER, lambda *told: False)
        assert server.renegotiate()
        server.do_handshake()
        failures: List[Any] = []
        for _ in range(6):
            for end, other in ((server, client), (client, server)):
                try:
                    end.recv(100)
                except SSL.WantReadError:
                    pass
                except SSL.Error as error:
                    failures.append((end, error))
                pump(end, other)
        if not changed:
            assert failures == [] and client.session_reused() and client.total_renegotiations() == 1
            continue
        assert failures[0][0] is client and "verified by other rules" in str(failures[0][1])
        with pytest.raises(SSL.Error, match="verified by other rules"):
            client.send(b"data")
        assert any(end is server and "alert" in str(error) for end, error in failures)


# ---- bytes


@both_versions
def test_bytes_carry_the_rules_to_another_context(version: int) -> None:
    ours, theirs = contexts(version)
    data = session_by(ours, theirs, host(HOST)).to_bytes()
    elsewhere, _ = contexts(version)
    read = SSL.Session.from_bytes
    assert read(data).to_bytes() == data
    assert resume(elsewhere, theirs, read(data), host(HOST)).session_reused()
    assert resume(elsewhere, theirs, read(data)).session_reused()
    assert not resume(elsewhere, theirs, read(data), host("localhost")).session_reused()
    assert "bank.example" in refused(elsewhere, theirs, read(data), host("bank.example"))
    elsewhere.set_verify_depth(7)
    assert not resume(elsewhere, theirs, read(data)).session_reused()


@both_versions
def test_bytes_go_where_their_anchor_is_trusted(version: int) -> None:
    ours, theirs = contexts(version)
    data = session_by(ours, theirs).to_bytes()
    elsewhere = SSL.Context(SSL.TLS_METHOD)
    at(version, elsewhere)
    elsewhere.set_verify(SSL.VERIFY_PEER)
    assert "certificate verify failed" in refused(elsewhere, theirs, SSL.Session.from_bytes(data))
    elsewhere.get_cert_store().add_cert(pki().root.x509())
    assert resume(elsewhere, theirs, SSL.Session.from_bytes(data)).session_reused()


@both_versions
def test_bytes_find_their_anchor_in_a_directory(version: int, tmp_path: Any) -> None:
    ours, theirs = contexts(version)
    data = session_by(ours, theirs).to_bytes()
    (tmp_path / "root.pem").write_bytes(pki().root.cert.read_bytes())
    openssl("rehash", str(tmp_path))
    elsewhere = SSL.Context(SSL.TLS_METHOD)
    at(version, elsewhere)
    elsewhere.set_verify(SSL.VERIFY_PEER)
    elsewhere.load_verify_locations(None, str(tmp_path))
    assert resume(elsewhere, theirs, SSL.Session.from_bytes(data)).session_reused()


@both_versions
def test_bytes_know_no_callbacks(version: int) -> None:
    ours, theirs = contexts(version)
    ours.set_verify(SSL.VERIFY_PEER, lambda *told: bool(told[4]))
    session = session_by(ours, theirs)
    assert resume(ours, theirs, session).session_reused()
    assert not resume(ours, theirs, SSL.Session.from_bytes(session.to_bytes())).session_reused()


@both_versions
def test_openssl_s_own_bytes_are_resumed_by_who_verifies_nothing(version: int) -> None:
    ours, theirs = contexts(version)
    data = session_by(ours, theirs).to_bytes()
    bare = _bare(data)
    assert bare in data and len(bare) < len(data)
    assert session_by(ours, theirs, unverified).to_bytes().startswith(bare[:1])
    read = SSL.Session.from_bytes
    assert not resume(ours, theirs, read(bare)).session_reused()
    assert resume(ours, theirs, read(bare), unverified).session_reused()
    # As the openssl command reads and writes it.
    shown = openssl("sess_id", "-inform", "DER", "-noout", "-text", stdin=bare).decode()
    assert "SSL-Session" in shown


def test_a_chain_of_another_server_is_refused() -> None:
    ours, theirs = contexts(TLS1_2)
    data = session_by(ours, theirs).to_bytes()
    theirs.use_certificate(second_certificate())
    other = session_by(ours, theirs).to_bytes()
    mixed = _bare(data) + other[other.index(_bare(other)) + len(_bare(other)) :]
    with pytest.raises(SSL.Error, match="the chain is another server's"):
        SSL.Session.from_bytes(b"\x30\x83" + len(mixed).to_bytes(3, "big") + mixed)


def test_a_record_of_a_later_version_counts_as_none() -> None:
    ours, theirs = contexts(TLS1_2)
    data = session_by(ours, theirs).to_bytes()
    version = data.index(b"\x80\x01\x01", data.index(_bare(data)) + len(_bare(data)))
    later = SSL.Session.from_bytes(data[:version] + b"\x80\x01\x02" + data[version + 3 :])
    assert not resume(ours, theirs, later).session_reused()
    assert resume(ours, theirs, later, unverified).session_reused()


def test_bytes_with_any_byte_changed_are_read_or_refused() -> None:
    ours, theirs = contexts(TLS1_2)
    data = session_by(ours, theirs, host(HOST)).to_bytes()
    counts = [0, 0]
    for place in range(0, len(data), 3):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        try:
            SSL.Session.from_bytes(changed).to_bytes()
            counts[0] += 1
        except SSL.Error:
            counts[1] += 1
    assert min(counts) > 100, counts


# ---- the rules hold from the first byte to the end


CHANGES = {
    "set_verify": lambda client: client.set_verify(SSL.VERIFY_NONE),
    "set_verify_host": lambda client: client.set_verify_host("localhost"),
    "set_context": lambda client: client.set_context(SSL.Context(SSL.TLS_METHOD)),
    "request_ocsp": lambda client: client.request_ocsp(),
}


@both_versions
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("moment", ["between", "verify", "info"])
def test_a_client_s_rules_cannot_change_in_its_handshake(version: int, change: str, moment: str) -> None:
    ours, theirs = contexts(version)
    told: List[str] = []

    def try_it(client: SSL.Connection) -> Any:
        with pytest.raises(SSL.Error, match="in the middle of a client's handshake|the handshake is under way"):
            CHANGES[change](client)
        told.append(change)
        return True

    if moment == "verify":
        ours.set_verify(SSL.VERIFY_PEER, lambda client, *_: try_it(client))
    if moment == "info":
        ours.set_info_callback(lambda client, where, _: try_it(client) if where == SSL.SSL_CB_HANDSHAKE_START else None)
    client, server = pair(ours, theirs)
    if moment == "between":
        with pytest.raises(SSL.WantReadError):
            client.do_handshake()
        try_it(client)
    shake(client, server)
    assert told and client.get_context() is ours and client.get_verify_mode() == SSL.VERIFY_PEER
    # Afterwards is before the next one.
    CHANGES[change](client)


def _bare(data: bytes) -> bytes:
    """OpenSSL's DER in the bytes of a session with rules."""

    def head(at: int) -> Tuple[int, int]:
        first = data[at + 1]
        more = first & 0x7F if first & 0x80 else 0
        return 2 + more, int.from_bytes(data[at + 2 : at + 2 + more], "big") if more else first

    start = head(0)[0]
    size, length = head(start)
    return data[start : start + size + length]


def _crl() -> crypto.CRL:
    """intermediate's list, empty."""
    pem = crypto.CRL().export(pki().intermediate.x509(), pki().intermediate.pkey(), days=5, digest=b"sha256")
    return crypto.load_crl(crypto.FILETYPE_PEM, pem)
