"""The exceptions of OpenSSL.SSL, and the way from a status of the library to one of them."""

from __future__ import annotations

import errno as _errno

from .._native import Described, lib, pending
from .._native import fail as _fail
from .._native.errors import describe, last

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, Optional


class Error(Described, Exception):
    """An operation of OpenSSL.SSL failed.

    args is ([(lib, func, reason), ...],), oldest first, with at least one entry.
    """

    #: From sendall: how many bytes went before this was raised.
    sent: Optional[int] = None


class ZeroReturnError(Error):
    """The peer closed the TLS session properly (close_notify)."""


class WantReadError(Error):
    """Nothing can be done before bytes from the peer arrive: wait for the socket to be readable, call again."""


class WantWriteError(Error):
    """Nothing can be done before the transport takes bytes: wait for the socket to be writable, call again."""


class WantX509LookupError(Error):
    """A certificate lookup is pending: call again later."""


class SysCallError(Error):
    """The transport failed.

    args is (errno, symbolic name), or (-1, "Unexpected EOF") when it ended without close_notify. (EBADF, "EBADF") after
    close(), (ESHUTDOWN, "ESHUTDOWN") where another thread's shutdown() ended a call that waited. Where a send failed
    because the peer had ended the connection with an alert, `alert` and the message have its name.
    """

    def __str__(self) -> str:
        plain = Exception.__str__(self)
        return plain if self.alert is None else f"{plain}: {self.message}"


for _cls in (Error, ZeroReturnError, WantReadError, WantWriteError, WantX509LookupError, SysCallError):
    _cls.__module__ = "OpenSSL.SSL"

WANT_READ: int = lib.PYSSL_ERR_WANT_READ
WANT_WRITE: int = lib.PYSSL_ERR_WANT_WRITE
WANT_X509_LOOKUP: int = lib.PYSSL_ERR_WANT_X509_LOOKUP
ZERO_RETURN: int = lib.PYSSL_ERR_ZERO_RETURN
SYSCALL: int = lib.PYSSL_ERR_SYSCALL
EOF: int = lib.PYSSL_ERR_EOF
INTERRUPTED: int = lib.PYSSL_ERR_INTERRUPTED
TIMEOUT: int = lib.PYSSL_ERR_TIMEOUT
CLOSED: int = lib.PYSSL_ERR_CLOSED
CALLBACK: int = lib.PYSSL_ERR_CALLBACK

_WITHOUT_ARGUMENTS = {
    WANT_READ: WantReadError,
    WANT_WRITE: WantWriteError,
    WANT_X509_LOOKUP: WantX509LookupError,
}


def fail(status: int) -> NoReturn:
    """Raises what a negative status of a call on this thread means."""
    kind = _WITHOUT_ARGUMENTS.get(status)
    if kind is not None:
        raise kind()
    if status != CALLBACK:
        pending.take()  # a transport that failed besides: no later call is to raise it
    if status == ZERO_RETURN:
        raise ZeroReturnError()
    if status == EOF:
        raise describe(SysCallError(-1, "Unexpected EOF"), *last())
    if status == CLOSED:
        info, entries = last()
        code = info.sys_errno or _errno.EBADF
        raise describe(SysCallError(code, _errno.errorcode.get(code)), info, entries)
    if status == SYSCALL:
        info, entries = last()
        code = info.sys_errno
        raise describe(SysCallError(code, _errno.errorcode.get(code)), info, entries)
    _fail(Error, status)


def check(status: int) -> None:
    """Raises unless the call succeeded."""
    if status:
        fail(status)
