"""Every test ends with as many handles of the library as it began with."""

from __future__ import annotations

import gc
from typing import Iterator

import pytest
from support import handles


@pytest.fixture(autouse=True)
def no_handle_is_left() -> Iterator[None]:
    before = handles()
    yield
    gc.collect()
    assert handles() == before
