"""SSL.Session."""

from __future__ import annotations

from .._native import Handle, bytes_of, ffi, handle_of, lib
from .errors import Error, check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Tuple, Union


class Session(Handle):
    """A TLS session, to be resumed by a later connection. Only Connection.get_session and from_bytes give one that can
    be used.

    It belongs to the Context of the connection it came from. It knows by which rules that connection verified its
    server, and is resumed only under these: see Connection.set_session.
    """

    _free = lib.pyssl_session_free

    @classmethod
    def from_bytes(cls, data: Union[bytes, bytearray, memoryview]) -> Session:
        """Reads what to_bytes gave, or OpenSSL's DER of a session, for a connection of any Context.

        Take the bytes only from where nobody else can write: a connection that resumes the session trusts the server by
        what they say of its verification. OpenSSL's DER says nothing of it, so it is offered only by a connection that
        verifies nothing.
        """
        # Let go of before an exception leaves: see io.py.
        with ffi.from_buffer("uint8_t[]", data) as view:
            return cls._adopt(handle_of(Error, "pyssl_session **", lib.pyssl_session_from_bytes, view, len(view)))

    def to_bytes(self) -> bytes:
        """The session as bytes, secrets included: keep them as a private key is kept.

        Where the server was verified, the rules and the chain stand beside OpenSSL's DER of the session; else the bytes
        are that DER. The store and callbacks are not written.
        """
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
