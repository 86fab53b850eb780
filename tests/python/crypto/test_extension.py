"""Extensions: made from configuration syntax, read back, compared with what openssl prints."""

from __future__ import annotations

import threading
from typing import Any, List

import pytest

from OpenSSL import crypto
from OpenSSL.crypto import FILETYPE_PEM, X509, PKey, X509Extension


def test_positional_form_of_0_6() -> None:
    extension = X509Extension(b"basicConstraints", 1, b"CA:true")  # type: ignore[arg-type]
    assert extension.get_critical() and extension.get_short_name() == b"basicConstraints"
    assert str(extension) == "CA:TRUE" and extension.get_data() == b"\x30\x03\x01\x01\xff"


@pytest.mark.parametrize(
    "kind, value, text, data",
    [
        (b"basicConstraints", b"CA:TRUE, pathlen:3", "CA:TRUE, pathlen:3", b"0\x06\x01\x01\xff\x02\x01\x03"),
        (b"keyUsage", b"digitalSignature, keyCertSign", "Digital Signature, Certificate Sign", b"\x03\x02\x02\x84"),
        (b"extendedKeyUsage", b"serverAuth", "TLS Web Server Authentication", None),
        (b"subjectAltName", b"DNS:a,email:b@c,URI:http://d", "DNS:a, email:b@c, URI:http://d", None),
        (b"subjectAltName", b"IP:127.0.0.1,IP:::1", "IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1", None),
        (b"subjectAltName", b"RID:1.2.3.4", "Registered ID:1.2.3.4", None),
        (b"nsComment", b"a comment", "a comment", b"\x16\x09a comment"),
        (b"2.5.29.19", b"DER:3000", "CA:FALSE", b"0\0"),
        (b"1.2.3.4", b"DER:0500", "0000 - 05 00                                             ..\n", b"\x05\0"),
    ],
)
@pytest.mark.parametrize("critical", [True, False])
def test_made_by_name(kind: bytes, value: bytes, text: str, data: Any, critical: bool) -> None:
    extension = X509Extension(kind, critical, value)
    assert extension.get_critical() is critical
    assert str(extension) == text
    if data is not None:
        assert extension.get_data() == data


def test_short_name_of_an_unknown_type() -> None:
    assert X509Extension(b"1.2.3.4", False, b"DER:0500").get_short_name() == b"UNDEF"
    assert X509Extension(b"2.5.29.17", False, b"DER:3000").get_short_name() == b"subjectAltName"


@pytest.mark.parametrize(
    "kind, value",
    [(b"nope", b"x"), (b"basicConstraints", b"CA:maybe"), (b"basicConstraints", b""), (b"subjectAltName", b"@section"),
     (b"subjectAltName", b"dirName:section"), (b"certificatePolicies", b"@policy"), (b"subjectKeyIdentifier", b"hash"),
     (b"authorityKeyIdentifier", b"keyid"), (b"authorityKeyIdentifier", b"issuer:always"), (b"keyUsage", b"everything"),
     (b"1.2.3.4", b"ASN1:SEQUENCE:section"), (b"1.2.3.4", b"DER:zz"), (b"subjectAltName", b"IP:300.1.1.1")],
)  # fmt: skip
def test_refused(kind: bytes, value: bytes) -> None:
    with pytest.raises(crypto.Error, match="cannot make the extension") as refused:
        X509Extension(kind, False, value)
    assert refused.value.args[0]


def test_a_nul_is_not_where_a_value_ends() -> None:
    for kind, value in ((b"nsComment", b"a\0b"), (b"nsComment\0", b"a")):
        with pytest.raises(ValueError, match="null byte"):
            X509Extension(kind, False, value)


def test_argument_types() -> None:
    """Note 60."""
    with pytest.raises(TypeError, match="type_name must be a byte string"):
        X509Extension("basicConstraints", False, b"CA:TRUE")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="value must be a byte string"):
        X509Extension(b"basicConstraints", False, "CA:TRUE")  # type: ignore[arg-type]
    for keyword in ("subject", "issuer"):
        with pytest.raises(TypeError, match=f"{keyword} must be an X509 instance"):
            X509Extension(b"subjectKeyIdentifier", False, b"hash", **{keyword: "x"})
    for kind, value in ((b"subjectAltName", b"DNS:a\0.example.org"), (b"nsComment\0", b"x")):
        with pytest.raises(ValueError, match="embedded null byte in (type_name|value)"):
            X509Extension(kind, False, value)


def test_subject_and_issuer_are_looked_at(rsa: PKey, ec: PKey) -> None:
    ca, leaf = X509(), X509()
    ca.set_pubkey(rsa)
    ca.set_serial_number(7)
    ca.get_issuer().CN = "root"
    leaf.set_pubkey(ec)
    leaf.get_subject().emailAddress = "a@b"
    identifier = X509Extension(b"subjectKeyIdentifier", False, b"hash", subject=ca)
    assert len(identifier.get_data()) == 22
    ca.add_extensions([identifier])
    assert X509Extension(b"subjectKeyIdentifier", False, b"hash", subject=leaf).get_data() != identifier.get_data()
    authority = X509Extension(b"authorityKeyIdentifier", False, b"keyid:always,issuer:always", issuer=ca)
    assert identifier.get_data()[2:] in authority.get_data() and "DirName:/CN=root" in str(authority)
    assert str(authority).startswith("keyid:" + str(identifier))
    copied = X509Extension(b"subjectAltName", False, b"email:copy", leaf, ca)
    assert str(copied) == "email:a@b"
    same = X509Extension(b"authorityKeyIdentifier", False, b"keyid:always", subject=ca, issuer=ca)
    assert identifier.get_data()[2:] in same.get_data()


def test_a_certificate_that_is_its_own_issuer_gets_its_key_identifier_too(rsa: PKey) -> None:
    ca = X509()
    ca.set_pubkey(rsa)
    identifier = X509Extension(b"subjectKeyIdentifier", False, b"hash", subject=ca)
    ca.add_extensions([identifier])
    same = X509Extension(b"authorityKeyIdentifier", False, b"keyid", subject=ca, issuer=ca)
    assert identifier.get_data()[2:] in same.get_data()


def test_an_issuer_without_a_key_identifier(rsa: PKey) -> None:
    issuer = X509()
    issuer.set_pubkey(rsa)
    assert X509Extension(b"authorityKeyIdentifier", False, b"keyid", issuer=issuer).get_data() == b"\x30\x00"
    with pytest.raises(crypto.Error):
        X509Extension(b"authorityKeyIdentifier", False, b"keyid:always", issuer=issuer)


def test_crosswise_subject_and_issuer_do_not_lock_each_other_out(rsa: PKey, ec: PKey) -> None:
    one, other = X509(), X509()
    for cert, key in ((one, rsa), (other, ec)):
        cert.set_pubkey(key)
        cert.add_extensions([X509Extension(b"subjectKeyIdentifier", False, b"hash", subject=cert)])
    failed: List[BaseException] = []

    def cross(subject: X509, issuer: X509) -> None:
        try:
            for _ in range(300):
                X509Extension(b"authorityKeyIdentifier", False, b"keyid", subject=subject, issuer=issuer)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=cross, args=pair, daemon=True) for pair in ((one, other), (other, one)) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert failed == []


def test_an_alternative_name_shows_its_nul() -> None:
    """As since 0.13.1: nothing hides behind a NUL."""
    names = [b"a.b\0x.", b"ab.example"]
    der = b"".join(bytes([0x82, len(text)]) + text for text in names)
    value = bytes([0x30, len(der)]) + der
    extension = X509Extension(b"2.5.29.17", False, b"DER:" + value.hex().encode())
    assert str(extension) == "DNS:a.b\0x., DNS:ab.example"


def test_extensions_agree_with_openssl(each_cert_pem: bytes, openssl: Any) -> None:
    cert = crypto.load_certificate(FILETYPE_PEM, each_cert_pem)
    extensions = [cert.get_extension(index) for index in range(cert.get_extension_count())]
    names = [extension.get_short_name() for extension in extensions]
    assert names[-5:] == [
        b"subjectAltName",
        b"keyUsage",
        b"extendedKeyUsage",
        b"certificatePolicies",
        b"crlDistributionPoints",
    ]
    text = openssl("x509", "-noout", "-text", stdin=each_cert_pem).decode()
    squeezed = "".join(text.split())
    for extension in extensions:
        assert "".join(str(extension).split()) in squeezed
    assert [extension.get_critical() for extension in extensions[-4:]] == [True, False, False, False]
    for index in (-1, len(extensions), 2**31, 2**40):
        with pytest.raises(IndexError, match="^extension index out of bounds$"):
            cert.get_extension(index)


def test_add_extensions_takes_any_iterable_of_extensions() -> None:
    cert = X509()
    cert.add_extensions(X509Extension(b"nsComment", False, text) for text in (b"one", b"two"))
    cert.add_extensions([])
    assert [str(cert.get_extension(index)) for index in range(2)] == ["one", "two"]
    with pytest.raises(ValueError, match="^One of the elements is not an X509Extension$"):
        cert.add_extensions([X509Extension(b"nsComment", False, b"three"), "four"])  # type: ignore[list-item]
    assert cert.get_extension_count() == 2, "all or none"


def test_an_extension_outlives_its_certificate() -> None:
    cert = X509()
    cert.add_extensions([X509Extension(b"nsComment", False, b"kept")])
    extension = cert.get_extension(0)
    del cert
    assert str(extension) == "kept"
