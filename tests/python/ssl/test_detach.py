"""Connections and contexts given away by their handle, and taken in."""

from __future__ import annotations

import gc
import socket
import sys
from contextlib import suppress
from typing import Any, List

import pytest
from support import client_context, pair, server_context, shake, socket_pair

from OpenSSL import SSL
from OpenSSL._native import ffi, lib


def conn_of(handle: int) -> Any:
    return ffi.cast("pyssl_conn *", handle)


def refused(call: Any, kind: str) -> None:
    with pytest.raises(SSL.Error) as caught:
        call()
    assert caught.value.message == f"the {kind} was given away: detach() handed its handle to other code"
    assert caught.value.status == lib.PYSSL_ERR_HANDLE


def test_a_connection_that_was_given_away_says_so() -> None:
    conn = SSL.Connection(client_context())
    handle = conn.detach()
    calls: List[Any] = [
        lambda: conn.recv(1),
        lambda: conn.send(b"x"),
        conn.__class__.get_context.__get__(conn),
        lambda: conn.get_app_data(),
        lambda: conn.detach(),
        lambda: conn.fileno,
        lambda: conn.shutdown(),
    ]
    for call in calls:
        refused(call, "Connection")
    assert isinstance(conn, SSL.Connection) and "Connection" in repr(conn)
    assert lib.pyssl_conn_free(conn_of(handle)) == 0
    assert lib.pyssl_conn_free(conn_of(handle)) == lib.PYSSL_ERR_HANDLE


def test_a_context_that_was_given_away_says_so() -> None:
    context = client_context()
    conn = SSL.Connection(context)
    handle = context.detach()
    for call in (lambda: context.set_app_data(1), lambda: SSL.Connection(context), context.__class__.detach):
        refused(call if call is not context.__class__.detach else lambda: context.detach(), "Context")
    refused(lambda: conn.set_context(context), "Context")
    conn.set_connect_state()  # a connection made before stays as it is
    with pytest.raises(SSL.WantReadError):
        conn.do_handshake()
    assert lib.pyssl_ctx_free(ffi.cast("pyssl_ctx *", handle)) == 0


def test_a_connection_comes_back_with_what_it_had() -> None:
    near, far = socket.socketpair()
    context = client_context()
    client, server = SSL.Connection(context, near), SSL.Connection(server_context(), far)
    client.set_app_data("mine")
    handle = client.detach()
    again = SSL.Connection.from_handle(context, handle)
    assert again is not client
    assert again.get_app_data() == "mine" and again.fileno() == near.fileno()
    assert again.get_context() is context
    with pytest.raises(ValueError, match="belongs to a Connection of this program already"):
        SSL.Connection.from_handle(context, handle)
    again.set_connect_state()
    server.set_accept_state()
    for sock in (near, far):
        sock.setblocking(False)
    for end in (again, server, again, server):
        with suppress(SSL.WantReadError):
            end.do_handshake()
    again.send(b"hello")
    assert server.recv(100) == b"hello"
    near.close()
    far.close()


def test_a_context_comes_back_with_its_callbacks() -> None:
    seen: List[int] = []

    def judge(conn: SSL.Connection, cert: Any, code: int, depth: int, ok: int) -> bool:
        seen.append(depth)
        return bool(ok)

    context = client_context()
    context.set_verify(SSL.VERIFY_PEER, judge)
    context.set_app_data("mine")
    again = SSL.Context.from_handle(context.detach())
    assert again.get_app_data() == "mine"
    del context
    gc.collect()
    shake(*pair(client=again))
    assert seen


def test_callbacks_and_their_context_live_as_long_as_the_connection_that_was_given_away() -> None:
    seen: List[Any] = []

    def judge(conn: SSL.Connection, cert: Any, code: int, depth: int, ok: int) -> bool:
        seen.append((conn.get_app_data(), type(conn.get_context()).__name__))
        return bool(ok)

    context = client_context()
    context.set_verify(SSL.VERIFY_PEER, judge)
    client, server = socket_pair(client=context)
    for end in (client, server):
        end._socket.setblocking(False)
    client.set_app_data("kept")
    handle = client.detach()
    del client, context
    gc.collect()
    for _ in range(4):
        lib.pyssl_conn_do_handshake(conn_of(handle))
        with suppress(SSL.WantReadError):
            server.do_handshake()
    assert lib.pyssl_conn_do_handshake(conn_of(handle)) == 0
    assert seen and set(seen) == {("kept", "Context")}
    assert lib.pyssl_conn_free(conn_of(handle)) == 0
    server._socket.close()


def test_what_a_callback_raises_where_c_drives_goes_to_the_unraisable_hook(monkeypatch: Any) -> None:
    told: List[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda facts: told.append(str(facts.exc_value)))
    context = client_context()

    def fail(*facts: Any) -> None:
        raise ValueError("nobody called")

    context.set_info_callback(fail)
    conn = SSL.Connection(context)
    conn.set_connect_state()
    handle = conn.detach()
    assert lib.pyssl_conn_do_handshake(conn_of(handle)) == lib.PYSSL_ERR_CALLBACK
    gc.collect()
    assert told == ["nobody called"]
    assert lib.pyssl_conn_free(conn_of(handle)) == 0


def test_a_transport_object_serves_a_connection_that_was_given_away() -> None:
    written: List[bytes] = []

    class Writer:
        def read(self, size: int) -> None:
            return None

        def write(self, data: bytes) -> int:
            written.append(data)
            return len(data)

    conn = SSL.Connection(client_context(), Writer())
    conn.set_connect_state()
    handle = conn.detach()
    del conn
    gc.collect()
    assert lib.pyssl_conn_do_handshake(conn_of(handle)) == lib.PYSSL_ERR_WANT_READ
    assert written[0][0] == 22
    assert lib.pyssl_conn_free(conn_of(handle)) == 0


@pytest.mark.parametrize("handle, kind", [("7", TypeError), (True, TypeError), (-1, ValueError), (2**64, ValueError)])
def test_what_is_no_handle(handle: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="handle"):
        SSL.Connection.from_handle(client_context(), handle)
    with pytest.raises(kind, match="handle"):
        SSL.Context.from_handle(handle)


@pytest.mark.parametrize("handle", [0, 1, 21 << 56, 20 << 56, 2**64 - 1])
def test_handles_that_nobody_gave_out_are_refused(handle: int) -> None:
    for take in (lambda: SSL.Connection.from_handle(client_context(), handle), lambda: SSL.Context.from_handle(handle)):
        with pytest.raises(SSL.Error) as caught:
            take()
        assert caught.value.status == lib.PYSSL_ERR_HANDLE


def test_from_handle_wants_a_context() -> None:
    with pytest.raises(TypeError, match="context must be a Context instance"):
        SSL.Connection.from_handle("context", 1)  # type: ignore[arg-type]
