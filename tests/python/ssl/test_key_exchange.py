"""After a handshake of TLS 1.3: its keys are freed, and all that a connection can do later works without them."""

from __future__ import annotations

import pytest
from support import client_context, connected, exchange, pair, pump, server_context, shake

from OpenSSL import SSL

GROUPS = ["X25519MLKEM768", "x25519", "secp256r1", "secp521r1", "ffdhe2048"]


def retrying(group: str) -> tuple[SSL.Context, SSL.Context]:
    """Contexts whose client guesses another group than the server wants: a HelloRetryRequest (RFC 8446, 4.1.4)."""
    client, server = client_context(), server_context()
    client.set_groups(f"X448:{group}".encode())
    server.set_groups(group.encode())
    return client, server


def hold(client: SSL.Connection, server: SSL.Connection, group: str) -> None:
    """A conversation with all that TLS 1.3 has after the handshake."""
    for end in (client, server):
        end.do_handshake()
        assert end.get_protocol_version_name() == "TLSv1.3" and end.get_group_name() == group
    assert client.export_keying_material(b"EXPERIMENTAL test", 32) == server.export_keying_material(
        b"EXPERIMENTAL test", 32
    )
    for asking, answering in ((client, server), (server, client)):
        assert exchange(asking, answering) == b"hello"
        asking.key_update(True)
        asking.do_handshake()
        assert exchange(asking, answering) == exchange(answering, asking) == b"hello"
        answering.do_handshake()
    assert client.get_group_name() == server.get_group_name() == group


@pytest.mark.parametrize("group", GROUPS)
def test_everything_after_the_handshake_works(group: str) -> None:
    server = server_context()
    server.set_groups(group.encode())
    ends = connected(None, server)
    hold(*ends, group)


@pytest.mark.parametrize("group", GROUPS)
def test_so_it_does_after_a_second_try(group: str) -> None:
    contexts = retrying(group)
    first = connected(*contexts)
    hold(*first, group)
    client, server = pair(*contexts)
    session = first[0].get_session()
    assert session is not None
    client.set_session(session)
    shake(client, server)
    assert client.session_reused() and server.session_reused()
    hold(client, server, group)


def test_a_session_is_taken_up_with_another_group() -> None:
    ours, theirs = client_context(), server_context()
    theirs.set_groups(b"X25519")
    first, _ = connected(ours, theirs)  # kept: a connection that goes without close_notify spoils its session
    session = first.get_session()
    assert session is not None
    theirs.set_groups(b"secp256r1")
    client, server = pair(ours, theirs)
    client.set_session(session)
    shake(client, server)
    assert client.session_reused()
    hold(client, server, "secp256r1")


def test_the_handshake_is_asked_for_again_in_the_middle_of_a_record() -> None:
    client, server = connected()
    server.send(b"0123456789")
    record = server.bio_read(1000)
    for cut in (1, 5, 6, len(record) - 1):
        client.bio_write(record[:cut])
        with pytest.raises(SSL.WantReadError):
            client.recv(100)
        client.do_handshake()
        client.key_update(False)
        client.do_handshake()
        client.bio_write(record[cut:])
        assert client.recv(100) == b"0123456789"
        pump(client, server)
        server.send(b"0123456789")
        record = server.bio_read(1000)


def test_what_came_with_the_end_of_the_handshake_is_not_lost() -> None:
    client, server = pair()
    for _ in range(2):
        for end in (client, server):
            try:
                end.do_handshake()
            except SSL.WantReadError:
                pass
            if end is client:
                pump(client, server)
        pump(server, client)
    client.do_handshake()
    client.send(b"right behind")
    pump(client, server)
    server.do_handshake()
    server.do_handshake()
    assert server.recv(100) == b"right behind"
