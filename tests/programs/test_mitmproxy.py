"""mitmproxy, unchanged, on this package: curl goes through mitmdump, and what is verified is what was asked for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Iterator

import pytest
from interop import Server
from programs.program import Environment, install
from support import pki, second_certificate, server_context

from OpenSSL import SSL

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tools"))

from pythons import find  # noqa: E402

PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"


@pytest.fixture(scope="module")
def mitmproxy(as_pyopenssl: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    python = find("3.13") or find("3.12")
    assert python is not None, "mitmproxy 12.3 needs Python 3.12 or 3.13"
    return install(tmp_path_factory.mktemp("mitmproxy"), as_pyopenssl, ["mitmproxy==12.3.1"], python)


class Mitmdump:
    """A running mitmdump."""

    def __init__(self, environment: Environment, folder: Path, *options: str) -> None:
        program = str(Path(environment.python).parent / "mitmdump")
        own = {k: v for k, v in os.environ.items() if not k.startswith("PYSSL_") and k != "PYTHONPATH"}
        arguments = ["--listen-host", "127.0.0.1", "-p", "0", "--set", f"confdir={folder}"]
        for option in options:
            arguments += ["--set", option]
        self._process = subprocess.Popen(
            [program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=own
        )
        self.folder = folder
        self._said = ""
        listening = threading.Event()

        def gather() -> None:
            assert self._process.stdout is not None
            for line in self._process.stdout:
                self._said += line
                if "listening at" in line:
                    listening.set()
            listening.set()

        self._reader = threading.Thread(target=gather, daemon=True)
        self._reader.start()
        assert listening.wait(120), self._said
        found = re.search(r"listening at [^ ]*:(\d+)", self._said)
        assert found, self._said
        self.port = int(found.group(1))

    def __enter__(self) -> Mitmdump:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        self._process.wait(60)
        self._reader.join(60)
        assert self._process.stdout is not None
        self._process.stdout.close()
        assert "Traceback" not in self._said, self._said

    def curl(self, host: str, port: int) -> str:
        """What curl gets of https://host:port/ through the proxy, whose authority it trusts."""
        authority = str(self.folder / "mitmproxy-ca-cert.pem")
        command = ["curl", "-sS", "-m", "300", "-x", f"http://127.0.0.1:{self.port}", "--cacert", authority]
        command += [f"https://{host}:{port}/"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout


def page(connection: SSL.Connection) -> object:
    """A server's talk: one page. What the proxy refuses is no failure of the server's."""
    try:
        connection.do_handshake()
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(16384)
        connection.sendall(PAGE)
        connection.shutdown()
    except SSL.Error as error:
        return error
    return connection.get_peer_certificate()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(server_context(), page) as running:
        yield running


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    """A server whose certificate is for second.example alone."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_certificate(second_certificate())
    context.use_privatekey(pki().server.pkey())
    with Server(context, page) as running:
        yield running


def trusting() -> str:
    return f"ssl_verify_upstream_trusted_ca={pki().root.cert}"


def test_curl_goes_through(mitmproxy: Environment, server: Server, tmp_path: Path) -> None:
    with Mitmdump(mitmproxy, tmp_path, trusting()) as proxy:
        assert proxy.curl("localhost", server.port) == "hello"
    assert not isinstance(server.result(), SSL.Error)


def test_another_host_is_refused(mitmproxy: Environment, elsewhere: Server, tmp_path: Path) -> None:
    with Mitmdump(mitmproxy, tmp_path, trusting(), "connection_strategy=lazy") as proxy:
        assert "Certificate verify failed: hostname mismatch" in proxy.curl("localhost", elsewhere.port)
    assert isinstance(elsewhere.result(), SSL.Error)


def test_an_unknown_authority_is_refused(mitmproxy: Environment, server: Server, tmp_path: Path) -> None:
    with Mitmdump(mitmproxy, tmp_path, "connection_strategy=lazy") as proxy:
        assert "Certificate verify failed: unable to get local issuer" in proxy.curl("localhost", server.port)
    assert isinstance(server.result(), SSL.Error)


def test_insecure_turns_verification_off(mitmproxy: Environment, elsewhere: Server, tmp_path: Path) -> None:
    with Mitmdump(mitmproxy, tmp_path, "ssl_insecure=true") as proxy:
        assert proxy.curl("localhost", elsewhere.port) == "hello"
    assert not isinstance(elsewhere.result(), SSL.Error)


def test_a_client_certificate_is_shown(mitmproxy: Environment, tmp_path: Path) -> None:
    both = tmp_path / "client.pem"
    both.write_bytes(pki().client.key.read_bytes() + pki().client.cert.read_bytes())
    context = server_context()
    context.load_verify_locations(str(pki().root.cert))
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    with Server(context, page) as server:
        with Mitmdump(mitmproxy, tmp_path, trusting(), f"client_certs={both}") as proxy:
            assert proxy.curl("localhost", server.port) == "hello"
        assert server.result().get_subject().CN == "client"
