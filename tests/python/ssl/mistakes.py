"""The files behind the common mistakes: certificates that are expired, not yet valid, revoked, cut short and so on.

`make(directory)` writes them; tests/c/mistakes.c and test_mistakes.py make the mistakes.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Optional, Tuple

from OpenSSL import crypto

Issued = Tuple[crypto.X509, crypto.PKey]


def make(directory: Path) -> None:
    """NAME.crt and NAME.key for each kind of end; ca.crt, ca.crl, other.crt; and files that are not what they seem."""
    ca = issue(directory, "ca", None, ca=True)
    intermediate = issue(directory, "intermediate", ca, ca=True)
    issue(directory, "other", None, ca=True)
    issue(directory, "server", ca)
    issue(directory, "revoked", ca)
    issue(directory, "self", None)
    issue(directory, "leaf", intermediate)
    issue(directory, "expired", ca, start=days(-20), end=days(-10))
    issue(directory, "future", ca, start=days(10), end=days(20))
    issue(directory, "client", ca, usage=b"clientAuth")
    (directory / "ca.crl").write_bytes(revocation_list(ca, directory))
    key = (directory / "server.key").read_bytes()
    (directory / "truncated.key").write_bytes(key[: len(key) // 2])
    (directory / "truncated.crt").write_bytes((directory / "server.crt").read_bytes()[:200])
    (directory / "empty").write_bytes(b"")
    secret = crypto.load_privatekey(crypto.FILETYPE_PEM, key)
    encrypted = crypto.dump_privatekey(crypto.FILETYPE_PEM, secret, "aes-256-cbc", b"right")
    (directory / "encrypted.key").write_bytes(encrypted)


def issue(
    directory: Path,
    name: str,
    issuer: Optional[Issued],
    ca: bool = False,
    start: Optional[bytes] = None,
    end: Optional[bytes] = None,
    usage: bytes = b"serverAuth",
) -> Issued:
    key = crypto.PKey()
    key.generate_key(crypto.TYPE_EC, "prime256v1")
    cert = crypto.X509()
    cert.set_version(2)
    cert.set_serial_number(sum(name.encode()))
    cert.get_subject().CN = name
    by, signer = issuer or (cert, key)
    cert.set_issuer(by.get_subject())
    cert.set_notBefore(start or days(-1))
    cert.set_notAfter(end or days(30))
    cert.set_pubkey(key)
    if ca:
        extensions = [(b"basicConstraints", True, b"CA:TRUE"), (b"keyUsage", True, b"keyCertSign,cRLSign")]
    else:
        names = b"DNS:server.example, DNS:www.server.example, IP:127.0.0.1"
        extensions = [(b"subjectAltName", False, names), (b"extendedKeyUsage", False, usage)]
    cert.add_extensions([crypto.X509Extension(*extension) for extension in extensions])
    cert.sign(signer, "sha256")
    (directory / f"{name}.crt").write_bytes(crypto.dump_certificate(crypto.FILETYPE_PEM, cert))
    (directory / f"{name}.key").write_bytes(crypto.dump_privatekey(crypto.FILETYPE_PEM, key))
    return cert, key


def revocation_list(ca: Issued, directory: Path) -> bytes:
    cert = crypto.load_certificate(crypto.FILETYPE_PEM, (directory / "revoked.crt").read_bytes())
    revoked = crypto.Revoked()
    revoked.set_serial(b"%X" % cert.get_serial_number())
    revoked.set_rev_date(days(-1))
    crl = crypto.CRL()
    crl.add_revoked(revoked)
    crl.set_lastUpdate(days(-1))
    crl.set_nextUpdate(days(30))
    return crl.export(*ca, digest=b"sha256")


def days(count: int) -> bytes:
    """This many days from now, as ASN.1 writes it."""
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=count)
    return moment.strftime("%Y%m%d%H%M%SZ").encode()
