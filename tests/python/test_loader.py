"""The loader takes the compiled modules where they are, and says what is missing where they are asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from OpenSSL import _native

CODE = (
    "import OpenSSL._native as n; from OpenSSL import SSL; SSL.Context(SSL.TLS_METHOD); print(n.mode, bool(n.speedups))"
)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A copy of the package as it is built where there is no Python.h: without the compiled modules."""
    source = Path(_native.__file__).parents[1]
    compiled = shutil.ignore_patterns("_shim*.so", "_speedups*.so", "__pycache__", "libpyssl.so*")
    shutil.copytree(source, tmp_path / "OpenSSL", ignore=compiled)
    return tmp_path


def load(package: Path, ffi: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(package), "PYSSL_LIBRARY": _native.library_path, "PYSSL_FFI": ffi}
    return subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("ffi", ["", "abi"])
def test_without_compiled_modules_abi_mode_is_taken(plain: Path, ffi: str) -> None:
    done = load(plain, ffi)
    assert (done.returncode, done.stdout, done.stderr) == (0, "abi False\n", "")


def test_asking_for_missing_compiled_modules_says_what_to_install(plain: Path) -> None:
    done = load(plain, "api")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ImportError: PYSSL_FFI=api asks for the compiled modules, which cannot be loaded: ")
    assert last.endswith("Build the package again where a C compiler and Python.h are (Debian: python3-dev).")


def test_one_compiled_module_alone_is_not_taken(plain: Path) -> None:
    beside = list(Path(_native.__file__).parent.glob("_shim*.so"))
    if not beside:
        pytest.skip("this Python has no compiled modules")
    shutil.copy(beside[0], plain / "OpenSSL" / "_native")
    done = load(plain, "")
    assert (done.returncode, done.stdout, done.stderr) == (0, "abi False\n", "")
