"""The TLS and certificate tests of released programs that were written for pyOpenSSL, unchanged, on this package."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs.program import Program, install, sources

_PYTEST = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts="]
_NEEDS_PYTEST = ["pytest==9.2.0", "pytest-timeout==2.4.0"]

PROGRAMS = {
    "josepy": Program(["josepy==2.2.0", *_NEEDS_PYTEST], [*_PYTEST, "tests"]),
    "acme": Program(["acme==5.9.0", *_NEEDS_PYTEST], [*_PYTEST, "."]),
    "trustme": Program(["trustme==1.2.1", "service-identity==26.1.0", *_NEEDS_PYTEST], [*_PYTEST, "tests"]),
    "service-identity": Program(["service-identity==26.1.0", *_NEEDS_PYTEST], [*_PYTEST, "tests"]),
    "cheroot": Program(
        ["cheroot==11.1.2", "trustme==1.2.1", "pytest-mock", "jaraco.text", "requests", "requests-toolbelt"]
        + ["requests-unixsocket", "portend", *_NEEDS_PYTEST],
        [*_PYTEST, "-p", "cheroot.test._pytest_plugin", "cheroot/test/test_ssl.py"],
    ),
    "scrapy": Program(
        ["scrapy==2.19.0", "pytest-twisted", "testfixtures", "sybil", *_NEEDS_PYTEST],
        [*_PYTEST, "tests/test_utils_ssl.py", "tests/test_core_downloader.py"]
        # starts a process that must end within 15 seconds
        + ["--deselect", "tests/test_core_downloader.py::TestContextFactory::test_keylog_ignore_environment"],
    ),
    "oauth2client": Program(
        ["oauth2client==4.1.3", "mock", "fasteners", *_NEEDS_PYTEST],
        [*_PYTEST, "tests/test_crypt.py", "tests/test__pure_python_crypt.py"],
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_its_own_tests_pass(name: str, as_pyopenssl: Path, tmp_path: Path) -> None:
    program = PROGRAMS[name]
    environment = install(tmp_path, as_pyopenssl, program.requirements)
    folder = sources(tmp_path, program.requirements[0]) if program.sources else tmp_path
    said = environment.run(*program.tests, cwd=str(folder))
    assert "passed" in said or "OK" in said or "PASSED" in said


PYSAML2 = """
from OpenSSL import crypto
from saml2.cert import OpenSSLWrapper
wrapper = OpenSSLWrapper()
info = dict(cn="ca", country_code="se", state="ac", city="umea", organization="o", organization_unit="u")
ca, ca_key = wrapper.create_certificate(info, request=False, write_to_file=False)
request, _ = wrapper.create_certificate(dict(info, cn="leaf"), request=True, write_to_file=False)
leaf = wrapper.create_cert_signed_certificate(ca, ca_key, request)
print(wrapper.verify(ca, leaf)[0], wrapper.verify_chain([ca], leaf)[0])
"""


def test_pysaml2_signs_and_verifies(as_pyopenssl: Path, tmp_path: Path) -> None:
    environment = install(tmp_path, as_pyopenssl, ["pysaml2==7.5.5"])
    assert environment.run("-W", "ignore", "-c", PYSAML2).split() == ["True", "True"]


def test_webauthn_imports_what_it_verifies_with(as_pyopenssl: Path, tmp_path: Path) -> None:
    environment = install(tmp_path, as_pyopenssl, ["webauthn==3.0.1"])
    code = "from webauthn.registration.formats import android_key; print(android_key._PublicKey)"
    assert "RSAPublicKey" in environment.run("-c", code)
