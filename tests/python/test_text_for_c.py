"""Text for C goes through one function, which refuses a NUL byte: C would take it for the end of the text.

The first test reads the package. The second calls everything that takes such text from a caller.
"""

from __future__ import annotations

import ast
import re
import typing
from pathlib import Path

import pytest

from OpenSSL import SSL, crypto, rand

PACKAGE = Path(crypto.__file__).parents[1]
HEADER = Path(__file__).resolve().parents[2] / "include" / "pyssl.h"
#: What makes the bytes of a C string.
CHECKED = {"c_text", "c_text_or_null", "path_bytes", "time_text"}


def text_parameters() -> dict[str, list[int]]:
    """Function -> positions of its `const char *` parameters, read from the header."""
    code = re.sub(r"/\*.*?\*/|^#[^\n]*", "", HEADER.read_text(), flags=re.S | re.M)
    found = {}
    for name, parameters in re.findall(r"\b(pyssl_\w+)\(([^()]*)\)\s*(?:[A-Z_]+)?;", code):
        places = [n for n, one in enumerate(parameters.split(",")) if re.match(r"\s*const char \*\w+\s*$", one)]
        if places:
            found[name] = places
    return found


def is_checked(node: ast.expr, names: dict[str, list[ast.expr]]) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in CHECKED
    if isinstance(node, ast.IfExp):
        return is_checked(node.body, names) and is_checked(node.orelse, names)
    if isinstance(node, ast.Attribute):
        return node.attr == "NULL"
    if isinstance(node, ast.Name):
        given = names.get(node.id, [])
        return bool(given) and all(is_checked(value, {}) for value in given)
    return False


def faults_of(tree: ast.AST, parameters: dict[str, list[int]]) -> tuple[int, list[str]]:
    """How many texts are handed to C, and those that nothing checked."""
    seen, faults = 0, []
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        names: dict[str, list[ast.expr]] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        names.setdefault(target.id, []).append(node.value)
                    elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                        for one, value in zip(target.elts, node.value.elts):
                            if isinstance(one, ast.Name):
                                names.setdefault(one.id, []).append(value)
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            chain = [call.func, *call.args]
            for at, node in enumerate(chain):
                if isinstance(node, ast.Attribute) and node.attr in parameters:
                    for place in parameters[node.attr]:
                        seen += 1
                        rest = chain[at + 1 :]
                        if place >= len(rest) or not is_checked(rest[place], names):
                            faults.append(f"line {call.lineno}: parameter {place} of {node.attr}")
    return seen, faults


def test_every_text_for_c_was_checked() -> None:
    parameters, seen, faults = text_parameters(), 0, []
    assert parameters["pyssl_x509_set_not_before"] == [1] and parameters["pyssl_ctx_load_verify_locations"] == [1, 2]
    for file in sorted(PACKAGE.rglob("*.py")):
        if file.name != "_abi.py":
            number, found = faults_of(ast.parse(file.read_text()), parameters)
            seen += number
            faults += [f"{file.relative_to(PACKAGE)}: {fault}" for fault in found]
    assert seen > 30 and faults == []


def test_the_reader_tells_a_checked_text_from_another() -> None:
    parameters = {"pyssl_x": [1]}
    good = "def f(a):\n n = c_text('a', a)\n lib.pyssl_x(h, n)"
    good += "\n check(lib.pyssl_x, h, ffi.NULL if b else path_bytes(b))"
    assert faults_of(ast.parse(good), parameters) == (2, [])
    for bad in (
        "lib.pyssl_x(h, a)",
        "lib.pyssl_x(h, a.encode())",
        "check(Error, lib.pyssl_x, h, b'x')",
        "lib.pyssl_x(h)",
    ):
        assert len(faults_of(ast.parse(f"def f(a):\n {bad}"), parameters)[1]) == 1, bad


def key() -> crypto.PKey:
    made = crypto.PKey()
    made.generate_key(crypto.TYPE_EC, "prime256v1")
    return made


def certificate() -> crypto.X509:
    cert = crypto.X509()
    cert.gmtime_adj_notBefore(0)
    cert.gmtime_adj_notAfter(60)
    cert.set_pubkey(key())
    return cert


CALLS: dict[str, typing.Callable[[], object]] = {
    "X509.set_notBefore": lambda: crypto.X509().set_notBefore(b"20300101000000Z\0x"),
    "X509.set_notAfter": lambda: crypto.X509().set_notAfter(b"20300101000000Z\0x"),
    "X509.sign": lambda: certificate().sign(key(), "sha256\0x"),
    "X509.digest": lambda: certificate().digest("sha256\0x"),
    "X509Req.sign": lambda: crypto.X509Req().sign(key(), "sha256\0x"),
    "NetscapeSPKI.sign": lambda: crypto.NetscapeSPKI().sign(key(), "sha256\0x"),
    "X509Extension name": lambda: crypto.X509Extension(b"basicConstraints\0x", False, b"CA:TRUE"),
    "X509Extension value": lambda: crypto.X509Extension(b"basicConstraints", False, b"CA:TRUE\0x"),
    "PKey.generate_key": lambda: crypto.PKey().generate_key(crypto.TYPE_EC, "prime256v1\0x"),
    "dump_privatekey": lambda: crypto.dump_privatekey(crypto.FILETYPE_PEM, key(), "aes-256-cbc\0x", b"secret"),
    "dump_privatekey, asking": lambda: crypto.dump_privatekey(crypto.FILETYPE_PEM, key(), "aes128\0", lambda _: b"x"),
    "sign": lambda: crypto.sign(key(), b"data", "sha256\0x"),
    "verify": lambda: crypto.verify(certificate(), b"", b"data", "sha256\0x"),
    "CRL.set_lastUpdate": lambda: crypto.CRL().set_lastUpdate(b"20300101000000Z\0x"),
    "CRL.set_nextUpdate": lambda: crypto.CRL().set_nextUpdate(b"20300101000000Z\0x"),
    "CRL.sign": lambda: crypto.CRL().sign(certificate(), key(), b"sha256\0x"),
    "CRL.export": lambda: crypto.CRL().export(certificate(), key(), digest=b"sha256\0x"),
    "Revoked.set_rev_date": lambda: crypto.Revoked().set_rev_date(b"20300101000000Z\0x"),
    "Revoked.set_serial": lambda: crypto.Revoked().set_serial(b"12\0x"),
    "Revoked.set_reason": lambda: crypto.Revoked().set_reason(b"keyCompromise\0x"),
    "PKCS12.export": lambda: crypto.PKCS12().export(b"secret", cipher="aes-256-cbc\0x"),
    "X509Store.load_locations": lambda: crypto.X509Store().load_locations("/dev/null\0x"),
    "Context.load_client_ca": lambda: SSL.Context(SSL.TLS_METHOD).load_client_ca(b"/dev/null\0x"),
    "Context.load_tmp_dh": lambda: SSL.Context(SSL.TLS_METHOD).load_tmp_dh(b"/dev/null\0x"),
    "Context.load_verify_locations": lambda: SSL.Context(SSL.TLS_METHOD).load_verify_locations(None, "/dev\0x"),
    "Context.use_certificate_file": lambda: SSL.Context(SSL.TLS_METHOD).use_certificate_file("/dev/null\0x"),
    "Context.use_privatekey_file": lambda: SSL.Context(SSL.TLS_METHOD).use_privatekey_file("/dev/null\0x"),
    "Context.use_certificate_chain_file": lambda: SSL.Context(SSL.TLS_METHOD).use_certificate_chain_file(
        "/dev/null\0x"
    ),
    "Connection.set_verify_host": lambda: SSL.Connection(SSL.Context(SSL.TLS_METHOD)).set_verify_host("a.example\0x"),
    "rand.load_file": lambda: rand.load_file("/dev/null\0x"),
    "rand.write_file": lambda: rand.write_file("/dev/null\0x"),
    "rand.egd": lambda: rand.egd("/dev/null\0x"),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_nul_byte_is_refused(call: str) -> None:
    with pytest.raises(ValueError):
        CALLS[call]()
