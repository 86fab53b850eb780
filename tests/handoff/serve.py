"""1,000 TLS connections, set up in Python and served by C: run by test_handoff.py where the wheel is installed.

Python makes a CA, certificates, and a Context that asks clients for a certificate and has a callback judge it. Then it
gives away the connections (or, with `context` as the argument, the Context itself) to the extension module `echo`.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import sys
import threading
from typing import Any

import echo  # type: ignore[import-not-found]

from OpenSSL import SSL, crypto

COUNT = 1000
THREADS = 8
ROUNDS = 3


def main(what: str) -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    pki = Pki()
    subjects: list[str] = []

    def judge(connection: SSL.Connection, certificate: crypto.X509, code: int, depth: int, ok: int) -> bool:
        if depth == 0:
            subjects.append(str(certificate.get_subject().CN))
            # The connection that C drives can be looked at.
            assert not connection.get_shutdown()
        return bool(ok)

    server = pki.context("server")
    server.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, judge)
    report: list[Any] = []
    with socket.create_server(("127.0.0.1", 0), backlog=COUNT) as listener:
        arguments: tuple[Any, ...]
        if what == "context":
            arguments = ([], listener.fileno(), server.detach(), COUNT)
            sockets = [socket.create_connection(listener.getsockname()) for _ in range(COUNT)]
        else:
            sockets, given = pairs(listener, server)
            arguments = (given,)
        serving = threading.Thread(target=lambda: report.extend(echo.run(*arguments)))
        serving.start()
        failures = clients(pki.context("client"), sockets)
        serving.join()
    handles = [handle for handle, _ in arguments[0]]
    ended, failed, echoed, why = report
    print(
        json.dumps(
            {
                "ended": ended,
                "failed": failed,
                "echoed": echoed,
                "why": why,
                "clients": failures,
                "subjects": sorted(set(subjects)),
                "judged": len(subjects),
                "stale": sorted({echo.status(handle) for handle in handles}),
            }
        )
    )


def pairs(listener: socket.socket, context: SSL.Context) -> tuple[list[socket.socket], list[tuple[int, int]]]:
    """The clients' sockets, and for each the handle and the descriptor of the other end's connection."""
    sockets, given = [], []
    for _ in range(COUNT):
        sockets.append(socket.create_connection(listener.getsockname()))
        sock, _ = listener.accept()
        connection = SSL.Connection(context, sock)
        connection.set_accept_state()
        given.append((connection.detach(), sock.detach()))
    return sockets, given


def clients(context: SSL.Context, sockets: list[socket.socket]) -> list[str]:
    """All at once, by a few threads: what went wrong."""
    failures: list[str] = []

    def work(mine: list[socket.socket]) -> None:
        try:
            converse([SSL.Connection(context, sock) for sock in mine])
        except Exception as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=work, args=(sockets[at::THREADS],)) for at in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for sock in sockets:
        sock.close()
    return failures


def converse(connections: list[SSL.Connection]) -> None:
    """Each sends bytes of its own, all in flight before the first answer is read, and checks what comes back."""
    for connection in connections:
        connection.set_connect_state()
        connection.do_handshake()
    for number in range(ROUNDS):
        sent = [os.urandom(1 + (at * 997 + number * 4001) % 12_000) for at in range(len(connections))]
        for connection, data in zip(connections, sent):
            connection.sendall(data)
        for connection, data in zip(connections, sent):
            back = b""
            while len(back) < len(data):
                back += connection.recv(16384)
            assert back == data, "other bytes came back"
    for connection in connections:
        connection.shutdown()
        try:
            connection.recv(1)
            raise AssertionError("more than was sent")
        except SSL.ZeroReturnError:
            pass


class Pki:
    """A CA, and a certificate of it for the server and for the client."""

    def __init__(self) -> None:
        self.key, self.cert = self.issue("CA", None)
        self.issued = {name: self.issue(name, self) for name in ("server", "client")}

    def issue(self, name: str, issuer: Pki | None) -> tuple[crypto.PKey, crypto.X509]:
        key, cert = crypto.PKey(), crypto.X509()
        key.generate_key(crypto.TYPE_RSA, 2048)
        cert.set_version(2)
        cert.set_serial_number(int.from_bytes(os.urandom(8), "big") or 1)
        cert.get_subject().CN = name
        cert.set_issuer(issuer.cert.get_subject() if issuer else cert.get_subject())
        cert.gmtime_adj_notBefore(-60)
        cert.gmtime_adj_notAfter(3600)
        cert.set_pubkey(key)
        if issuer is None:
            cert.add_extensions([crypto.X509Extension(b"basicConstraints", True, b"CA:TRUE")])
        cert.sign(issuer.key if issuer else key, "sha256")
        return key, cert

    def context(self, name: str) -> SSL.Context:
        key, cert = self.issued[name]
        context = SSL.Context(SSL.TLS_METHOD)
        context.use_certificate(cert)
        context.use_privatekey(key)
        store = context.get_cert_store()
        assert store is not None
        store.add_cert(self.cert)
        context.set_verify(SSL.VERIFY_PEER, lambda connection, cert, code, depth, ok: bool(ok))
        return context


if __name__ == "__main__":
    main(sys.argv[1])
