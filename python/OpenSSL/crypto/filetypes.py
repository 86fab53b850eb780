"""FILETYPE_*: the encodings that load_* and dump_* speak."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Union


__all__ = ["FILETYPE_ASN1", "FILETYPE_PEM", "FILETYPE_TEXT"]

FILETYPE_PEM: int = 1
FILETYPE_ASN1: int = 2
#: For people: it cannot be loaded.
FILETYPE_TEXT: int = 65535


def to_load(type: int) -> int:
    if type == FILETYPE_PEM or type == FILETYPE_ASN1:
        return type
    raise ValueError("type argument must be FILETYPE_PEM or FILETYPE_ASN1")


def to_dump(type: int) -> int:
    if type == FILETYPE_PEM or type == FILETYPE_ASN1 or type == FILETYPE_TEXT:
        return type
    raise ValueError("type argument must be FILETYPE_PEM, FILETYPE_ASN1, or FILETYPE_TEXT")


def data(buffer: Union[str, bytes, None]) -> bytes:
    """What load_* takes: bytes, or ASCII text; None is empty."""
    if isinstance(buffer, bytes):
        return buffer
    if isinstance(buffer, str):
        return buffer.encode("ascii")
    if buffer is None:
        return b""
    raise TypeError(f"buffer must be bytes or ASCII text, not {buffer.__class__.__name__}")
