"""Builds the package: the Rust library, the cffi module over it, and the header go into OpenSSL/_native.

The library is the one that PYSSL_LIBRARY names; without that `cargo build --release` makes it, or finds that
target/release/libpyssl.so is up to date. All metadata but the version stands in pyproject.toml.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from setuptools import Distribution, Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
HEADER = ROOT / "include" / "pyssl.h"
HEADERS = [HEADER, HEADER.with_name("pyssl_constants.h"), HEADER.with_name("pyssl_checked.h")]
SONAME = "libpyssl.so.0"

# The compiled modules are for CPython; PyPy calls through the ABI-mode module as fast.
SHIM = ["python/ffi_build.py:shim"] if sys.implementation.name == "cpython" else []
# A free-threaded Python has no limited API (PEP 703): its shim, and so its wheel, is for that one version.
LIMITED_API = bool(SHIM) and not sysconfig.get_config_var("Py_GIL_DISABLED")


class BuildNative(build_py):
    """Adds the native files to the package. An editable install gets them in the source tree, as a link."""

    def run(self) -> None:
        super().run()
        base = ROOT / "python" if self.editable_mode else Path(self.build_lib)
        native = base / "OpenSSL" / "_native"
        write_abi_module(native / "_abi.py")
        library = find_library()
        if self.editable_mode:
            relink(native / SONAME, library)
            return
        replace(native / SONAME, library)
        (native / "include").mkdir(exist_ok=True)
        for header in HEADERS:
            shutil.copyfile(header, native / "include" / header.name)


class Wheel(bdist_wheel):
    """One wheel for every CPython 3.9+ of a platform, or, where no shim could be compiled, for every Python 3."""

    def get_tag(self) -> tuple[str, str, str]:
        python, abi, platform = super().get_tag()
        compiled = any((Path(self.bdist_dir) / "OpenSSL" / "_native").glob("_shim*.so"))
        return (python, abi, platform) if compiled else ("py3", "none", platform)


class NativeDistribution(Distribution):
    """Says that the wheel is for one platform, with or without the shim."""

    def has_ext_modules(self) -> bool:
        return True


def write_abi_module(out: Path) -> None:
    sys.path.insert(0, str(ROOT / "python"))
    from ffi_build import write_abi

    write_abi(HEADER, out)


def find_library() -> Path:
    named = os.environ.get("PYSSL_LIBRARY")
    if named:
        return Path(named).resolve()
    subprocess.run(["cargo", "build", "--release"], cwd=ROOT, check=True)
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "libpyssl.so"


def replace(target: Path, library: Path) -> None:
    """Without the debug information, which is most of the file; the names of the exports stay."""
    target.unlink(missing_ok=True)  # a link that an editable install left must not be written through
    shutil.copyfile(library, target)
    target.chmod(0o755)
    if shutil.which("strip"):
        subprocess.run(["strip", "--strip-unneeded", str(target)], check=True)


def relink(target: Path, library: Path) -> None:
    target.unlink(missing_ok=True)
    target.symlink_to(os.path.relpath(library, target.parent))


def version() -> str:
    found = re.search(r'^version = "([^"]+)"', (ROOT / "rust" / "Cargo.toml").read_text(), re.M)
    assert found, "rust/Cargo.toml names the version"
    return found.group(1)


def fast_module() -> Extension:
    """What is in python/speedups: it stands beside the shim."""
    sys.path.insert(0, str(ROOT / "python"))
    from ffi_build import compiled, library_path

    return Extension(
        "OpenSSL._native._speedups",
        sorted(str(source.relative_to(ROOT)) for source in (ROOT / "python" / "speedups").glob("*.c")),
        depends=["python/speedups/speedups.h", "include/pyssl.h"],
        py_limited_api=LIMITED_API,
        define_macros=[("Py_LIMITED_API", "0x03090000")] if LIMITED_API else [],
        **compiled(HEADER, library_path()),
    )


setup(
    version=version(),
    cmdclass={"build_py": BuildNative, "bdist_wheel": Wheel},
    distclass=NativeDistribution,
    options={"bdist_wheel": {"py_limited_api": "cp39"}} if LIMITED_API else {},
    **({"cffi_modules": SHIM, "ext_modules": [fast_module()]} if SHIM else {}),
)
