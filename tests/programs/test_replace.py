"""This package in the place of pyOpenSSL: pip and uv, in every order, from a local folder; the switch; a mixture."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import Dict, List, NamedTuple

import pytest
from installed import ROOT, environment, run

from OpenSSL import __version__, libpyssl_version
from OpenSSL._native import library_path

#: The wheel of this package that is named as the other, and the release that it stands for. "==26.4.0" alone is both.
OURS = f"pyOpenSSL=={__version__}+libpyssl.{libpyssl_version}"
THEIRS = f"pyOpenSSL=={__version__},!={__version__}+libpyssl.{libpyssl_version}"
UV = str(Path(sysconfig.get_path("scripts")) / "uv")


@pytest.fixture(scope="module")
def folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheels: this package under both names, pyOpenSSL with what it needs, and a program that requires it."""
    here = tmp_path_factory.mktemp("wheels")
    shutil.copy(wheel, here)
    run(sys.executable, str(ROOT / "tools" / "pyopenssl_wheel.py"), str(here / wheel.name))
    run(sys.executable, "-m", "pip", "download", "-q", "-d", str(here), f"pyOpenSSL=={__version__}")
    with zipfile.ZipFile(here / "program-1.0-py3-none-any.whl", "w") as program:
        info = "program-1.0.dist-info"
        program.writestr("program.py", "from OpenSSL import SSL, crypto\nprint(crypto.X509, SSL.Context)\n")
        metadata = "Metadata-Version: 2.1\nName: program\nVersion: 1.0\nRequires-Dist: pyOpenSSL>=24\n"
        program.writestr(f"{info}/METADATA", metadata)
        program.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        program.writestr(f"{info}/RECORD", f"program.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return here


class Environment(NamedTuple):
    """A fresh environment, and the installer that fills it from the folder of wheels alone."""

    python: str
    site: Path
    tool: str
    folder: Path

    def pip(self, command: str, *arguments: str) -> str:
        if self.tool == "uv":
            return run(UV, "pip", command, "-q", "--offline", "--python", self.python, *arguments)
        quiet = [] if command == "check" else ["-q"]
        return run(sys.executable, "-m", "pip", "--python", self.python, command, *quiet, *arguments)

    def install(self, *what: str) -> None:
        self.pip("install", "--no-index", "--find-links", str(self.folder), *what)

    def uninstall(self, *what: str) -> None:
        self.pip("uninstall", *([] if self.tool == "uv" else ["-y"]), *what)

    def imports(self) -> str:
        """Which package a program gets: "libpyssl" or "pyOpenSSL". The program uses it."""
        run(self.python, "-I", "-c", "import program" if (self.site / "program.py").exists() else "import OpenSSL.SSL")
        version = run(
            self.python, "-I", "-c", "import OpenSSL; print(getattr(OpenSSL, 'libpyssl_version', None))"
        ).strip()
        return "pyOpenSSL" if version == "None" else "libpyssl"

    def refusal(self, module: str = "OpenSSL.SSL") -> str:
        """What importing the module is refused with."""
        done = subprocess.run([self.python, "-I", "-c", f"import {module}"], capture_output=True, text=True)
        assert done.returncode == 1
        return done.stderr.splitlines()[-1]

    def left(self) -> List[str]:
        """What is left of the package."""
        return [str(path) for path in (self.site / "OpenSSL").rglob("*") if path.is_file() and path.suffix != ".pyc"]


@pytest.fixture(params=["uv", "pip"])
def fresh(request: pytest.FixtureRequest, folder: Path, tmp_path: Path) -> Environment:
    python = environment(tmp_path / "venv")
    site = run(python, "-I", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    return Environment(python, Path(site), request.param, folder)


ORDERS: Dict[str, List[List[str]]] = {
    "ours, then the program": [[OURS], ["program"]],
    "the program with theirs, then ours": [["program", THEIRS], [OURS]],
    "both at once": [["program", OURS]],
    "the program alone: the folder has both": [["program"]],
}


@pytest.mark.parametrize("order", ORDERS)
def test_a_program_gets_this_package_in_every_order(fresh: Environment, order: str) -> None:
    for what in ORDERS[order]:
        fresh.install(*what)
    assert fresh.imports() == "libpyssl"
    fresh.pip("check")


def test_it_is_swapped_both_ways_and_uninstalled_without_a_rest(fresh: Environment) -> None:
    fresh.install("program", THEIRS)
    assert fresh.imports() == "pyOpenSSL"
    fresh.install(OURS)
    assert fresh.imports() == "libpyssl"
    fresh.install(THEIRS)
    assert fresh.imports() == "pyOpenSSL"
    fresh.install(OURS)
    assert fresh.imports() == "libpyssl"
    fresh.uninstall("pyOpenSSL")
    assert fresh.left() == []


def test_a_constraint_pins_it(fresh: Environment, tmp_path: Path) -> None:
    (tmp_path / "constraints.txt").write_text(OURS + "\n")
    fresh.install("program", "-c", str(tmp_path / "constraints.txt"))
    assert fresh.imports() == "libpyssl"


@pytest.mark.parametrize("first", ["libpyssl", THEIRS])
def test_a_folder_with_both_packages_is_refused_with_the_remedy(fresh: Environment, first: str) -> None:
    both = ["libpyssl", THEIRS] if first == "libpyssl" else [THEIRS, "libpyssl"]
    for what in both:
        fresh.install(what)
    for module in ("OpenSSL", "OpenSSL.SSL", "OpenSSL.crypto"):
        told = fresh.refusal(module)
        assert told.startswith("ImportError") and "holds the files of both libpyssl and pyOpenSSL" in told
        assert "pip uninstall pyOpenSSL libpyssl" in told
    # The remedy is one.
    fresh.uninstall("pyOpenSSL", "libpyssl")
    assert fresh.left() == []
    fresh.install(OURS)
    assert fresh.imports() == "libpyssl"


def test_what_is_left_after_pyopenssl_was_removed_from_a_mixture_is_refused(fresh: Environment) -> None:
    fresh.install(THEIRS)
    fresh.install("libpyssl")
    fresh.uninstall("pyOpenSSL")
    told = fresh.refusal()
    assert "has lost files of libpyssl" in told and "Remove both and install one" in told


def test_both_wheels_have_the_same_files(folder: Path) -> None:
    contents = []
    for name in ("libpyssl-*.whl", "pyopenssl-*libpyssl*.whl"):
        (path,) = folder.glob(name)
        with zipfile.ZipFile(path) as archive:
            contents.append({n: archive.read(n) for n in archive.namelist() if ".dist-info/" not in n})
    assert contents[0] == contents[1]


def test_the_switch_puts_it_before_a_pyopenssl_that_stays(fresh: Environment, tmp_path: Path) -> None:
    fresh.install("program", THEIRS)
    own = tmp_path / "own"
    with zipfile.ZipFile(next(fresh.folder.glob("libpyssl-*.whl"))) as archive:
        archive.extractall(own)

    def replace(*arguments: str) -> str:
        return run(fresh.python, "-m", "OpenSSL.replace", *arguments, PYTHONPATH=str(own))

    def rows(text: str) -> Dict[str, str]:
        return {label: value.strip() for label, _, value in (line.partition(":") for line in text.splitlines())}

    before = rows(replace())
    assert before["in force"].startswith("pyOpenSSL in") and before["switch"] == "off"
    assert (before["pyOpenSSL installed"], before["libpyssl installed"]) == (__version__, "no")
    on = rows(replace("on"))
    assert on["in force"] == f"libpyssl in {own / 'OpenSSL'}"
    assert fresh.imports() == "libpyssl"
    fresh.pip("check")
    off = rows(replace("off"))
    assert off["in force"].startswith("pyOpenSSL in")
    assert fresh.imports() == "pyOpenSSL"


def test_another_environment_is_switched_by_its_site_packages(fresh: Environment, tmp_path: Path) -> None:
    def replace(*arguments: str) -> str:
        return run(sys.executable, "-m", "OpenSSL.replace", *arguments, PYSSL_LIBRARY=library_path)

    fresh.install(THEIRS)
    replace("on", "--site", str(fresh.site))
    assert (fresh.site / "libpyssl-replace.pth").exists()
    replace("off", "--site", str(fresh.site))
    assert fresh.imports() == "pyOpenSSL"
    with pytest.raises(AssertionError, match="is no folder"):
        replace("on", "--site", str(tmp_path / "nowhere"))


def test_an_environment_that_has_it_needs_no_switch(fresh: Environment) -> None:
    fresh.install(OURS)
    assert "nothing to switch" in run(fresh.python, "-m", "OpenSSL.replace", "on")
    assert not (fresh.site / "libpyssl-replace.pth").exists()
