"""PKCS7: the kinds of message that `openssl smime`, `crl2pkcs7` and `cms` write, and bytes that are none."""

from __future__ import annotations

from typing import Callable

import pytest
from mutations import survive
from pki import openssl, pki

from OpenSSL import crypto

PEM, DER = crypto.FILETYPE_PEM, crypto.FILETYPE_ASN1


def signed() -> bytes:
    return openssl(
        "smime", "-sign", "-signer", pki().path("leaf.pem"), "-inkey", pki().path("leaf.key"), *OUT, stdin=b"hi"
    )


def bundle() -> bytes:
    return openssl("crl2pkcs7", "-nocrl", "-certfile", pki().path("root.pem"), *OUT)


def enveloped() -> bytes:
    folder = pki().dir
    if not (folder / "rsa.pem").exists():
        openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=rsa"),
            "-keyout",
            folder / "rsa.key",
            "-out",
            folder / "rsa.pem",
        )
    return openssl("smime", "-encrypt", "-aes128", *OUT, folder / "rsa.pem", stdin=b"hi")


OUT = ("-outform", "PEM")

KINDS = {
    "pkcs7-signedData": (signed, "type_is_signed"),
    "pkcs7-envelopedData": (enveloped, "type_is_enveloped"),
}

QUESTIONS = ["type_is_signed", "type_is_enveloped", "type_is_signedAndEnveloped", "type_is_data"]


def answers(message: crypto.PKCS7) -> list[str]:
    replies = {question: getattr(message, question)() for question in QUESTIONS}
    assert all(type(reply) is bool for reply in replies.values())
    return [question for question, reply in replies.items() if reply]


def to_der(pem: bytes) -> bytes:
    return openssl("pkcs7", "-outform", "DER", stdin=pem)


def wrap(content_type: str, content: str) -> bytes:
    """ContentInfo with a type under 1.2.840.113549.1.7 and a content, DER in hexadecimal."""
    body = bytes.fromhex("06092a864886f70d0107" + content_type)
    inner = bytes.fromhex(content)
    explicit = bytes([0xA0, len(inner)]) + inner
    return bytes([0x30, len(body + explicit)]) + body + explicit


class TestLoad:
    @pytest.mark.parametrize("name", KINDS)
    @pytest.mark.usefixtures("each_openssl")
    def test_pem_and_der(self, name: str) -> None:
        make, question = KINDS[name]
        pem = make()
        for message in (crypto.load_pkcs7_data(PEM, pem), crypto.load_pkcs7_data(DER, to_der(pem))):
            assert message.get_type_name() == name.encode()
            assert answers(message) == [question]

    @pytest.mark.usefixtures("each_openssl")
    def test_a_bundle_of_certificates_is_signed_data(self) -> None:
        message = crypto.load_pkcs7_data(PEM, bundle())
        assert (message.get_type_name(), answers(message)) == (b"pkcs7-signedData", ["type_is_signed"])

    def test_data(self) -> None:
        message = crypto.load_pkcs7_data(DER, wrap("01", "0405" + b"hello".hex()))
        assert (message.get_type_name(), answers(message)) == (b"pkcs7-data", ["type_is_data"])

    @pytest.mark.usefixtures("each_openssl")
    def test_signed_and_enveloped(self) -> None:
        # version 1, no recipients, no digests, empty encrypted content (data, aes-128-cbc), no signers
        cipher = "301d06096086480165030401020410" + "00" * 16
        content = "06092a864886f70d010701" + cipher + "8000"
        parts = "020101" + "3100" + "3100" + f"30{len(content) // 2:02x}" + content + "3100"
        message = crypto.load_pkcs7_data(DER, wrap("04", f"30{len(parts) // 2:02x}" + parts))
        assert message.get_type_name() == b"pkcs7-signedAndEnvelopedData"
        assert answers(message) == ["type_is_signedAndEnveloped"]

    def test_digested_and_encrypted_and_unknown_are_none_of_the_four(self) -> None:
        digest = "020100" + "300b0609608648016503040201" + "300b06092a864886f70d010701" + "0400"
        message = crypto.load_pkcs7_data(DER, wrap("05", f"30{len(digest) // 2:02x}" + digest))
        assert (message.get_type_name(), answers(message)) == (b"pkcs7-digestData", [])
        unknown = crypto.load_pkcs7_data(DER, bytes.fromhex("300806062a0304050607"))
        assert (unknown.get_type_name(), answers(unknown)) == (b"UNDEF", [])

    def test_text_before_pem_and_bytes_after_der_are_passed_over(self) -> None:
        pem = signed()
        assert crypto.load_pkcs7_data(PEM, b"a word before\n" + pem).type_is_signed()
        assert crypto.load_pkcs7_data(PEM, pem.decode()).type_is_signed()
        assert crypto.load_pkcs7_data(DER, to_der(pem) + b"more").type_is_signed()

    def test_wrong_arguments(self) -> None:
        for junk in (b"", b"junk", b"-----BEGIN PKCS7-----\n-----END PKCS7-----\n", pki().pem("leaf")[:-40]):
            for filetype in (PEM, DER):
                with pytest.raises(crypto.Error):
                    crypto.load_pkcs7_data(filetype, junk)
        for filetype in (0, 3, -1, crypto.FILETYPE_TEXT):
            with pytest.raises(ValueError, match="^type argument must be FILETYPE_PEM or FILETYPE_ASN1$"):
                crypto.load_pkcs7_data(filetype, b"")
        with pytest.raises(TypeError):
            crypto.load_pkcs7_data(PEM, bytearray(b"x"))  # type: ignore[arg-type]
        with pytest.raises(UnicodeEncodeError):
            crypto.load_pkcs7_data(PEM, "é")

    def test_there_is_no_constructor(self) -> None:
        assert crypto.PKCS7Type is crypto.PKCS7
        assert repr(crypto.PKCS7) == "<class 'OpenSSL.crypto.PKCS7'>"
        with pytest.raises(TypeError):
            crypto.PKCS7()


@pytest.mark.parametrize(
    ("filetype", "valid"), [(PEM, signed), (DER, lambda: to_der(signed())), (DER, lambda: to_der(enveloped()))]
)
def test_mutations_load_or_are_an_error(filetype: int, valid: Callable[[], bytes]) -> None:
    def use(data: bytes) -> None:
        message = crypto.load_pkcs7_data(filetype, data)
        assert isinstance(message.get_type_name(), bytes) and len(answers(message)) <= 1

    survive(valid(), use)
