"""Every call on a Connection at every moment of a handshake, each in a forked child: never a signal.

PYSSL_MOMENTS=5000 tries that many children in place of a few hundred.
"""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

import pytest
from support import attempt, client_context, connected, pair, pki, pump, server_context, shake

from OpenSSL import SSL

TLS1_2, TLS1_3 = 0x0303, 0x0304

#: How long a child may take, in seconds, on a busy machine.
PATIENCE = 60
CHILDREN = int(os.environ.get("PYSSL_MOMENTS", "0"))


class Scene(NamedTuple):
    """What a call has at hand."""

    old: SSL.Session
    ours: SSL.Context
    theirs: SSL.Context


Call = Callable[[SSL.Connection, Scene], object]

CALLS: Dict[str, Call] = {
    "bio_read": lambda it, scene: it.bio_read(100),
    "bio_shutdown": lambda it, scene: it.bio_shutdown(),
    "bio_write": lambda it, scene: it.bio_write(b"\x16\x03\x03\x00\x01"),
    "client_random": lambda it, scene: it.client_random(),
    "do_handshake": lambda it, scene: it.do_handshake(),
    "export_keying_material": lambda it, scene: it.export_keying_material(b"label", 32),
    "get_alpn_proto_negotiated": lambda it, scene: it.get_alpn_proto_negotiated(),
    "get_certificate": lambda it, scene: it.get_certificate(),
    "get_cipher_list": lambda it, scene: it.get_cipher_list(),
    "get_cipher_name": lambda it, scene: it.get_cipher_name(),
    "get_client_ca_list": lambda it, scene: it.get_client_ca_list(),
    "get_finished": lambda it, scene: it.get_finished(),
    "get_group_name": lambda it, scene: it.get_group_name(),
    "get_peer_cert_chain": lambda it, scene: it.get_peer_cert_chain(),
    "get_peer_certificate": lambda it, scene: it.get_peer_certificate(),
    "get_peer_finished": lambda it, scene: it.get_peer_finished(),
    "get_protocol_version_name": lambda it, scene: it.get_protocol_version_name(),
    "get_selected_srtp_profile": lambda it, scene: it.get_selected_srtp_profile(),
    "get_servername": lambda it, scene: it.get_servername(),
    "get_session": lambda it, scene: it.get_session(),
    "get_session.to_bytes": lambda it, scene: [session.to_bytes() for session in [it.get_session()] if session],
    "get_shutdown": lambda it, scene: it.get_shutdown(),
    "get_state_string": lambda it, scene: it.get_state_string(),
    "get_verified_chain": lambda it, scene: it.get_verified_chain(),
    "key_update": lambda it, scene: it.key_update(),
    "master_key": lambda it, scene: it.master_key(),
    "peek": lambda it, scene: it.recv(10, 2),
    "pending": lambda it, scene: it.pending(),
    "recv": lambda it, scene: it.recv(10),
    "renegotiate": lambda it, scene: it.renegotiate(),
    "renegotiate_pending": lambda it, scene: it.renegotiate_pending(),
    "request_ocsp": lambda it, scene: it.request_ocsp(),
    "send": lambda it, scene: it.send(b"data"),
    "server_random": lambda it, scene: it.server_random(),
    "session_reused": lambda it, scene: it.session_reused(),
    "set_accept_state": lambda it, scene: it.set_accept_state(),
    "set_alpn_protos": lambda it, scene: it.set_alpn_protos([b"h2"]),
    "set_ciphertext_mtu": lambda it, scene: it.set_ciphertext_mtu(1000),
    "set_connect_state": lambda it, scene: it.set_connect_state(),
    "set_context": lambda it, scene: it.set_context(scene.theirs),
    "set_info_callback": lambda it, scene: it.set_info_callback(lambda *told: None),
    "set_options": lambda it, scene: it.set_options(SSL.OP_NO_TICKET),
    "set_session": lambda it, scene: it.set_session(scene.old),
    "set_shutdown": lambda it, scene: it.set_shutdown(SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN),
    "set_tlsext_host_name": lambda it, scene: it.set_tlsext_host_name(b"other.example"),
    "set_verify": lambda it, scene: it.set_verify(SSL.VERIFY_PEER, lambda *told: bool(told[4])),
    "set_verify_host": lambda it, scene: it.set_verify_host("other.example"),
    "shutdown": lambda it, scene: it.shutdown(),
    "total_renegotiations": lambda it, scene: it.total_renegotiations(),
    "use_certificate": lambda it, scene: it.use_certificate(pki().client.x509()),
    "use_privatekey": lambda it, scene: it.use_privatekey(pki().client.pkey()),
    "want_read": lambda it, scene: it.want_read(),
}

#: Where a callback of either end makes the call; or after so many bytes of so many flights, between two calls.
CALLBACKS = ["verify", "info", "keylog", "servername", "alpn", "ocsp", "client verify of the server"]
BETWEEN = [(flight, part) for flight in range(4) for part in (0, 1, 5, 60, 400, 10**6)]
Moment = Tuple[str, Any]
MOMENTS: List[Moment] = [("callback", name) for name in CALLBACKS] + [("between", between) for between in BETWEEN]


class Case(NamedTuple):
    version: int
    moment: Moment
    on_server: bool
    resumes: bool
    call: str


def every_case() -> List[Case]:
    made = itertools.product((TLS1_2, TLS1_3), MOMENTS, (False, True), (False, True), sorted(CALLS))
    return [Case(*parts) for parts in made]


def some(cases: List[Case], count: int) -> Iterator[Case]:
    """So many of them, spread evenly; beyond their number, each once more."""
    for number in range(count):
        yield cases[number * len(cases) // count % len(cases) if count <= len(cases) else number % len(cases)]


def contexts(version: int) -> Tuple[SSL.Context, SSL.Context]:
    ours, theirs = client_context(), server_context()
    theirs.load_verify_locations(str(pki().root.cert))
    theirs.set_verify(SSL.VERIFY_PEER)
    theirs.set_session_id(b"moments")
    ours.use_certificate_file(str(pki().client.cert))
    ours.use_privatekey_file(str(pki().client.key))
    for context in (ours, theirs):
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
    return ours, theirs


def play(case: Case) -> None:
    """Does a handshake, with the call at its moment, and then what a program does that does not give up."""
    ours, theirs = contexts(case.version)
    tried: List[int] = []
    at_hand: List[Scene] = []

    def call(it: SSL.Connection) -> None:
        if at_hand and len(tried) < 3:
            tried.append(1)
            try:
                CALLS[case.call](it, at_hand[0])
            except (SSL.Error, ValueError, TypeError, OSError, NotImplementedError):
                pass

    def with_call(answer: Any, is_client: Optional[bool] = None) -> Callable[..., Any]:
        def callback(it: SSL.Connection, *told: Any) -> Any:
            if is_client is None or is_client is not case.on_server:
                call(it)
            return answer(*told) if callable(answer) else answer

        return callback

    kind, what = case.moment
    if kind == "callback":
        for context, is_client in ((ours, True), (theirs, False)):
            if what == "info":
                context.set_info_callback(with_call(None, is_client))
            if what == "keylog":
                context.set_keylog_callback(with_call(None, is_client))
        if what == "verify":
            ours.set_verify(SSL.VERIFY_PEER, with_call(True, True))
        if what == "client verify of the server":
            theirs.set_verify(SSL.VERIFY_PEER, with_call(True, False))
        if what == "servername":
            theirs.set_tlsext_servername_callback(with_call(None))
        if what == "alpn":
            theirs.set_alpn_select_callback(with_call(lambda offered: offered[0]))
        if what == "ocsp":
            theirs.set_ocsp_server_callback(with_call(b"response"))
            ours.set_ocsp_client_callback(with_call(True))

    def ends() -> Tuple[SSL.Connection, SSL.Connection]:
        client, server = pair(ours, theirs)
        client.set_tlsext_host_name(b"server.example")
        client.set_alpn_protos([b"h2"])
        client.request_ocsp()
        return client, server

    first, second = ends()
    shake(first, second)
    old = first.get_session()
    assert old is not None
    first.shutdown()
    at_hand.append(Scene(old, ours, theirs))
    client, server = ends()
    if case.resumes:
        client.set_session(old)
    if kind == "between":
        flight, part = what
        _advance(client, server, flight, part, lambda: call(server if case.on_server else client))
    attempt_quietly(client, server)
    for end in (client, server):
        for after in ("send", "recv", "shutdown"):
            try:
                CALLS[after](end, at_hand[0])
            except (SSL.Error, ValueError, OSError):
                pass


def _advance(client: SSL.Connection, server: SSL.Connection, flight: int, part: int, call: Callable[[], None]) -> None:
    """Moves whole flights, then so many bytes of the next one, and makes the call."""
    ends = [client, server]
    for number in range(flight + 1):
        source, sink = ends[number % 2], ends[1 - number % 2]
        _step(source)
        try:
            data = source.bio_read(10**6)
        except SSL.WantReadError:
            data = b""
        here = part if number == flight else len(data)
        _write(sink, data[:here])
        _step(sink)
        if number == flight:
            call()
        _write(sink, data[here:])


def _write(end: SSL.Connection, data: bytes) -> None:
    if data:
        try:
            end.bio_write(data)
        except SSL.Error:
            pass


def _step(end: SSL.Connection) -> None:
    try:
        end.do_handshake()
    except SSL.Error:
        pass


def attempt_quietly(client: SSL.Connection, server: SSL.Connection) -> None:
    for _ in range(6):
        for end, other in ((client, server), (server, client)):
            _step(end)
            try:
                pump(end, other)
            except (SSL.Error, ValueError):
                pass


def in_a_child(case: Case) -> str:
    """How the child went that played it: "" when it came to its end."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.alarm(PATIENCE)
            play(case)
            code = 0
        except BaseException as error:
            os.write(2, f"{case}: {error!r}\n".encode())
        finally:
            os._exit(code)
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}"
    return "" if os.WEXITSTATUS(status) == 0 else "raised"


def test_every_call_at_every_moment() -> None:
    pki()
    cases = every_case()
    count = CHILDREN or 150
    begun = time.monotonic()
    failed = [(case, went) for case in some(cases, count) for went in [in_a_child(case)] if went]
    print(f"{count} children of {len(cases)} cases, {time.monotonic() - begun:.0f} s")
    assert failed == []


def test_set_session_at_every_moment() -> None:
    """The call that was a SIGSEGV with TLS 1.2 is never left out."""
    pki()
    cases = [case for case in every_case() if case.call == "set_session"]
    if not CHILDREN:
        cases = [case for case in cases if case.version == TLS1_2 and not case.resumes]
    assert [(case, went) for case in cases for went in [in_a_child(case)] if went] == []


@pytest.mark.parametrize("version", [TLS1_2, TLS1_3])
def test_a_session_comes_before_the_handshake(version: int) -> None:
    ours, theirs = contexts(version)
    first, second = connected(ours, theirs)
    old = {ours: first.get_session(), theirs: second.get_session()}
    told: List[str] = []

    def too_late(it: SSL.Connection, *more: Any) -> Any:
        session = old[it.get_context()]
        assert session is not None
        with pytest.raises(SSL.Error, match="before the first handshake has begun"):
            it.set_session(session)
        told.append("end")
        return True

    ours.set_verify(SSL.VERIFY_PEER, too_late)
    ours.set_info_callback(too_late)
    theirs.set_info_callback(too_late)
    theirs.set_tlsext_servername_callback(too_late)
    client, server = pair(ours, theirs)
    with pytest.raises(SSL.WantReadError):
        client.do_handshake()
    too_late(client)
    pump(client, server)
    with pytest.raises(SSL.WantReadError):
        server.do_handshake()
    too_late(server)
    # A part of the server's flight.
    flight = server.bio_read(65536)
    for part in (flight[:200], flight[200:]):
        client.bio_write(part)
        try:
            client.do_handshake()
        except SSL.WantReadError:
            pass
        too_late(client)
    assert attempt(client, server) == (None, None)
    # Afterwards, and where the state is set anew.
    too_late(client)
    client.set_connect_state()
    too_late(client)
    assert len(told) > 20


def test_a_session_is_set_while_another_thread_does_the_handshake() -> None:
    """No thread gets in between: it is set before, or refused."""
    ours, theirs = contexts(TLS1_2)
    first, _ = connected(ours, theirs)
    old = first.get_session()
    assert old is not None
    for _ in range(20):
        client, server = pair(ours, theirs)
        answers: List[Optional[str]] = []

        def set_it(it: SSL.Connection = client, answers: List[Optional[str]] = answers) -> None:
            for _ in range(50):
                try:
                    it.set_session(old)
                    answers.append(None)
                except SSL.Error as error:
                    answers.append(str(error))

        thread = threading.Thread(target=set_it)
        thread.start()
        shake(client, server)
        thread.join()
        client.shutdown()
        refusals = [answer for answer in answers if answer is not None]
        assert all("before the first handshake" in refusal for refusal in refusals)
