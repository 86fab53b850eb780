"""Programs written for the releases of long ago run as they are, and are told of no deprecation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pki import openssl

#: As the examples of release 0.6 make their certificates, with bytes where Python 3 wants them; then what later
#: releases have marked as deprecated.
PROGRAM = r"""
from OpenSSL import crypto, rand, tsafe, SSL

def createKeyPair(type, bits):
    pkey = crypto.PKey()
    pkey.generate_key(type, bits)
    return pkey

def createCertRequest(pkey, digest="md5", **name):
    req = crypto.X509Req()
    subj = req.get_subject()
    for (key, value) in name.items():
        setattr(subj, key, value)
    req.set_pubkey(pkey)
    req.sign(pkey, digest)
    return req

def createCertificate(req, issuer, serial, validity, digest="md5"):
    (issuerCert, issuerKey), (notBefore, notAfter) = issuer, validity
    cert = crypto.X509()
    cert.set_serial_number(serial)
    cert.gmtime_adj_notBefore(notBefore)
    cert.gmtime_adj_notAfter(notAfter)
    cert.set_issuer(issuerCert.get_subject())
    cert.set_subject(req.get_subject())
    cert.set_pubkey(req.get_pubkey())
    cert.add_extensions([crypto.X509Extension(b"basicConstraints", 1, b"CA:TRUE")])
    cert.sign(issuerKey, digest)
    return cert

cakey = createKeyPair(crypto.TYPE_RSA, 2048)
careq = createCertRequest(cakey, "sha256", CN="Certificate Authority")
cacert = createCertificate(careq, (careq, cakey), 0, (0, 60 * 60 * 24 * 365 * 5), "sha256")
for made, type in ((cakey, crypto.PKeyType), (careq, crypto.X509ReqType), (cacert, crypto.X509Type),
                   (cacert.get_subject(), crypto.X509NameType)):
    assert isinstance(made, type)

spki = crypto.NetscapeSPKI()
spki.set_pubkey(cakey)
spki.sign(cakey, "sha256")
assert crypto.NetscapeSPKI(spki.b64_encode()).verify(cakey)
p12 = crypto.PKCS12()
p12.set_certificate(cacert)
p12.set_privatekey(cakey)
assert crypto.load_pkcs12(p12.export(b"x"), b"x").get_certificate().get_subject() == cacert.get_subject()
crl = crypto.CRL()
revoked = crypto.Revoked()
revoked.set_serial(b"1f")
revoked.set_rev_date(b"20200101000000Z")
crl.add_revoked(revoked)
assert crypto.load_crl(crypto.FILETYPE_PEM, crl.export(cacert, cakey, digest=b"sha256")).get_revoked()
crypto.verify(cacert, crypto.sign(cakey, b"data", "sha256"), b"data", "sha256")
assert crypto.get_elliptic_curve("prime256v1") in crypto.get_elliptic_curves()
assert crypto.X509_verify_cert_error_string(10) == "certificate has expired"
rand.seed(b"x")
rand.add(b"x", 0.5)
assert rand.status() and len(rand.bytes(7)) == 7

context = SSL.Context(SSL.SSLv23_METHOD)
context.use_privatekey(cakey)
context.use_certificate(cacert)
context.check_privatekey()
context.set_client_ca_list([cacert.get_subject()])
tsafe.Connection(context, None).set_accept_state()
context.set_options(SSL.OP_NO_SSLv2)

print(crypto.dump_privatekey(crypto.FILETYPE_PEM, cakey).decode(), end="")
print(crypto.dump_certificate(crypto.FILETYPE_PEM, cacert).decode(), end="")
"""


def test_a_program_of_long_ago_runs_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", PROGRAM], capture_output=True)
    assert done.returncode == 0 and done.stderr == b"", done.stderr.decode()
    (tmp_path / "made").write_bytes(done.stdout)
    assert openssl("verify", "-CAfile", tmp_path / "made", tmp_path / "made").endswith(b": OK\n")
