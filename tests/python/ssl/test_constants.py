"""The constants: every one of every release, with the values of the OpenSSL that is linked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict

import pytest

import OpenSSL
from OpenSSL import SSL, crypto
from OpenSSL._native import ffi, lib

ROOT = Path(__file__).resolve().parents[3]


def _table() -> Dict[str, Any]:
    """Name in SSL -> value in 26.4.0 with OpenSSL 4.0.3, or of the last release that had it."""
    surface = json.loads((ROOT / "tests/data/surface.json").read_text())
    return {
        entry["name"]: entry
        for entry in surface
        if (entry["module"], entry["class"], entry["kind"]) == ("SSL", None, "constant")
    }


TABLE = _table()


@pytest.mark.parametrize("name", sorted(TABLE))
def test_every_constant_is_there(name: str) -> None:
    assert hasattr(SSL, name)
    value = TABLE[name].get("value")
    if isinstance(value, int):
        assert getattr(SSL, name) == value


def test_the_table_is_not_empty() -> None:
    assert len(TABLE) == 99


def test_verification_codes() -> None:
    codes = {name: value for name, value in vars(SSL.X509VerificationCodes).items() if not name.startswith("_")}
    newer = ("OCSP", "RPK", "ECH", "EMPTY_AUTHORITY_KEY_IDENTIFIER", "SERIAL_NOT_PAIRED", "CRL_VERIFY_FAILED")
    for name, value in codes.items():
        text = crypto.X509_verify_cert_error_string(value)
        assert (text == "ok") == (name == "OK"), (name, text)
        known = "error number" not in text and "unknown" not in text
        assert known or any(word in name for word in newer), (name, value)
    assert codes["ERR_CERT_HAS_EXPIRED"] == 10 and codes["ERR_INVALID_CA"] == 79


def test_options_that_openssl_has_no_more_change_nothing() -> None:
    context = SSL.Context(SSL.TLS_METHOD)
    assert context.set_options(SSL.OP_NO_SSLv2 | SSL.OP_EPHEMERAL_RSA) == context.set_options(0)


def test_openssl_tells_of_itself() -> None:
    assert SSL.SSLeay_version is SSL.OpenSSL_version
    assert SSL.OpenSSL_version(SSL.OPENSSL_VERSION).startswith(b"OpenSSL ")
    assert SSL.SSLeay_version(SSL.SSLEAY_PLATFORM).startswith(b"platform:")
    assert SSL.OpenSSL_version(12345) == b"not available"
    major, minor, patch = SSL.OpenSSL_version(SSL.OPENSSL_VERSION).split()[1].decode().split("-")[0].split(".")
    assert SSL.OPENSSL_VERSION_NUMBER == int(major) << 28 | int(minor) << 20 | int(patch) << 4
    with pytest.raises(TypeError):
        SSL.OpenSSL_version("0")  # type: ignore[arg-type]


def test_they_come_from_the_library_by_openssls_names() -> None:
    out = ffi.new("int64_t *")
    for name in (
        b"SSL_OP_ALL",
        b"SSL_CB_ALERT",
        b"X509_V_ERR_CERT_REVOKED",
        b"X509_V_FLAG_CRL_CHECK",
        b"TLS1_3_VERSION",
    ):
        assert lib.pyssl_constant(name, out) == 0 and out[0] > 0
    assert lib.pyssl_constant(b"SSL_OP_NO_SUCH_THING", out) == lib.PYSSL_ERR_ABSENT


def test_types_of_the_first_releases_are_the_classes() -> None:
    assert SSL.ContextType is SSL.Context and SSL.ConnectionType is SSL.Connection


def test_debug_prints_a_report() -> None:
    done = subprocess.run([sys.executable, "-m", "OpenSSL.debug"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    lines = dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    assert lines["pyOpenSSL"].startswith("26.4.0")
    assert OpenSSL.libpyssl_version in lines["libpyssl"]
    assert lines["libpyssl's OpenSSL"].startswith(SSL.OpenSSL_version(0).decode())
    assert lines["Python executable"] == sys.executable
    for label in ("cryptography", "cffi", "Python's OpenSSL", "Python version", "Platform", "sys.path"):
        assert lines[label]


def test_private_names_that_scrapy_and_twisted_touch() -> None:
    from OpenSSL import _util as util
    from OpenSSL._util import lib as twisted_lib

    assert util.lib is twisted_lib
    assert not hasattr(util.lib, "SSL_get_server_tmp_key")
    certificate = crypto.X509()
    name: Any = certificate.get_subject()
    name.O, name.CN = "Org", "host"
    room = util.ffi.new("char[]", 512)
    util.lib.X509_NAME_oneline(name._name, room, len(room))
    assert util.ffi.string(room) == b"/O=Org/CN=host"
    context: Any = SSL.Context(SSL.TLS_METHOD)
    connection: Any = SSL.Connection(context, None)
    assert connection._ssl is connection and context._context is context


def test_private_names_that_stand_with_their_classes() -> None:
    """urllib3 and cheroot import no more than the public modules."""
    program = (
        "from OpenSSL import SSL, crypto\n"
        "assert crypto.X509()._x509 is not None\n"
        "assert SSL.Connection(SSL.Context(SSL.TLS_METHOD), None)._socket is None\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_import_takes_nothing_heavy_along() -> None:
    """What each of these costs by itself is a good part of the 25 ms that the whole import may take."""
    heavy = {"asyncio", "cffi", "cryptography", "dataclasses", "datetime", "email", "inspect", "pycparser", "ssl"}
    program = f"import sys, OpenSSL; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True, env=_plain()
    )
    assert done.stdout == "[]\n"


def _plain() -> Dict[str, str]:
    """Without site (which may import anything), the packages that site would add are named by hand."""
    import os

    paths = [str(Path(OpenSSL.__file__).parents[1]), *(path for path in sys.path if path.endswith("-packages"))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
