"""What the TLS tests share: certificates, contexts, connected pairs, and moving bytes between two ends by hand."""

from __future__ import annotations

import atexit
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from functools import lru_cache
from pathlib import Path
from typing import Any, List, NamedTuple, Optional, Tuple, Union

from OpenSSL import SSL, crypto

#: The names in the server's certificate.
HOST = "server.example"

_CONFIG = f"""
[req]
distinguished_name = dn
prompt = no
[dn]
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:{HOST}, DNS:localhost, IP:127.0.0.1
[client]
basicConstraints = CA:FALSE
extendedKeyUsage = clientAuth
subjectAltName = email:client@example.org
"""


class Identity(NamedTuple):
    """A certificate and its key, as PEM files."""

    cert: Path
    key: Path

    def x509(self) -> crypto.X509:
        return crypto.load_certificate(crypto.FILETYPE_PEM, self.cert.read_bytes())

    def pkey(self) -> crypto.PKey:
        return crypto.load_privatekey(crypto.FILETYPE_PEM, self.key.read_bytes())


class Pki(NamedTuple):
    """root signs intermediate and client; intermediate signs server; other is a root that signs nothing."""

    directory: Path
    root: Identity
    intermediate: Identity
    server: Identity
    client: Identity
    other: Identity
    #: server's certificate, then intermediate's.
    chain: Path


@lru_cache(maxsize=None)
def pki() -> Pki:
    """Certificates good for a month, made once by the openssl command; keys are on P-256."""
    directory = Path(tempfile.mkdtemp(prefix="pyssl-pki-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    (directory / "config").write_text(_CONFIG)
    root = _issue(directory, "root", "ca", None)
    intermediate = _issue(directory, "intermediate", "ca", root)
    server = _issue(directory, "server", "server", intermediate)
    client = _issue(directory, "client", "client", root)
    other = _issue(directory, "other", "ca", None)
    chain = directory / "chain.pem"
    chain.write_bytes(server.cert.read_bytes() + intermediate.cert.read_bytes())
    return Pki(directory, root, intermediate, server, client, other, chain)


def _issue(directory: Path, name: str, kind: str, issuer: Optional[Identity]) -> Identity:
    cert, key = directory / f"{name}.pem", directory / f"{name}.key"
    signed_by = [] if issuer is None else ["-CA", str(issuer.cert), "-CAkey", str(issuer.key)]
    # fmt: off
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-config", str(directory / "config"), "-extensions", kind, "-subj", f"/O=libpyssl tests/CN={name}",
            "-keyout", str(key), "-out", str(cert), *signed_by)
    # fmt: on
    return Identity(cert, key)


@lru_cache(maxsize=None)
def ocsp_response() -> bytes:
    """What intermediate says of server, signed by itself: good."""
    made, serial = pki(), pki().server.x509().get_serial_number()
    index, response = made.directory / "index.txt", made.directory / "ocsp.der"
    index.write_text(f"V\t350101000000Z\t\t{serial:040X}\tunknown\t/CN=server\n")
    # fmt: off
    openssl("ocsp", "-index", str(index), "-rsigner", str(made.intermediate.cert), "-rkey", str(made.intermediate.key),
            "-CA", str(made.intermediate.cert), "-issuer", str(made.intermediate.cert), "-cert", str(made.server.cert),
            "-ndays", "7", "-noverify", "-respout", str(response))
    # fmt: on
    return response.read_bytes()


def second_certificate() -> crypto.X509:
    """A certificate of root for second.example, on the server's key."""
    cert, key, root = crypto.X509(), pki().server.pkey(), pki().root.x509()
    cert.set_version(2)
    cert.set_serial_number(2)
    cert.gmtime_adj_notBefore(-3600)
    cert.gmtime_adj_notAfter(86400)
    cert.set_issuer(root.get_subject())
    cert.get_subject().CN = "second"
    cert.set_pubkey(key)
    names = crypto.X509Extension(b"subjectAltName", False, b"DNS:second.example")
    # Python 3.13's ssl asks for it (X509_V_FLAG_X509_STRICT).
    authority = crypto.X509Extension(b"authorityKeyIdentifier", False, b"keyid", issuer=root)
    cert.add_extensions([names, authority])
    cert.sign(pki().root.pkey(), "sha256")
    return cert


def openssl(*args: str, stdin: bytes = b"") -> bytes:
    """The output of the system's openssl command."""
    done = subprocess.run(["openssl", *args], input=stdin, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def server_context(method: int = SSL.TLS_METHOD) -> SSL.Context:
    """A context with the server's chain and key."""
    context = SSL.Context(method)
    context.use_certificate_chain_file(str(pki().chain))
    context.use_privatekey_file(str(pki().server.key))
    return context


def client_context(method: int = SSL.TLS_METHOD) -> SSL.Context:
    """A context that verifies servers against the root."""
    context = SSL.Context(method)
    context.load_verify_locations(str(pki().root.cert))
    context.set_verify(SSL.VERIFY_PEER)
    return context


Context = Optional[SSL.Context]


def pair(client: Context = None, server: Context = None) -> Tuple[SSL.Connection, SSL.Connection]:
    """Two connections without a transport, in client and in server state."""
    left, right = SSL.Connection(client or client_context(), None), SSL.Connection(server or server_context(), None)
    left.set_connect_state()
    right.set_accept_state()
    return left, right


def connected(client: Context = None, server: Context = None) -> Tuple[SSL.Connection, SSL.Connection]:
    """As pair(), with the handshake done and session tickets delivered."""
    left, right = pair(client, server)
    shake(left, right)
    return left, right


def socket_pair(client: Context = None, server: Context = None) -> Tuple[SSL.Connection, SSL.Connection]:
    """Two connections over a socketpair, in client and in server state."""
    near, far = socket.socketpair()
    left, right = SSL.Connection(client or client_context(), near), SSL.Connection(server or server_context(), far)
    left.set_connect_state()
    right.set_accept_state()
    return left, right


def pump(source: SSL.Connection, sink: SSL.Connection) -> int:
    """Carries what one end has written to the other; how many bytes that was."""
    moved = 0
    while True:
        try:
            moved += sink.bio_write(source.bio_read(65536))
        except SSL.WantReadError:
            return moved


def shake(client: SSL.Connection, server: SSL.Connection) -> None:
    """Does the handshake of a pair without a transport. What either end raises comes through, the client's first."""
    for failure in attempt(client, server):
        if failure is not None:
            raise failure


Failure = Optional[BaseException]


def attempt(client: SSL.Connection, server: SSL.Connection) -> Tuple[Failure, Failure]:
    """As shake(), giving what each end raised. Both hear all the other has to say (alerts, session tickets)."""
    failures: List[Failure] = [None, None]
    ends = [client, server]
    done = [False, False]
    for _ in range(30):
        for at, end in enumerate(ends):
            if not done[at]:
                failures[at], done[at] = _step(end)
            pump(end, ends[1 - at])
        if all(done) and not any(failures):
            # Session tickets and alerts that came after one end was done.
            for at, end in enumerate(ends):
                failures[at] = _drain(end)
                pump(end, ends[1 - at])
            break
        if any(failures):
            break
    assert all(done) or any(failures), "no end of the handshake after 30 rounds"
    # The end that did not fail hears of the other's failure.
    for at, end in enumerate(ends):
        if failures[1 - at] is not None and failures[at] is None:
            if not done[at]:
                failures[at] = _step(end)[0]
            failures[at] = failures[at] or _drain(end)
    return failures[0], failures[1]


def _step(end: SSL.Connection) -> Tuple[Failure, bool]:
    try:
        end.do_handshake()
    except SSL.WantReadError:
        return None, False
    except BaseException as failure:
        return failure, True
    return None, True


def _drain(end: SSL.Connection) -> Failure:
    """Lets an end that expects no data read what came."""
    try:
        end.recv(1, socket.MSG_PEEK)
    except SSL.WantReadError:
        return None
    except BaseException as failure:
        return failure
    return None


def exchange(sender: SSL.Connection, receiver: SSL.Connection, data: bytes = b"hello") -> bytes:
    """Sends over a pair without a transport; what arrived."""
    sender.sendall(data)
    pump(sender, receiver)
    received = b""
    while len(received) < len(data):
        received += receiver.recv(65536)
    return received


def reasons(error: Union[BaseException, None]) -> List[str]:
    """The reasons in an SSL.Error, oldest first."""
    assert isinstance(error, SSL.Error), repr(error)
    entries: List[Tuple[str, str, str]] = error.args[0]
    return [reason for _, _, reason in entries]


def was_told(failure: Union[BaseException, None]) -> bool:
    """Whether a failure is that a fatal alert came."""
    return any("alert" in reason or reason == "tlsv1 bad certificate status response" for reason in reasons(failure))


def cn(named: Any) -> Any:
    """The common name of a certificate's subject, or of a name."""
    return (named.get_subject() if isinstance(named, crypto.X509) else named).CN


def wait_until_asleep(*threads: threading.Thread) -> None:
    """Returns when all these threads wait for something: no time is right for every machine."""
    before: List[str] = []
    still = 0
    for _ in range(3000):
        now = [_rest(thread) for thread in threads]
        still = still + 1 if now == before and all(now) else 0
        if still == 3:
            return
        before = now
        time.sleep(0.02)
    raise AssertionError("a thread does not come to rest")


def _rest(thread: threading.Thread) -> str:
    """What changes whenever the thread runs; "" while it does or would like to."""
    lines = Path(f"/proc/self/task/{thread.native_id}/status").read_text().splitlines()
    if "State:\tS (sleeping)" not in lines:
        return ""
    return "".join(line for line in lines if "ctxt_switches" in line) or "asleep"


def handles() -> Any:
    """How many handles of the library are alive."""
    from OpenSSL._native import lib

    return lib.pyssl_handle_count()
