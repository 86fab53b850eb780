"""The worker for the standard library's ssl."""

from __future__ import annotations

import socket
import ssl
from typing import NamedTuple

from bench.tls_cases import RECORD, idle_memory, tls_cases
from bench.worker import FOLDER, serve


def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """(client, server)."""
    client, server = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for context in client, server:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    server.load_cert_chain(FOLDER / "server.pem", FOLDER / "server.key")
    client.check_hostname = False  # as in the other variants
    client.load_verify_locations(FOLDER / "ca.pem")
    return client, server


client_context, server_context = contexts()


class End(NamedTuple):
    tls: ssl.SSLObject
    incoming: ssl.MemoryBIO
    outgoing: ssl.MemoryBIO


def new_end(context: ssl.SSLContext, server: bool) -> End:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    return End(context.wrap_bio(incoming, outgoing, server_side=server), incoming, outgoing)


def connect_pair() -> tuple[End, End]:
    client, server = new_end(client_context, False), new_end(server_context, True)
    waiting = {client: server, server: client}
    for _ in range(10):
        for end, other in list(waiting.items()):
            try:
                end.tls.do_handshake()
                del waiting[end]
            except ssl.SSLWantReadError:
                pass
            other.incoming.write(end.outgoing.read())
        if not waiting:
            return client, server
    raise AssertionError("no handshake after ten rounds")


def exchange(sender: End, receiver: End, message: bytes) -> bytes:
    sender.tls.write(message)
    got = 0
    while got < len(message):
        receiver.incoming.write(sender.outgoing.read())
        try:
            while True:
                data = receiver.tls.read(RECORD)
                got += len(data)
        except ssl.SSLWantReadError:
            pass
    return data


def wrap(sock: socket.socket, server: bool) -> ssl.SSLSocket:
    context = server_context if server else client_context
    return context.wrap_socket(sock, server_side=server, do_handshake_on_connect=False)


if __name__ == "__main__":
    serve(ssl.OPENSSL_VERSION, tls_cases(connect_pair, exchange, wrap), lambda pairs: idle_memory(connect_pair, pairs))
