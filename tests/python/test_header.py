"""include/pyssl.h by itself: it compiles as C and C++, and its macros and functions are those of the library."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from OpenSSL._native import ffi, lib

ROOT = Path(__file__).resolve().parents[2]
HEADER = ROOT / "include" / "pyssl.h"
MACRO = re.compile(r"^#define (PYSSL_\w+) (\S+)$", re.M)
FUNCTION = re.compile(r"\b(pyssl_\w+)\(")
DECLARATION = re.compile(r"(?:/\*\*((?:[^*]|\*(?!/))*)\*/\n)?^(?!typedef)[\w ]+[ *](pyssl_\w+)\(([^;]*)\);$", re.M)
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]


@pytest.mark.parametrize(
    "compiler",
    [["gcc", "-std=c99", "-x", "c"], ["gcc", "-std=c11", "-x", "c"], ["g++", "-std=c++17", "-x", "c++"]],
    ids=lambda compiler: compiler[1],
)
def test_header_compiles_alone(compiler: list[str], tmp_path: Path) -> None:
    source = tmp_path / "alone.c"
    source.write_text("#include <pyssl.h>\n#include <pyssl.h>\n")
    done = subprocess.run([*compiler, *STRICT, "-I", str(HEADER.parent), str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "call", ["pyssl_rand_bytes(buf, 1)", "pyssl_conn_send(NULL, buf, 1)", "pyssl_pkey_verify(0, 0, 0, 0, 0, 0)"]
)
def test_a_result_that_must_not_be_lost_is_warned_of(call: str, tmp_path: Path) -> None:
    for statement, fine in ((f"{call};", False), (f"if ({call} != 1) return 1;", True)):
        source = tmp_path / "lost.c"
        source.write_text(f"#include <pyssl.h>\nint lost(uint8_t *buf) {{ (void)buf; {statement} return 0; }}\n")
        command = ["gcc", *STRICT[:-1], "-c", "-o", str(tmp_path / "lost.o"), "-I", str(HEADER.parent), str(source)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert (done.returncode == 0) == fine, done.stderr
        assert fine or "unused-result" in done.stderr


def test_every_macro_has_its_value_by_name() -> None:
    macros = MACRO.findall(HEADER.read_text())
    assert ("PYSSL_ERROR", "-1") in macros
    out = ffi.new("int64_t *")
    by_name = {name: out[0] for name, _ in macros if lib.pyssl_constant(name.encode(), out) == 0}
    assert by_name == {name: int(value, 0) for name, value in macros}


def test_every_function_of_the_header_is_in_the_library() -> None:
    names = set(FUNCTION.findall(re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)))
    assert "pyssl_version" in names
    assert [name for name in sorted(names) if not hasattr(lib, name)] == []
    assert sorted(names) == (ROOT / "tests/data/symbols.txt").read_text().split()


def test_every_function_is_documented() -> None:
    """A comment right above it, which tells of each parameter that the header's preamble does not tell of."""
    text = HEADER.read_text()
    faults, seen = [], set()
    for match in DECLARATION.finditer(text):
        comment, name, parameters = match.groups()
        seen.add(name)
        untold = [word for word in parameter_names(parameters) if not re.search(rf"\b{word}\b", comment or "")]
        if comment is None or (untold and not re.search(r"\b[Aa]s (for )?pyssl_", comment)):
            faults.append(f"{name}: {'no comment' if comment is None else f'nothing on {untold}'}")
    assert faults == []
    assert sorted(seen) == (ROOT / "tests/data/symbols.txt").read_text().split()


def test_buffers_and_lengths_have_one_style() -> None:
    """Written is (buf, buf_size) and, where the length is told, len_out or count_out; read is (x, x_len)."""
    faults, seen = [], 0
    for _, name, parameters in DECLARATION.findall(HEADER.read_text()):
        flat = " ".join(parameters.split())
        written = re.findall(r"(?:uint8_t|char|pyssl_\w+ \*) \*(?!\*)(\w+), size_t (\w+)(?:, size_t \*(\w+))?", flat)
        read = re.findall(r"const uint8_t \*(\w+), size_t (\w+)", flat)
        mutable = [found for found in written if found[:2] not in read and f"const *{found[0]}" not in flat]
        seen += len(mutable) + len(read)
        if any(found[:2] != ("buf", "buf_size") or found[2] not in ("", "len_out", "count_out") for found in mutable):
            faults.append(name)
        if any(length != f"{data}_len" for data, length in read):
            faults.append(name)
    assert faults == [] and seen > 80


def test_no_integer_is_as_wide_as_the_machine_s_long() -> None:
    listed = [(name, parameters) for _, name, parameters in DECLARATION.findall(HEADER.read_text())]
    assert listed and [name for name, parameters in listed if re.search(r"\blong\b", parameters)] == []


def parameter_names(parameters: str) -> list[str]:
    """The names in a parameter list, of a function pointer its own only.

    Left out is what goes without saying: the object itself, the length of bytes, room for a result.
    """
    flat = re.sub(r"\(\*(\w+)\)\([^)]*\)", r"\1", parameters)
    names = [name for name in re.findall(r"(\w+)\s*(?:,|$)", flat) if name != "void"]
    itself = names[:1] if re.match(r"(struct )?pyssl_\w+ \*\w+(,|$)", flat) else []
    implied = {*itself, *(f"{name}_len" for name in names), "buf", "buf_size", "len_out"}
    return [name for name in names if name not in implied]
