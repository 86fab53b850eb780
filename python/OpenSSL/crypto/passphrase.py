"""Passphrases: bytes, or a callable that gives them."""

from __future__ import annotations

from .._native import ffi, pending, trampoline
from .filetypes import FILETYPE_PEM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional, Tuple, Union

    #: Called with 1 when the passphrase is for encrypting, 0 for decrypting; returns at most 1024 bytes.
    PassphraseCallableT = Union[bytes, Callable[..., bytes]]

#: The longest passphrase that OpenSSL's PEM code takes.
LONGEST = 1024


def check(type: int, passphrase: Optional[PassphraseCallableT]) -> None:
    """Raises for what cannot be a passphrase, and for one where none can be used."""
    if passphrase is None:
        return
    if type != FILETYPE_PEM:
        raise ValueError("only FILETYPE_PEM key format supports encryption")
    if not isinstance(passphrase, bytes) and not callable(passphrase):
        raise TypeError("Last argument must be a byte string or a callable.")


def for_writing(passphrase: PassphraseCallableT) -> bytes:
    """The passphrase itself, asked for where it must be."""
    return _checked(passphrase if isinstance(passphrase, bytes) else passphrase(1))


def for_reading(passphrase: Optional[PassphraseCallableT]) -> Tuple[Any, int, Any, Any]:
    """The arguments passphrase, passphrase_len, callback, userdata of a call. userdata must outlive the call."""
    if passphrase is None:
        return ffi.NULL, 0, ffi.NULL, ffi.NULL
    if isinstance(passphrase, bytes):
        return passphrase, len(passphrase), ffi.NULL, ffi.NULL
    return ffi.NULL, 0, give, ffi.new_handle(lambda writing, size: _checked(passphrase(writing)))


def _checked(passphrase: object) -> bytes:
    if not isinstance(passphrase, bytes):
        raise ValueError("Bytes expected")
    if len(passphrase) > LONGEST:
        raise ValueError("passphrase returned by callback is too long")
    return passphrase


@trampoline("pyssl_passphrase_fn")
def give(userdata: Any, writing: int, room: Any, size: int) -> int:
    """Asks the function behind userdata, f(writing, size) -> at most size bytes."""
    try:
        passphrase = ffi.from_handle(userdata)(writing, size)
        ffi.memmove(room, passphrase, len(passphrase))
    except BaseException as exception:  # it surfaces from the call that asked
        pending.keep(exception)
        return -1
    return len(passphrase)
