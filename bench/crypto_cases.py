"""The cases of OpenSSL.crypto."""

from __future__ import annotations

from bench.worker import FOLDER, Case, processor_clock, rate
from OpenSSL import crypto

PEM = crypto.FILETYPE_PEM
HOUR = 3600


def crypto_cases() -> dict[str, Case]:
    ca_pem, cert_pem = (FOLDER / "ca.pem").read_bytes(), (FOLDER / "server.pem").read_bytes()
    key_pem = (FOLDER / "server.key").read_bytes()
    cert, key = crypto.load_certificate(PEM, cert_pem), crypto.load_privatekey(PEM, key_pem)
    store = crypto.X509Store()
    store.add_cert(crypto.load_certificate(PEM, ca_pem))
    verify(store, signed_by_ca(1))
    assert getters(cert)[0] == "localhost"
    return {
        "load-certificate": lambda seconds: rate(lambda: crypto.load_certificate(PEM, cert_pem), 20, seconds),
        "getters": lambda seconds: rate(lambda: getters(cert), 20, seconds),
        "digest": lambda seconds: rate(lambda: cert.digest("sha256"), 20, seconds),
        "build": lambda seconds: rate(lambda: build(key), 1, seconds),
        "verify": lambda seconds: rate(lambda: verify(store, cert), 1, seconds),
        "verify-new": lambda seconds: verify_new(store, seconds),
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


def verify_new(store: crypto.X509Store, seconds: float) -> float:
    """Every time a certificate that was never seen before, which is what a client meets at its first connection."""
    spent, count = 0.0, 0
    while spent < seconds:
        cert = signed_by_ca(count)
        begin = processor_clock()
        verify(store, cert)
        spent += processor_clock() - begin
        count += 1
    return count / spent


def signed_by_ca(serial: int) -> crypto.X509:
    ca = crypto.load_certificate(PEM, (FOLDER / "ca.pem").read_bytes())
    cert = crypto.X509()
    cert.set_version(2)
    cert.set_serial_number(serial + 1)
    cert.get_subject().CN = "new"
    cert.set_issuer(ca.get_subject())
    cert.gmtime_adj_notBefore(0)
    cert.gmtime_adj_notAfter(HOUR)
    cert.set_pubkey(ca.get_pubkey())
    cert.sign(crypto.load_privatekey(PEM, (FOLDER / "ca.key").read_bytes()), "sha256")
    return crypto.load_certificate(PEM, crypto.dump_certificate(PEM, cert))
