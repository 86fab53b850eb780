"""SSL.Connection: making one, what it tells, moving bytes without a socket, and what it refuses."""

from __future__ import annotations

import array
import copy
import gc
import os
import pickle
import socket
import weakref
from typing import Any, List, Tuple

import pytest
from support import (
    HOST,
    attempt,
    client_context,
    connected,
    exchange,
    handles,
    pair,
    pki,
    pump,
    reasons,
    server_context,
    shake,
    socket_pair,
)

from OpenSSL import SSL, crypto

TLS1_2, TLS1_3 = 0x0303, 0x0304


def limited(version: int, context: SSL.Context) -> SSL.Context:
    context.set_min_proto_version(version)
    context.set_max_proto_version(version)
    return context


def connected_over(version: int) -> Tuple[SSL.Connection, SSL.Connection]:
    return connected(limited(version, client_context()), limited(version, server_context()))


# ---- making one


def test_a_context_is_needed() -> None:
    with pytest.raises(TypeError, match="context must be a Context instance"):
        SSL.Connection("context", None)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", ["socket", object(), 1.5])
def test_what_is_no_socket_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"argument must be an int, or have a fileno\(\) method."):
        SSL.Connection(client_context(), wrong)


def test_fileno_must_give_a_number_that_is_not_negative() -> None:
    class Strange:
        def fileno(self) -> str:
            return "3"

    with pytest.raises(TypeError, match="argument must be an int"):
        SSL.Connection(client_context(), Strange())
    with pytest.raises(ValueError, match="-1"):
        SSL.Connection(client_context(), -1)
    closed = socket.socket()
    closed.close()
    with pytest.raises(ValueError):
        SSL.Connection(client_context(), closed)


def test_a_descriptor_that_is_not_open_is_told_at_once() -> None:
    with pytest.raises(SSL.SysCallError) as caught:
        SSL.Connection(client_context(), 999_999)
    assert caught.value.args == (9, "EBADF") and caught.value.errno == 9


def test_the_socket_may_be_left_out() -> None:
    assert SSL.Connection(client_context())._socket is None


def test_a_bare_descriptor_will_do() -> None:
    near, far = socket.socketpair()
    with near, far:
        client, server = SSL.Connection(client_context(), near.fileno()), SSL.Connection(server_context(), far.fileno())
        near.setblocking(False)
        far.setblocking(False)
        client.set_connect_state()
        server.set_accept_state()
        waiting = [client, server]
        for _ in range(10):
            for end in list(waiting):
                try:
                    end.do_handshake()
                    waiting.remove(end)
                except SSL.WantReadError:
                    pass
        assert not waiting
        client.send(b"over a number")
        assert server.recv(100) == b"over a number"


def test_without_a_role_nothing_moves() -> None:
    conn = SSL.Connection(client_context())
    with pytest.raises(SSL.Error) as caught:
        conn.do_handshake()
    assert caught.value.args == ([("SSL routines", "", "connection type not set")],)
    for call in (lambda: conn.send(b"x"), lambda: conn.recv(1), conn.shutdown):
        with pytest.raises(SSL.Error) as caught:
            call()
        assert caught.value.args == ([("SSL routines", "", "uninitialized")],)


def test_it_cannot_be_pickled() -> None:
    conn = SSL.Connection(client_context())
    for attempt_at in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            attempt_at(conn)


def test_read_is_recv_and_write_is_send() -> None:
    assert SSL.Connection.read is SSL.Connection.recv
    assert SSL.Connection.write is SSL.Connection.send


def test_handles_go_in_any_order() -> None:
    client, server = connected()
    session, context, cert = client.get_session(), client.get_context(), client.get_peer_certificate()
    chain = client.get_peer_cert_chain()
    before = handles()
    watch = weakref.ref(client)
    del context, client
    gc.collect()
    assert watch() is None and handles() == before - 2  # the connection and its context
    assert isinstance(cert, crypto.X509) and cert.get_subject().CN == "server"
    assert chain and session is not None
    del session, chain, server, cert
    gc.collect()


def test_a_connection_in_a_cycle_is_collected() -> None:
    client, server = connected()
    client.set_app_data(client)
    server.set_app_data([server, client])
    before = handles()
    del client, server
    gc.collect()
    assert handles() <= before - 4


# ---- what it tells


def test_before_the_handshake_there_is_nothing_to_tell() -> None:
    conn = SSL.Connection(client_context())
    for nothing in (
        conn.get_peer_certificate,
        conn.get_certificate,
        conn.get_peer_cert_chain,
        conn.get_verified_chain,
        conn.get_session,
        conn.client_random,
        conn.server_random,
        conn.master_key,
        conn.get_finished,
        conn.get_peer_finished,
        conn.get_cipher_name,
        conn.get_cipher_version,
        conn.get_cipher_bits,
        conn.get_servername,
        conn.get_group_name,
        conn.get_app_data,
        conn.DTLSv1_get_timeout,
    ):
        assert nothing() is None, nothing
    assert conn.get_alpn_proto_negotiated() == conn.get_next_proto_negotiated() == b""
    assert conn.get_selected_srtp_profile() == b""
    assert conn.get_client_ca_list() == []
    assert conn.get_protocol_version() == TLS1_3
    assert conn.get_protocol_version_name() == "TLSv1.3"
    assert conn.get_state_string() == b"before SSL initialization"
    assert conn.state_string() == "before SSL initialization"
    assert conn.get_cipher_list()[0] == "TLS_AES_256_GCM_SHA384"
    assert (conn.get_shutdown(), conn.pending(), conn.total_renegotiations()) == (0, 0, 0)
    assert conn.renegotiate_pending() is False
    assert conn.DTLSv1_handle_timeout() is False


@pytest.mark.parametrize("version", [TLS1_2, TLS1_3])
def test_both_ends_tell_the_same_of_the_handshake(version: int) -> None:
    client, server = connected_over(version)
    assert client.get_protocol_version() == server.get_protocol_version() == version
    for fact in ("get_cipher_name", "get_cipher_bits", "get_cipher_version", "get_group_name", "client_random",
                 "server_random", "master_key", "get_protocol_version_name"):  # fmt: skip
        ours, theirs = getattr(client, fact)(), getattr(server, fact)()
        assert ours == theirs and ours, fact
    assert client.get_finished() == server.get_peer_finished()
    assert server.get_finished() == client.get_peer_finished()
    assert client.get_finished() != client.get_peer_finished()
    assert len(client.client_random() or b"") == len(server.server_random() or b"") == 32
    assert client.client_random() != client.server_random()
    assert len(client.master_key() or b"") == 48
    assert client.get_cipher_bits() in (128, 256)
    assert client.get_state_string() == b"SSL negotiation finished successfully"


@pytest.mark.parametrize("version", [TLS1_2, TLS1_3])
def test_exported_keying_material_is_equal_on_both_ends(version: int) -> None:
    client, server = connected_over(version)
    label = b"EXPORTER-libpyssl-test"
    plain = client.export_keying_material(label, 40)
    assert len(plain) == 40 and plain == server.export_keying_material(label, 40)
    assert plain != client.export_keying_material(label, 40, b"context")
    assert client.export_keying_material(label, 40, b"context") == server.export_keying_material(label, 40, b"context")
    # RFC 5705 tells no context from an empty one, RFC 8446 does not.
    assert (plain == client.export_keying_material(label, 40, b"")) is (version == TLS1_3)


def test_keying_material_before_the_handshake_is_an_error_without_entries() -> None:
    with pytest.raises(SSL.Error) as caught:
        SSL.Connection(client_context()).export_keying_material(b"label", 10)
    assert caught.value.args[0][0][0] == "libpyssl" and "handshake" in str(caught.value)
    client, _ = connected()
    with pytest.raises(TypeError, match="label"):
        client.export_keying_material("label", 10)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="context"):
        client.export_keying_material(b"label", 10, "context")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="negative"):
        client.export_keying_material(b"label", -1)


def names(chain: Any) -> List[str]:
    return [cert.get_subject().CN for cert in chain]


def test_chains_as_sent_and_as_verified() -> None:
    context = server_context()
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    context.load_verify_locations(str(pki().root.cert))
    asking = client_context()
    asking.use_certificate(pki().client.x509())
    asking.use_privatekey(pki().client.pkey())
    client, server = connected(asking, context)
    assert names(client.get_peer_cert_chain()) == ["server", "intermediate"]
    assert names(client.get_verified_chain()) == ["server", "intermediate", "root"]
    assert names([client.get_certificate(), client.get_peer_certificate()]) == ["client", "server"]
    assert names([server.get_certificate(), server.get_peer_certificate()]) == ["server", "client"]
    # Without its own certificate; the client adds what it finds in its store.
    assert names(server.get_peer_cert_chain()) == ["root"]
    assert names(server.get_verified_chain()) == ["client", "root"]


def test_a_peers_certificate_is_a_copy() -> None:
    client, server = connected()
    first, second = client.get_peer_certificate(), client.get_peer_certificate()
    assert isinstance(first, crypto.X509) and isinstance(second, crypto.X509) and first is not second
    first.get_subject().CN = "changed"
    assert second.get_subject().CN == "server"
    again = client.get_peer_certificate()
    assert isinstance(again, crypto.X509) and again.get_subject().CN == "server"


def test_as_objects_of_the_cryptography_package() -> None:
    x509 = pytest.importorskip("cryptography.x509")
    context = server_context()
    context.set_client_ca_list([pki().root.x509().get_subject(), pki().other.x509().get_subject()])
    context.set_verify(SSL.VERIFY_PEER)
    client, server = connected(None, context)
    for method in ("get_peer_cert_chain", "get_verified_chain"):
        chain = getattr(client, method)(as_cryptography=True)
        assert chain and all(isinstance(cert, x509.Certificate) for cert in chain)
    assert isinstance(client.get_peer_certificate(as_cryptography=True), x509.Certificate)
    assert isinstance(server.get_certificate(as_cryptography=True), x509.Certificate)
    assert client.get_certificate(as_cryptography=True) is None
    cas: Any = client.get_client_ca_list(as_cryptography=True)
    assert [name.rfc4514_string() for name in cas] == ["CN=root,O=libpyssl tests", "CN=other,O=libpyssl tests"]
    with pytest.raises(TypeError):
        client.get_peer_certificate(True)  # type: ignore[call-overload]


def test_the_server_name_is_told_on_both_ends() -> None:
    client, server = pair()
    client.set_tlsext_host_name(HOST.encode())
    shake(client, server)
    assert server.get_servername() == client.get_servername() == HOST.encode()


# ---- setting one up


@pytest.mark.parametrize(
    ("method", "args", "error", "message"),
    [
        ("set_tlsext_host_name", ("text",), TypeError, "name must be a byte string"),
        ("set_tlsext_host_name", (b"a\0b",), TypeError, "name must not contain NUL byte"),
        ("set_tlsext_host_name", (b"x" * 256,), SSL.Error, "1 to 255 are possible"),
        ("set_context", (5,), TypeError, "context must be a Context instance"),
        ("set_session", (5,), TypeError, "session must be a Session instance"),
        ("set_verify", ("x",), TypeError, "mode must be an integer"),
        ("set_verify", (1, 5), TypeError, "callback must be callable"),
        ("set_info_callback", (5,), TypeError, "callback must be callable"),
        ("set_options", ("x",), TypeError, "options must be an integer"),
        ("set_shutdown", ("x",), TypeError, "state must be an integer"),
        ("set_ciphertext_mtu", ("x",), TypeError, "an integer is required"),
        ("set_alpn_protos", ([],), ValueError, "at least one protocol must be specified"),
        ("set_alpn_protos", (["h2"],), TypeError, "protos must be a list of byte strings"),
        ("bio_read", ("x",), TypeError, "bufsiz must be an integer"),
        ("bio_read", (-1,), ValueError, "negative"),
        ("recv", (-1,), ValueError, "negative"),
        ("send", (None,), TypeError, "None"),
        ("send", (5,), TypeError, "int"),
        ("sendall", (None,), TypeError, "None"),
        ("bio_write", (5,), TypeError, "int"),
    ],
)
def test_arguments_that_cannot_be(method: str, args: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        getattr(SSL.Connection(client_context()), method)(*args)


def test_an_empty_protocol_is_an_error_without_entries() -> None:
    with pytest.raises(SSL.Error) as caught:
        SSL.Connection(client_context()).set_alpn_protos([b""])
    assert caught.value.args[0][0][0] == "libpyssl"


def test_certificate_and_key_of_the_connection_alone() -> None:
    bare = SSL.Context(SSL.TLS_METHOD)
    client, server = pair(None, bare)
    server.use_certificate(pki().server.x509())
    server.use_privatekey(pki().server.pkey())
    trusting = client_context()
    trusting.load_verify_locations(str(pki().intermediate.cert))
    client = SSL.Connection(trusting, None)
    client.set_connect_state()
    shake(client, server)
    own = server.get_certificate()
    assert isinstance(own, crypto.X509) and own.get_subject().CN == "server"
    with pytest.raises(SSL.Error):
        bare.check_privatekey()


def test_a_key_of_another_certificate_is_refused() -> None:
    server = SSL.Connection(SSL.Context(SSL.TLS_METHOD))
    server.use_certificate(pki().server.x509())
    with pytest.raises(SSL.Error) as caught:
        server.use_privatekey(pki().client.pkey())
    assert "key values mismatch" in reasons(caught.value)


def test_set_verify_has_the_last_word_for_one_connection() -> None:
    seen: List[Tuple[Any, int, int, int]] = []
    untrusting = SSL.Context(SSL.TLS_METHOD)
    untrusting.set_verify(SSL.VERIFY_PEER)
    client, server = pair(untrusting)

    def accept(conn: Any, cert: crypto.X509, code: int, depth: int, ok: int) -> bool:
        seen.append((conn, code, depth, ok))
        return True

    client.set_verify(SSL.VERIFY_PEER, accept)
    assert client.get_verify_mode() == SSL.VERIFY_PEER
    shake(client, server)
    assert seen and all(conn is client for conn, *_ in seen)
    assert {code for _, code, _, _ in seen} >= {20}  # unable to get local issuer certificate
    other, server = pair(untrusting)
    assert "certificate verify failed" in reasons(attempt(other, server)[0])
    del seen[:]


def test_an_exception_of_set_verifys_callback_is_the_one_that_surfaces() -> None:
    client, server = pair()
    raised = KeyError("mine")

    def fail(*args: Any) -> bool:
        raise raised

    client.set_verify(SSL.VERIFY_PEER, fail)
    assert attempt(client, server)[0] is raised


def test_options_of_one_connection() -> None:
    server = SSL.Connection(server_context())
    no_tls1_3 = 1 << 29
    assert server.set_options(no_tls1_3) & no_tls1_3
    server.set_accept_state()
    client = SSL.Connection(client_context())
    client.set_connect_state()
    shake(client, server)
    assert client.get_protocol_version_name() == "TLSv1.2"


def test_set_context_gives_the_other_certificate() -> None:
    other = SSL.Context(SSL.TLS_METHOD)
    other.use_certificate(pki().client.x509())
    other.use_privatekey(pki().client.pkey())
    client, server = pair(SSL.Context(SSL.TLS_METHOD))
    first = server.get_context()
    server.set_context(other)
    assert server.get_context() is other is not first
    shake(client, server)
    shown = client.get_peer_certificate()
    assert isinstance(shown, crypto.X509) and shown.get_subject().CN == "client"


def test_app_data_is_per_connection() -> None:
    one, two = SSL.Connection(client_context()), SSL.Connection(client_context())
    data = object()
    one.set_app_data(data)
    assert one.get_app_data() is data and two.get_app_data() is None


# ---- bytes without a socket


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview, lambda data: array.array("H", data)])
def test_any_buffer_can_be_sent(make: Any) -> None:
    client, server = connected()
    data = os.urandom(500)
    assert client.send(make(data)) == 500
    pump(client, server)
    assert server.recv(1000) == data
    assert client.sendall(make(data)) == 500
    pump(client, server)
    assert server.recv(1000) == data


def test_a_buffer_that_is_not_contiguous_is_refused() -> None:
    client, _ = connected()
    with pytest.raises(BufferError):
        client.send(memoryview(bytes(10))[::2])


def test_text_is_sent_as_utf_8_with_a_warning() -> None:
    client, server = connected()
    with pytest.warns(DeprecationWarning, match="str for buf is no longer accepted, use bytes"):
        assert client.send("gr\u00fc\u00df") == 6
    with pytest.warns(DeprecationWarning):
        assert client.sendall("\u00df") == 2
    pump(client, server)
    assert server.recv(100) + server.recv(100) == "gr\u00fc\u00df\u00df".encode()


def test_send_takes_a_record_and_sendall_everything() -> None:
    client, server = connected()
    data = os.urandom(100_000)
    assert client.send(data) == 16384
    assert client.sendall(data) == 100_000
    pump(client, server)
    got = [server.recv(65536) for _ in range(8)]
    assert {len(piece) for piece in got[:-1]} == {16384} and b"".join(got) == data[:16384] + data
    with pytest.raises(SSL.WantReadError) as caught:
        server.recv(1)
    assert caught.value.args == ()


def test_nothing_sent_is_nothing() -> None:
    client, server = connected()
    assert client.send(b"") == client.sendall(b"") == 0
    assert pump(client, server) == 0


def test_more_than_an_int_holds_is_refused_by_send() -> None:
    class Long(bytes):
        def __len__(self) -> int:
            return 2**31

    client, _ = connected()
    with pytest.raises(ValueError, match="2"):
        client.send(Long(b"short"))


def test_peeked_bytes_stay() -> None:
    client, server = connected()
    client.send(b"look twice")
    pump(client, server)
    assert server.pending() == 0
    assert server.recv(4, socket.MSG_PEEK) == b"look"
    assert server.pending() == 10
    room = bytearray(20)
    assert server.recv_into(room, flags=socket.MSG_PEEK) == 10
    assert server.recv(100) == b"look twice" == bytes(room[:10])


def test_recv_into_the_callers_memory() -> None:
    client, server = connected()
    client.send(b"0123456789")
    pump(client, server)
    room = bytearray(b"." * 8)
    assert server.recv_into(room, 3) == 3 and room == b"012....."
    assert server.recv_into(memoryview(room)[4:]) == 4 and room == b"012.3456"
    wide = array.array("I", [0, 0])
    assert server.recv_into(wide, 100) == 3 and wide.tobytes()[:3] == b"789"
    assert server.recv_into(room, 0) == server.recv_into(bytearray()) == 0
    with pytest.raises(ValueError):
        server.recv_into(room, -1)


def test_a_buffer_that_cannot_be_written_loses_nothing() -> None:
    client, server = connected()
    client.send(b"kept")
    pump(client, server)
    with pytest.raises(TypeError, match="writable"):
        server.recv_into(b"....")
    assert server.recv(10) == b"kept"


def test_nothing_received_of_zero_bytes() -> None:
    client, server = connected()
    client.send(b"kept")
    pump(client, server)
    assert server.recv(0) == server.read(0) == b""
    assert server.recv(10) == b"kept"
    assert server.recv(0) == b""


def test_bio_read_in_pieces_and_at_once() -> None:
    client, server = connected()
    client.sendall(os.urandom(200_000))
    whole = client.bio_read(10_000_000)
    assert len(whole) > 200_000
    with pytest.raises(SSL.WantReadError):
        client.bio_read(1)
    for at in range(0, len(whole), 999):
        assert server.bio_write(whole[at : at + 999]) == len(whole[at : at + 999])
    assert sum(len(server.recv(65536)) for _ in range(13)) == 200_000


def test_bio_read_into_the_callers_memory() -> None:
    client, server = connected()
    client.send(b"x" * 100)
    room = bytearray(50)
    moved = []
    for _ in range(3):
        moved.append(client.bio_read_into(room))
        server.bio_write(memoryview(room)[: moved[-1]])
    assert moved == [50, 50, 22]
    assert server.recv(200) == b"x" * 100
    with pytest.raises(SSL.WantReadError):
        client.bio_read_into(room)
    with pytest.raises(TypeError, match="writable"):
        client.bio_read_into(b"...")


def test_bio_read_of_nothing_and_bio_write_of_nothing() -> None:
    client, _ = connected()
    with pytest.raises(SSL.Error) as caught:
        client.bio_read(0)
    assert caught.value.args[0][0][0] == "libpyssl"
    with pytest.raises(SSL.WantReadError):
        client.bio_write(b"")


def test_bio_shutdown_is_an_end_without_close_notify() -> None:
    client, server = connected()
    client.send(b"last")
    pump(client, server)
    server.bio_shutdown()
    assert server.recv(10) == b"last"
    for call in (lambda: server.recv(10), lambda: server.recv(10), lambda: server.send(b"x")):
        with pytest.raises(SSL.SysCallError) as caught:
            call()
        assert caught.value.args == (-1, "Unexpected EOF")
    with pytest.raises(SSL.Error, match="Unexpected EOF|shutdown while in init"):  # OpenSSL 3.0 says the latter
        server.shutdown()


def test_a_pumped_connection_has_nothing_of_a_socket() -> None:
    conn = SSL.Connection(client_context())
    for name in ("fileno", "close", "settimeout", "nosuch"):
        with pytest.raises(AttributeError, match=f"'Connection' object has no attribute '{name}'"):
            getattr(conn, name)
    for call in (lambda: conn.connect(("localhost", 1)), conn.accept, lambda: conn.sock_shutdown(2)):
        with pytest.raises(AttributeError, match="'NoneType' object"):
            call()
    # connect() gave it its role all the same.
    with pytest.raises(SSL.WantReadError):
        conn.do_handshake()


def test_a_socket_is_not_pumped_by_hand() -> None:
    client, server = socket_pair()
    for call in (
        lambda: client.bio_read(1),
        lambda: client.bio_write(b"x"),
        client.bio_shutdown,
        lambda: client.bio_read_into(bytearray(1)),
    ):
        with pytest.raises(TypeError, match="Connection sock was not None"):
            call()
    client.close()
    server.close()


# ---- the end


def test_shutdown_on_both_ends() -> None:
    client, server = connected()
    assert client.shutdown() is False
    assert client.get_shutdown() == SSL.SENT_SHUTDOWN
    pump(client, server)
    for _ in range(2):
        with pytest.raises(SSL.ZeroReturnError) as caught:
            server.recv(1)
        assert caught.value.args == ()
    assert server.get_shutdown() == SSL.RECEIVED_SHUTDOWN
    assert server.send(b"may still be sent") == 17
    assert server.shutdown() is True
    with pytest.raises(SSL.Error):
        server.send(b"no more")
    pump(server, client)
    assert client.recv(100) == b"may still be sent"
    assert client.shutdown() is True
    assert client.get_shutdown() == SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN


def test_shutdown_waits_for_the_peers() -> None:
    client, server = connected()
    assert client.shutdown() is False
    with pytest.raises(SSL.WantReadError):
        client.shutdown()


def test_shutdown_before_the_handshake() -> None:
    client, _ = pair()
    with pytest.raises(SSL.Error) as caught:
        client.shutdown()
    assert caught.value.args == ([("SSL routines", "", "shutdown while in init")],)


def test_set_shutdown_counts() -> None:
    client, server = connected()
    client.set_shutdown(SSL.RECEIVED_SHUTDOWN)
    assert client.get_shutdown() == SSL.RECEIVED_SHUTDOWN
    with pytest.raises(SSL.ZeroReturnError):
        client.recv(1)


def test_a_connection_that_failed_stays_failed() -> None:
    client, server = pair()
    server.bio_write(b"GET / HTTP/1.0\r\n\r\n")
    with pytest.raises(SSL.Error) as caught:
        server.do_handshake()
    assert reasons(caught.value) == ["http request"] and "GET / HTTP" in str(caught.value)
    for call in (server.do_handshake, lambda: server.recv(1), lambda: server.send(b"x")):
        with pytest.raises(SSL.Error) as again:
            call()
        assert again.value.args[0][0][0] == "libpyssl" and "failed before" in str(again.value)


def test_broken_records_end_it() -> None:
    client, server = connected()
    client.send(b"x" * 100)
    record = bytearray(client.bio_read(1000))
    record[-1] ^= 1
    server.bio_write(record)
    with pytest.raises(SSL.Error) as caught:
        server.recv(100)
    assert reasons(caught.value)[0] == "decryption failed or bad record mac"
    assert caught.value.reason == "decryption failed or bad record mac" and caught.value.lib == "SSL routines"
    with pytest.raises(SSL.Error) as caught:
        server.recv(100)
    assert caught.value.args[0][0][0] == "libpyssl"


# ---- renegotiation and key updates


def renegotiable() -> Tuple[SSL.Connection, SSL.Connection]:
    server = limited(TLS1_2, server_context())
    server.set_options(1 << 8)  # SSL_OP_ALLOW_CLIENT_RENEGOTIATION
    return connected(limited(TLS1_2, client_context()), server)


def settle(one: SSL.Connection, other: SSL.Connection) -> None:
    for _ in range(10):
        for end in (one, other):
            with pytest.raises(SSL.WantReadError):
                end.recv(1)
        if not pump(one, other) + pump(other, one):
            return


@pytest.mark.parametrize("asking", [0, 1])
def test_renegotiation_on_tls_1_2(asking: int) -> None:
    ends = renegotiable()
    asker, asked = ends[asking], ends[1 - asking]
    before = asker.get_finished()
    assert asker.renegotiate() is True
    assert asker.renegotiate() is False and asker.renegotiate_pending() is True
    try:
        asker.do_handshake()
    except SSL.WantReadError:
        pass
    settle(asker, asked)
    assert asker.total_renegotiations() == 1 and asker.renegotiate_pending() is False
    assert asked.total_renegotiations() == asking, "a client that is asked counts, a server does not"
    assert asker.get_finished() != before
    assert exchange(asker, asked) == exchange(asked, asker) == b"hello"


def test_data_on_its_way_survives_a_renegotiation_that_a_send_drives() -> None:
    client, server = renegotiable()
    server.send(b"sent before")
    client.renegotiate()
    with pytest.raises(SSL.WantReadError):
        client.send(b"after")
    # The server's data arrives in answer to the client's hello, before the server has seen that.
    pump(server, client)
    with pytest.raises(SSL.WantReadError):
        client.send(b"after")
    assert client.pending() == 11
    for _ in range(3):
        pump(client, server)
        with pytest.raises(SSL.WantReadError):
            server.recv(100)
        pump(server, client)
        try:
            assert client.send(b"after") == 5
            break
        except SSL.WantReadError:
            pass
    pump(client, server)
    assert server.recv(100) == b"after"
    assert client.recv(4, socket.MSG_PEEK) == b"sent"
    assert client.recv(100) == b"sent before"
    assert client.total_renegotiations() == 1 and client.pending() == 0


def test_tls_1_3_has_key_updates_in_place_of_renegotiation() -> None:
    client, server = connected_over(TLS1_3)
    with pytest.raises(SSL.Error) as caught:
        client.renegotiate()
    assert reasons(caught.value) == ["wrong ssl version"]
    for peer_too in (False, True):
        client.key_update(peer_too)
        assert exchange(client, server) == b"hello"
        assert exchange(server, client) == b"hello"
    old, _ = connected_over(TLS1_2)
    with pytest.raises(SSL.Error):
        old.key_update()


def test_want_read_and_want_write() -> None:
    client, server = pair()
    assert (client.want_read(), client.want_write()) == (0, 0)
    with pytest.raises(SSL.WantReadError):
        client.do_handshake()
    assert (client.want_read(), client.want_write()) == (1, 0)
    assert type(client.want_read()) is int


def test_alpn_is_agreed_on() -> None:
    context = server_context()
    context.set_alpn_select_callback(lambda conn, protocols: protocols[-1])
    client, server = pair(None, context)
    client.set_alpn_protos([b"h2", b"http/1.1"])
    shake(client, server)
    assert client.get_alpn_proto_negotiated() == server.get_alpn_proto_negotiated() == b"http/1.1"


def test_the_context_can_be_switched_in_the_server_name_callback() -> None:
    other = SSL.Context(SSL.TLS_METHOD)
    other.use_certificate(pki().client.x509())
    other.use_privatekey(pki().client.pkey())
    context = server_context()
    context.set_tlsext_servername_callback(lambda conn: conn.set_context(other))
    client, server = pair(SSL.Context(SSL.TLS_METHOD), context)
    client.set_tlsext_host_name(b"elsewhere.example")
    shake(client, server)
    shown = client.get_peer_certificate()
    assert isinstance(shown, crypto.X509) and shown.get_subject().CN == "client"
    assert server.get_context() is other


def test_the_info_callback_of_one_connection() -> None:
    told: List[Any] = []
    client, server = pair()
    client.set_info_callback(lambda conn, where, value: told.append((conn, where)))
    shake(client, server)
    assert told and all(conn is client for conn, _ in told)
    assert any(where == SSL.SSL_CB_HANDSHAKE_DONE for _, where in told)
    client.set_info_callback(None)
    told.clear()
    exchange(server, client)
    assert told == []
