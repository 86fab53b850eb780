"""The wheel: built from a copy of the sources, installed beside nothing but cffi, and used."""

from __future__ import annotations

import zipfile
from pathlib import Path

from installed import run

from OpenSSL import libpyssl_version

ROOT = Path(__file__).resolve().parents[2]


def test_name_says_any_python_3_on_one_platform(wheel: Path) -> None:
    name, version, python, abi, platform = wheel.name.removesuffix(".whl").split("-")
    assert (name, version) == ("libpyssl", libpyssl_version)
    assert (python, abi) in [("py3", "none"), ("cp39", "abi3")]
    assert platform.startswith("linux_")


def test_contents_are_the_package_and_its_native_files(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        header = archive.read("OpenSSL/_native/include/pyssl.h")
    sources = {str(path.relative_to(ROOT / "python")) for path in (ROOT / "python/OpenSSL").rglob("*.py")}
    assert {*sources, "OpenSSL/py.typed", "OpenSSL/_native/_abi.py", "OpenSSL/_native/libpyssl.so.0"} <= names
    assert header == (ROOT / "include/pyssl.h").read_bytes()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"OpenSSL", f"libpyssl-{libpyssl_version}.dist-info"}


def test_has_the_compiled_modules_or_says_that_it_is_for_every_python(wheel: Path, python: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        compiled = {name.split("/")[-1].split(".")[0] for name in archive.namelist() if ".abi3." in name}
    code = "import os; os.environ.pop('PYSSL_FFI', 0); import OpenSSL._native as n; print(n.mode, bool(n.speedups))"
    mode = run(python, "-I", "-c", code).split()
    if "-abi3-" in wheel.name:
        assert (compiled, mode) == ({"_shim", "_speedups"}, ["api", "True"])
    else:
        assert (compiled, mode) == (set(), ["abi", "False"])


def test_needs_nothing_but_cffi(python: str) -> None:
    listed = run(python, "-m", "pip", "list", "--format=freeze")
    assert {line.split("==")[0] for line in listed.split()} - {"pip", "setuptools"} == {"libpyssl", "cffi", "pycparser"}


def test_imports_its_own_library(python: str) -> None:
    code = "import OpenSSL, OpenSSL._native as n; print(OpenSSL.libpyssl_version, OpenSSL.__file__, n.library_path)"
    version, package, library = run(python, "-I", "-c", code).split()
    assert version == libpyssl_version
    assert Path(package).is_relative_to(Path(python).parents[1])
    assert Path(library) == Path(package).parent / "_native/libpyssl.so.0"


def test_shakes_hands(python: str) -> None:
    """A certificate made, and a verified TLS session between two connections without a socket."""
    assert "TLSv1.3: ping, pong" in run(python, "-I", str(ROOT / "tests/python/handshake.py"))
