"""The worker for OpenSSL.SSL and OpenSSL.crypto, be they this package's or pyOpenSSL's."""

from __future__ import annotations

import socket

import OpenSSL
from bench.crypto_cases import crypto_cases
from bench.tls_cases import RECORD, idle_memory, tls_cases
from bench.worker import FOLDER, serve
from OpenSSL import SSL
from OpenSSL.SSL import Connection, WantReadError

#: What programs ask bio_read for.
ROOM = 32768


def contexts() -> tuple[SSL.Context, SSL.Context]:
    """(client, server)."""
    client, server = SSL.Context(SSL.TLS_CLIENT_METHOD), SSL.Context(SSL.TLS_SERVER_METHOD)
    for context in client, server:
        context.set_min_proto_version(0x0304)  # TLS 1.3
    server.use_certificate_chain_file(str(FOLDER / "server.pem"))
    server.use_privatekey_file(str(FOLDER / "server.key"))
    client.load_verify_locations(str(FOLDER / "ca.pem"))
    client.set_verify(SSL.VERIFY_PEER)
    return client, server


client_context, server_context = contexts()


def connect_pair() -> tuple[Connection, Connection]:
    client, server = Connection(client_context, None), Connection(server_context, None)
    client.set_connect_state()
    server.set_accept_state()
    waiting = {client: server, server: client}
    for _ in range(10):
        for end, other in list(waiting.items()):
            try:
                end.do_handshake()
                del waiting[end]
            except WantReadError:
                pass
            carry(end, other)
        if not waiting:
            return client, server
    raise AssertionError("no handshake after ten rounds")


def carry(end: Connection, other: Connection) -> None:
    try:
        while True:
            other.bio_write(end.bio_read(ROOM))
    except WantReadError:
        pass


def exchange(sender: Connection, receiver: Connection, message: bytes) -> bytes:
    sender.send(message)
    got = 0
    while got < len(message):
        receiver.bio_write(sender.bio_read(ROOM))
        try:
            while True:
                data = receiver.recv(RECORD)
                got += len(data)
        except WantReadError:
            pass
    return data


def wrap(sock: socket.socket, server: bool) -> Connection:
    end = Connection(server_context if server else client_context, sock)
    if server:
        end.set_accept_state()
    else:
        end.set_connect_state()
    return end


def version() -> str:
    """Of the package and of the OpenSSL inside; this package tells how it calls the library, too."""
    native = getattr(OpenSSL, "_native", None)
    if native is None:
        return f"pyOpenSSL {OpenSSL.__version__}, {SSL.OpenSSL_version(SSL.OPENSSL_VERSION).decode()}"
    inside = native.ffi.string(native.lib.pyssl_openssl_version(native.lib.PYSSL_OPENSSL_VERSION)).decode()
    return f"this package, {native.mode} mode, {inside}"


if __name__ == "__main__":
    cases = tls_cases(connect_pair, exchange, wrap)
    serve(version(), {**cases, **crypto_cases()}, lambda pairs: idle_memory(connect_pair, pairs))
