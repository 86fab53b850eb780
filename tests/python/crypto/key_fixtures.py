"""Keys and certificates for the tests of OpenSSL.crypto, made once by the `openssl` command.

The keys are objects that live as long as the run, for no test changes them; a certificate is bytes for each test to
load.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Callable

import pytest

from OpenSSL import crypto
from OpenSSL._native import lib

Openssl = Callable[..., bytes]
ROOT = Path(__file__).resolve().parents[3]
#: A library on the system's OpenSSL embeds none.
PROGRAMS = ["system"] if lib.pyssl_openssl_version_number() < 0x40000000 else ["system", "embedded"]


@pytest.fixture(params=PROGRAMS)
def each_openssl(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`openssl` is the machine's program, and in a second run of the test the one of the embedded OpenSSL."""
    if request.param == "system":
        return
    program = Path(os.environ.get("PYSSL_OPENSSL_CLI", ROOT / "target/openssl/openssl"))
    assert program.exists(), f"no {program}: make openssl-cli"
    folder = tmp_path / "embedded"
    folder.mkdir()
    (folder / "openssl").symlink_to(program)
    (folder / "openssl.cnf").write_text("[req]\ndistinguished_name=name\n[name]\n")
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    monkeypatch.setenv("OPENSSL_CONF", str(folder / "openssl.cnf"))
    assert shutil.which("openssl") == str(folder / "openssl")


@pytest.fixture(scope="session")
def openssl(tmp_path_factory: pytest.TempPathFactory) -> Openssl:
    """Runs the machine's `openssl` command in a folder of its own: openssl("x509", "-text", stdin=pem) -> stdout."""
    folder = tmp_path_factory.mktemp("openssl")

    def run(*args: str, stdin: bytes = b"", ok: bool = True) -> bytes:
        done = subprocess.run(["openssl", *args], input=stdin, capture_output=True, cwd=folder)
        assert (done.returncode == 0) is ok, done.stderr.decode()
        return done.stdout

    return run


@pytest.fixture(scope="session")
def rsa_pem(openssl: Openssl) -> bytes:
    return openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")


@pytest.fixture(scope="session")
def ec_pem(openssl: Openssl) -> bytes:
    return openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")


@pytest.fixture(scope="session")
def ed25519_pem(openssl: Openssl) -> bytes:
    return openssl("genpkey", "-algorithm", "ED25519")


@pytest.fixture(scope="session")
def cert_pem(openssl: Openssl, rsa_pem: bytes, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A version 3 certificate with names of many types, a large serial and several extensions."""
    return certificate(openssl, rsa_pem, tmp_path_factory.mktemp("cert") / "key.pem")


@pytest.fixture
def each_cert_pem(each_openssl: None, openssl: Openssl, rsa_pem: bytes, tmp_path: Path) -> bytes:
    """The same, made by each of the two programs."""
    return certificate(openssl, rsa_pem, tmp_path / "key.pem")


def certificate(openssl: Openssl, rsa_pem: bytes, key: Path) -> bytes:
    key.write_bytes(rsa_pem)
    return openssl(
        "req", "-x509", "-new", "-key", str(key), "-sha256", "-days", "30", "-utf8",
        "-subj", "/C=DE/ST=Bayern/L=München/O=Example & Co/OU=Tests/CN=example.org/emailAddress=a@example.org",
        "-set_serial", "0x7fffffffffffffffffffffffffffffff0123",
        "-addext", "subjectAltName=DNS:example.org,DNS:*.example.org,IP:127.0.0.1,IP:::1,email:a@b.c,URI:http://x/",
        "-addext", "keyUsage=critical,digitalSignature,keyCertSign",
        "-addext", "extendedKeyUsage=serverAuth,clientAuth",
        "-addext", "certificatePolicies=1.2.3.4",
        "-addext", "crlDistributionPoints=URI:http://x/crl",
    )  # fmt: skip


@pytest.fixture(scope="session")
def rsa(rsa_pem: bytes) -> crypto.PKey:
    return crypto.load_privatekey(crypto.FILETYPE_PEM, rsa_pem)


@pytest.fixture(scope="session")
def ec(ec_pem: bytes) -> crypto.PKey:
    return crypto.load_privatekey(crypto.FILETYPE_PEM, ec_pem)


@pytest.fixture(scope="session")
def ed25519(ed25519_pem: bytes) -> crypto.PKey:
    return crypto.load_privatekey(crypto.FILETYPE_PEM, ed25519_pem)
