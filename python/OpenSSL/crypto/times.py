"""Times in the form of ASN.1, as the setters take them."""

from __future__ import annotations

from .._native.text import c_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def time_text(when: Any) -> bytes:
    """The bytes of a time ("YYYYMMDDhhmmssZ") for C; TypeError for other types, ValueError for a NUL byte."""
    if not isinstance(when, bytes):
        raise TypeError("when must be a byte string")
    return c_text("when", when)
