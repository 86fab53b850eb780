"""SSL.Session: taking sessions up again, keeping them as bytes, and whose they are."""

from __future__ import annotations

from typing import Tuple

import pytest
from support import client_context, connected, pair, server_context, shake

from OpenSSL import SSL

TLS1_2, TLS1_3 = 0x0303, 0x0304
OP_NO_TICKET = 1 << 14

Contexts = Tuple[SSL.Context, SSL.Context]


def contexts(version: int, options: int = 0) -> Contexts:
    made = client_context(), server_context()
    for context in made:
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
        context.set_options(options)
    made[1].set_session_id(b"test")
    return made


def session_of(client: SSL.Connection) -> SSL.Session:
    session = client.get_session()
    assert session is not None
    return session


@pytest.mark.parametrize("version", [TLS1_2, TLS1_3])
@pytest.mark.parametrize("options", [0, OP_NO_TICKET])
def test_a_session_is_taken_up_again(version: int, options: int) -> None:
    ours, theirs = contexts(version, options)
    first, _ = connected(ours, theirs)
    assert first.session_reused() is False
    client, server = pair(ours, theirs)
    client.set_session(session_of(first))
    shake(client, server)
    assert client.session_reused() is server.session_reused() is True
    # The peer's certificate is remembered, not shown again.
    assert client.get_peer_certificate() is not None
    if version == TLS1_2:
        assert client.master_key() == first.master_key()


@pytest.mark.parametrize("version", [TLS1_2, TLS1_3])
def test_a_session_goes_through_bytes(version: int) -> None:
    ours, theirs = contexts(version)
    first, _ = connected(ours, theirs)
    data = session_of(first).to_bytes()
    assert isinstance(data, bytes) and data[0] == 0x30
    again = SSL.Session.from_bytes(bytearray(data))
    assert type(again) is SSL.Session and again.to_bytes() == data
    assert again.get_times() == session_of(first).get_times()
    assert again.get_id() == session_of(first).get_id()
    client, server = pair(ours, theirs)
    client.set_session(again)
    shake(client, server)
    assert client.session_reused()


def test_bytes_that_are_no_session() -> None:
    for data in (b"", b"nonsense", b"\x30\x03\x02\x01\x01"):
        with pytest.raises(SSL.Error, match="cannot read the session"):
            SSL.Session.from_bytes(data)
    with pytest.raises(TypeError):
        SSL.Session.from_bytes("text")  # type: ignore[arg-type]


def test_truncated_bytes_are_refused_wherever_they_end() -> None:
    ours, theirs = contexts(TLS1_3)
    data = session_of(connected(ours, theirs)[0]).to_bytes()
    for end in range(0, len(data), 7):
        with pytest.raises(SSL.Error):
            SSL.Session.from_bytes(data[:end])


def test_a_session_of_another_context_is_refused() -> None:
    ours, theirs = contexts(TLS1_3)
    first, _ = connected(ours, theirs)
    session = session_of(first)
    stranger = SSL.Connection(client_context())
    with pytest.raises(ValueError, match="another context"):
        stranger.set_session(session)
    # Also when its context is gone.
    del first, ours
    with pytest.raises(ValueError, match="another context"):
        stranger.set_session(session)


def test_a_session_made_by_hand_cannot_be_used() -> None:
    empty = SSL.Session()
    for use in (empty.to_bytes, empty.get_id, lambda: SSL.Connection(client_context()).set_session(empty)):
        with pytest.raises(AttributeError):
            use()


def test_times_and_id() -> None:
    ours, theirs = contexts(TLS1_2, OP_NO_TICKET)
    first, other = connected(ours, theirs)
    session = session_of(first)
    made, good_for = session.get_times()
    assert made > 1_600_000_000 and good_for > 0
    assert len(session.get_id()) == 32 and session.get_id() == session_of(other).get_id()


def test_a_session_outlives_its_connection() -> None:
    ours, theirs = contexts(TLS1_2)
    first, _ = connected(ours, theirs)
    session = session_of(first)
    # OpenSSL gives up the session of a connection that goes without a goodbye.
    first.shutdown()
    del first, _
    client, server = pair(ours, theirs)
    client.set_session(session)
    del session
    shake(client, server)
    assert client.session_reused()
