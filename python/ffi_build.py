"""Makes the cffi modules from include/pyssl.h: the declarations are never typed twice.

`python ffi_build.py HEADER OUT` writes the ABI-mode module; setup.py uses the same functions. `--luajit HEADER OUT`
writes the declarations for LuaJIT, `--symbols HEADER` prints the names of the functions.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from cffi import FFI

ABI_MODULE = "OpenSSL._native._abi"


def declarations(header: str) -> str:
    """The header without comments and preprocessor: what cffi and LuaJIT's ffi.cdef read.

    Integer macros become `#define` lines again for cffi; `enum_constants` gives the form LuaJIT takes.
    """
    text = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    text = re.sub(r"//[^\n]*", "", text)
    text = re.sub(r"#ifdef __cplusplus.*?#endif", "", text, flags=re.S)
    lines = [line for line in text.splitlines() if not line.startswith("#") or _is_constant(line)]
    return "\n".join(line for line in lines if line.strip()) + "\n"


def enum_constants(text: str) -> str:
    """`declarations` with each `#define NAME VALUE` as `enum { NAME = VALUE };`."""
    return re.sub(r"#define (\w+) (-?\w+)", r"enum { \1 = \2 };", text)


def abi_builder(header: Path) -> FFI:
    builder = FFI()
    builder.cdef(declarations(header.read_text()))
    builder.set_source(ABI_MODULE, None)
    return builder


def write_abi(header: Path, out: Path) -> None:
    """Writes the ABI-mode module; leaves the file alone when nothing changed."""
    builder = abi_builder(header)
    builder.emit_python_code(str(out))


def functions(header: str) -> list[str]:
    """The names of the functions that the header declares, sorted."""
    return sorted(set(re.findall(r"\b(pyssl_\w+)\(", declarations(header))))


def _is_constant(line: str) -> bool:
    return re.fullmatch(r"#define \w+ -?(0x)?[0-9A-Fa-f]+\s*", line) is not None


if __name__ == "__main__":
    if sys.argv[1] == "--symbols":
        print("\n".join(functions(Path(sys.argv[2]).read_text())))
    elif sys.argv[1] == "--luajit":
        Path(sys.argv[3]).write_text(enum_constants(declarations(Path(sys.argv[2]).read_text())))
    else:
        write_abi(Path(sys.argv[1]), Path(sys.argv[2]))
