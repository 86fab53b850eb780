"""pythons.py [3.N...]: runs pytest under the named Pythons, or under every other Python 3.9+ found on this machine.

Each gets a virtual environment in target/pythons and uses the package as it lies there (PYTHONPATH, PYSSL_LIBRARY).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import run

ROOT = Path(__file__).resolve().parent.parent
SUPPORTED = ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]


def main(wanted: list[str]) -> int:
    own = "{}.{}".format(*sys.version_info)
    versions = wanted or [version for version in SUPPORTED if version != own]
    found = {version: python for version in versions if (python := find(version))}
    absent = [version for version in versions if version not in found]
    if not wanted:
        print(f"Python {own} is the one of `make test`")
    if absent:
        print(f"Not on this machine: Python {', '.join(absent)}")
    if not found or (wanted and absent):
        return 1
    return run.main([f"pytest, Python {version}={command(version, python)}" for version, python in found.items()])


def find(version: str) -> str | None:
    """An interpreter of that version that runs: from PATH, or one of pyenv's."""
    pyenv = sorted((Path.home() / ".pyenv/versions").glob(f"{version}.*/bin/python"))
    for python in [shutil.which(f"python{version}"), *map(str, reversed(pyenv))]:
        if python and subprocess.run([python, "-c", ""], capture_output=True).returncode == 0:
            return python
    return None


def command(version: str, python: str) -> str:
    venv = ROOT / "target/pythons" / version
    own = venv / "bin/python"
    environment = f"PYTHONPATH={ROOT}/python PYSSL_LIBRARY={ROOT}/target/release/libpyssl.so"
    return (
        f"{python} -m venv {venv} && {own} -m pip install -q -r {ROOT}/tools/requirements.txt"
        f" && {environment} {own} -m pytest {os.environ.get('PYTEST_ARGS', '')}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
