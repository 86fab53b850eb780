"""Certificates: build, sign, load, dump, and every getter and setter."""

from __future__ import annotations

import calendar
import hashlib
import time
from typing import Any, Callable

import pytest

from OpenSSL import crypto
from OpenSSL.crypto import FILETYPE_ASN1, FILETYPE_PEM, FILETYPE_TEXT, X509, PKey, X509Extension


def load(pem: bytes) -> X509:
    return crypto.load_certificate(FILETYPE_PEM, pem)


def built(key: PKey, digest: str = "sha256") -> X509:
    """A self-signed certificate, made by every setter there is."""
    cert = X509()
    cert.set_version(2)
    cert.set_serial_number(4711)
    cert.get_subject().CN = "built"
    cert.set_issuer(cert.get_subject())
    cert.gmtime_adj_notBefore(0)
    cert.gmtime_adj_notAfter(3600)
    cert.set_pubkey(key)
    cert.add_extensions([X509Extension(b"basicConstraints", True, b"CA:TRUE")])
    cert.sign(key, digest)
    return cert


def test_an_empty_certificate(rsa: PKey) -> None:
    """Note 75."""
    cert = X509()
    assert (cert.get_version(), cert.get_serial_number(), cert.get_extension_count()) == (0, 0, 0)
    assert cert.get_notBefore() is None and cert.get_notAfter() is None
    assert cert.get_subject().get_components() == []
    with pytest.raises(crypto.Error):
        cert.get_pubkey()
    with pytest.raises(ValueError, match="^Undefined signature algorithm$"):
        cert.get_signature_algorithm()
    with pytest.raises(ValueError, match="^Unable to determine notAfter: the certificate has none$"):
        cert.has_expired()
    for type in (FILETYPE_PEM, FILETYPE_ASN1):
        with pytest.raises(crypto.Error):
            crypto.dump_certificate(type, cert)
    assert crypto.dump_certificate(FILETYPE_TEXT, cert).startswith(b"Certificate:\n")


def test_pem_and_der_round_trip_byte_for_byte(each_cert_pem: bytes, openssl: Any) -> None:
    der = openssl("x509", "-outform", "DER", stdin=each_cert_pem)
    for cert in (load(each_cert_pem), crypto.load_certificate(FILETYPE_ASN1, der)):
        assert crypto.dump_certificate(FILETYPE_PEM, cert) == each_cert_pem
        assert crypto.dump_certificate(FILETYPE_ASN1, cert) == der


def test_text_is_that_of_openssl(each_cert_pem: bytes, openssl: Any) -> None:
    """OpenSSL 4 differs from Debian's 3.0 in blanks before line ends and round "="."""

    def words(text: bytes) -> bytes:
        return b"".join(text.split())

    ours = crypto.dump_certificate(FILETYPE_TEXT, load(each_cert_pem))
    theirs = openssl("x509", "-text", "-noout", "-nameopt", "compat", stdin=each_cert_pem)
    for part in (b"Serial Number:", b"Not Before", b"Not After", b"Public-Key:", b"X509v3 Subject Alternative Name:"):
        assert part in ours

    def hexadecimal(text: bytes) -> bytes:
        return words(text.split(b"Signature Value:")[1])

    assert hexadecimal(ours) == hexadecimal(theirs)
    named = openssl("x509", "-text", "-noout", "-nameopt", "sep_comma_plus_space,utf8", stdin=each_cert_pem)
    for name, view in (("Subject", load(each_cert_pem).get_subject()), ("Issuer", load(each_cert_pem).get_issuer())):
        entries = ", ".join(f"{kind.decode()}={value.decode()}" for kind, value in view.get_components())
        assert words(f"{name}:{entries}".encode()) in words(named)
    assert words(ours.split(b"X509v3 extensions:")[1]) == words(theirs.split(b"X509v3 extensions:")[1])


def test_load_takes_the_first_certificate_and_skips_text_before_it(cert_pem: bytes, rsa: PKey) -> None:
    """Notes 59, 66 and 89."""
    other = crypto.dump_certificate(FILETYPE_PEM, built(rsa))
    der = crypto.dump_certificate(FILETYPE_ASN1, load(cert_pem))
    for type, data in (
        (FILETYPE_PEM, b"words\n" + cert_pem + other),
        (FILETYPE_PEM, cert_pem.decode()),
        (FILETYPE_PEM, cert_pem.replace(b"\n", b"\r\n")),
        (FILETYPE_ASN1, der + b"trailing"),
    ):
        assert crypto.dump_certificate(FILETYPE_PEM, crypto.load_certificate(type, data)) == cert_pem
    wrong: Any
    for wrong in (FILETYPE_TEXT, 0, "PEM"):
        with pytest.raises(ValueError, match="^type argument must be FILETYPE_PEM or FILETYPE_ASN1$"):
            crypto.load_certificate(wrong, cert_pem)
    with pytest.raises(ValueError, match="^type argument must be FILETYPE_PEM, FILETYPE_ASN1, or FILETYPE_TEXT$"):
        crypto.dump_certificate(9, load(cert_pem))
    bad: Any
    for type, bad in ((FILETYPE_PEM, None), (FILETYPE_PEM, cert_pem[:500]), (FILETYPE_ASN1, der[:-1]), (2, b"")):
        with pytest.raises(crypto.Error, match="cannot load the certificate") as refused:
            crypto.load_certificate(type, bad)
        assert isinstance(refused.value.args[0], list) and refused.value.args[0]
    with pytest.raises(AttributeError):
        crypto.dump_certificate(FILETYPE_PEM, None)  # type: ignore[arg-type]


def test_an_encrypted_certificate_is_an_error_and_no_prompt(openssl: Any, rsa_pem: bytes) -> None:
    encrypted = openssl("rsa", "-traditional", "-aes128", "-passout", "pass:x", stdin=rsa_pem)
    pem = encrypted.replace(b"RSA PRIVATE KEY", b"CERTIFICATE")
    with pytest.raises(crypto.Error, match="encrypted"):
        load(pem)


def test_getters_agree_with_openssl(each_cert_pem: bytes, openssl: Any) -> None:
    cert = load(each_cert_pem)

    def told(what: str) -> str:
        return str(openssl("x509", "-noout", what, stdin=each_cert_pem).decode().strip().split("=", 1)[1])

    assert cert.get_version() == 2
    assert cert.get_serial_number() == int(told("-serial"), 16) == 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF0123
    for get, option in ((cert.get_notBefore, "-startdate"), (cert.get_notAfter, "-enddate")):
        then = calendar.timegm(time.strptime(told(option), "%b %d %H:%M:%S %Y GMT"))
        assert get() == time.strftime("%Y%m%d%H%M%SZ", time.gmtime(then)).encode()
    assert cert.get_signature_algorithm() == b"sha256WithRSAEncryption"
    assert f"{cert.subject_name_hash():08x}" == openssl("x509", "-noout", "-hash", stdin=each_cert_pem).decode().strip()
    assert cert.get_subject().hash() == cert.subject_name_hash()
    public = openssl("x509", "-noout", "-pubkey", stdin=each_cert_pem)
    assert crypto.dump_publickey(FILETYPE_PEM, cert.get_pubkey()) == public
    for digest in ("sha256", "SHA1", "md5", "sha512", "sha3-256"):
        theirs = openssl("x509", "-noout", "-fingerprint", "-" + digest, stdin=each_cert_pem).strip().split(b"=")[1]
        assert cert.digest(digest) == theirs


def test_a_digest_goes_by_the_name_of_its_signatures_too(cert_pem: bytes, rsa: PKey) -> None:
    cert = load(cert_pem)
    assert cert.digest("RSA-SHA256") == cert.digest("2.16.840.1.101.3.4.2.1") == cert.digest("sha256")
    assert cert.digest("sha1WithRSAEncryption") == cert.digest("SHA1")
    assert built(rsa, "RSA-SHA512").get_signature_algorithm() == b"sha512WithRSAEncryption"


def test_digest_refuses_what_is_no_digest(cert_pem: bytes) -> None:
    """Notes 61 and 80."""
    cert = load(cert_pem)
    with pytest.raises(ValueError, match="^No such digest method: "):
        cert.digest("no such digest")
    with pytest.raises(AttributeError):
        cert.digest(b"sha256")  # type: ignore[arg-type]


def test_the_digest_follows_a_change(cert_pem: bytes, rsa: PKey) -> None:
    cert = load(cert_pem)
    assert cert.digest("sha1") != b""
    cert.set_serial_number(5)
    der = crypto.dump_certificate(FILETYPE_ASN1, cert)
    assert cert.digest("sha1").replace(b":", b"").lower().decode() == hashlib.sha1(der).hexdigest()


@pytest.mark.parametrize(
    "change, get",
    [
        (lambda cert: cert.set_serial_number(99), lambda cert: cert.get_serial_number()),
        (lambda cert: cert.set_version(0), lambda cert: cert.get_version()),
        (lambda cert: cert.set_notAfter(b"20300101000000Z"), lambda cert: cert.get_notAfter()),
        (lambda cert: cert.gmtime_adj_notBefore(-86400), lambda cert: cert.get_notBefore()),
        (lambda cert: setattr(cert.get_subject(), "CN", "changed"), lambda cert: cert.get_subject().CN),
        (lambda cert: cert.set_issuer(X509().get_subject()), lambda cert: cert.get_issuer().der()),
        (lambda cert: cert.add_extensions([X509Extension(b"nsComment", False, b"x")]), X509.get_extension_count),
    ],
)
def test_a_change_of_a_loaded_certificate_shows_in_what_is_dumped(
    cert_pem: bytes, change: Callable[[X509], None], get: Callable[[X509], Any]
) -> None:
    cert = load(cert_pem)
    before = get(cert)
    change(cert)
    assert get(cert) != before
    again = crypto.load_certificate(FILETYPE_ASN1, crypto.dump_certificate(FILETYPE_ASN1, cert))
    assert get(again) == get(cert)


@pytest.mark.parametrize("serial", [0, 1, 127, 128, 255, 256, 2**64 - 1, 2**64, 2**159, 2**2000 + 1, True], ids=hex)
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.usefixtures("each_openssl")
def test_serial_numbers_of_any_size_and_sign(rsa: PKey, openssl: Any, serial: int, sign: int) -> None:
    """Note 77; DESIGN rule 4: negative ones work."""
    cert = built(rsa)
    cert.set_serial_number(serial * sign)
    assert cert.get_serial_number() == serial * sign
    cert.sign(rsa, "sha256")
    der = crypto.dump_certificate(FILETYPE_ASN1, cert)
    assert crypto.load_certificate(FILETYPE_ASN1, der).get_serial_number() == serial * sign
    told = openssl("x509", "-inform", "DER", "-noout", "-serial", stdin=der).decode().split("=")[1]
    assert int(told.replace("\\\n", ""), 16) == serial * sign


def test_setters_refuse_other_types(rsa: PKey) -> None:
    """Notes 60, 63 and 64."""
    cert = X509()
    for call, message in (
        (lambda: cert.set_version("2"), "version must be an integer"),  # type: ignore[arg-type]
        (lambda: cert.set_serial_number("2"), "serial must be an integer"),  # type: ignore[arg-type]
        (lambda: cert.set_serial_number(None), "serial must be an integer"),  # type: ignore[arg-type]
        (lambda: cert.set_notAfter("20300101000000Z"), "when must be a byte string"),  # type: ignore[arg-type]
        (lambda: cert.set_notBefore(5), "when must be a byte string"),  # type: ignore[arg-type]
        (lambda: cert.gmtime_adj_notAfter("5"), "amount must be an integer"),  # type: ignore[arg-type]
        (lambda: cert.gmtime_adj_notBefore(5.0), "amount must be an integer"),  # type: ignore[arg-type]
        (lambda: cert.set_subject("CN=x"), "name must be an X509Name"),  # type: ignore[arg-type]
        (lambda: cert.set_issuer(cert), "name must be an X509Name"),  # type: ignore[arg-type]
        (lambda: cert.set_pubkey("key"), "pkey must be a PKey instance"),  # type: ignore[arg-type]
        (lambda: cert.sign("key", "sha256"), "pkey must be a PKey instance"),  # type: ignore[arg-type]
    ):
        with pytest.raises(TypeError, match=f"^{message}$"):
            call()  # type: ignore[no-untyped-call]
    with pytest.raises(OverflowError):
        cert.set_version(2**70)
    with pytest.raises(crypto.Error):
        cert.set_pubkey(PKey())


@pytest.mark.parametrize("version", [-1, 0, 1, 2, 3, 2**40])
def test_versions_are_stored_as_they_are(version: int) -> None:
    """Note 76."""
    cert = X509()
    cert.set_version(version)
    assert cert.get_version() == version


TIMES = [
    (b"20300101000000Z", b"20300101000000Z", 0x18),
    (b"300101000000Z", b"20300101000000Z", 0x17),
    (b"500101000000Z", b"19500101000000Z", 0x17),
    (b"300101000000+0100", b"20291231230000Z", 0x17),
    (b"20300101000000+0100", b"20300101000000+0100", 0x18),
    (b"20300101000000-1130", b"20300101000000-1130", 0x18),
    (b"20300101000000.5Z", b"20300101000000.5Z", 0x18),
    (b"00010101000000Z", b"00010101000000Z", 0x18),
    (b"99991231235959Z", b"99991231235959Z", 0x18),
    (b"20240229120000Z", b"20240229120000Z", 0x18),
]


@pytest.mark.parametrize("when, shown, tag", TIMES)
def test_times_in_every_legal_form(rsa: PKey, when: bytes, shown: bytes, tag: int) -> None:
    """Note 78."""
    cert = built(rsa)
    cert.set_notAfter(when)
    cert.set_notBefore(when)
    assert cert.get_notAfter() == cert.get_notBefore() == shown
    cert.sign(rsa, "sha256")
    der = crypto.dump_certificate(FILETYPE_ASN1, cert)
    assert der.count(bytes([tag, len(when)]) + when) == 2
    assert crypto.load_certificate(FILETYPE_ASN1, der).get_notAfter() == shown
    assert isinstance(cert.has_expired(), bool)


@pytest.mark.parametrize(
    "when",
    [b"", b"x", b"20300101000000", b"20301301000000Z", b"20300101000060Z", b"20230229000000Z", b"3001010000Z",
     b"20300101000000-2359", b"2030-01-01", b"203001010000Z"],
)  # fmt: skip
def test_what_is_no_time_is_refused_and_changes_nothing(when: bytes) -> None:
    cert = X509()
    cert.set_notAfter(b"20300101000000Z")
    for set_time in (cert.set_notAfter, cert.set_notBefore):
        with pytest.raises(ValueError, match="^Invalid string: "):
            set_time(when)
    assert cert.get_notAfter() == b"20300101000000Z" and cert.get_notBefore() is None


def test_adjusting_the_times(rsa: PKey) -> None:
    cert = X509()
    for amount in (0, -86400, 10 * 365 * 86400, 40 * 365 * 86400):
        before = int(time.time()) - 1 + amount  # OpenSSL reads the coarse clock, which may be a tick behind
        cert.gmtime_adj_notAfter(amount)
        shown = cert.get_notAfter()
        assert shown is not None
        assert before <= calendar.timegm(time.strptime(shown.decode(), "%Y%m%d%H%M%SZ")) <= int(time.time()) + amount
    for huge in (10**12, -(10**12), 2**62):
        cert.gmtime_adj_notAfter(huge)
        assert cert.get_notAfter() == shown, "a moment that cannot be expressed changes nothing"
    with pytest.raises(OverflowError):
        cert.gmtime_adj_notAfter(10**30)


def test_has_expired_understands_every_legal_time() -> None:
    """Note 79; DESIGN rule 4."""
    cert = X509()
    now = int(time.time())

    def at(moment: float, zone: str = "Z", pattern: str = "%Y%m%d%H%M%S") -> bytes:
        return (time.strftime(pattern, time.gmtime(moment)) + zone).encode()

    for moment, expired in ((now - 2, True), (now + 60, False), (now - 86400, True), (now + 86400, False)):
        for form in (
            at(moment),
            at(moment, pattern="%y%m%d%H%M%S"),
            at(moment, ".5Z"),
            at(moment + 3600, "+0100"),
            at(moment - 5400, "-0130"),
        ):
            cert.set_notAfter(form)
            assert cert.has_expired() is expired, form
    cert.gmtime_adj_notAfter(-1)
    assert cert.has_expired() is True
    for form, expired in ((b"00010101000000Z", True), (b"19691231235959Z", True), (b"99991231235959Z", False)):
        cert.set_notAfter(form)
        assert cert.has_expired() is expired


@pytest.mark.usefixtures("each_openssl")
def test_sign_with_every_kind_of_key(rsa: PKey, ec: PKey, ed25519: PKey, openssl: Any, tmp_path: Any) -> None:
    for key, digest, algorithm in (
        (rsa, "sha256", b"sha256WithRSAEncryption"),
        (rsa, "SHA1", b"sha1WithRSAEncryption"),
        (ec, "sha384", b"ecdsa-with-SHA384"),
        (ed25519, None, b"ED25519"),
    ):
        cert = built(key, digest)  # type: ignore[arg-type]
        assert cert.get_signature_algorithm() == algorithm
        path = tmp_path / "cert.pem"
        path.write_bytes(crypto.dump_certificate(FILETYPE_PEM, cert))
        assert openssl("verify", "-auth_level", "0", "-CAfile", str(path), str(path)).endswith(b": OK\n")


def test_sign_refuses(rsa: PKey, ed25519: PKey) -> None:
    """Note 81, in its order."""
    cert = built(rsa)
    public = cert.get_pubkey()
    for key, digest, message in (
        (public, "no such digest", "Key only has public part"),
        (PKey(), "no such digest", "Key is uninitialized"),
        (rsa, "no such digest", 'No such digest method: "no such digest"; "sha256" is one'),
    ):
        with pytest.raises(ValueError, match=f"^{message}$"):
            cert.sign(key, digest)
    with pytest.raises(crypto.Error):
        cert.sign(ed25519, "sha256")
    with pytest.raises(AttributeError):
        cert.sign(rsa, b"sha256")  # type: ignore[arg-type]


def test_a_key_that_is_certified_again_and_again_gives_the_same_bytes(
    rsa_pem: bytes, ec_pem: bytes, ed25519_pem: bytes
) -> None:
    for pem in (rsa_pem, ec_pem, ed25519_pem):
        key = crypto.load_privatekey(FILETYPE_PEM, pem)
        expected = crypto.dump_publickey(FILETYPE_ASN1, key)
        for _ in range(4):
            cert, request = X509(), crypto.X509Req()
            for holder in (cert, request):
                holder.set_pubkey(key)
                got = holder.get_pubkey()
                assert crypto.dump_publickey(FILETYPE_ASN1, got) == expected
                assert (got.type(), got.bits()) == (key.type(), key.bits())
                with pytest.raises(crypto.Error):
                    crypto.dump_privatekey(FILETYPE_PEM, got)
        key.generate_key(crypto.TYPE_EC, 384)
        cert.set_pubkey(key)
        assert cert.get_pubkey().bits() == 384


def test_the_public_key_of_a_certificate_is_public_only(cert_pem: bytes) -> None:
    """Note 82."""
    key = load(cert_pem).get_pubkey()
    assert (key.type(), key.bits()) == (6, 2048)
    with pytest.raises(TypeError, match="^public key only$"):
        key.check()


def test_certificates_are_compared_and_hashed_by_identity(cert_pem: bytes) -> None:
    """Note 83."""
    one, other = load(cert_pem), load(cert_pem)
    assert one != other and len({one, other, one}) == 2


def test_verify_cert_error_string() -> None:
    assert crypto.X509_verify_cert_error_string(0) == "ok"
    assert crypto.X509_verify_cert_error_string(10) == "certificate has expired"
    assert isinstance(crypto.X509_verify_cert_error_string(-12345), str)


def test_the_names_of_old_are_the_classes() -> None:
    assert crypto.X509Type is X509 and crypto.PKeyType is PKey and crypto.X509NameType is crypto.X509Name
    assert crypto.X509ExtensionType is X509Extension and crypto.X509ReqType is crypto.X509Req
    assert {X509.__module__, PKey.__module__, crypto.X509Name.__module__} == {"OpenSSL.crypto"}
