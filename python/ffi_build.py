"""Makes the cffi modules from include/pyssl.h: the declarations are never typed twice.

Two modules, for two ways of calling the library. The ABI-mode module is pure Python and works everywhere; the shim (API
mode) is compiled, and halves the cost of a call.

`python ffi_build.py HEADER OUT` writes the ABI-mode module; setup.py uses the same functions. `--luajit HEADER OUT`
writes the declarations for LuaJIT, `--symbols HEADER` prints the names of the functions.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

from cffi import FFI

ABI_MODULE = "OpenSSL._native._abi"
SHIM_MODULE = "OpenSSL._native._shim"

ROOT = Path(__file__).resolve().parent.parent


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


def shim_builder(header: Path, library: Path) -> FFI:
    """The compiled module. It finds the library beside itself, or takes the one that is loaded already."""
    text = header.read_text()
    builder = FFI()
    builder.cdef(declarations(text) + trampolines(text))
    builder.set_source(SHIM_MODULE, '#include "pyssl.h"', **compiled(header, library))
    return builder


def shim() -> FFI:
    """For setup.py's cffi_modules."""
    return shim_builder(ROOT / "include" / "pyssl.h", library_path())


def compiled(header: Path, library: Path) -> dict[str, Any]:
    """How the compiled modules are built, in setuptools' words."""
    return {
        "include_dirs": [str(header.parent)],
        "extra_link_args": [str(library), "-Wl,-rpath,$ORIGIN"],
        "extra_compile_args": ["-O2"],
        "optional": True,  # without a C compiler the ABI-mode module has to do
    }


def library_path() -> Path:
    """The library that PYSSL_LIBRARY names, or the checkout's own."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return Path(os.environ.get("PYSSL_LIBRARY") or target / "release" / "libpyssl.so").resolve()


def trampolines(header: str) -> str:
    """For every function type of the header, `typedef R (*pyssl_x)(...);`, a C function that calls into Python:
    `extern "Python" R python_pyssl_x(...);`. So callbacks need no machine code made at run time."""
    types = re.findall(r"typedef ([^;{}]*?)\(\*(pyssl_\w+)\)(\([^;]*?\));", declarations(header), flags=re.S)
    return "".join(f'extern "Python" {result}python_{name}{arguments};\n' for result, name, arguments in types)


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
