"""Callbacks: what they are told, and that whatever they raise surfaces as it is, ends that connection and no other."""

from __future__ import annotations

import gc
import weakref
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple, Type

import pytest
from support import (
    HOST,
    attempt,
    client_context,
    cn,
    connected,
    exchange,
    openssl,
    pair,
    pki,
    pump,
    reasons,
    server_context,
    was_told,
)

from OpenSSL import SSL

TLS_1_2, TLS_1_3, DTLS = "TLS 1.2", "TLS 1.3", "DTLS 1.2"

Function = Callable[..., Any]
Ends = Tuple[SSL.Connection, SSL.Connection]


class Case(NamedTuple):
    """A callback: on which end it runs, how it is set and led to, and what it returns when all is well."""

    end: str
    install: Callable[[SSL.Context, Function], None]
    good: Any
    #: Returned, these are a mistake: (value, exception).
    wrong: Tuple[Tuple[Any, Type[BaseException]], ...] = ()
    protocols: Tuple[str, ...] = (TLS_1_2, TLS_1_3, DTLS)
    prepare: Callable[[SSL.Connection, SSL.Connection], None] = lambda client, server: None


def _ask_for_protocols(client: SSL.Connection, server: SSL.Connection) -> None:
    client.set_alpn_protos([b"h2", b"http/1.1"])


def _ask_for_ocsp(client: SSL.Connection, server: SSL.Connection) -> None:
    client.request_ocsp()


def _ask_for_certificate(client: SSL.Connection, server: SSL.Connection) -> None:
    client.use_certificate(pki().client.x509())
    client.use_privatekey(pki().client.pkey())


def _verify_clients(context: SSL.Context, callback: Function) -> None:
    context.load_verify_locations(str(pki().root.cert))
    context.set_verify(SSL.VERIFY_PEER, callback)


def _keep(context: SSL.Context, callback: Function) -> None:
    """For the callbacks that a connection has of its own: prepare() finds it with the context."""
    context.set_app_data(callback)


def _cookies(context: SSL.Context, generate: Function, verify: Function) -> None:
    context.set_options(SSL.OP_COOKIE_EXCHANGE)
    context.set_cookie_generate_callback(generate)
    context.set_cookie_verify_callback(verify)


not_bytes = ((None, TypeError), ("text", TypeError), (7, TypeError))

CASES: Dict[str, Case] = {
    "verify, of a client": Case("client", lambda c, f: c.set_verify(SSL.VERIFY_PEER, f), True),
    "verify, of a server": Case("server", _verify_clients, True, prepare=_ask_for_certificate),
    "verify, of one connection": Case(
        "client",
        _keep,
        True,
        prepare=lambda client, server: client.set_verify(SSL.VERIFY_PEER, client.get_context().get_app_data()),
    ),
    "info, of a client": Case("client", lambda c, f: c.set_info_callback(f), None),
    "info, of a server": Case("server", lambda c, f: c.set_info_callback(f), None),
    "info, of one connection": Case(
        "server",
        _keep,
        None,
        prepare=lambda client, server: server.set_info_callback(server.get_context().get_app_data()),
    ),
    "keylog, of a client": Case("client", lambda c, f: c.set_keylog_callback(f), None),
    "keylog, of a server": Case("server", lambda c, f: c.set_keylog_callback(f), None),
    "servername": Case("server", lambda c, f: c.set_tlsext_servername_callback(f), None),
    "alpn_select": Case(
        "server",
        lambda c, f: c.set_alpn_select_callback(f),
        b"h2",
        ((None, TypeError), ("h2", TypeError), (b"x" * 256, ValueError)),
        prepare=_ask_for_protocols,
    ),
    "ocsp_server": Case(
        "server",
        lambda c, f: c.set_ocsp_server_callback(f),
        b"",
        (*not_bytes, (b"x" * 65536, ValueError)),
        prepare=_ask_for_ocsp,
    ),
    "ocsp_client": Case("client", lambda c, f: c.set_ocsp_client_callback(f), True, prepare=_ask_for_ocsp),
    "cookie_generate": Case(
        "server",
        lambda c, f: _cookies(c, f, lambda connection, cookie: True),
        b"cookie",
        (*not_bytes, (b"x" * 256, ValueError)),
        (DTLS,),
    ),
    "cookie_verify": Case("server", lambda c, f: _cookies(c, lambda connection: b"cookie", f), True, protocols=(DTLS,)),
}

RUNS = [(name, protocol) for name, case in CASES.items() for protocol in case.protocols]
EXCEPTIONS = [LookupError("mine"), KeyboardInterrupt("mine"), SystemExit(3), GeneratorExit("mine")]


def contexts(protocol: str) -> Tuple[SSL.Context, SSL.Context]:
    method = SSL.DTLS_METHOD if protocol == DTLS else SSL.TLS_METHOD
    client, server = client_context(method), server_context(method)
    if protocol != DTLS:
        version = {TLS_1_2: SSL.TLS1_2_VERSION, TLS_1_3: SSL.TLS1_3_VERSION}[protocol]
        client.set_min_proto_version(version)
        client.set_max_proto_version(version)
    return client, server


class Watched:
    """Runs a handshake with a callback that does now one thing, now another."""

    def __init__(self, case: Case, protocol: str) -> None:
        self.case = case
        self.client, self.server = contexts(protocol)
        self.behave: Callable[[int], Any] = lambda call: case.good
        self.calls: List[Tuple[Any, ...]] = []
        case.install(self.client if case.end == "client" else self.server, self._callback)

    def _callback(self, *args: Any) -> Any:
        self.calls.append(args)
        return self.behave(len(self.calls) - 1)

    def shake(self) -> Tuple[Ends, Optional[BaseException], Optional[BaseException]]:
        """The connections, what the end with the callback raised, what its peer did."""
        self.calls.clear()
        ends = pair(self.client, self.server)
        self.case.prepare(*ends)
        ends[0].set_tlsext_host_name(HOST.encode())
        client, server = attempt(*ends)
        return ends, *((client, server) if self.case.end == "client" else (server, client))


def surfaces(watched: Watched, check: Callable[[Optional[BaseException]], None], at: str) -> None:
    """Checks one failing handshake: what surfaced, that the peer was told, that nothing moves any more."""
    ends, own, peer = watched.shake()
    check(own)
    assert was_told(peer), (at, peer)
    failed = ends[0] if watched.case.end == "client" else ends[1]
    for operation in (failed.do_handshake, lambda: failed.recv(1), lambda: failed.send(b"x")):
        with pytest.raises(SSL.Error) as again:
            operation()
        assert again.value.args[0][0][0] == "libpyssl"


@pytest.mark.parametrize("exception", EXCEPTIONS, ids=lambda exception: type(exception).__name__)
@pytest.mark.parametrize(("name", "protocol"), RUNS)
def test_what_a_callback_raises_surfaces_as_it_is(
    name: str, protocol: str, exception: BaseException, capfd: pytest.CaptureFixture[str]
) -> None:
    watched = Watched(CASES[name], protocol)

    def throw(call: int) -> Any:
        raise exception

    def check(own: Optional[BaseException]) -> None:
        assert own is exception

    watched.behave = throw
    surfaces(watched, check, name)
    assert len(watched.calls) == 1, "no callback is run after one has raised"

    watched.behave = lambda call: watched.case.good
    ends, own, peer = watched.shake()
    assert (own, peer) == (None, None)
    assert exchange(*ends) == b"hello" and exchange(ends[1], ends[0]) == b"hello"
    own_end = ends[0] if watched.case.end == "client" else ends[1]
    assert watched.calls and all(args[0] is own_end for args in watched.calls)
    exception.__traceback__ = None
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "protocol", "value", "error"),
    [(name, protocol, *wrong) for name, protocol in RUNS for wrong in CASES[name].wrong],
    ids=lambda value: type(value).__name__ if not isinstance(value, (str, type)) else None,
)
def test_what_no_callback_may_return(
    name: str, protocol: str, value: Any, error: Type[BaseException], capfd: pytest.CaptureFixture[str]
) -> None:
    watched = Watched(CASES[name], protocol)

    def check(own: Optional[BaseException]) -> None:
        assert type(own) is error and str(own)

    watched.behave = lambda call: value
    surfaces(watched, check, name)
    watched.behave = lambda call: watched.case.good
    assert watched.shake()[1:] == (None, None)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("protocol", [TLS_1_2, TLS_1_3, DTLS])
@pytest.mark.parametrize("name", [name for name in CASES if name.startswith(("info", "keylog", "verify"))])
def test_at_whichever_call_it_raises(name: str, protocol: str) -> None:
    """OpenSSL has no way for info and key log callbacks to fail: the connection ends all the same."""
    watched = Watched(CASES[name], protocol)
    assert watched.shake()[1:] == (None, None)
    count = len(watched.calls)
    assert count
    for moment in range(count):
        exception = LookupError(moment)

        def throw(call: int, moment: int = moment, exception: LookupError = exception) -> Any:
            if call == moment:
                raise exception
            return watched.case.good

        watched.behave = throw
        ends, own, peer = watched.shake()
        assert own is exception, (moment, watched.calls[moment])
        exception.__traceback__ = None
        told = isinstance(peer, SSL.ZeroReturnError) or was_told(peer)
        assert told, (moment, watched.calls[moment], peer)
        # close_notify is for DTLS alone, once the handshake is done.
        if isinstance(peer, SSL.ZeroReturnError):
            assert protocol == DTLS and ends[0].get_cipher_name() is not None
        with pytest.raises(SSL.Error):
            (ends[0] if watched.case.end == "client" else ends[1]).send(b"x")


@pytest.mark.parametrize("returned", [None, 0, 1, "text", object()])
@pytest.mark.parametrize("name", ["info, of a client", "keylog, of a server", "servername"])
def test_whose_return_value_is_not_looked_at(name: str, returned: Any) -> None:
    watched = Watched(CASES[name], TLS_1_3)
    watched.behave = lambda call: returned
    assert watched.shake()[1:] == (None, None)


@pytest.mark.parametrize("answer", [True, 1, "yes", [0], False, 0, "", None, []])
@pytest.mark.parametrize(
    "name",
    ["verify, of a client", "verify, of a server", "verify, of one connection", "ocsp_client", "cookie_verify"],
)
def test_whose_answer_is_its_truth(name: str, answer: Any) -> None:
    watched = Watched(CASES[name], DTLS)
    watched.behave = lambda call: answer
    ends, own, peer = watched.shake()
    if answer:
        assert (own, peer) == (None, None)
    else:
        said = {"ocsp_client": "invalid status response", "cookie_verify": "cookie mismatch"}
        assert reasons(own) == [said.get(name, "certificate verify failed")]
        assert was_told(peer)


def test_on_one_connection_only_while_others_of_the_context_go_on() -> None:
    client, server = client_context(), server_context()
    doomed: List[SSL.Connection] = []

    def info(connection: SSL.Connection, where: int, value: int) -> None:
        if connection in doomed:
            raise LookupError("only here")

    server.set_info_callback(info)
    steady, other = connected(client, server), pair(client, server)
    doomed.append(other[1])
    assert isinstance(attempt(*other)[1], LookupError)
    assert exchange(*steady) == b"hello"
    doomed.clear()


def test_in_a_call_after_the_handshake() -> None:
    """The info callback runs in recv and shutdown too: for session tickets, key updates, alerts."""
    client, server = connected()
    error = LookupError("late")

    def info(connection: SSL.Connection, where: int, value: int) -> None:
        raise error

    client.set_info_callback(info)
    with pytest.raises(LookupError) as raised:
        client.shutdown()
    assert raised.value is error
    pump(client, server)
    with pytest.raises(SSL.ZeroReturnError):
        server.recv(1)
    error.__traceback__ = None


# ---- what they are told


def test_verify_is_told_of_each_certificate_and_error() -> None:
    client = SSL.Context(SSL.TLS_METHOD)
    seen = []

    def verify(connection: SSL.Connection, cert: Any, code: int, depth: int, ok: int) -> bool:
        seen.append((cn(cert), code, depth, ok))
        assert connection is ends[0]
        return True

    client.set_verify(SSL.VERIFY_PEER, verify)
    ends = pair(client)
    assert attempt(*ends) == (None, None)
    lost = SSL.X509VerificationCodes.ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    assert seen == [("intermediate", lost, 1, 0), ("server", 0, 0, 1)]


def test_alpn_is_told_what_is_offered_and_its_choice_is_taken() -> None:
    client, server = client_context(), server_context()
    client.set_alpn_protos([b"h2", b"http/1.1", b"x" * 255])
    seen = []

    def select(connection: SSL.Connection, offered: List[bytes]) -> Any:
        seen.append(offered)
        return choice

    server.set_alpn_select_callback(select)
    for choice in (b"http/1.1", b"x" * 255, SSL.NO_OVERLAPPING_PROTOCOLS):
        ends = connected(client, server)
        agreed = b"" if choice is SSL.NO_OVERLAPPING_PROTOCOLS else choice
        assert [end.get_alpn_proto_negotiated() for end in ends] == [agreed, agreed]
    assert seen == [[b"h2", b"http/1.1", b"x" * 255]] * 3

    choice = b""
    failures = attempt(*pair(client, server))
    assert reasons(failures[1]) == ["no application protocol"]
    assert "alert" in reasons(failures[0])[0]

    choice = b"never offered"
    failures = attempt(*pair(client, server))
    assert reasons(failures[0]) == ["bad extension"]

    client.set_alpn_protos([b"h2"])
    seen.clear()
    assert attempt(*pair(client_context(), server)) == (None, None)
    assert seen == []


@pytest.fixture(scope="module")
def ocsp_response() -> bytes:
    """A real one, though without a certificate it speaks of: OCSPResponse { tryLater }."""
    return bytes.fromhex("30030a0103")


def test_ocsp_goes_from_one_end_to_the_other(ocsp_response: bytes) -> None:
    client, server = client_context(), server_context()
    data = object()
    seen: List[Tuple[Any, ...]] = []

    def give(connection: SSL.Connection, told: Any) -> bytes:
        seen.append((connection, told))
        return response

    def judge(connection: SSL.Connection, stapled: bytes, told: Any) -> bool:
        seen.append((connection, stapled, told))
        return True

    server.set_ocsp_server_callback(give, data)
    client.set_ocsp_client_callback(judge)
    for response in (ocsp_response, b""):
        seen.clear()
        ends = pair(client, server)
        ends[0].request_ocsp()
        assert attempt(*ends) == (None, None)
        assert seen == [(ends[1], data), (ends[0], response, None)]
    seen.clear()
    connected(client, server)
    assert seen == [], "nobody asked"


def test_both_ocsp_callbacks_fit_one_context(ocsp_response: bytes) -> None:
    both = server_context()
    both.load_verify_locations(str(pki().root.cert))
    seen: List[bytes] = []

    def judge(connection: SSL.Connection, stapled: bytes, told: Any) -> bool:
        seen.append(stapled)
        return True

    both.set_ocsp_server_callback(lambda connection, told: ocsp_response)
    both.set_ocsp_client_callback(judge)
    ends = pair(both, both)
    ends[0].request_ocsp()
    assert attempt(*ends) == (None, None)
    assert seen == [ocsp_response]


def test_keylog_lines_are_equal_on_both_ends_and_openssl_reads_them() -> None:
    client, server = client_context(), server_context()
    lines: Dict[str, List[bytes]] = {"client": [], "server": []}
    client.set_keylog_callback(lambda connection, line: lines["client"].append(line))
    server.set_keylog_callback(lambda connection, line: lines["server"].append(line))
    ends = connected(client, server)
    assert sorted(lines["client"]) == sorted(lines["server"])
    labels = {line.split(b" ")[0] for line in lines["client"]}
    assert {b"CLIENT_HANDSHAKE_TRAFFIC_SECRET", b"SERVER_TRAFFIC_SECRET_0", b"EXPORTER_SECRET"} <= labels
    random = ends[0].client_random()
    assert random is not None and all(line.split(b" ")[1] == random.hex().encode() for line in lines["client"])


def test_servername_is_called_with_a_name_and_without_and_may_switch_contexts() -> None:
    server, other = server_context(), SSL.Context(SSL.TLS_METHOD)
    other.use_certificate(pki().other.x509())
    other.use_privatekey(pki().other.pkey())
    seen: List[Optional[bytes]] = []

    def name(connection: SSL.Connection) -> None:
        seen.append(connection.get_servername())
        if connection.get_servername() == b"other.example":
            connection.set_context(other)

    server.set_tlsext_servername_callback(name)
    client = SSL.Context(SSL.TLS_METHOD)
    shown = []
    for wanted in (None, b"server.example", b"other.example"):
        ends = pair(client, server)
        if wanted is not None:
            ends[0].set_tlsext_host_name(wanted)
        assert attempt(*ends) == (None, None)
        peer = ends[0].get_peer_certificate()
        assert peer is not None
        shown.append(cn(peer))
    assert seen == [None, b"server.example", b"other.example"]
    assert shown == ["server", "server", "other"]


def test_callbacks_of_the_context_switched_to_are_used() -> None:
    server, other = server_context(), server_context()
    server.set_tlsext_servername_callback(lambda connection: connection.set_context(other))
    other.set_alpn_select_callback(lambda connection, offered: b"other")
    client = client_context()
    client.set_alpn_protos([b"other"])
    assert connected(client, server)[1].get_alpn_proto_negotiated() == b"other"


def test_the_verify_callback_of_the_new_context_is_used_when_the_first_is_gone() -> None:
    server, other = server_context(), server_context()
    seen: List[int] = []

    def verify(connection: SSL.Connection, cert: Any, code: int, depth: int, ok: int) -> bool:
        seen.append(depth)
        return True

    _verify_clients(other, verify)
    server.set_tlsext_servername_callback(lambda connection: connection.set_context(other))
    client = client_context()
    client.use_certificate(pki().client.x509())
    client.use_privatekey(pki().client.pkey())
    ends = pair(client, server)
    del server
    gc.collect()
    assert attempt(*ends) == (None, None)
    assert 0 in seen


def test_info_tells_of_the_states_and_of_alerts() -> None:
    client, server = SSL.Context(SSL.TLS_METHOD), server_context()
    client.set_verify(SSL.VERIFY_PEER)
    seen: List[Tuple[int, int]] = []
    server.set_info_callback(lambda connection, where, value: seen.append((where, value)))
    attempt(*pair(client, server))
    points = [where for where, _ in seen]
    assert points[0] == SSL.SSL_CB_HANDSHAKE_START
    assert SSL.SSL_CB_ACCEPT_LOOP in points
    assert (SSL.SSL_CB_READ_ALERT, 2 << 8 | 48) in seen, "fatal, unknown_ca"


def test_dtls_cookies_come_back() -> None:
    client, server = contexts(DTLS)
    made, brought = [], []

    def generate(connection: SSL.Connection) -> bytes:
        made.append(connection)
        return b"c" * 255

    def verify(connection: SSL.Connection, cookie: bytes) -> bool:
        brought.append((connection, cookie))
        return True

    server.set_cookie_generate_callback(generate)
    server.set_cookie_verify_callback(verify)
    left, right = pair(client, server)
    for _ in range(2):
        with pytest.raises(SSL.WantReadError):
            left.do_handshake()
        pump(left, right)
        try:
            right.DTLSv1_listen()
        except SSL.WantReadError:
            pump(right, left)
    assert attempt(left, right) == (None, None)
    assert set(made) == {right} and set(brought) == {(right, b"c" * 255)}


@pytest.mark.parametrize("exception", EXCEPTIONS, ids=lambda exception: type(exception).__name__)
@pytest.mark.parametrize("name", ["cookie_generate", "cookie_verify"])
def test_what_a_cookie_callback_raises_in_listen(
    name: str, exception: BaseException, capfd: pytest.CaptureFixture[str]
) -> None:
    client, server = contexts(DTLS)

    def throw(*args: Any) -> Any:
        raise exception

    server.set_cookie_generate_callback(throw if name == "cookie_generate" else lambda connection: b"cookie")
    server.set_cookie_verify_callback(throw if name == "cookie_verify" else lambda connection, cookie: True)
    left, right = pair(client, server)
    for _ in range(2):
        with pytest.raises(SSL.WantReadError):
            left.do_handshake()
        pump(left, right)
        try:
            right.DTLSv1_listen()
        except SSL.WantReadError:
            pump(right, left)
        except BaseException as raised:
            assert raised is exception
            break
    else:
        raise AssertionError("nothing surfaced")
    pump(right, left)
    with pytest.raises(SSL.Error) as alert:
        left.do_handshake()
    assert "alert" in reasons(alert.value)[0]
    exception.__traceback__ = None
    assert capfd.readouterr() == ("", "")


# ---- passphrases


@pytest.fixture(scope="module")
def encrypted_key(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("keys") / "encrypted.key"
    openssl("pkey", "-in", str(pki().server.key), "-aes128", "-passout", "pass:secret", "-out", str(path))
    return str(path)


def test_the_passphrase_callback_is_told_and_gives(encrypted_key: str) -> None:
    context, data, seen = SSL.Context(SSL.TLS_METHOD), object(), []

    def give(*args: Any) -> bytes:
        seen.append(args)
        return b"secret"

    context.set_passwd_cb(give, data)
    context.use_privatekey_file(encrypted_key)
    assert seen == [(1024, 0, data)]
    context.use_privatekey_file(str(pki().server.key))
    assert len(seen) == 1, "the key is not encrypted"


@pytest.mark.parametrize("exception", EXCEPTIONS, ids=lambda exception: type(exception).__name__)
def test_what_the_passphrase_callback_raises(
    encrypted_key: str, exception: BaseException, capfd: pytest.CaptureFixture[str]
) -> None:
    context = SSL.Context(SSL.TLS_METHOD)

    def throw(*args: Any) -> bytes:
        raise exception

    context.set_passwd_cb(throw)
    with pytest.raises(type(exception)) as raised:
        context.use_privatekey_file(encrypted_key)
    assert raised.value is exception
    context.set_passwd_cb(lambda *args: b"secret")
    context.use_privatekey_file(encrypted_key)
    exception.__traceback__ = None
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("given", [None, False, 7, "secret", bytearray(b"secret")])
def test_a_passphrase_must_be_bytes(encrypted_key: str, given: Any) -> None:
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_passwd_cb(lambda *args: given)
    with pytest.raises(ValueError, match=r"\ABytes expected\Z"):
        context.use_privatekey_file(encrypted_key)


def test_a_passphrase_that_is_too_long_is_cut(tmp_path: Any) -> None:
    path, long = str(tmp_path / "long.key"), "x" * 1023
    openssl("pkey", "-in", str(pki().server.key), "-aes128", "-passout", f"pass:{long}", "-out", path)
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_passwd_cb(lambda most, verify, data: long.encode())
    context.use_privatekey_file(path)
    context.set_passwd_cb(lambda most, verify, data: long.encode() + b"x" * 4096)
    with pytest.raises(SSL.Error):
        context.use_privatekey_file(path)  # cut to 1024, which is one too many here


def test_an_encrypted_key_without_a_passphrase_or_with_a_wrong_one_is_refused(encrypted_key: str) -> None:
    context = SSL.Context(SSL.TLS_METHOD)
    with pytest.raises(SSL.Error) as raised:
        context.use_privatekey_file(encrypted_key)
    assert "passphrase" in str(raised.value) and encrypted_key in str(raised.value)
    context.set_passwd_cb(lambda *args: b"wrong")
    with pytest.raises(SSL.Error):
        context.use_privatekey_file(encrypted_key)


# ---- inside a callback


def test_the_connection_may_be_looked_at_inside_its_callback_but_not_used() -> None:
    server = server_context()
    seen: List[Any] = []

    def name(connection: SSL.Connection) -> None:
        seen.append(connection.get_servername())
        seen.append(connection.get_state_string())
        for use in (connection.do_handshake, lambda: connection.recv(1), lambda: connection.send(b"x")):
            with pytest.raises(SSL.Error) as refused:
                use()
            seen.append(str(refused.value))

    server.set_tlsext_servername_callback(name)
    ends = pair(None, server)
    ends[0].set_tlsext_host_name(b"server.example")
    assert attempt(*ends) == (None, None), "being refused does no harm"
    assert seen[0] == b"server.example"
    assert len(set(seen[2:])) == 1 and "callbacks" in seen[2]


@pytest.mark.parametrize("name", ["verify, of one connection", "servername", "info, of a server"])
def test_what_is_pumped_may_be_taken_and_given_inside_a_callback(name: str) -> None:
    """As Twisted does it, which gives up there and then on a connection that it does not want."""
    watched = Watched(CASES[name], TLS_1_3)
    taken: List[bytes] = []

    def pump_here(call: int) -> Any:
        connection = watched.calls[call][0]
        try:
            taken.append(connection.bio_read(65536))
        except SSL.WantReadError:
            taken.append(b"")
        with pytest.raises(SSL.WantReadError):
            connection.bio_write(b"")
        if call == 0:
            connection.bio_shutdown()
        return watched.case.good

    watched.behave = pump_here
    ends = pair(watched.client, watched.server)
    watched.case.prepare(*ends)
    ends[0].set_tlsext_host_name(HOST.encode())
    assert any(isinstance(error, SSL.SysCallError) for error in attempt(*ends)), "the stream ended inside the callback"
    assert taken


def test_another_connection_may_be_used_inside_a_callback() -> None:
    server = server_context()
    inner: List[bytes] = []
    server.set_info_callback(lambda *args: None if inner else inner.append(exchange(*connected())))
    assert attempt(*pair(None, server)) == (None, None)
    assert inner == [b"hello"]


# ---- life


def test_a_context_is_collected_though_its_callbacks_lead_to_it() -> None:
    class Program:
        def __init__(self) -> None:
            self.context = server_context()
            self.context.set_info_callback(self.info)
            self.context.set_verify(SSL.VERIFY_NONE, self.verify)

        def info(self, connection: SSL.Connection, where: int, value: int) -> None:
            self.last = connection

        def verify(self, *args: Any) -> bool:
            return True

    program = Program()
    connected(None, program.context)
    gone = weakref.ref(program.context)
    del program
    gc.collect()
    assert gone() is None


def test_connections_keep_the_callbacks_they_were_made_with() -> None:
    client, server = client_context(), server_context()
    seen: List[str] = []

    def first(connection: SSL.Connection, offered: List[bytes]) -> bytes:
        seen.append("first")
        return offered[0]

    def second(connection: SSL.Connection, offered: List[bytes]) -> bytes:
        seen.append("second")
        return offered[0]

    client.set_alpn_protos([b"h2"])
    before = pair(client, server)
    server.set_alpn_select_callback(first)
    with_first = pair(client, server)
    server.set_alpn_select_callback(second)
    with_second = pair(client, server)
    server.set_alpn_select_callback(None)
    after = pair(client, server)
    gc.collect()
    for ends in (before, with_first, with_second, after):
        assert attempt(*ends) == (None, None)
    assert seen == ["first", "second"]
    del server, with_first, with_second, before, after, ends


SETTERS = [
    "set_alpn_select_callback",
    "set_cookie_generate_callback",
    "set_cookie_verify_callback",
    "set_info_callback",
    "set_keylog_callback",
    "set_ocsp_client_callback",
    "set_ocsp_server_callback",
    "set_passwd_cb",
    "set_tlsext_servername_callback",
]


@pytest.mark.parametrize("setter", SETTERS)
def test_only_what_can_be_called_is_a_callback(setter: str) -> None:
    context = SSL.Context(SSL.TLS_METHOD)
    with pytest.raises(TypeError, match="callback must be callable"):
        getattr(context, setter)(7)
    if setter == "set_passwd_cb":  # as in every release
        with pytest.raises(TypeError, match="callback must be callable"):
            getattr(context, setter)(None)
    else:
        getattr(context, setter)(None)
