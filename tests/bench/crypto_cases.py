"""The cases of OpenSSL.crypto."""

from __future__ import annotations

from bench.worker import FOLDER, Case, rate

from OpenSSL import crypto

PEM = crypto.FILETYPE_PEM
HOUR = 3600


def crypto_cases() -> dict[str, Case]:
    ca_pem, cert_pem = (FOLDER / "ca.pem").read_bytes(), (FOLDER / "server.pem").read_bytes()
    key_pem = (FOLDER / "server.key").read_bytes()
    cert, key = crypto.load_certificate(PEM, cert_pem), crypto.load_privatekey(PEM, key_pem)
    store = crypto.X509Store()
    store.add_cert(crypto.load_certificate(PEM, ca_pem))
    assert getters(cert)[0] == "localhost"
    return {
        "load-certificate": lambda seconds: rate(lambda: crypto.load_certificate(PEM, cert_pem), 20, seconds),
        "getters": lambda seconds: rate(lambda: getters(cert), 20, seconds),
        "digest": lambda seconds: rate(lambda: cert.digest("sha256"), 20, seconds),
        "build": lambda seconds: rate(lambda: build(key), 1, seconds),
        "verify": lambda seconds: rate(lambda: verify(store, cert), 1, seconds),
        "load-privatekey": lambda seconds: rate(lambda: crypto.load_privatekey(PEM, key_pem), 1, seconds),
    }


def getters(cert: crypto.X509) -> tuple[object, ...]:
    return (
        cert.get_subject().CN,
        cert.get_issuer().CN,
        cert.get_serial_number(),
        cert.get_notAfter(),
        cert.has_expired(),
    )


def build(key: crypto.PKey) -> bytes:
    """A certificate with a subject and an issuer, signed, as PEM: by calls that every pyOpenSSL has."""
    cert = crypto.X509()
    cert.set_version(2)
    cert.set_serial_number(0x1234_5678_9ABC)
    subject, issuer = cert.get_subject(), cert.get_issuer()
    subject.O, subject.CN = "libpyssl", "localhost"
    issuer.O, issuer.CN = "libpyssl", "Bench CA"
    cert.gmtime_adj_notBefore(0)
    cert.gmtime_adj_notAfter(HOUR)
    cert.set_pubkey(key)
    cert.sign(key, "sha256")
    return crypto.dump_certificate(PEM, cert)


def verify(store: crypto.X509Store, cert: crypto.X509) -> None:
    crypto.X509StoreContext(store, cert).verify_certificate()
