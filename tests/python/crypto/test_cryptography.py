"""To and from the objects of the `cryptography` package."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import Encoding

from OpenSSL import crypto
from OpenSSL.crypto import FILETYPE_ASN1, FILETYPE_PEM, X509, PKey, X509Req


@pytest.mark.parametrize(
    "make, type",
    [
        (lambda: rsa.generate_private_key(65537, 2048), crypto.TYPE_RSA),
        (lambda: dsa.generate_private_key(1024), crypto.TYPE_DSA),
        (lambda: ec.generate_private_key(ec.SECP384R1()), crypto.TYPE_EC),
        (ed25519.Ed25519PrivateKey.generate, crypto.TYPE_ED25519),
        (ed448.Ed448PrivateKey.generate, crypto.TYPE_ED448),
    ],
)
def test_keys_there_and_back(make: Any, type: int) -> None:
    """Notes 82 and 95."""
    theirs = make()
    ours = PKey.from_cryptography_key(theirs)
    assert ours.type() == type
    back = ours.to_cryptography_key()
    assert isinstance(back, make().__class__)
    assert back.public_key() == theirs.public_key()
    public = PKey.from_cryptography_key(theirs.public_key())
    assert public.type() == type and public.to_cryptography_key() == theirs.public_key()
    with pytest.raises(crypto.Error):
        crypto.dump_privatekey(FILETYPE_PEM, public)


def test_other_keys_are_refused() -> None:
    for other in (x25519.X25519PrivateKey.generate(), "x", None):
        with pytest.raises(TypeError, match="^Unsupported key type$"):
            PKey.from_cryptography_key(other)  # type: ignore[arg-type]
    with pytest.raises(crypto.Error):
        PKey().to_cryptography_key()


def test_certificates_there_and_back(cert_pem: bytes) -> None:
    cert = crypto.load_certificate(FILETYPE_PEM, cert_pem)
    theirs = cert.to_cryptography()
    assert theirs.public_bytes(Encoding.PEM) == cert_pem and theirs.serial_number == cert.get_serial_number()
    assert crypto.dump_certificate(FILETYPE_PEM, X509.from_cryptography(theirs)) == cert_pem
    for other in (cert, None, "x"):
        with pytest.raises(TypeError, match="^Must be a certificate$"):
            X509.from_cryptography(other)  # type: ignore[arg-type]
    with pytest.raises(crypto.Error):
        X509().to_cryptography()


def test_requests_there_and_back(rsa: PKey) -> None:
    request = X509Req()
    request.set_pubkey(rsa)
    request.get_subject().CN = "x"
    request.sign(rsa, "sha256")
    theirs = request.to_cryptography()
    assert theirs.is_signature_valid
    again = X509Req.from_cryptography(theirs)
    der = crypto.dump_certificate_request(FILETYPE_ASN1, request)
    assert crypto.dump_certificate_request(FILETYPE_ASN1, again) == der == theirs.public_bytes(Encoding.DER)
    with pytest.raises(TypeError, match="^Must be a certificate signing request$"):
        X509Req.from_cryptography(request)  # type: ignore[arg-type]


def test_names_agree(cert_pem: bytes) -> None:
    cert = crypto.load_certificate(FILETYPE_PEM, cert_pem)
    assert cert.get_subject().der() == x509.load_pem_x509_certificate(cert_pem).subject.public_bytes()
