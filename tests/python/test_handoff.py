"""Where the wheel is installed: an extension module finds header and library, and serves what Python set up."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from installed import run

from OpenSSL import native

HANDOFF = Path(__file__).resolve().parents[1] / "handoff"


@pytest.fixture(scope="module")
def extension(python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of tests/handoff/echo.c, built by a plain cc against the installed wheel."""
    folder = tmp_path_factory.mktemp("extension")
    flags = run(python, "-m", "OpenSSL.native", "--cflags").split()
    libs = run(python, "-m", "OpenSSL.native", "--libs").split()
    include = sysconfig.get_paths()["include"]
    strict = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    built = str(folder / f"echo{sysconfig.get_config_var('EXT_SUFFIX')}")
    run("cc", *strict, f"-I{include}", *flags, str(HANDOFF / "echo.c"), "-o", built, *libs)
    needed = subprocess.run(["readelf", "-d", built], capture_output=True, text=True, check=True).stdout
    assert "[libpyssl.so.0]" in needed
    return folder


@pytest.mark.parametrize("what", ["connections", "context"])
def test_c_serves_a_thousand_connections_that_python_set_up(python: str, extension: Path, what: str) -> None:
    report: dict[str, Any] = json.loads(run(python, str(HANDOFF / "serve.py"), what, PYTHONPATH=str(extension)))
    assert report["clients"] == []
    assert (report["ended"], report["failed"], report["why"]) == (1000, 0, "")
    assert report["echoed"] > 10_000_000
    # Python's callback judged every client, and nothing but stale handles is left of what was given away.
    assert (report["subjects"], report["judged"]) == (["client"], 1000)
    assert report["stale"] == ([-10] if what == "connections" else [])


def test_the_checkout_tells_where_its_header_and_library_are(tmp_path: Path) -> None:
    source = tmp_path / "version.c"
    source.write_text("#include <pyssl.h>\n#include <stdio.h>\nint main(void) { puts(pyssl_version()); return 0; }\n")
    flags = subprocess.run(
        [sys.executable, "-m", "OpenSSL.native", "--cflags", "--libs"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert flags[0] == f"-I{native.include_dir()}"
    assert Path(flags[1]) == Path(native.library_path())
    run("cc", str(source), *flags, "-o", str(tmp_path / "version"))


def test_unknown_options_print_the_usage() -> None:
    done = subprocess.run([sys.executable, "-m", "OpenSSL.native", "--nonsense"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: python -m OpenSSL.native [--cflags] [--libs]")
