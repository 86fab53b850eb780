"""CRL and Revoked: both ways with `openssl crl`, and what the manual says of each method."""

from __future__ import annotations

import contextlib
import datetime
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutations import survive
from pki import openssl, pki

from OpenSSL import crypto
from OpenSSL.crypto import CRL, FILETYPE_ASN1, FILETYPE_PEM, FILETYPE_TEXT, Revoked

REASONS = {
    b"unspecified": "Unspecified",
    b"keyCompromise": "Key Compromise",
    b"CACompromise": "CA Compromise",
    b"affiliationChanged": "Affiliation Changed",
    b"superseded": "Superseded",
    b"cessationOfOperation": "Cessation Of Operation",
    b"certificateHold": "Certificate Hold",
}


def issuer() -> tuple[crypto.X509, crypto.PKey]:
    cert = crypto.load_certificate(FILETYPE_PEM, pki().pem("root"))
    return cert, crypto.load_privatekey(FILETYPE_PEM, pki().key("root"))


def revoked(serial: bytes, when: bytes = b"20200101120000Z", reason: bytes | None = None) -> Revoked:
    entry = Revoked()
    entry.set_serial(serial)
    entry.set_rev_date(when)
    entry.set_reason(reason)
    return entry


def crl_of(*entries: Revoked) -> CRL:
    crl = CRL()
    crl.set_version(1)
    for entry in entries:
        crl.add_revoked(entry)
    return crl


def text_of(dumped: bytes) -> str:
    """`openssl crl -text` of a PEM, with runs of blanks made one, and without those around "=" (they come and go)."""
    text = openssl("crl", "-noout", "-text", stdin=dumped).decode()
    return re.sub(r"\s*=\s*", "=", re.sub(r"[ \n]+", " ", text))


def date(days: int = 0) -> str:
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return f"{when:%b} {when.day} " if days else f"{when:%b} {when.day} {when:%H:}"


class TestExport:
    @pytest.mark.usefixtures("each_openssl")
    def test_the_command_reads_and_verifies_it(self, tmp_path: Path) -> None:
        cert, key = issuer()
        crl = crl_of(revoked(b"1F"), revoked(b"abcdef0123456789abcd", b"20210101000000Z", b"keyCompromise"))
        pem = crl.export(cert, key, digest=b"sha256")
        done = subprocess.run(
            ["openssl", "crl", "-noout", "-CAfile", pki().path("root.pem")], input=pem, capture_output=True, check=True
        )
        assert b"verify OK" in done.stderr
        text = text_of(pem)
        assert "Version 2" in text and "Issuer: O=Tests, CN=root" in text
        assert f"Last Update: {date()}" in text and f"Next Update: {date(100)}" in text
        assert "Serial Number: 1F Revocation Date: Jan 1 12:00:00 2020 GMT" in text
        assert (
            "Serial Number: ABCDEF0123456789ABCD Revocation Date: Jan 1 00:00:00 2021 GMT "
            "CRL entry extensions: X509v3 CRL Reason Code: Key Compromise" in text
        )
        assert "ecdsa-with-SHA256" in text

    def test_type_and_days(self) -> None:
        cert, key = issuer()
        der = crl_of().export(cert, key, FILETYPE_ASN1, 30, b"sha512")
        pem = openssl("crl", "-inform", "DER", stdin=der)
        assert f"Next Update: {date(30)}" in text_of(pem) and "ecdsa-with-SHA512" in text_of(pem)
        assert b"Certificate Revocation List" in crl_of().export(cert, key, FILETYPE_TEXT, digest=b"sha256")
        assert f"Next Update: {date(-3)}" in text_of(crl_of().export(cert, key, days=-3, digest=b"sha256"))

    def test_without_a_digest_it_is_sha256(self) -> None:
        assert "ecdsa-with-SHA256" in text_of(crl_of().export(*issuer()))

    def test_wrong_arguments(self) -> None:
        cert, key = issuer()
        crl = crl_of()
        with pytest.raises(TypeError, match="digest"):
            crl.export(cert, key, digest="sha256")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="^No such digest method: "):
            crl.export(cert, key, digest=b"strange")
        with pytest.raises(ValueError, match="^type argument must be FILETYPE_PEM, FILETYPE_ASN1, or FILETYPE_TEXT$"):
            crl.export(cert, key, 100, 10, digest=b"sha256")
        wrongs: list[tuple[Any, Any]] = [(None, key), (cert, None), (key, cert)]
        for wrong_cert, wrong_key in wrongs:
            with pytest.raises(TypeError):
                crl.export(wrong_cert, wrong_key, digest=b"sha256")
        with pytest.raises(TypeError, match="^type must be an integer$"):
            crl.export(cert, key, "PEM", digest=b"sha256")  # type: ignore[arg-type]
        with pytest.raises(ValueError):
            crl.export(cert, crypto.PKey(), digest=b"sha256")
        with pytest.raises(crypto.Error):
            dump = crypto.dump_crl(FILETYPE_PEM, crl)
            assert not dump


class TestSign:
    def test_sign_sets_the_issuer_and_orders_the_entries(self) -> None:
        cert, key = issuer()
        crl = crl_of(revoked(b"30"), revoked(b"10"), revoked(b"20"))
        crl.set_lastUpdate(b"20200101000000Z")
        crl.set_nextUpdate(b"20491231235959Z")
        assert crl.sign(cert, key, b"sha1") is None  # type: ignore[func-returns-value]
        assert crl.get_issuer().get_components() == cert.get_subject().get_components()
        assert [entry.get_serial() for entry in crl.get_revoked() or ()] == [b"10", b"20", b"30"]
        text = text_of(crypto.dump_crl(FILETYPE_PEM, crl))
        assert "Last Update: Jan 1 00:00:00 2020 GMT Next Update: Dec 31 23:59:59 2049 GMT" in text

    def test_an_unknown_digest_is_an_error(self) -> None:
        cert, key = issuer()
        with pytest.raises(crypto.Error):
            CRL().sign(cert, key, b"strange")

    def test_wrong_types(self) -> None:
        cert, key = issuer()
        wrongs: list[tuple[Any, Any, Any]] = [(None, key, b"sha256"), (cert, cert, b"sha256"), (cert, key, "sha256")]
        for wrong in wrongs:
            with pytest.raises(TypeError):
                CRL().sign(*wrong)
        with pytest.raises(ValueError, match="^Key only has public part$"):
            CRL().sign(cert, cert.get_pubkey(), b"sha256")
        with pytest.raises(ValueError, match="^Key only has public part$"):
            CRL().export(cert, cert.get_pubkey(), digest=b"sha256")

    @pytest.mark.parametrize(("version", "name"), [(0, "Version 1"), (1, "Version 2")])
    def test_set_version(self, version: int, name: str) -> None:
        cert, key = issuer()
        crl = CRL()
        crl.set_version(version)
        assert name in text_of(crl.export(cert, key, digest=b"sha256"))
        with pytest.raises(TypeError):
            crl.set_version("1")  # type: ignore[arg-type]

    def test_times_have_to_be_bytes_and_times(self) -> None:
        for setter in (CRL().set_lastUpdate, CRL().set_nextUpdate, Revoked().set_rev_date):
            with pytest.raises(TypeError, match="^when must be a byte string$"):
                setter("20200101000000Z")  # type: ignore[arg-type]
            for wrong in (b"", b"yesterday", b"20201301000000Z", b"2020-01-01"):
                with pytest.raises(ValueError, match="^Invalid string: "):
                    setter(wrong)


@pytest.mark.parametrize("curve", [crypto.TYPE_ED25519, crypto.TYPE_ED448])
def test_keys_that_bring_their_digest_sign_without_one(curve: int) -> None:
    key = crypto.PKey()
    key.generate_key(curve, 0)
    cert = crypto.X509()
    cert.get_subject().CN = cert.get_issuer().CN = "Edwards"
    cert.set_pubkey(key)
    cert.gmtime_adj_notBefore(0)
    cert.gmtime_adj_notAfter(60)
    cert.sign(key, None)
    crl = crl_of(revoked(b"2a"))
    with pytest.raises(crypto.Error, match="cannot sign the revocation list"):
        crl.sign(cert, key, b"sha256")
    crl.sign(cert, key, None)
    exported = crl.export(cert, key, digest=None)
    public: Any = cert.get_pubkey().to_cryptography_key()
    for dumped in (crypto.dump_crl(FILETYPE_PEM, crl), exported):
        assert crypto.load_crl(FILETYPE_PEM, dumped).to_cryptography().is_signature_valid(public)


class TestLoad:
    @pytest.mark.usefixtures("each_openssl")
    def test_a_list_of_the_command(self) -> None:
        pem = pki().crl("inter")
        der = openssl("crl", "-outform", "DER", stdin=pem)
        for crl in (
            crypto.load_crl(FILETYPE_PEM, pem),
            crypto.load_crl(FILETYPE_ASN1, der),
            crypto.load_crl(1, pem.decode()),
        ):
            (entry,) = crl.get_revoked() or ()
            serial = openssl("x509", "-noout", "-serial", stdin=pki().pem("revoked")).strip().split(b"=")[1]
            assert entry.get_serial() == serial
            assert entry.get_reason() == b"Key Compromise"
            assert re.fullmatch(rb"20\d{12}Z", entry.get_rev_date() or b"")
            assert crl.get_issuer().get_components() == [(b"O", b"Tests"), (b"CN", b"inter")]
            assert crypto.dump_crl(FILETYPE_ASN1, crl) == der
            assert crypto.dump_crl(FILETYPE_PEM, crl) == openssl("crl", stdin=pem)

    @pytest.mark.usefixtures("each_openssl")
    def test_text_says_what_the_command_says(self) -> None:
        crl = crypto.load_crl(FILETYPE_PEM, pki().crl("inter"))
        ours, theirs = crypto.dump_crl(FILETYPE_TEXT, crl), openssl("crl", "-noout", "-text", stdin=pki().crl("inter"))
        assert b"".join(ours.split()) == b"".join(theirs.split())

    def test_empty_list_has_no_entries(self) -> None:
        assert crypto.load_crl(FILETYPE_PEM, pki().crl("root")).get_revoked() is None
        assert CRL().get_revoked() is None

    def test_wrong_arguments(self) -> None:
        for junk in (b"", b"junk", pki().pem("root"), pki().crl("root")[:100]):
            for filetype in (FILETYPE_PEM, FILETYPE_ASN1):
                with pytest.raises(crypto.Error):
                    crypto.load_crl(filetype, junk)
        with pytest.raises(ValueError, match="^type argument must be FILETYPE_PEM or FILETYPE_ASN1$"):
            crypto.load_crl(FILETYPE_TEXT, b"")
        with pytest.raises(TypeError):
            crypto.dump_crl(FILETYPE_PEM, None)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="^type argument must be FILETYPE_PEM, FILETYPE_ASN1, or FILETYPE_TEXT$"):
            crypto.dump_crl(99, crypto.load_crl(FILETYPE_PEM, pki().crl("root")))

    def test_the_issuer_is_a_copy(self) -> None:
        crl = crypto.load_crl(FILETYPE_PEM, pki().crl("root"))
        crl.get_issuer().CN = "changed"
        assert crl.get_issuer().CN == "root"

    def test_entries_are_copies_both_ways(self) -> None:
        entry = revoked(b"01")
        crl = crl_of(entry)
        entry.set_serial(b"02")
        (inside,) = crl.get_revoked() or ()
        inside.set_serial(b"03")
        assert [one.get_serial() for one in crl.get_revoked() or ()] == [b"01"]

    def test_entries_outlive_the_list(self) -> None:
        entries = crl_of(revoked(b"0a"), revoked(b"0b")).get_revoked()
        assert [entry.get_serial() for entry in entries or ()] == [b"0A", b"0B"]

    def test_what_cannot_be_added(self) -> None:
        for wrong in (None, b"01", Revoked):
            with pytest.raises(TypeError):
                CRL().add_revoked(wrong)  # type: ignore[arg-type]
        with pytest.raises(crypto.Error):
            CRL().add_revoked(Revoked())

    def test_old_name(self) -> None:
        assert crypto.CRLType is CRL
        assert repr(CRL) == "<class 'OpenSSL.crypto.CRL'>" and repr(Revoked) == "<class 'OpenSSL.crypto.Revoked'>"

    def test_to_and_from_cryptography(self) -> None:
        x509 = pytest.importorskip("cryptography.x509", reason="the `cryptography` package is not installed")
        crl = crypto.load_crl(FILETYPE_PEM, pki().crl("inter"))
        theirs = crl.to_cryptography()
        assert isinstance(theirs, x509.CertificateRevocationList) and len(theirs) == 1
        back = CRL.from_cryptography(theirs)
        assert crypto.dump_crl(FILETYPE_ASN1, back) == crypto.dump_crl(FILETYPE_ASN1, crl)
        with pytest.raises(TypeError, match="^Must be a certificate revocation list$"):
            CRL.from_cryptography(crl)  # type: ignore[arg-type]
        store = crypto.X509Store()
        store.add_crl(theirs)


class TestRevoked:
    def test_empty(self) -> None:
        entry = Revoked()
        assert (entry.get_serial(), entry.get_rev_date(), entry.get_reason()) == (b"00", None, None)

    @pytest.mark.parametrize(
        ("given_", "kept"),
        [
            (b"0", b"00"),
            (b"1", b"01"),
            (b"ff", b"FF"),
            (b"0100", b"0100"),
            (b"000abc", b"0ABC"),
            (b"-1", b"-01"),
            (b"a" * 80, b"A" * 80),
        ],
    )
    def test_serial(self, given_: bytes, kept: bytes) -> None:
        entry = Revoked()
        assert entry.set_serial(given_) is None  # type: ignore[func-returns-value]
        assert entry.get_serial() == kept

    def test_bad_serials(self) -> None:
        for wrong in (b"", b"pqrst", b"12zz", b"0x10", b" 1", b"1\0", "é".encode()):
            with pytest.raises(ValueError, match="^bad hex string$"):
                Revoked().set_serial(wrong)
        for wrong_type in (100, "10", None):
            with pytest.raises(TypeError):
                Revoked().set_serial(wrong_type)  # type: ignore[arg-type]

    @given(st.integers(-(2**200), 2**200))
    def test_any_number_survives(self, number: int) -> None:
        entry = Revoked()
        entry.set_serial(b"%x" % number)
        assert int(entry.get_serial(), 16) == number
        crl = crl_of(revoked(b"%x" % number))
        assert [int(one.get_serial(), 16) for one in crl.get_revoked() or ()] == [number]

    @pytest.mark.parametrize(
        ("given_", "kept"),
        [
            (b"20200101120000Z", b"20200101120000Z"),
            (b"200101120000Z", b"20200101120000Z"),
            (b"20991231235959Z", b"20991231235959Z"),
        ],
    )
    def test_date(self, given_: bytes, kept: bytes) -> None:
        entry = Revoked()
        entry.set_rev_date(given_)
        assert entry.get_rev_date() == kept

    def test_all_reasons_can_be_set_and_come_back_in_words(self) -> None:
        entry = Revoked()
        assert entry.all_reasons() == list(REASONS)
        assert entry.all_reasons() is not entry.all_reasons()
        for reason, words in REASONS.items():
            for spelling in (reason, reason.upper(), words.encode(), words.lower().encode()):
                assert entry.set_reason(spelling) is None  # type: ignore[func-returns-value]
                assert entry.get_reason() == words.encode()
        entry.set_reason(None)
        assert entry.get_reason() is None

    @pytest.mark.usefixtures("each_openssl")
    def test_the_command_shows_each_reason(self) -> None:
        cert, key = issuer()
        entries = [revoked(b"%02x" % n, reason=reason) for n, reason in enumerate(REASONS, 1)]
        text = text_of(crl_of(*entries).export(cert, key, digest=b"sha256"))
        for words in REASONS.values():
            assert f"X509v3 CRL Reason Code: {words}" in text

    def test_bad_reasons(self) -> None:
        for wrong in (b"blue", b"", b"removeFromCRL", b"keyCompromise\0", "é".encode()):
            with pytest.raises(ValueError):
                Revoked().set_reason(wrong)
        for wrong_type in (100, "keyCompromise"):
            with pytest.raises(TypeError, match="^reason must be None or a byte string$"):
                Revoked().set_reason(wrong_type)  # type: ignore[arg-type]


@pytest.mark.parametrize("filetype", [FILETYPE_PEM, FILETYPE_ASN1])
def test_mutations_load_or_are_an_error(filetype: int) -> None:
    valid = pki().crl("inter")
    if filetype == FILETYPE_ASN1:
        valid = openssl("crl", "-outform", "DER", stdin=valid)
    survive(valid, lambda data: use(crypto.load_crl(filetype, data)))


def use(crl: CRL) -> None:
    questions: list[Any] = [crl.get_revoked, crl.get_issuer, lambda: crypto.X509Store().add_crl(crl)]
    questions += [lambda kind=kind: crypto.dump_crl(kind, crl) for kind in (FILETYPE_PEM, FILETYPE_ASN1, FILETYPE_TEXT)]
    for entry in crl.get_revoked() or ():
        questions += [
            entry.get_serial,
            entry.get_reason,
            entry.get_rev_date,
            lambda entry=entry: crl.add_revoked(entry),
        ]
    for question in questions:
        with contextlib.suppress(crypto.Error):
            question()
