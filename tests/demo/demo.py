"""The main job, for real: certificates, an HTTPS server, clients in Python and C, and a report.

    make demo                        writes to a folder of its own under the system's temporary one
    python tests/demo/demo.py DIR    writes to DIR, against whatever `import OpenSSL` finds

Ends non-zero when any step did not do what the report says.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import NoReturn, Optional

from OpenSSL import SSL, crypto

ROOT = Path(__file__).resolve().parents[2]
YEAR = 365 * 24 * 3600
PAGE = b"Served by OpenSSL.SSL on libpyssl.\n" * 40


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="pyssl-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    title(f"Certificates, in {folder}")
    issue_all(folder)

    title("An HTTPS server that asks for a client certificate")
    server = Server(folder)
    say("listening", f"https://127.0.0.1:{server.port}/")

    title("A client in Python")
    fetch_with_python(folder, server.port)

    title("A client in C (c-examples/tls_client.c)")
    fetch_with_c(folder, server.port)

    title("A client that trusts another CA")
    be_refused(folder, server.port)

    title("Other people's clients")
    fetch_with_curl(folder, server.port)
    fetch_with_s_client(folder, server.port)

    title("The server's own account")
    server.stop()
    say("pages served", str(server.pages))
    for refusal in server.refusals:
        say("client turned away", refusal)
    expect(server.pages >= 2, "the server should have served both clients")
    expect(any("unknown ca" in refusal for refusal in server.refusals), "the server should have heard the refusal")
    print("\nEverything above happened as it says.")


# ---- certificates


def issue_all(folder: Path) -> None:
    """A CA, a server and a client signed by it, and a stranger's CA; PEM files in the folder."""
    names = [("DNS", "localhost"), ("IP", "127.0.0.1")]
    alternatives = ",".join(f"{kind}:{value}" for kind, value in names)
    ca = Issued(
        folder,
        "ca",
        "Demo CA",
        new_key("P-256"),
        None,
        [
            (b"basicConstraints", True, b"CA:TRUE,pathlen:0"),
            (b"keyUsage", True, b"keyCertSign,cRLSign"),
            (b"subjectKeyIdentifier", False, b"hash"),
        ],
    )
    Issued(
        folder,
        "server",
        "localhost",
        new_key("RSA-2048"),
        ca,
        [
            (b"basicConstraints", True, b"CA:FALSE"),
            (b"keyUsage", True, b"digitalSignature,keyEncipherment"),
            (b"extendedKeyUsage", False, b"serverAuth"),
            (b"subjectAltName", False, alternatives.encode()),
        ],
    )
    Issued(
        folder,
        "client",
        "Demo client",
        new_key("P-256"),
        ca,
        [
            (b"basicConstraints", True, b"CA:FALSE"),
            (b"keyUsage", True, b"digitalSignature"),
            (b"extendedKeyUsage", False, b"clientAuth"),
        ],
    )
    Issued(
        folder,
        "stranger",
        "Stranger's CA",
        new_key("P-256"),
        None,
        [
            (b"basicConstraints", True, b"CA:TRUE"),
            (b"keyUsage", True, b"keyCertSign"),
        ],
    )


class Issued:
    """A key and its certificate, written to NAME.key and NAME.crt."""

    def __init__(
        self,
        folder: Path,
        name: str,
        common_name: str,
        key: crypto.PKey,
        issuer: Optional[Issued],
        extensions: list[tuple[bytes, bool, bytes]],
    ) -> None:
        self.key = key
        self.cert = cert = crypto.X509()
        cert.set_version(2)
        cert.set_serial_number(int.from_bytes(name.encode(), "big"))
        cert.get_subject().CN = common_name
        cert.get_subject().O = "libpyssl demo"
        cert.set_issuer((issuer or self).cert.get_subject())
        cert.gmtime_adj_notBefore(-3600)
        cert.gmtime_adj_notAfter(YEAR)
        cert.set_pubkey(key)
        cert.add_extensions(
            [crypto.X509Extension(kind, critical, value, subject=cert) for kind, critical, value in extensions]
        )
        cert.sign((issuer or self).key, "sha256")
        (folder / f"{name}.key").write_bytes(crypto.dump_privatekey(crypto.FILETYPE_PEM, key))
        (folder / f"{name}.crt").write_bytes(crypto.dump_certificate(crypto.FILETYPE_PEM, cert))
        kind = {crypto.TYPE_RSA: "RSA", crypto.TYPE_EC: "EC"}[key.type()]
        by = issuer.cert.get_subject().CN if issuer else "itself"
        say(
            f"{name}.crt",
            f"{cert.get_subject().CN!r}, {kind} {key.bits()} bits, signed by {by!r}"
            if issuer
            else f"{cert.get_subject().CN!r}, {kind} {key.bits()} bits, signed by {by}",
        )


def new_key(kind: str) -> crypto.PKey:
    key = crypto.PKey()
    if kind == "P-256":
        key.generate_key(crypto.TYPE_EC, "prime256v1")
    else:
        key.generate_key(crypto.TYPE_RSA, 2048)
    return key


# ---- the server


class Server:
    """HTTPS on a free port of 127.0.0.1; a thread for each client."""

    def __init__(self, folder: Path) -> None:
        self.context = SSL.Context(SSL.TLS_METHOD)
        self.context.use_certificate_chain_file(folder / "server.crt")
        self.context.use_privatekey_file(folder / "server.key")
        self.context.check_privatekey()
        self.context.load_verify_locations(folder / "ca.crt")
        self.context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
        self.pages = 0
        self.refusals: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.clients: list[threading.Thread] = []
        self.thread = threading.Thread(target=self.accept_all)
        self.thread.start()

    def accept_all(self) -> None:
        while True:
            sock, _ = self.listener.accept()
            if sock.getpeername() == self.stopper:
                sock.close()
                return
            client = threading.Thread(target=self.serve, args=(sock,))
            client.start()
            self.clients.append(client)

    stopper: Optional[tuple[str, int]] = None

    def stop(self) -> None:
        with socket.socket() as last:
            last.bind(("127.0.0.1", 0))
            self.stopper = last.getsockname()
            last.connect(("127.0.0.1", self.port))
            self.thread.join()
        for client in self.clients:
            client.join()
        self.listener.close()

    def serve(self, sock: socket.socket) -> None:
        connection = SSL.Connection(self.context, sock)
        connection.set_accept_state()
        try:
            connection.do_handshake()
            request = b""
            while b"\r\n\r\n" not in request:
                request += connection.recv(4096)
            cert = connection.get_peer_certificate()
            assert cert is not None  # VERIFY_FAIL_IF_NO_PEER_CERT
            who = cert.get_subject().CN
            body = PAGE + f"You are {who}.\n".encode()
            head = f"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)
            connection.shutdown()
            self.pages += 1
        except SSL.Error as error:
            self.refusals.append(str(error))
        finally:
            sock.close()


# ---- the clients


def client_context(folder: Path, ca: str) -> SSL.Context:
    context = SSL.Context.client(folder / ca)
    context.use_certificate_chain_file(folder / "client.crt")
    context.use_privatekey_file(folder / "client.key")
    return context


def fetch_with_python(folder: Path, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as sock:
        connection = SSL.Connection(client_context(folder, "ca.crt"), sock)
        connection.set_client("localhost")
        connection.do_handshake()
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b""
        try:
            while True:
                answer += connection.recv(65536)
        except SSL.ZeroReturnError:
            pass
        connection.shutdown()
    body = answer.partition(b"\r\n\r\n")[2]
    protocol = connection.get_protocol_version_name()
    say("protocol", protocol)
    say("cipher", str(connection.get_cipher_name()))
    say("group", str(connection.get_group_name()))
    peer = connection.get_peer_certificate()
    if peer is None:
        die("the server should have shown a certificate")
    say("peer", "".join(f"/{k.decode()}={v.decode()}" for k, v in peer.get_subject().get_components()))
    say("bytes", str(len(body)))
    expect(protocol == "TLSv1.3", "the protocol should be TLS 1.3")
    expect(body.startswith(PAGE) and body.endswith(b"You are Demo client.\n"), "the page should be the server's, whole")


def fetch_with_c(folder: Path, port: int) -> None:
    program = build_c_client(folder)
    ran = run([program, "127.0.0.1", str(port), "ca.crt", "/", "client.crt", "client.key"], folder)
    expect(ran.returncode == 0, f"the C client should have fetched the page: {ran.stderr}")
    for line in ran.stderr.splitlines():
        key, _, value = line.partition(" ")
        say(key, value.strip())
    expect("TLSv1.3" in ran.stderr, "the protocol should be TLS 1.3")
    expect(ran.stdout.endswith("You are Demo client.\n"), "the page should be the server's, whole")


def build_c_client(folder: Path) -> str:
    """Compiles the example with the machine's C compiler against the library that Python uses."""
    from OpenSSL._native import library_path

    program = str(folder / "tls_client")
    library = Path(library_path).resolve()
    compiler = shutil.which("cc") or die("a C compiler (cc) is needed")
    soname = folder / "libpyssl.so.0"
    soname.unlink(missing_ok=True)
    soname.symlink_to(library)
    source = ROOT / "c-examples" / "tls_client.c"
    built = run(
        [
            compiler,
            "-std=c99",
            str(source),
            f"-I{ROOT / 'include'}",
            str(soname),
            f"-Wl,-rpath,{folder}",
            "-o",
            program,
        ],
        folder,
    )
    expect(built.returncode == 0, f"the C client should compile: {built.stderr}")
    return program


def be_refused(folder: Path, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as sock:
        connection = SSL.Connection(client_context(folder, "stranger.crt"), sock)
        connection.set_client("localhost")
        try:
            connection.do_handshake()
        except SSL.Error as error:
            say("refused", str(error))
            # The server sends its CA along (OpenSSL completes the chain), which is where trust ends.
            expect(error.depth == 1 and error.reason == "certificate verify failed", "the refusal should say where")
            expect("Demo CA" in str(error), "the refusal should name the certificate")
            return
    die("a server of an unknown CA was accepted")


def fetch_with_curl(folder: Path, port: int) -> None:
    curl = shutil.which("curl")
    if curl is None:
        say("curl", "is not on this machine")
        return
    ran = run(
        [
            curl,
            "-sS",
            "--cacert",
            "ca.crt",
            "--cert",
            "client.crt",
            "--key",
            "client.key",
            f"https://localhost:{port}/",
        ],
        folder,
    )
    expect(
        ran.returncode == 0 and ran.stdout.endswith("You are Demo client.\n"), f"curl should be content: {ran.stderr}"
    )
    say("curl", f"content: verified localhost, {len(ran.stdout)} bytes")
    ran = run([curl, "-sS", "--cacert", "stranger.crt", f"https://localhost:{port}/"], folder)
    expect(ran.returncode == 60, f"curl should refuse the stranger's CA: {ran.stdout}{ran.stderr}")
    say("curl, other CA", ran.stderr.strip().splitlines()[0])


def fetch_with_s_client(folder: Path, port: int) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        say("openssl s_client", "is not on this machine")
        return
    ran = run(
        [openssl, "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", "ca.crt", "-cert", "client.crt"]
        + ["-key", "client.key", "-verify_return_error", "-verify_hostname", "localhost", "-ign_eof"],
        folder,
        "GET / HTTP/1.0\r\n\r\n",
    )
    verdict = [line.strip() for line in ran.stdout.splitlines() if "Verify return code" in line or "New, TLS" in line]
    expect("You are Demo client." in ran.stdout, f"s_client should get the page: {ran.stderr}")
    expect(any("0 (ok)" in line for line in verdict), "s_client should verify the chain")
    say("openssl s_client", "; ".join(dict.fromkeys(verdict)))


# ---- the report


def run(command: list[str], folder: Path, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True, timeout=60)


def title(text: str) -> None:
    print(f"\n{text}")


def say(key: str, value: str) -> None:
    print(f"  {key:<20} {value}")


def expect(true: bool, what: str) -> None:
    if not true:
        die(what)


def die(why: str) -> NoReturn:
    print(f"\nNOT AS IT SHOULD BE: {why}", file=sys.stderr, flush=True)
    # The server's threads may be waiting; nothing they do matters any more.
    sys.stdout.flush()
    os._exit(1)


if __name__ == "__main__":
    main()
