"""Objects shared between threads, and the garbage collector between any two calls."""

from __future__ import annotations

import gc
import sys
import threading
from typing import Any, Callable, Iterator, List

import pytest

from OpenSSL import crypto
from OpenSSL.crypto import FILETYPE_ASN1, FILETYPE_PEM, X509, PKey, X509Extension, X509Name, X509Req

ROUNDS = 400


@pytest.fixture
def fast_switching() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def run(*bodies: Callable[[], None]) -> None:
    """Runs all at once; the first exception of any of them is raised."""
    failed: List[BaseException] = []
    start = threading.Barrier(len(bodies))

    def guarded(body: Callable[[], None]) -> None:
        try:
            start.wait(30)
            body()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=(body,), daemon=True) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    if failed:
        raise failed[0]


def test_four_threads_read_a_certificate_while_a_fifth_sets_its_fields(
    cert_pem: bytes, rsa: PKey, fast_switching: None
) -> None:
    cert = crypto.load_certificate(FILETYPE_PEM, cert_pem)
    subject = cert.get_subject()
    names = {"example.org"} | {f"name {number}" for number in range(ROUNDS)}
    before = {cert.get_serial_number()}
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            assert subject.CN in names and cert.get_subject().CN in names
            assert cert.get_serial_number() in before | set(range(ROUNDS))
            loaded = crypto.load_certificate(FILETYPE_ASN1, crypto.dump_certificate(FILETYPE_ASN1, cert))
            assert loaded.get_subject().CN in names
            assert len(cert.digest("sha256")) == 95 and cert.has_expired() is False
            assert b"Certificate:" in crypto.dump_certificate(crypto.FILETYPE_TEXT, cert)
            assert cert.get_pubkey().bits() == 2048

    def write() -> None:
        try:
            for number in range(ROUNDS):
                subject.CN = f"name {number}"
                cert.set_serial_number(number)
                cert.gmtime_adj_notAfter(3600 + number)
                cert.set_issuer(subject)
                if number % 50 == 0:
                    cert.set_pubkey(rsa)
                    cert.sign(rsa, "sha256")
        finally:
            done.set()

    run(write, read, read, read, read)
    assert subject.CN == f"name {ROUNDS - 1}" and cert.get_serial_number() == ROUNDS - 1


def test_views_of_one_name_written_by_many_threads(fast_switching: None) -> None:
    cert = X509()
    attributes = ("CN", "O", "OU", "L")

    def write(attribute: str) -> Callable[[], None]:
        def body() -> None:
            view = cert.get_subject()
            for number in range(ROUNDS):
                setattr(view, attribute, f"{attribute} {number}")
                assert getattr(view, attribute) == f"{attribute} {number}"

        return body

    run(*(write(attribute) for attribute in attributes))
    assert sorted(cert.get_subject().get_components()) == sorted(
        (attribute.encode(), f"{attribute} {ROUNDS - 1}".encode()) for attribute in attributes
    )


def test_names_of_two_certificates_compared_and_copied_crosswise(fast_switching: None) -> None:
    one, other = X509(), X509()
    one.get_subject().CN, other.get_subject().CN = "one", "other"

    def cross(left: X509, right: X509) -> Callable[[], None]:
        def body() -> None:
            for _ in range(ROUNDS):
                assert left.get_subject() != right.get_subject()
                left.set_issuer(right.get_subject())

        return body

    run(cross(one, other), cross(other, one), cross(one, other), cross(other, one))
    assert one.get_issuer().CN == "other" and other.get_issuer().CN == "one"


def test_one_key_signs_in_many_threads_while_another_key_is_generated_in_it(rsa_pem: bytes) -> None:
    key = crypto.load_privatekey(FILETYPE_PEM, rsa_pem)

    def sign() -> None:
        for _ in range(40):
            assert crypto.sign(key, b"data", "sha256")
            assert crypto.dump_privatekey(FILETYPE_PEM, key).startswith(b"-----BEGIN PRIVATE KEY-----")

    def generate() -> None:
        for _ in range(20):
            key.generate_key(crypto.TYPE_EC, 256)

    run(sign, sign, sign, generate)
    assert key.type() == crypto.TYPE_EC


def test_the_collector_may_run_between_any_two_calls(rsa_pem: bytes) -> None:
    """What a program makes, keeps in containers, reads and verifies, with gc.collect() at each line."""

    def collecting(frame: Any, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename.startswith(__file__) or "OpenSSL" in frame.f_code.co_filename:
            gc.collect(0)
            return collecting
        return None

    def program() -> List[Any]:
        key = crypto.load_privatekey(FILETYPE_PEM, rsa_pem, lambda _: b"unused")
        names: List[X509Name] = []
        cycle: List[Any] = [names]
        cycle.append(cycle)
        cert = X509()
        cert.set_version(2)
        cert.set_serial_number(-(2**70))
        names.append(cert.get_subject())
        names[0].CN = "collected"
        cert.set_issuer(X509Name(X509Name(names[0])))
        cert.gmtime_adj_notBefore(0)
        cert.gmtime_adj_notAfter(3600)
        cert.set_pubkey(key)
        cert.add_extensions(X509Extension(b"subjectKeyIdentifier", False, b"hash", subject=cert) for _ in range(1))
        cert.sign(key, "sha256")
        request = X509Req()
        request.set_pubkey(cert.get_pubkey())
        request.add_extensions([X509Extension(b"basicConstraints", True, b"CA:TRUE")])
        request.sign(key, "sha256")
        dumped = crypto.dump_certificate(
            FILETYPE_PEM, crypto.load_certificate(FILETYPE_PEM, crypto.dump_certificate(FILETYPE_PEM, cert))
        )
        assert dumped == crypto.dump_certificate(FILETYPE_PEM, cert)
        contain(key, cert)
        return [names[0].CN, cert.get_issuer().CN, str(cert.get_extension(0)), str(request.get_extensions()[0])]

    def contain(key: PKey, cert: X509) -> None:
        p12 = crypto.PKCS12()
        p12.set_privatekey(key)
        p12.set_certificate(cert)
        p12.set_ca_certificates(iter([cert, cert]))
        p12 = crypto.load_pkcs12(p12.export(b"x", iter=1), b"x")
        others = p12.get_ca_certificates()
        del p12
        assert others is not None and [other.get_subject().CN for other in others] == ["collected"] * len(others)
        spki = crypto.NetscapeSPKI()
        spki.set_pubkey(key)
        spki.sign(key, "sha256")
        assert crypto.NetscapeSPKI(spki.b64_encode()).verify(spki.get_pubkey())
        entry, crl = crypto.Revoked(), crypto.CRL()
        entry.set_serial(b"1f")
        entry.set_rev_date(b"20200101000000Z")
        crl.add_revoked(entry)
        pem = crl.export(cert, key, digest=b"sha256")
        crl = crypto.load_crl(FILETYPE_PEM, pem)
        (entry,) = crl.get_revoked() or ()
        del crl
        assert entry.get_serial() == b"1F"
        store = crypto.X509Store()
        store.add_cert(cert)
        store.add_crl(crypto.load_crl(FILETYPE_PEM, pem))
        context = crypto.X509StoreContext(store, cert, [cert])
        store = crypto.X509Store()
        (link,) = context.get_verified_chain()
        context.set_store(store)
        with pytest.raises(crypto.X509StoreContextError) as refused:
            context.verify_certificate()
        del context, store
        assert refused.value.certificate.digest("sha256") == link.digest("sha256") == cert.digest("sha256")

    before = sys.gettrace()
    sys.settrace(collecting)
    try:
        told = program()
    finally:
        sys.settrace(before)
    assert told[:2] == ["collected"] * 2 and len(told[2]) == 59 and told[3] == "CA:TRUE"
