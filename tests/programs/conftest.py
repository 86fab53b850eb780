"""Programs and installers as they are released, on this package. `make test-programs` runs these, with a network."""

from __future__ import annotations

import sys
from pathlib import Path

_PYTHON = Path(__file__).resolve().parents[1] / "python"
sys.path[:0] = [str(_PYTHON), str(_PYTHON / "ssl")]

import pytest  # noqa: E402
from installed import build_wheel  # noqa: E402


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))
