"""What holds for every test: it ends with as many handles as it began with."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

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
    assert lib.pyssl_handle_count() == before
