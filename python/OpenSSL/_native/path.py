"""File names for C."""

from __future__ import annotations

import os

from .text import c_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Union

    StrOrBytesPath = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]


def path_bytes(path: StrOrBytesPath) -> bytes:
    """The name in the file system's encoding. TypeError for what is no path, ValueError for a NUL in it."""
    return c_text("path", os.fsencode(path))
