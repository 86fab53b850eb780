"""Every Error says what failed, of which value, and has an entry: programs read args[0][0] and look into str(error)."""

from __future__ import annotations

import re
import typing

import pytest

from OpenSSL import SSL, crypto


def rsa_key() -> crypto.PKey:
    key = crypto.PKey()
    key.generate_key(crypto.TYPE_RSA, 2048)
    return key


def certificate(key: crypto.PKey) -> bytes:
    cert = crypto.X509()
    cert.set_serial_number(1)
    cert.get_subject().CN = "x"
    cert.gmtime_adj_notBefore(0)
    cert.gmtime_adj_notAfter(3600)
    cert.set_pubkey(key)
    cert.sign(key, "sha256")
    return crypto.dump_certificate(crypto.FILETYPE_ASN1, cert)


def reserialised(der: bytes, old: bytes, new: bytes) -> bytes:
    """The certificate with a part of its TBSCertificate replaced, and the lengths around it made right."""

    def tlv(tag: int, body: bytes) -> bytes:
        size = len(body)
        raw = size.to_bytes((size.bit_length() + 7) // 8 or 1, "big")
        return bytes([tag]) + (raw if size < 128 else bytes([0x80 | len(raw)]) + raw) + body

    def body(element: bytes) -> typing.Tuple[bytes, bytes]:
        start = 2 + (element[1] & 127 if element[1] & 128 else 0)
        size = int.from_bytes(element[2:start], "big") if element[1] & 128 else element[1]
        return element[start : start + size], element[start + size :]

    outer, _ = body(der)
    tbs, rest = body(outer)
    assert old in tbs
    return tlv(0x30, tlv(0x30, tbs.replace(old, new)) + rest)


FAILURES: typing.Dict[str, typing.Callable[[], object]] = {
    "an empty key": lambda: crypto.dump_privatekey(crypto.FILETYPE_PEM, crypto.PKey()),
    "an empty public key": lambda: crypto.dump_publickey(crypto.FILETYPE_PEM, crypto.PKey()),
    "an empty PKCS#12": lambda: crypto.PKCS12().export(),
    "no base64": lambda: crypto.NetscapeSPKI("!"),
    "no role": lambda: SSL.Connection(SSL.Context(SSL.TLS_METHOD)).do_handshake(),
    "no cipher": lambda: SSL.Context(SSL.TLS_METHOD).set_cipher_list(b"NOSUCH"),
    "an empty protocol": lambda: SSL.Context(SSL.TLS_METHOD).set_alpn_protos([b"a", b""]),
    "no locations": lambda: crypto.X509Store().load_locations(None, None),
}


@pytest.mark.parametrize("what", FAILURES)
def test_every_error_has_an_entry_and_a_sentence(what: str) -> None:
    with pytest.raises((crypto.Error, SSL.Error)) as caught:
        FAILURES[what]()
    library, function, reason = caught.value.args[0][0]
    assert library and reason and isinstance(function, str)
    assert str(caught.value).endswith(f" {caught.value.args[0]}") and "operation failed" not in str(caught.value)


def test_a_program_finds_bad_decrypt_with_its_quotes() -> None:
    pem = crypto.dump_privatekey(crypto.FILETYPE_PEM, rsa_key(), "aes-256-cbc", b"right")
    with pytest.raises(crypto.Error, match="the passphrase is wrong") as caught:
        crypto.load_privatekey(crypto.FILETYPE_PEM, pem, b"wrong")
    assert "'bad decrypt'" in str(caught.value)


def test_an_encrypted_key_that_cannot_be_read_does_not_pass_for_none() -> None:
    pem = crypto.dump_privatekey(crypto.FILETYPE_PEM, rsa_key(), "aes-256-cbc", b"right")
    damaged = pem[: len(pem) // 2].rsplit(b"\n", 1)[0] + b"\n-----END ENCRYPTED PRIVATE KEY-----\n"
    with pytest.raises(crypto.Error, match="it is encrypted, and damaged"):
        crypto.load_privatekey(crypto.FILETYPE_PEM, damaged, b"right")
    with pytest.raises(crypto.Error, match="it holds none that OpenSSL can read"):
        crypto.load_privatekey(crypto.FILETYPE_PEM, b"no key at all", b"right")


def test_a_scheme_that_openssl_does_not_know_is_not_blamed_on_the_passphrase() -> None:
    import base64

    pem = crypto.dump_privatekey(crypto.FILETYPE_PEM, rsa_key(), "aes-256-cbc", b"right")
    der = bytearray(base64.b64decode(b"".join(pem.split(b"\n")[1:-2])))
    pbes2 = bytes.fromhex("2a864886f70d01050d")
    der[der.index(pbes2) + 8] = 0x7F
    text = (
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" + base64.encodebytes(der) + b"-----END ENCRYPTED PRIVATE KEY-----\n"
    )
    with pytest.raises(crypto.Error, match="encrypted in a way that OpenSSL does not know") as caught:
        crypto.load_privatekey(crypto.FILETYPE_PEM, text, b"right")
    assert "passphrase" not in str(caught.value)


def test_a_malformed_date_is_a_value_error_that_quotes_it() -> None:
    der = certificate(rsa_key())
    dates = re.findall(rb"\x17\x0d(\d{12}Z)", der)
    cert = crypto.load_certificate(crypto.FILETYPE_ASN1, reserialised(der, dates[1], b"99XX01000000Z"))
    with pytest.raises(ValueError, match='notAfter: the time "99XX01000000Z" is malformed'):
        cert.has_expired()
    with pytest.raises(crypto.Error, match='the time "99XX01000000Z" is malformed'):
        cert.get_notAfter()


def test_a_bit_string_in_a_name_is_not_an_unknown_attribute() -> None:
    def tlv(tag: int, body: bytes) -> bytes:
        return bytes([tag, len(body)]) + body

    def name(oid: str, value: bytes) -> bytes:
        return tlv(0x30, tlv(0x31, tlv(0x30, tlv(6, bytes.fromhex(oid)) + value)))

    der = certificate(rsa_key())
    x500_unique_identifier = name("55042d", tlv(3, b"\0ab"))
    subject = crypto.load_certificate(
        crypto.FILETYPE_ASN1, reserialised(der, name("550403", tlv(12, b"x")), x500_unique_identifier)
    ).get_subject()
    assert subject.get_components() == [(b"x500UniqueIdentifier", b"ab")]
    with pytest.raises(crypto.Error, match="not text"):
        subject.x500UniqueIdentifier
    with pytest.raises(AttributeError, match="No such attribute"):
        subject.noSuchAttribute


def test_a_connection_without_a_role_says_what_to_call() -> None:
    conn = SSL.Connection(SSL.Context(SSL.TLS_METHOD))
    for call in (conn.do_handshake, lambda: conn.send(b"x")):
        with pytest.raises(SSL.Error, match=r"call set_connect_state\(\) or set_accept_state\(\)"):
            call()
