"""What the common mistakes say, in Python and in C: the very sentences stand in tests/data/mistakes.txt.

With UPDATE_GOLDEN=1 in the environment the file is written from what Python says, to be read over before it is
committed. The words of OpenSSL's own reasons differ between its releases; the sentences are those of the embedded one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Callable, Dict, Iterator, Optional

import mistakes
import pytest

from OpenSSL import SSL, crypto
from OpenSSL._native import library_path

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "data" / "mistakes.txt"
CRL_CHECK = crypto.X509StoreFlags.CRL_CHECK

pytestmark = pytest.mark.skipif(
    b"OpenSSL 4.0" not in SSL.OpenSSL_version(SSL.OPENSSL_VERSION), reason="the sentences are those of OpenSSL 4.0"
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mistakes")
    mistakes.make(path)
    return path


def test_python_says_what_the_golden_file_says(directory: Path) -> None:
    said = Mistakes(directory).all()
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text("".join(f"{mistake}: {sentence}\n" for mistake, sentence in said.items()))
    assert said == golden()
    assert len(said) >= 30


def test_c_says_what_the_golden_file_says(directory: Path) -> None:
    program = directory / "mistakes"
    link = directory / "libpyssl.so.0"
    if not link.exists():
        link.symlink_to(Path(library_path).resolve())
    compiler = shutil.which("cc")
    assert compiler, "a C compiler (cc) is needed"
    source = ROOT / "tests" / "c" / "mistakes.c"
    subprocess.run(
        [compiler, "-std=c99", "-Wall", "-Wextra", "-Werror", str(source), f"-I{ROOT / 'include'}", str(link)]
        + [f"-Wl,-rpath,{directory}", "-o", str(program)],
        check=True,
    )
    ran = subprocess.run([str(program), str(directory)], capture_output=True, text=True, timeout=120)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert dict(line.split(": ", 1) for line in ran.stdout.splitlines()) == golden()


def golden() -> Dict[str, str]:
    return dict(line.split(": ", 1) for line in GOLDEN.read_text().splitlines())


class Mistakes:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.said: Dict[str, str] = {}

    def all(self) -> Dict[str, str]:
        self.files()
        self.settings()
        self.strangers()
        self.chains()
        self.agreements()
        return self.said

    def files(self) -> None:
        context = SSL.Context(SSL.TLS_METHOD)
        path = self.directory
        key, chain, trust = (
            context.use_privatekey_file,
            context.use_certificate_chain_file,
            context.load_verify_locations,
        )
        self.wrong("missing key file", lambda: key(path / "missing.key"))
        self.wrong("missing certificate file", lambda: chain(path / "missing.crt"))
        self.wrong("missing CA file", lambda: trust(path / "missing.crt"))
        self.wrong("directory as CA file", lambda: trust(path))
        self.wrong("directory as key file", lambda: key(path))
        self.wrong("certificate as key file", lambda: key(path / "server.crt"))
        self.wrong("key as certificate file", lambda: chain(path / "server.key"))
        self.wrong("truncated certificate file", lambda: chain(path / "truncated.crt"))
        self.wrong("truncated key file", lambda: key(path / "truncated.key"))
        self.wrong("empty certificate file", lambda: chain(path / "empty"))
        self.wrong("encrypted key without passphrase", lambda: key(path / "encrypted.key"))
        chain(path / "server.crt")
        self.wrong("key of another certificate", lambda: key(path / "other.key"))
        self.wrong("no key", context.check_privatekey)
        encrypted = (path / "encrypted.key").read_bytes()
        self.wrong("wrong passphrase", lambda: crypto.load_privatekey(crypto.FILETYPE_PEM, encrypted, b"wrong"))

    def settings(self) -> None:
        context = SSL.Context(SSL.TLS_METHOD)
        self.wrong("unknown cipher", lambda: context.set_cipher_list(b"NOSUCH"))
        self.wrong("unknown group", lambda: context.set_groups(b"NOSUCH"))
        self.wrong("SSL 3.0", lambda: SSL.Context(SSL.SSLv3_METHOD))
        self.wrong("no role", SSL.Connection(context).do_handshake)

    def strangers(self) -> None:
        client = SSL.Connection(self.client("ca.crt"))
        client.set_connect_state()
        client.bio_write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        self.wrong("plain HTTP server", client.do_handshake)
        server = SSL.Connection(self.server("server"))
        server.set_accept_state()
        server.bio_write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.wrong("plain HTTP client", server.do_handshake)
        client = SSL.Connection(self.client("ca.crt"))
        client.set_connect_state()
        client.bio_shutdown()
        self.wrong("peer that hangs up", client.do_handshake)

    def chains(self) -> None:
        def refused(mistake: str, server: str, ca: Optional[str] = "ca.crt", host: Optional[str] = None) -> None:
            self.handshake(mistake, self.client(ca), self.server(server), host)

        refused("expired", "expired")
        refused("not yet valid", "future")
        refused("self-signed", "self")
        refused("unknown CA", "server", "other.crt")
        heard = "unknown CA, as the server hears it"
        self.handshake(heard, self.client("other.crt"), self.server("server"), side="server")
        refused("no trust at all", "server", None)
        refused("wrong host", "server", host="wrong.example")
        refused("wrong address", "server", host="192.0.2.1")
        refused("truncated chain", "leaf")
        refused("client certificate as the server's", "client")

        client = self.client("ca.crt")
        client.get_cert_store().set_flags(CRL_CHECK)
        self.handshake("no revocation list", client, self.server("server"))
        client = self.client("ca.crt")
        crl = crypto.load_crl(crypto.FILETYPE_PEM, (self.directory / "ca.crl").read_bytes())
        client.get_cert_store().add_crl(crl)
        client.get_cert_store().set_flags(CRL_CHECK)
        self.handshake("revoked", client, self.server("revoked"))

        for mistake, side in (
            ("no client certificate", "server"),
            ("no client certificate, as the client hears it", "client"),
        ):
            server = self.server("server")
            server.load_verify_locations(self.directory / "ca.crt")
            server.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
            self.handshake(mistake, self.client("ca.crt"), server, side=side)

    def agreements(self) -> None:
        self.handshake("no server certificate", self.client("ca.crt"), SSL.Context(SSL.TLS_METHOD), side="server")
        client, server = self.client("ca.crt"), self.server("server")
        client.set_max_proto_version(SSL.TLS1_2_VERSION)
        server.set_min_proto_version(SSL.TLS1_3_VERSION)
        self.handshake("no common version", client, server, side="server")
        client, server = self.client("ca.crt"), self.server("server")
        client.set_max_proto_version(SSL.TLS1_2_VERSION)
        client.set_cipher_list(b"ECDHE-ECDSA-AES128-GCM-SHA256")
        server.set_cipher_list(b"ECDHE-ECDSA-AES256-GCM-SHA384")
        self.handshake("no common cipher", client, server, side="server")
        client, server = self.client("ca.crt"), self.server("server")
        client.set_groups(b"X25519")
        server.set_groups(b"P-256")
        self.handshake("no common group", client, server, side="server")
        client, server = self.client("ca.crt"), self.server("server")
        client.set_alpn_protos([b"h2"])
        server.set_alpn_select_callback(lambda connection, offered: b"")
        self.handshake("no common protocol (ALPN)", client, server)

    def client(self, ca: Optional[str]) -> SSL.Context:
        context = SSL.Context(SSL.TLS_METHOD)
        if ca is not None:
            context.load_verify_locations(self.directory / ca)
        context.set_verify(SSL.VERIFY_PEER)
        return context

    def server(self, name: str) -> SSL.Context:
        context = SSL.Context(SSL.TLS_METHOD)
        context.use_certificate_chain_file(self.directory / f"{name}.crt")
        context.use_privatekey_file(self.directory / f"{name}.key")
        return context

    def handshake(
        self, mistake: str, client: SSL.Context, server: SSL.Context, host: Optional[str] = None, side: str = "client"
    ) -> None:
        """A handshake that must fail; what one side says is the sentence."""
        ends = {"client": SSL.Connection(client), "server": SSL.Connection(server)}
        ends["client"].set_connect_state()
        ends["server"].set_accept_state()
        if host is not None:
            ends["client"].set_verify_host(host)
        for mine, other in self.turns():
            try:
                ends[mine].do_handshake()
                # In TLS 1.3 a client hears of its refusal only when it reads.
                ends[mine].recv(1)
            except SSL.WantReadError:
                pass
            except SSL.Error as error:
                if mine == side:
                    self.tell(mistake, error)
                    return
            try:
                ends[other].bio_write(ends[mine].bio_read(65536))
            except SSL.WantReadError:
                pass
        raise AssertionError(f"{mistake}: nothing failed")

    @staticmethod
    def turns() -> Iterator[tuple[str, str]]:
        for _ in range(5):
            yield "client", "server"
            yield "server", "client"

    def wrong(self, mistake: str, call: Callable[[], object]) -> None:
        with pytest.raises((SSL.Error, crypto.Error, ValueError)) as caught:
            call()
        self.tell(mistake, caught.value)

    def tell(self, mistake: str, error: Exception) -> None:
        sentence = error.message if isinstance(error, (SSL.Error, crypto.Error)) else None
        self.said[mistake] = (sentence or str(error)).replace(str(self.directory), "DIR")
