"""One verified TLS session in memory, with what a program would use: run by test_wheel.py where the wheel is installed.

It keeps to names that pyOpenSSL has as well.
"""

from __future__ import annotations

from OpenSSL import SSL, crypto


def main() -> None:
    key, certificate = self_signed(b"localhost")
    server_context = SSL.Context(SSL.TLS_SERVER_METHOD)
    server_context.use_privatekey(key)
    server_context.use_certificate(certificate)

    client_context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    store = client_context.get_cert_store()
    assert store is not None
    store.add_cert(certificate)
    client_context.set_verify(SSL.VERIFY_PEER, lambda connection, cert, code, depth, ok: bool(ok))

    server, client = SSL.Connection(server_context, None), SSL.Connection(client_context, None)
    server.set_accept_state()
    client.set_connect_state()
    client.set_tlsext_host_name(b"localhost")
    shake_hands(client, server)
    peer = client.get_peer_certificate()
    assert peer is not None and peer.get_subject().CN == "localhost"
    assert server.get_servername() == b"localhost"

    client.send(b"ping")
    pump(client, server)
    ping = server.recv(100)
    server.send(b"pong")
    pump(server, client)
    pong = client.recv(100)
    print(f"{client.get_protocol_version_name()}: {ping.decode()}, {pong.decode()}")


def self_signed(name: bytes) -> tuple[crypto.PKey, crypto.X509]:
    key = crypto.PKey()
    key.generate_key(crypto.TYPE_RSA, 2048)
    certificate = crypto.X509()
    certificate.set_version(2)
    certificate.set_serial_number(1)
    certificate.get_subject().CN = name.decode()
    certificate.set_issuer(certificate.get_subject())
    certificate.gmtime_adj_notBefore(-60)
    certificate.gmtime_adj_notAfter(3600)
    certificate.set_pubkey(key)
    certificate.sign(key, "sha256")
    return key, certificate


def shake_hands(client: SSL.Connection, server: SSL.Connection) -> None:
    waiting = [client, server]
    for _ in range(10):
        for connection in list(waiting):
            try:
                connection.do_handshake()
                waiting.remove(connection)
            except SSL.WantReadError:
                pass
            pump(client, server)
            pump(server, client)
        if not waiting:
            return
    raise AssertionError("no handshake after ten rounds")


def pump(source: SSL.Connection, sink: SSL.Connection) -> None:
    """Carries what one side has written to the other."""
    while True:
        try:
            sink.bio_write(source.bio_read(16384))
        except SSL.WantReadError:
            return


if __name__ == "__main__":
    main()
