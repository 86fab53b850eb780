"""SSL.Session."""

from __future__ import annotations

from .._native import Handle, bytes_of, ffi, handle_of, lib
from .errors import Error, check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Tuple, Union


class Session(Handle):
    """A TLS session, to be taken up again by a later connection. Only Connection.get_session and from_bytes give one
    that can be used.

    It belongs to the Context of the connection it came from, for that is what verified the peer.
    """

    _free = lib.pyssl_session_free

    @classmethod
    def from_bytes(cls, data: Union[bytes, bytearray, memoryview]) -> Session:
        """Reads what to_bytes gave, for a connection of any Context.

        Take it only from where nobody else can write: with a session taken up again the peer is trusted without a look
        at its certificate.
        """
        # Let go of before an exception leaves: see io.py.
        with ffi.from_buffer("uint8_t[]", data) as view:
            return cls._adopt(handle_of(Error, "pyssl_session **", lib.pyssl_session_from_bytes, view, len(view)))

    def to_bytes(self) -> bytes:
        """The session as bytes, secrets included: keep them as a private key is kept."""
        return bytes_of(Error, lib.pyssl_session_to_bytes, self._handle)

    def get_id(self) -> bytes:
        """The session's id; in TLS 1.3 b"" before a ticket came."""
        return bytes_of(Error, lib.pyssl_session_id, self._handle)

    def get_times(self) -> Tuple[int, int]:
        """When it was agreed on, in seconds since 1970, and for how many seconds from then on it is good."""
        made, good_for = ffi.new("int64_t *"), ffi.new("int64_t *")
        check(lib.pyssl_session_times(self._handle, made, good_for))
        return made[0], good_for[0]


Session.__module__ = "OpenSSL.SSL"
