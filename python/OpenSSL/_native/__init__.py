"""The border to libpyssl: loader, calls, failures. Everything else in the package goes through these names."""

from .call import bytes_of, bytes_or_none, handle_of, int_of, text_of, text_or_none
from .errors import Described, fail
from .handle import Handle
from .loader import fast, ffi, lib, library_path, mode
from .trampoline import trampoline

__all__ = [
    "Described",
    "Handle",
    "bytes_of",
    "bytes_or_none",
    "fail",
    "fast",
    "ffi",
    "handle_of",
    "int_of",
    "lib",
    "library_path",
    "mode",
    "text_of",
    "text_or_none",
    "trampoline",
]
