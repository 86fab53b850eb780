"""The examples of README.md run as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from OpenSSL._native import library_path

ROOT = Path(__file__).resolve().parents[2]


def blocks(language: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
    assert found, f"README.md has no {language} example"
    return list(found)


@pytest.mark.parametrize("code", blocks("python"), ids=lambda code: code.splitlines()[0])
def test_python_example_runs(code: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "PYSSL_LIBRARY": library_path}
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_https_client_in_c_is_as_short_as_the_readme_says() -> None:
    code = (ROOT / "c-examples" / "https_client.c").read_text()
    assert "c-examples/https_client.c" in (ROOT / "README.md").read_text()
    assert len(code.splitlines()) <= 40 and len(re.findall(r"\bpyssl_\w+\(", code)) <= 15


@pytest.mark.parametrize("code", blocks("c"), ids=lambda code: code.splitlines()[0])
def test_c_example_compiles_and_runs(code: str, tmp_path: Path) -> None:
    (tmp_path / "example.c").write_text(code)
    # Programs ask the loader for the SONAME, whatever the file is called that they were linked with.
    (tmp_path / "libpyssl.so.0").symlink_to(library_path)
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    link = ["example.c", "libpyssl.so.0", f"-Wl,-rpath,{tmp_path}", "-o", "example"]
    subprocess.run(["gcc", *strict, f"-I{ROOT}/include", *link], cwd=tmp_path, check=True)
    done = subprocess.run([str(tmp_path / "example")], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
