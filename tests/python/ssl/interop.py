"""What the interoperability tests share: openssl programs that are talked to line by line, and servers of ours."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Type

from support import pki

from OpenSSL import SSL

ROOT = Path(__file__).resolve().parents[3]
#: No answer takes longer than this, on the slowest of machines.
PATIENCE = 60.0
#: Debian's configuration, which forbids old versions, is left out.
ENVIRONMENT = {**os.environ, "OPENSSL_CONF": "/dev/null"}

EMBEDDED = b"OpenSSL 4.0" in SSL.OpenSSL_version(SSL.OPENSSL_VERSION)
#: The openssl programs the tests talk to: the one in PATH, and the one that `make openssl-cli` builds.
PROGRAMS: Dict[str, str] = {
    "system": "openssl",
    "embedded": os.environ.get("PYSSL_OPENSSL_CLI", str(ROOT / "target" / "openssl" / "openssl")),
}


class Program:
    """`openssl s_client` or `openssl s_server`, running. What it says, on both its outputs, is gathered as it comes."""

    def __init__(self, program: str, *args: str) -> None:
        assert program != PROGRAMS["embedded"] or Path(program).exists(), f"no {program}: make openssl-cli"
        self._process = subprocess.Popen(
            [program, *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=ENVIRONMENT,
        )
        self._said = b""
        self._more = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._gather, daemon=True)
        self._reader.start()

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join(PATIENCE)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except BrokenPipeError:
                pass

    def type(self, line: str) -> None:
        """A line to its standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def expect(self, pattern: str, count: int = 1) -> str:
        """Waits until it has said what matches, `count` times; what the pattern's group caught, the last time."""
        deadline = time.monotonic() + PATIENCE
        with self._more:
            while True:
                found = re.findall(pattern, self._text())
                if len(found) >= count:
                    return str(found[count - 1])
                left = deadline - time.monotonic()
                assert not self._ended and left > 0, f"{pattern!r} is not in:\n{self._text()}"
                self._more.wait(left)

    def finish(self) -> str:
        """Asks it to end, waits until it has; all it said."""
        try:
            self.type("Q")
        except BrokenPipeError:
            pass
        return self.ended()

    def ended(self) -> str:
        """Waits until it has ended of itself; all it said."""
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return self._text()

    def _text(self) -> str:
        return self._said.decode("utf-8", "replace")

    def _gather(self) -> None:
        assert self._process.stdout is not None
        while True:
            more = os.read(self._process.stdout.fileno(), 65536)
            with self._more:
                self._said += more
                self._ended = not more
                self._more.notify_all()
            if not more:
                return


def s_server(program: str, *args: str) -> Program:
    """`openssl s_server` with the server's certificates; see port_of()."""
    identity = ["-cert", str(pki().server.cert), "-key", str(pki().server.key)]
    chain = ["-cert_chain", str(pki().intermediate.cert)]
    return Program(program, "s_server", "-accept", "127.0.0.1:0", *identity, *chain, *args)


def port_of(server: Program) -> int:
    """Where an s_server listens."""
    return int(server.expect(r"ACCEPT .*:(\d+)"))


def s_client(program: str, port: int, *args: str) -> Program:
    """`openssl s_client`, that verifies the server."""
    trust = ["-CAfile", str(pki().root.cert), "-verify_return_error"]
    return Program(program, "s_client", "-connect", f"127.0.0.1:{port}", *trust, *args)


class Server:
    """A server of ours, that accepts `times` connections one after the other and talks with each in a thread."""

    def __init__(
        self,
        context: SSL.Context,
        talk: Callable[[SSL.Connection], Any],
        times: int = 1,
        kind: int = socket.SOCK_STREAM,
    ) -> None:
        self._context, self._talk, self._times = context, talk, times
        self._kind = kind
        self._results: List[Any] = []
        self._failure: Optional[BaseException] = None
        self._listener = socket.socket(type=kind)
        self._listener.settimeout(PATIENCE)
        self._listener.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            self._listener.listen(5)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], *exc: object) -> None:
        # A test that failed closes the listener under a server that may still wait for a client.
        if kind is None:
            self._thread.join(PATIENCE)
        self._listener.close()

    def results(self) -> List[Any]:
        """What the talks gave, when all are over. What one of them raised comes through."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the server has not finished"
        if self._failure is not None:
            raise self._failure
        return self._results

    def result(self) -> Any:
        """What the only talk gave."""
        (result,) = self.results()
        return result

    def _run(self) -> None:
        try:
            for _ in range(self._times):
                self._results.append(self._serve())
        except BaseException as failure:
            self._failure = failure

    def _serve(self) -> Any:
        if self._kind == socket.SOCK_STREAM:
            sock, _ = self._listener.accept()
        else:
            # A datagram socket that speaks with whom the first datagram is from.
            sock = self._listener.dup()
            _, peer = sock.recvfrom(1, socket.MSG_PEEK)
            sock.connect(peer)
        with sock:
            sock.settimeout(PATIENCE)
            connection = SSL.Connection(self._context, sock, honor_timeout=True)
            connection.set_accept_state()
            return self._talk(connection)


def echo(connection: SSL.Connection) -> SSL.Connection:
    """A server's talk: gives back what it gets until the peer closes; the connection, with all it knows."""
    connection.do_handshake()
    while True:
        try:
            data = connection.recv(16384)
        except SSL.ZeroReturnError:
            connection.shutdown()
            return connection
        connection.sendall(data)


def refused(connection: SSL.Connection) -> SSL.Error:
    """A server's talk that must fail; the error."""
    try:
        echo(connection)
    except SSL.Error as error:
        return error
    raise AssertionError("the handshake went well")


def connect(context: SSL.Context, port: int, kind: int = socket.SOCK_STREAM) -> SSL.Connection:
    """A client of ours, before its handshake, in a `with` statement."""
    sock = socket.socket(type=kind)
    sock.settimeout(PATIENCE)
    sock.connect(("127.0.0.1", port))
    connection = SSL.Connection(context, sock, honor_timeout=True)
    connection.set_connect_state()
    return connection


def only(context: SSL.Context, version: int) -> SSL.Context:
    """The context, speaking one version; the old ones need the lowest security level."""
    if version < SSL.TLS1_2_VERSION:
        context.set_cipher_list(b"DEFAULT:@SECLEVEL=0")
    context.set_min_proto_version(version)
    context.set_max_proto_version(version)
    return context


def chat_with_client(client: Program, word: str = "hello") -> None:
    """A line to an echoing server and back."""
    client.type(word)
    # s_client does not show what is typed: this is the echo. It may stand in the middle of a report cut short.
    client.expect(word)


def chat_with_server(connection: SSL.Connection, server: Program, word: str = "hello") -> None:
    """A line to an s_server, which shows it, and one back."""
    connection.sendall(f"{word}\n".encode())
    server.expect(word)
    server.type(f"yes, {word}")
    assert receive_line(connection) == f"yes, {word}\n".encode()


def receive_line(connection: SSL.Connection) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        line += connection.recv(16384)
    return line
