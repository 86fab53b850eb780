"""Released programs that were written for pyOpenSSL, as they are, on this package."""

from __future__ import annotations

import subprocess
import sys
from typing import Iterator

import pytest
import urllib3
import urllib3.contrib.pyopenssl
import urllib3.exceptions
from interop import Server
from support import HOST, cn, pki, server_context
from test_interop_clients import PAGE, nothing_asked, page

from OpenSSL import SSL

# ---- urllib3, whose contrib.pyopenssl puts this package in the place of ssl


@pytest.fixture
def injected() -> Iterator[None]:
    urllib3.contrib.pyopenssl.inject_into_urllib3()
    yield
    urllib3.contrib.pyopenssl.extract_from_urllib3()


def get(port: int, host: str = HOST, timeout: float = 60) -> bytes:
    with urllib3.HTTPSConnectionPool(
        "127.0.0.1",
        port,
        server_hostname=host,
        assert_hostname=host,
        ca_certs=str(pki().root.cert),
        cert_file=str(pki().client.cert),
        key_file=str(pki().client.key),
        retries=False,
        timeout=timeout,
    ) as pool:
        return pool.request("GET", "/").data


@pytest.mark.usefixtures("injected")
def test_urllib3_fetches() -> None:
    context = server_context()
    context.load_verify_locations(str(pki().root.cert))
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    with Server(context, page) as server:
        assert get(server.port) == PAGE
        connection = server.result()
    assert cn(connection.get_peer_certificate()) == "client"
    assert connection.get_servername() == HOST.encode()


@pytest.mark.usefixtures("injected")
def test_urllib3_refuses_another_host() -> None:
    with Server(server_context(), nothing_asked) as server:
        with pytest.raises(
            urllib3.exceptions.SSLError, match="'other.example' doesn't match either of 'server.example'"
        ):
            get(server.port, "other.example")
        server.results()


@pytest.mark.usefixtures("injected")
def test_urllib3_gives_up_on_a_server_that_says_nothing() -> None:
    def silent(connection: SSL.Connection) -> None:
        connection.do_handshake()
        with pytest.raises(SSL.Error):
            while connection.recv(16384):
                pass

    with Server(server_context(), silent) as server:
        with pytest.raises(urllib3.exceptions.ReadTimeoutError):
            get(server.port, timeout=0.5)
        server.results()


# ---- Twisted, in a process of its own: there is one reactor

TWISTED = """
import sys
from twisted.internet import defer, endpoints, protocol, ssl, task
from twisted.protocols.basic import LineReceiver

chain, key, root, name = sys.argv[1:]
one, more = [ssl.Certificate.loadPEM(part + "-----END CERTIFICATE-----\\n").original
             for part in open(chain).read().split("-----END CERTIFICATE-----\\n")[:2]]
options = ssl.CertificateOptions(
    ssl.KeyPair.load(open(key).read(), 1).original, one, extraCertChain=[more], acceptableProtocols=[b"echo/1"])
trust = ssl.trustRootFromCertificates([ssl.Certificate.loadPEM(open(root).read())])

class Echo(LineReceiver):
    def lineReceived(self, line):
        self.sendLine(line.upper())

class Client(LineReceiver):
    def __init__(self):
        self.lines, self.ended = [], defer.Deferred()
    def connectionMade(self):
        self.sendLine(b"hello")
    def lineReceived(self, line):
        self.lines += [line, self.transport.negotiatedProtocol]
        self.transport.loseConnection()
    def connectionLost(self, reason):
        self.ended.callback(reason.type.__name__)

@task.react
@defer.inlineCallbacks
def main(reactor):
    port = yield endpoints.SSL4ServerEndpoint(reactor, 0, options, interface="127.0.0.1").listen(
        protocol.Factory.forProtocol(Echo))
    client = ssl.optionsForClientTLS(name, trust, acceptableProtocols=[b"echo/1"])
    end = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
    talk = yield endpoints.connectProtocol(endpoints.wrapClientTLS(client, end), Client())
    reason = yield talk.ended
    print(talk.lines, reason)
"""


def twisted(name: str) -> str:
    arguments = [str(pki().chain), str(pki().server.key), str(pki().root.cert), name]
    done = subprocess.run([sys.executable, "-c", TWISTED, *arguments], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_twisted_talks() -> None:
    assert twisted(HOST) == "[b'HELLO', b'echo/1'] ConnectionDone\n"
