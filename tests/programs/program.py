"""Released programs in environments of their own, where the wheel of this checkout stands for pyOpenSSL."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path
from typing import List, NamedTuple, Optional

UV = str(Path(sysconfig.get_path("scripts")) / "uv")


class Program(NamedTuple):
    """A program, pinned, and how its own tests are run."""

    #: What is installed: the program first, then what its tests need.
    requirements: List[str]
    #: Arguments of Python, from the folder of the program's source distribution if it is needed.
    tests: List[str]
    sources: bool = True
    #: "3.13" for what does not run under the Python of these tests.
    python: Optional[str] = None


class Environment(NamedTuple):
    python: str

    def run(self, *arguments: str, cwd: str = "/", timeout: float = 900) -> str:
        """What Python says, on both its outputs; it must end well."""
        own = {k: v for k, v in os.environ.items() if not k.startswith("PYSSL_") and k != "PYTHONPATH"}
        command = [self.python, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=own, timeout=timeout)
        assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-20000:]
        return done.stdout + done.stderr


def install(folder: Path, wheel: Path, requirements: List[str], python: Optional[str] = None) -> Environment:
    """A fresh environment with the programs and with `wheel`, which is named pyOpenSSL."""
    uv("venv", "-q", "--python", python or sys.executable, str(folder / "venv"))
    fresh = Environment(str(folder / "venv" / "bin" / "python"))
    uv("pip", "install", "-q", "--python", fresh.python, str(wheel), *requirements)
    assert "True" in fresh.run("-c", "import OpenSSL; print(hasattr(OpenSSL, 'libpyssl_version'))")
    return fresh


def sources(folder: Path, requirement: str) -> Path:
    """The unpacked source distribution."""
    name = requirement.partition("==")[0]
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", name, "-d", str(folder)]
    done = subprocess.run([*command, requirement], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        # Python 3.12's filter for archives of others; older ones have it in their last releases.
        tar.extractall(folder, filter="data")
    (unpacked,) = [path for path in folder.iterdir() if path.is_dir() and path.name != "venv"]
    return unpacked


def uv(*arguments: str) -> None:
    done = subprocess.run([UV, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
