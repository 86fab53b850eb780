"""The border to libpyssl: loader, calls, failures. Everything else in the package goes through these names."""

from . import folder as folder  # first: nothing of a mixture is to run
from .call import bytes_of, bytes_or_none, handle_of, int_of, reader, reader_or_none, text_of, text_or_none
from .errors import Described, fail
from .handle import Handle
from .loader import ffi, in_subinterpreter, lib, library_path, mode, speedups
from .trampoline import trampoline

__all__ = [
    "Described",
    "Handle",
    "bytes_of",
    "bytes_or_none",
    "fail",
    "speedups",
    "ffi",
    "handle_of",
    "in_subinterpreter",
    "int_of",
    "lib",
    "library_path",
    "mode",
    "reader",
    "reader_or_none",
    "text_of",
    "text_or_none",
    "trampoline",
]
