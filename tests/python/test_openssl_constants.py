"""The table of OpenSSL's constants against the headers of the OpenSSLs here: all public names, one number for all."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Dict, List

import pytest

from OpenSSL import SSL
from OpenSSL._native import ffi, lib

ROOT = Path(__file__).resolve().parents[2]
EMBEDDED = sorted((ROOT / "target/release/build").glob("openssl-sys-*/out/openssl-build/install/include"))
SYSTEM = [directory for directory in (Path("/usr/include"),) if (directory / "openssl/ssl.h").exists()]
INCLUDES = "#include <openssl/ssl.h>\n#include <openssl/x509_vfy.h>\n#include <openssl/dtls1.h>\n"
KINDS = re.compile(
    r"(SSL_(OP|MODE|CB|ST|AD|VERIFY|SESS_CACHE)_|X509_V_)\w+$|(SSL2|SSL3|D?TLS1(_\d)?)_VERSION$"
    r"|SSL_(SENT|RECEIVED)_SHUTDOWN$"
)
#: Of OpenSSL 1.0, for programs that still compare with them.
GONE = {"SSL_ST_BEFORE", "SSL_ST_INIT", "SSL_ST_OK", "SSL_ST_RENEGOTIATE"}
MACRO = re.compile(r"^#define (\w+) (\S+)$", re.M)


def macros() -> Dict[str, int]:
    text = (ROOT / "include/pyssl_constants.h").read_text()
    return {name: int(value, 0) for name, value in MACRO.findall(text)}


def of_headers(include: Path, directory: Path) -> Dict[str, int]:
    """Name and value of every public constant, as a C compiler has them."""
    flags = ["-isystem", str(include)]
    listed = subprocess.run(
        ["gcc", "-dM", "-E", *flags, "-"], input=INCLUDES, capture_output=True, text=True, check=True
    )
    names = [name for name in re.findall(r"^#define (\w+) \S", listed.stdout, flags=re.M) if KINDS.match(name)]
    prints = "".join(f'printf("{name} %lld\\n", (long long)({name}));\n' for name in names)
    source, program = directory / "print.c", directory / "print"
    source.write_text(f"{INCLUDES}#include <stdio.h>\nint main(void) {{\n{prints}return 0;\n}}\n")
    subprocess.run(["gcc", *flags, str(source), "-o", str(program)], check=True)
    rows = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout.split()
    return {name: int(value) for name, value in zip(rows[::2], rows[1::2])}


def test_some_openssl_is_there() -> None:
    assert EMBEDDED or SYSTEM


@pytest.mark.parametrize("include", [*EMBEDDED[-1:], *SYSTEM], ids=lambda path: path.parts[1])
def test_every_public_constant_has_its_number(include: Path, tmp_path: Path) -> None:
    theirs, ours = of_headers(include, tmp_path), macros()
    assert "SSL_OP_NO_TICKET" in theirs and "X509_V_ERR_CERT_REVOKED" in theirs and "SSL_AD_UNKNOWN_CA" in theirs
    assert {name: value for name, value in theirs.items() if ours.get(name) != value} == {}


def test_no_constant_is_made_up(tmp_path: Path) -> None:
    if not EMBEDDED:
        pytest.skip("only the newest OpenSSL, the embedded one, has all")
    assert set(macros()) - set(of_headers(EMBEDDED[-1], tmp_path)) == GONE


def test_every_macro_is_found_by_name() -> None:
    out = ffi.new("int64_t *")
    found = {name: out[0] for name in macros() if lib.pyssl_constant(name.encode(), out) == 0}
    assert found == macros()


def test_options_and_verification_codes_are_in_ssl() -> None:
    def absent(kind: str, holder: object, prefix: str) -> List[str]:
        names = {name: value for name, value in macros().items() if name.startswith(kind)}
        assert names
        return [name for name, value in names.items() if getattr(holder, prefix + name[len(kind) :], None) != value]

    assert absent("SSL_OP_", SSL, "OP_") == []
    assert absent("X509_V_ERR_", SSL.X509VerificationCodes, "ERR_") == []


@pytest.mark.parametrize("order", [["pyssl.h", "openssl/ssl.h"], ["openssl/ssl.h", "pyssl.h"]], ids="-".join)
def test_pyssl_h_and_openssls_own_headers_go_together(order: List[str], tmp_path: Path) -> None:
    openssl = [*EMBEDDED[-1:], *SYSTEM][0]
    source = tmp_path / "both.c"
    source.write_text(
        "".join(f"#include <{header}>\n" for header in order) + "int options(void) { return SSL_OP_ALL; }\n"
    )
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wno-overflow", "-Werror", "-fsyntax-only"]
    subprocess.run(["gcc", *strict, "-I", str(ROOT / "include"), "-isystem", str(openssl), str(source)], check=True)
