"""The certificates of all cases: a CA, and a server's by it; EC P-256."""

from __future__ import annotations

from pathlib import Path

from OpenSSL import crypto

HOUR = 3600


def issue(folder: Path) -> None:
    """Writes ca.pem, ca.key, server.pem and server.key."""
    folder.mkdir(parents=True, exist_ok=True)
    ca_key, server_key = new_key(), new_key()
    ca = certificate("Bench CA", ca_key, None, ca_key, [(b"basicConstraints", True, b"CA:TRUE")])
    alternatives = [(b"subjectAltName", False, b"DNS:localhost,DNS:www.example.org")]
    server = certificate("localhost", server_key, ca, ca_key, alternatives)
    (folder / "ca.pem").write_bytes(crypto.dump_certificate(crypto.FILETYPE_PEM, ca))
    (folder / "ca.key").write_bytes(crypto.dump_privatekey(crypto.FILETYPE_PEM, ca_key))
    (folder / "server.pem").write_bytes(crypto.dump_certificate(crypto.FILETYPE_PEM, server))
    (folder / "server.key").write_bytes(crypto.dump_privatekey(crypto.FILETYPE_PEM, server_key))


def new_key() -> crypto.PKey:
    key = crypto.PKey()
    key.generate_key(crypto.TYPE_EC, "P-256")
    return key


def certificate(
    name: str,
    key: crypto.PKey,
    issuer: crypto.X509 | None,
    issuer_key: crypto.PKey,
    extensions: list[tuple[bytes, bool, bytes]],
) -> crypto.X509:
    cert = crypto.X509()
    cert.set_version(2)
    cert.set_serial_number(0x1234_5678_9ABC)
    cert.get_subject().O = "libpyssl"
    cert.get_subject().CN = name
    cert.set_issuer((issuer or cert).get_subject())
    cert.gmtime_adj_notBefore(-HOUR)
    cert.gmtime_adj_notAfter(24 * HOUR)
    cert.set_pubkey(key)
    cert.add_extensions([crypto.X509Extension(kind, critical, value) for kind, critical, value in extensions])
    cert.sign(issuer_key, "sha256")
    return cert
