"""A folder that holds the files of pyOpenSSL beside this package's is noticed when the package is imported."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import OpenSSL
from OpenSSL._native import folder, library_path

SOURCE = Path(OpenSSL.__file__).parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package, which works."""
    shutil.copytree(SOURCE, tmp_path / "OpenSSL", ignore=shutil.ignore_patterns("__pycache__", "libpyssl.so.0"))
    assert told(tmp_path / "OpenSSL", "OpenSSL.SSL") == ""
    return tmp_path / "OpenSSL"


def told(package: Path, module: str) -> str:
    """The last line of what importing the module says."""
    code = f"import sys; sys.path.insert(0, {str(package.parent)!r}); import {module}"
    environment = {"PYSSL_LIBRARY": library_path}
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, env=environment)
    return done.stderr.splitlines()[-1] if done.returncode else ""


@pytest.mark.parametrize("module", ["OpenSSL", "OpenSSL.SSL", "OpenSSL.crypto"])
@pytest.mark.parametrize("theirs", ["SSL.py", "crypto.py"])
def test_a_module_of_pyopenssl_beside_the_package_is_refused(copy: Path, theirs: str, module: str) -> None:
    (copy / theirs).write_text("")
    line = told(copy, module)
    assert line.startswith(f"ImportError: {copy} holds the files of both libpyssl and pyOpenSSL.")
    assert "pip uninstall pyOpenSSL libpyssl" in line


def test_a_package_that_lost_its_files_is_refused(copy: Path) -> None:
    (copy / "__init__.py").unlink()
    with pytest.raises(ImportError, match="has lost files of libpyssl"):
        folder.check(str(copy))
