"""The wheel as users have it: built once for all tests, and installed in an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from OpenSSL._native import library_path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ["pyproject.toml", "setup.py", "README.md", "LICENSE", "include", "python", "rust/Cargo.toml"]
# What a build or an earlier installation leaves among the sources; the build has to make these anew.
MADE = shutil.ignore_patterns("__pycache__", "*.egg-info", "_abi.py", "_shim*", "_speedups*", "libpyssl.so.0")


def build_wheel(folder: Path) -> Path:
    """Built around the library under test, so without cargo."""
    for name in SOURCES:
        target = folder / "sources" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=MADE)
        else:
            shutil.copyfile(ROOT / name, target)
    command = ["-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", str(folder / "dist")]
    run(sys.executable, *command, str(folder / "sources"), PYSSL_LIBRARY=library_path)
    (built,) = (folder / "dist").iterdir()
    return built


def install(wheel: Path, folder: Path) -> str:
    """The Python of a fresh environment into which pip brought the wheel and what it asks for."""
    run(sys.executable, "-m", "venv", str(folder))
    fresh = str(folder / "bin" / "python")
    run(fresh, "-m", "pip", "install", "-q", str(wheel))
    return fresh


def environment(folder: Path) -> str:
    """The Python of a fresh environment with nothing in it, not even pip."""
    run(sys.executable, "-m", "venv", "--without-pip", str(folder))
    return str(folder / "bin" / "python")


def run(*command: str, **environment: str) -> str:
    """Its output; without what would lend the fresh environment something of this one."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYSSL_LIBRARY")}
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", env={**kept, **environment})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
