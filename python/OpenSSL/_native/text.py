"""Text on its way to C, and text where bytes belong."""

from __future__ import annotations

from .loader import ffi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def c_text(name: str, value: Any) -> bytes:
    """`value`, str or bytes, as the bytes of a C string.

    Raises TypeError for any other type, and ValueError for a NUL byte, which C would take for the end. `name` is the
    argument's name in both.
    """
    if isinstance(value, str):
        value = value.encode()
    elif not isinstance(value, bytes):
        raise TypeError(f"{name} must be str or bytes, not {type(value).__name__}")
    if b"\0" in value:
        raise ValueError(f"embedded null byte in {name}: {value!r}")
    return bytes(value)


def c_text_or_null(name: str, value: Any) -> Any:
    """As c_text, with NULL for None."""
    return ffi.NULL if value is None else c_text(name, value)


def bytes_or_warn(label: str, value: Any, stacklevel: int = 3) -> Any:
    """`value`, with str as its UTF-8 and a DeprecationWarning; what is neither str nor bytes is the caller's to refuse.

    `stacklevel` 3 blames the caller of the function that calls this one.
    """
    if not isinstance(value, str):
        return value
    from warnings import warn

    warn(f"str for {label} is no longer accepted, use bytes", DeprecationWarning, stacklevel=stacklevel)
    return value.encode("utf-8")
