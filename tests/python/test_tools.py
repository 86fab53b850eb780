"""tools/tools.sh finds out what a machine lacks by using it, and names it in one sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools" / "tools.sh"
COMMANDS = ["sh", "mktemp", "rm", "tr", "sort", "sed", "id", "cc"]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A directory to be all of PATH, with a C compiler but without apt-get, clang and most else."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name in COMMANDS:
        found = shutil.which(name)
        assert found, name
        command(commands / name, f'PATH={os.environ["PATH"]} exec {found} "$@"')
    return commands


def command(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def ask(machine: Path, *needs: str, python: str = sys.executable) -> tuple[int, str]:
    done = subprocess.run(
        [str(TOOLS), *needs],
        env={"PATH": str(machine), "PYTHON": python},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_what_works_is_not_asked_for(machine: Path) -> None:
    assert ask(machine, "cc", "sed") == (0, "")


def test_a_command_that_is_missing_is_named_with_its_package(machine: Path) -> None:
    code, said = ask(machine, "cc", "abidiff", "cmake")
    assert (code, said) == (
        1,
        "This machine lacks abidiff, cmake: install the Debian packages abigail-tools cmake.\n",
    )


def test_a_clang_without_the_runtime_of_libfuzzer_is_not_enough(machine: Path) -> None:
    found = shutil.which("cc")
    command(machine / "clang", f'PATH={os.environ["PATH"]} exec {found} "$@"')  # gcc knows no -fsanitize=fuzzer
    code, said = ask(machine, "clang", "fuzzer")
    assert (code, said) == (1, "This machine lacks fuzzer: install the Debian packages clang libclang-rt-dev.\n")


def test_a_python_without_its_header_is_not_enough(machine: Path, tmp_path: Path) -> None:
    python = tmp_path / "python"
    command(python, f'case $2 in *version*) exec {sys.executable} "$@" ;; *) echo {tmp_path} ;; esac')
    code, said = ask(machine, "--check", "Python.h", python=str(python))
    version = "python{}.{}-dev".format(*sys.version_info)
    assert (code, said) == (1, f"This machine lacks Python.h: install the Debian packages libc6-dev {version}.\n")
