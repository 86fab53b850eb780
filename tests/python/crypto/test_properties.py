"""Properties: what is built survives dump and load, and no mutation of valid input does worse than an Error."""

from __future__ import annotations

from typing import Any, Callable, List, Tuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import survive

from OpenSSL import crypto
from OpenSSL.crypto import FILETYPE_ASN1, FILETYPE_PEM, FILETYPE_TEXT, X509, PKey, X509Extension

relaxed = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])

#: Types of entries with no more rule than a length, and that length.
TYPES = [
    ("CN", 64),
    ("O", 64),
    ("OU", 64),
    ("L", 128),
    ("ST", 128),
    ("title", 64),
    ("description", 1024),
    ("GN", 32768),
]

text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64)
components = st.lists(
    st.tuples(st.sampled_from([kind for kind, _ in TYPES]), text), max_size=6, unique_by=lambda c: c[0]
)
serials = st.one_of(st.integers(), st.integers(min_value=-(2**300), max_value=2**300))


def through_der(cert: X509, key: PKey) -> X509:
    cert.set_pubkey(key)
    if cert.get_notBefore() is None:
        cert.gmtime_adj_notBefore(0)
    if cert.get_notAfter() is None:
        cert.gmtime_adj_notAfter(0)
    cert.sign(key, "sha256")
    pem = crypto.dump_certificate(FILETYPE_PEM, cert)
    return crypto.load_certificate(FILETYPE_PEM, pem)


@relaxed
@given(components=components)
def test_name_components_survive(ec: PKey, components: List[Tuple[str, str]]) -> None:
    cert = X509()
    for kind, value in components:
        setattr(cert.get_subject(), kind, value)
    expected = [(kind.encode(), value.encode()) for kind, value in components]
    again = through_der(cert, ec).get_subject()
    assert again.get_components() == cert.get_subject().get_components() == expected
    assert again == cert.get_subject() and again.der() == cert.get_subject().der()
    for kind, value in components:
        assert getattr(again, kind) == value


@relaxed
@given(serial=serials)
def test_serials_survive(ec: PKey, serial: int) -> None:
    cert = X509()
    cert.set_serial_number(serial)
    assert through_der(cert, ec).get_serial_number() == serial


@relaxed
@given(when=st.datetimes(), utc=st.booleans())
def test_times_survive(ec: PKey, when: Any, utc: bool) -> None:
    cert = X509()
    general = f"{when.year:04}{when:%m%d%H%M%S}Z".encode()
    short = utc and 1950 <= when.year < 2050
    cert.set_notBefore(general[2:] if short else general)
    cert.set_notAfter(general)
    again = through_der(cert, ec)
    assert (again.get_notBefore(), again.get_notAfter()) == (general, general)


@relaxed
@given(value=st.binary(min_size=1, max_size=200), critical=st.booleans(), arc=st.integers(0, 2**40))
def test_extension_values_survive(ec: PKey, value: bytes, critical: bool, arc: int) -> None:
    cert = X509()
    hexadecimal = b":".join(b"%02x" % byte for byte in value)
    cert.add_extensions([X509Extension(b"1.3.6.1.4.1.99999.%d" % arc, critical, b"DER:" + hexadecimal)])
    extension = through_der(cert, ec).get_extension(0)
    assert (extension.get_data(), extension.get_critical()) == (value, critical)
    assert isinstance(str(extension), str)


Loader = Callable[[int, bytes], Any]


def used(loaded: Any) -> None:
    """Touches all there is of a loaded object; each may fail, with an Error or a ValueError that says so."""
    if isinstance(loaded, PKey):
        uses: List[Callable[[], Any]] = [loaded.bits, loaded.type, lambda: crypto.dump_publickey(FILETYPE_PEM, loaded)]
    elif isinstance(loaded, X509):
        uses = [
            loaded.get_serial_number,
            loaded.get_notAfter,
            loaded.has_expired,
            loaded.get_pubkey,
            loaded.get_signature_algorithm,
            loaded.get_subject().get_components,
            loaded.get_issuer().hash,
            lambda: loaded.get_subject().CN,
            lambda: repr(loaded.get_issuer()),
            lambda: loaded.digest("sha256"),
            lambda: [str(loaded.get_extension(index)) for index in range(loaded.get_extension_count())],
            lambda: crypto.dump_certificate(FILETYPE_TEXT, loaded),
            lambda: crypto.dump_certificate(FILETYPE_ASN1, loaded),
        ]
    else:
        uses = [
            loaded.get_pubkey,
            loaded.get_subject().get_components,
            lambda: [str(extension) for extension in loaded.get_extensions()],
            lambda: crypto.dump_certificate_request(FILETYPE_TEXT, loaded),
            lambda: crypto.dump_certificate_request(FILETYPE_PEM, loaded),
        ]
    for use in uses:
        try:
            use()
        except (crypto.Error, ValueError):
            pass


@pytest.fixture(scope="session")
def request_pem(ec_pem: bytes) -> bytes:
    key = crypto.load_privatekey(FILETYPE_PEM, ec_pem)
    request = crypto.X509Req()
    request.get_subject().CN = "x"
    request.set_pubkey(key)
    request.add_extensions([X509Extension(b"subjectAltName", False, b"DNS:x,IP:127.0.0.1")])
    request.sign(key, "sha256")
    return crypto.dump_certificate_request(FILETYPE_PEM, request)


@pytest.mark.parametrize("type", [FILETYPE_PEM, FILETYPE_ASN1])
@pytest.mark.parametrize("kind", ["certificate", "request", "rsa", "ec", "ed25519", "public", "encrypted"])
def test_mutations_raise_only_error(request: Any, kind: str, type: int) -> None:
    pem, load = sample(request, kind)
    survive(pem if type == FILETYPE_PEM else der_of(pem), lambda data: used(load(type, data)))


def sample(request: Any, kind: str) -> Tuple[bytes, Loader]:
    if kind == "certificate":
        return request.getfixturevalue("cert_pem"), crypto.load_certificate
    if kind == "request":
        return request.getfixturevalue("request_pem"), crypto.load_certificate_request
    if kind == "public":
        key = crypto.load_privatekey(FILETYPE_PEM, request.getfixturevalue("rsa_pem"))
        return crypto.dump_publickey(FILETYPE_PEM, key), crypto.load_publickey
    if kind == "encrypted":
        key = crypto.load_privatekey(FILETYPE_PEM, request.getfixturevalue("ec_pem"))
        pem = crypto.dump_privatekey(FILETYPE_PEM, key, "aes-128-cbc", b"x")
        return pem, lambda type, data: crypto.load_privatekey(type, data, b"x" if type == FILETYPE_PEM else None)
    return request.getfixturevalue(f"{kind}_pem"), crypto.load_privatekey


def der_of(pem: bytes) -> bytes:
    import base64

    return base64.b64decode(b"".join(line for line in pem.splitlines() if line and not line.startswith(b"-----")))
