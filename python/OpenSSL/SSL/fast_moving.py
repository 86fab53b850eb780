"""Moving bytes past cffi, where the compiled functions of _native._fast are there."""

from __future__ import annotations

from _socket import MSG_PEEK as _MSG_PEEK

from .._native import fast, lib
from .errors import INTERRUPTED, TIMEOUT, WANT_READ, WantReadError, fail
from .moving import MOST, RECORD, Moving, encoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional, Union

_recv = fast.recv
_send = fast.send
_bio_read = fast.bio_read
_bio_write = fast.bio_write


class FastMoving(Moving):
    """The calls that programs make for every message. What they cannot do at once, or take, is Moving's."""

    def recv(self, bufsiz: int, flags: Optional[int] = None) -> bytes:
        if bufsiz > RECORD:
            bufsiz = RECORD
        elif bufsiz < 0:
            raise ValueError("bufsiz must not be negative")
        peek = flags & _MSG_PEEK if flags else 0
        watched = self._watched
        if watched is not None and watched.fileno() != self._descriptor:
            self._watch_no_more()
        data = _recv(self._number, bufsiz, peek)
        if type(data) is bytes:
            return data
        if data == WANT_READ:
            raise WantReadError
        return self._received(data, bufsiz, peek)

    read = recv

    def _received(self, result: Union[bytes, int], bufsiz: int, peek: int) -> bytes:
        """What came of a recv() that brought nothing at first."""
        if isinstance(result, int) and result in (INTERRUPTED, TIMEOUT):
            result = self._again(result, lambda: _recv(self._number, bufsiz, peek))
        if isinstance(result, bytes):
            return result
        if result < 0:
            fail(result)
        raise WantReadError  # no bytes were asked for

    def send(self, buf: Any, flags: int = 0) -> int:
        if type(buf) is not bytes or len(buf) > MOST:
            return Moving.send(self, encoded(buf, 3) if isinstance(buf, str) else buf, flags)
        watched = self._watched
        if watched is not None and watched.fileno() != self._descriptor:
            self._watch_no_more()
        count: int = _send(self._number, buf)
        return count if count >= 0 else self._after(count, lib.pyssl_conn_send, buf, len(buf))

    write = send

    def bio_read(self, bufsiz: int) -> bytes:
        if type(bufsiz) is not int or bufsiz <= 0:
            return Moving.bio_read(self, bufsiz)
        data = _bio_read(self._number, bufsiz)
        if type(data) is bytes:
            return data
        if data == WANT_READ:
            raise WantReadError
        self._bio_failed(data)

    def bio_write(self, buf: Any, flags: int = 0) -> int:
        if type(buf) is not bytes:
            return Moving.bio_write(self, encoded(buf, 3) if isinstance(buf, str) else buf, flags)
        count: int = _bio_write(self._number, buf)
        if count <= 0:
            self._bio_failed(count or WANT_READ)
        return count

    for _name in ("recv", "send", "bio_read", "bio_write"):
        locals()[_name].__doc__ = getattr(Moving, _name).__doc__
    del _name
