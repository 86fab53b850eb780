"""Certificate requests."""

from __future__ import annotations

from typing import Any

import pytest

from OpenSSL import crypto
from OpenSSL.crypto import FILETYPE_ASN1, FILETYPE_PEM, FILETYPE_TEXT, PKey, X509Extension, X509Req


def built(key: PKey, digest: Any = "sha256") -> X509Req:
    request = X509Req()
    request.get_subject().CN = "request"
    request.set_pubkey(key)
    request.sign(key, digest)
    return request


def test_an_empty_request() -> None:
    request = X509Req()
    assert request.get_version() == 0 and request.get_extensions() == []
    with pytest.raises(crypto.Error):
        request.get_pubkey()
    with pytest.raises(crypto.Error):
        crypto.dump_certificate_request(FILETYPE_PEM, request)


@pytest.mark.usefixtures("each_openssl")
def test_openssl_verifies_what_is_signed_here(rsa: PKey, ec: PKey, ed25519: PKey, openssl: Any) -> None:
    for key, digest in ((rsa, "sha256"), (ec, "SHA384"), (ed25519, None)):
        pem = crypto.dump_certificate_request(FILETYPE_PEM, built(key, digest))
        openssl("req", "-verify", "-noout", stdin=pem)
        assert openssl("req", "-noout", "-pubkey", stdin=pem) == crypto.dump_publickey(FILETYPE_PEM, key)
        assert openssl("req", "-noout", "-subject", stdin=pem).replace(b" ", b"") == b"subject=CN=request\n"


@pytest.mark.usefixtures("each_openssl")
def test_round_trips_byte_for_byte_and_text(rsa_pem: bytes, openssl: Any, tmp_path: Any) -> None:
    (tmp_path / "key").write_bytes(rsa_pem)
    pem = openssl(
        "req", "-new", "-key", str(tmp_path / "key"), "-subj", "/C=DE/CN=x", "-addext", "subjectAltName=DNS:x"
    )
    der = openssl("req", "-outform", "DER", stdin=pem)
    for request in (
        crypto.load_certificate_request(FILETYPE_PEM, b"words\n" + pem),
        crypto.load_certificate_request(FILETYPE_PEM, pem.decode()),
        crypto.load_certificate_request(FILETYPE_ASN1, der),
    ):
        assert crypto.dump_certificate_request(FILETYPE_PEM, request) == pem
        assert crypto.dump_certificate_request(FILETYPE_ASN1, request) == der
        assert [str(extension) for extension in request.get_extensions()] == ["DNS:x"]
        ours = crypto.dump_certificate_request(FILETYPE_TEXT, request)
        theirs = openssl("req", "-text", "-noout", stdin=pem)
        assert ours.startswith(b"Certificate Request:\n")
        assert b"".join(ours.split(b"Signature Value:")[1].split()) == b"".join(
            theirs.split(b"Signature Value:")[1].split()
        )
    data: Any
    for type, data in ((FILETYPE_PEM, pem[:200]), (FILETYPE_ASN1, der[:-1]), (FILETYPE_PEM, None)):
        with pytest.raises(crypto.Error, match="cannot load the certificate request"):
            crypto.load_certificate_request(type, data)
    with pytest.raises(ValueError, match="^type argument must be FILETYPE_PEM or FILETYPE_ASN1$"):
        crypto.load_certificate_request(FILETYPE_TEXT, pem)
    with pytest.raises(ValueError, match="^type argument must be FILETYPE_PEM, FILETYPE_ASN1, or FILETYPE_TEXT$"):
        crypto.dump_certificate_request(9, request)


def test_verify(rsa: PKey, ec: PKey) -> None:
    request = built(rsa)
    assert request.verify(rsa) == 1 and request.verify(request.get_pubkey()) is True
    with pytest.raises(crypto.Error):
        request.verify(ec)
    request.get_subject().CN = "changed after signing"
    with pytest.raises(crypto.Error, match="signature is not of this key"):
        request.verify(rsa)
    with pytest.raises(crypto.Error):
        request.verify(PKey())
    with pytest.raises(TypeError, match="^pkey must be a PKey instance$"):
        request.verify("key")  # type: ignore[arg-type]


def test_sign_refuses(rsa: PKey) -> None:
    """Note 81."""
    request = built(rsa)
    for key, digest, message in (
        (request.get_pubkey(), "no such digest", "Key has only public part"),
        (PKey(), "no such digest", "Key is uninitialized"),
        (rsa, "no such digest", 'No such digest method: "no such digest"; "sha256" is one'),
    ):
        with pytest.raises(ValueError, match=f"^{message}$"):
            request.sign(key, digest)
    for call in (lambda: request.sign("key", "sha256"), lambda: request.set_pubkey("key")):  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="^pkey must be a PKey instance$"):
            call()  # type: ignore[no-untyped-call]


def test_the_version_is_0_and_nothing_else() -> None:
    request = X509Req()
    request.set_version(0)
    with pytest.raises(TypeError, match="^version must be an int$"):
        request.set_version("0")  # type: ignore[arg-type]
    for version in (1, 2, -1):
        with pytest.raises(ValueError, match="Invalid version"):
            request.set_version(version)
    assert request.get_version() == 0


def test_extensions_are_added_to_those_there_are(rsa: PKey, openssl: Any) -> None:
    request = X509Req()
    request.set_pubkey(rsa)
    request.add_extensions([X509Extension(b"basicConstraints", True, b"CA:FALSE")])
    request.add_extensions(iter([X509Extension(b"subjectAltName", False, b"DNS:a")]))
    request.add_extensions([])
    request.sign(rsa, "sha256")
    der = crypto.dump_certificate_request(FILETYPE_ASN1, request)
    for found in (request, crypto.load_certificate_request(FILETYPE_ASN1, der)):
        extensions = found.get_extensions()
        assert [(e.get_short_name(), e.get_critical(), str(e)) for e in extensions] == [
            (b"basicConstraints", True, "CA:FALSE"),
            (b"subjectAltName", False, "DNS:a"),
        ]
    text = openssl("req", "-inform", "DER", "-noout", "-text", stdin=der)
    assert b"CA:FALSE" in text and b"DNS:a" in text
    with pytest.raises(ValueError, match="^One of the elements is not an X509Extension$"):
        request.add_extensions(["x"])  # type: ignore[list-item]
