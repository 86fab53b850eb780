"""Programs and installers as they are released, on this package. `make test-programs` runs these, with a network."""

from __future__ import annotations

import sys
from pathlib import Path

_PYTHON = Path(__file__).resolve().parents[1] / "python"
sys.path[:0] = [str(_PYTHON), str(_PYTHON / "ssl"), str(_PYTHON.parent)]

import pytest  # noqa: E402
from installed import ROOT, build_wheel, run  # noqa: E402


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def as_pyopenssl(wheel: Path) -> Path:
    """The same wheel, named pyOpenSSL."""
    return Path(run(sys.executable, str(ROOT / "tools" / "pyopenssl_wheel.py"), str(wheel)).strip())
