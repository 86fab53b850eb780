"""OpenSSL's random generator: mixing in, drawing from, and the seed files and entropy daemons of old."""

from __future__ import annotations

import builtins

from ._native import Described, fail, ffi, int_of, lib
from ._native.path import path_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._native.path import StrOrBytesPath

__all__ = ["Error", "add", "bytes", "cleanup", "egd", "load_file", "seed", "status", "write_file"]

_WHOLE_FILE = -1
_EGD_BYTES = 255
#: How long the daemon may take for one answer.
_EGD_TIMEOUT_MS = 10_000


class Error(Described, Exception):
    """A failure of this module. `args[0]` is OpenSSL's list of (library, function, reason)."""


def add(buffer: builtins.bytes, entropy: float) -> None:
    """Mix `buffer` into the generator's state.

    :param buffer: bytes to mix in.
    :param entropy: a lower bound of the randomness in them, in bytes (int or float).
    :raises TypeError: for any other type.
    """
    if not isinstance(buffer, builtins.bytes):
        raise TypeError("buffer must be a byte string")
    if not isinstance(entropy, (int, float)):
        raise TypeError("entropy must be an integer")
    _done(lib.pyssl_rand_add(buffer, len(buffer), float(entropy)))


def seed(buffer: builtins.bytes) -> None:
    """Mix `buffer` into the generator's state; as `add()`, taking every byte of it for random.

    :raises TypeError: when `buffer` is not bytes.
    """
    if not isinstance(buffer, builtins.bytes):
        raise TypeError("buffer must be a string")
    _done(lib.pyssl_rand_seed(buffer, len(buffer)))


def status() -> int:
    """1 when the generator has been seeded with enough, else 0."""
    seeded: int = lib.pyssl_rand_status()
    return seeded


def bytes(num_bytes: int) -> builtins.bytes:
    """`num_bytes` random bytes, fit for keys.

    :raises TypeError: when it is no integer.
    :raises ValueError: when it is negative.
    :raises Error: when the generator fails.
    """
    if not isinstance(num_bytes, int):
        raise TypeError("num_bytes must be an integer")
    if num_bytes < 0:
        raise ValueError("num_bytes must not be negative")
    room = bytearray(num_bytes)
    _done(lib.pyssl_rand_bytes(ffi.from_buffer(room), num_bytes))
    return builtins.bytes(room)


def cleanup() -> None:
    """Put a state drawn afresh from the system in place of the generator's, with all that was mixed into it.

    :raises Error: when the system has no entropy to give.
    """
    _done(lib.pyssl_rand_cleanup())


def load_file(filename: StrOrBytesPath, maxbytes: int = _WHOLE_FILE) -> int:
    """Mix the content of a file into the generator's state.

    :param filename: str (file system encoding), bytes or path.
    :param maxbytes: how many bytes to read at most; negative for all of them (of a device or pipe: 2048).
    :returns: how many bytes were read.
    :raises Error: when the file cannot be read; `file` and `errno` of the exception say more.
    """
    name = path_bytes(filename)
    if not isinstance(maxbytes, int):
        raise TypeError("maxbytes must be an integer")
    return int_of(Error, "size_t *", lib.pyssl_rand_load_file, name, maxbytes)


def write_file(filename: StrOrBytesPath) -> int:
    """Write 1024 random bytes to a file, for `load_file()` to read another day. Only its owner can read it.

    :param filename: str (file system encoding), bytes or path.
    :returns: how many bytes were written.
    :raises Error: when the file cannot be written; `file` and `errno` of the exception say more.
    """
    return int_of(Error, "size_t *", lib.pyssl_rand_write_file, path_bytes(filename))


def egd(path: StrOrBytesPath, bytes: int = _EGD_BYTES) -> int:
    """Mix bytes from an entropy gathering daemon (EGD, PRNGD) into the generator's state.

    :param path: the daemon's Unix socket; str (file system encoding), bytes or path.
    :param bytes: how many bytes to ask for.
    :returns: how many bytes were read.
    :raises ValueError: when `bytes` is negative.
    :raises Error: when there is no daemon, or it hangs up, breaks the protocol, or says nothing for ten seconds.
    """
    name = path_bytes(path)
    if not isinstance(bytes, int):
        raise TypeError("bytes must be an integer")
    if bytes < 0:
        raise ValueError("bytes must not be negative")
    return int_of(Error, "size_t *", lib.pyssl_rand_egd, name, bytes, _EGD_TIMEOUT_MS)


def _done(status: int) -> None:
    if status:
        fail(Error, status)
