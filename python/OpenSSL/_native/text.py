"""Text where bytes belong."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def bytes_or_warn(label: str, value: Any, stacklevel: int = 3) -> Any:
    """`value`, with str as its UTF-8 and a DeprecationWarning; what is neither str nor bytes is the caller's to refuse.

    `stacklevel` 3 blames the caller of the function that calls this one.
    """
    if not isinstance(value, str):
        return value
    from warnings import warn

    warn(f"str for {label} is no longer accepted, use bytes", DeprecationWarning, stacklevel=stacklevel)
    return value.encode("utf-8")
