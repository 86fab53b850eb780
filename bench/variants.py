"""The programs that are compared: builds what has to be built, starts them, asks them."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import venv
from pathlib import Path
from typing import Optional, Sequence

from bench.plan import ABI, API, LIBPYSSL, LIBSSL, PYOPENSSL, SSL
from OpenSSL import _native

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "bench"
TARGET = ROOT / "target" / "bench"
FILES = TARGET / "files"
REFERENCE = ["pyOpenSSL==26.4.0", "cryptography==50.0.2"]

COMPILE = [os.environ.get("CC", "cc"), "-O2", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
TIMING_OF_IMPORT = "import time; t = time.perf_counter(); import OpenSSL; print(time.perf_counter() - t)"
PATIENCE = 120


class Failed(Exception):
    """A case could not be run."""


class Variant:
    """A program and the process of it that answers."""

    def __init__(self, label: str, command: Sequence[object], environment: dict[str, str]) -> None:
        self.label = label
        self.command = [str(word) for word in command]
        self.environment = {**clean_environment(), **environment}
        self._process: Optional[subprocess.Popen[str]] = None
        self.version = ""

    def measure(self, case: str, seconds: float) -> float:
        """What the worker, started at the first question, answers."""
        if self._process is None:
            self._process = subprocess.Popen(
                self.command, env=self.environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            self.version = self._answer("start")
        assert self._process.stdin
        self._process.stdin.write(f"{case} {seconds}\n")
        self._process.stdin.flush()
        return float(self._answer(case))

    def _answer(self, case: str) -> str:
        assert self._process and self._process.stdout
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        line = self._process.stdout.readline() if ready else ""
        if not line:
            self._process.kill()
            why = f"no answer in {PATIENCE} s" if not ready else f"it ended with {self._process.wait()}"
            raise Failed(f"{self.label}: {case}: {why}")
        return line.strip()

    def fresh(self, case: str) -> float:
        """What a process of its own prints."""
        if case == "import":
            command = [self.command[0], "-c", TIMING_OF_IMPORT]
            return 1e3 * float(output(command, self.environment, self.label))
        return float(output([*self.command, *case.split()], self.environment, self.label))

    def stop(self) -> None:
        if self._process:
            self._process.communicate()


def make(labels: set[str], reference: Optional[Path]) -> dict[str, Variant]:
    """Those of the variants that are wanted and can be had. `reference` is a Python that has pyOpenSSL."""
    TARGET.mkdir(parents=True, exist_ok=True)
    made = {}
    if LIBSSL in labels:
        made[LIBSSL] = Variant(LIBSSL, [build_on_libssl(), FILES], {})
    if LIBPYSSL in labels:
        made[LIBPYSSL] = Variant(LIBPYSSL, [build_on_libpyssl(), FILES], {})
    for label, mode in (ABI, "abi"), (API, "api"):
        if label in labels:
            made[label] = python(label, sys.executable, "bench.with_openssl", library(), PYSSL_FFI=mode)
    if API in made and not has_shim(made[API]):
        del made[API]
    if PYOPENSSL in labels:
        made[PYOPENSSL] = python(PYOPENSSL, reference or reference_python(), "bench.with_openssl", None)
    if SSL in labels:
        made[SSL] = python(SSL, sys.executable, "bench.with_ssl", None)
    return made


def python(label: str, program: object, module: str, native: Optional[Path], **environment: str) -> Variant:
    """`native` is the library for this package; None keeps this package out of sight."""
    paths = [ROOT]
    if native:
        paths.append(ROOT / "python")
        environment["PYSSL_LIBRARY"] = str(native)
    environment["PYTHONPATH"] = os.pathsep.join(map(str, paths))
    return Variant(label, [program, "-m", module, FILES], environment)


def has_shim(variant: Variant) -> bool:
    command = [variant.command[0], "-c", "import OpenSSL._native"]
    return subprocess.run(command, env=variant.environment, stderr=subprocess.DEVNULL).returncode == 0


def library() -> Path:
    path = Path(_native.library_path)
    if not path.is_file():
        raise Failed(f"{path}: which file that is only the linker knows; let PYSSL_LIBRARY name it")
    return path.resolve()


def reference_python() -> Path:
    """A virtual environment of its own with pyOpenSSL, made when it is not there."""
    folder = ROOT / "target" / "bench-venv"
    program = folder / "bin" / "python"
    done = folder / ("-".join(REFERENCE) + "-installed")
    if not done.exists():
        print(f"making {folder} with {' and '.join(REFERENCE)}", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        output([program, "-m", "pip", "install", "-q", *REFERENCE], clean_environment(), "pip")
        done.touch()
    return program


# ---- C


def build_on_libpyssl() -> Path:
    # By the name that is in it, for the linker to find it again.
    soname = TARGET / "libpyssl.so.0"
    soname.unlink(missing_ok=True)
    soname.symlink_to(library())
    flags = ["-DBENCH_PYSSL", f"-I{ROOT / 'include'}"]
    sources = ["worker.c", "pumped.c", "sockets.c", "duplex.c", "abi.c", "tls_pyssl.c"]
    return compiled("on_libpyssl", flags, sources, [soname, f"-Wl,-rpath,{TARGET}"])


def build_on_libssl() -> Path:
    flags, libraries = openssl_flags()
    return compiled("on_libssl", flags, ["worker.c", "pumped.c", "sockets.c", "tls_openssl.c"], libraries)


def compiled(name: str, flags: list[str], sources: list[str], libraries: Sequence[object]) -> Path:
    program = TARGET / name
    paths = [SOURCES / source for source in sources]
    output([*COMPILE, *flags, *paths, "-o", program, *libraries, "-pthread"], clean_environment(), name)
    return program


def openssl_flags() -> tuple[list[str], list[str]]:
    """(flags, libraries) of the very OpenSSL that is inside libpyssl: the one OPENSSL_DIR names, the one that its build
    embedded, or the system's, whichever has the same version."""
    text = _native.ffi.string(_native.lib.pyssl_openssl_version(_native.lib.PYSSL_OPENSSL_VERSION)).decode()
    wanted = text.split()[1]
    embedded = sorted(ROOT.glob("target/release/build/openssl-sys-*/out/openssl-build/install"), key=os.path.getmtime)
    named = os.environ.get("OPENSSL_DIR")
    for folder in [*([Path(named)] if named else []), *reversed(embedded)]:
        if version_of(folder) == wanted:
            archives = next(path for path in sorted(folder.glob("lib*")) if (path / "libssl.a").exists())
            return [f"-I{folder / 'include'}"], [f"-L{archives}", "-l:libssl.a", "-l:libcrypto.a", "-ldl"]
    system = subprocess.run(["pkg-config", "--modversion", "openssl"], capture_output=True, text=True)
    if system.stdout.strip() == wanted:
        return [], ["-lssl", "-lcrypto"]
    raise Failed(f"the OpenSSL {wanted} that is inside {library()} is not to be found for a C program to link with")


def version_of(folder: Path) -> str:
    header = folder / "include" / "openssl" / "opensslv.h"
    found = re.search(r'OPENSSL_VERSION_STR "([^"]+)"', header.read_text()) if header.exists() else None
    return found.group(1) if found else ""


# ---- processes


def clean_environment() -> dict[str, str]:
    """Without what would turn one variant into another."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYSSL"))}


def output(command: Sequence[object], environment: dict[str, str], label: str) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise Failed(f"{label}: {' '.join(words)} ended with {done.returncode}")
    return done.stdout
