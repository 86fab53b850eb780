"""What holds for every test: it leaves no handle behind."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from installed import build_wheel, install

from OpenSSL._native import ffi, lib, library_path


def pytest_report_header() -> str:
    """Which library and which OpenSSL are under test."""
    openssl = ffi.string(lib.pyssl_openssl_version(lib.PYSSL_OPENSSL_VERSION)).decode()
    return f"library: {library_path} ({openssl})"


@pytest.fixture(autouse=True)
def no_handle_is_left() -> Iterator[None]:
    gc.collect()
    before = lib.pyssl_handle_count()
    yield
    gc.collect()
    # Fewer, where pytest has let go of what an earlier test's traceback held.
    assert lib.pyssl_handle_count() <= before


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Python of a fresh environment with the wheel."""
    return install(wheel, tmp_path_factory.mktemp("venv"))
