"""crypto.Revoked."""

from __future__ import annotations

from .._native import Handle, bytes_or_none, fail, ffi, handle_of, lib, text_of
from .._native.text import c_text
from .errors import Error
from .times import time_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass

__all__ = ["Revoked"]


class Revoked(Handle):
    """An entry of a revocation list: the serial number of a certificate, since when it is revoked, and perhaps why."""

    _free = lib.pyssl_revoked_free

    def __init__(self) -> None:
        self._handle = handle_of(Error, "pyssl_revoked **", lib.pyssl_revoked_new)

    def set_serial(self, hex_str: bytes) -> None:
        """Set the serial number of the revoked certificate, in hexadecimal digits.

        Raises TypeError when it is not bytes, ValueError("bad hex string") for anything else than digits (after a
        b"-" where it is negative).
        """
        if not isinstance(hex_str, bytes):
            raise TypeError("hex_str must be a byte string")
        if b"\0" in hex_str or not hex_str.isascii():
            raise ValueError("bad hex string")
        self._done(lib.pyssl_revoked_set_serial(self._handle, c_text("hex_str", hex_str)))

    def get_serial(self) -> bytes:
        """The serial number in upper case hexadecimal, two digits for each byte; b"00" when it was never set."""
        return text_of(Error, lib.pyssl_revoked_serial, self._handle).encode()

    def set_reason(self, reason: bytes | None) -> None:
        """Set why the certificate is revoked, by one of `all_reasons()`; case and blanks do not count. None: no reason.

        Raises TypeError when it is neither bytes nor None, ValueError for an unknown one.
        """
        if reason is None:
            self._done(lib.pyssl_revoked_set_reason(self._handle, ffi.NULL))
            return
        if not isinstance(reason, bytes):
            raise TypeError("reason must be None or a byte string")
        if b"\0" in reason or not reason.isascii():
            raise ValueError(f"{reason!r} is no reason for a revocation")
        self._done(lib.pyssl_revoked_set_reason(self._handle, c_text("reason", reason)))

    def get_reason(self) -> bytes | None:
        """The reason in OpenSSL's words (b"Key Compromise"), which `set_reason()` takes too; None for none."""
        return bytes_or_none(Error, lib.pyssl_revoked_reason, self._handle)

    def all_reasons(self) -> list[bytes]:
        """The reasons that `set_reason()` knows: those of RFC 5280 but for removeFromCRL, as a new list."""
        return list(_REASONS)

    def set_rev_date(self, when: bytes) -> None:
        """Set when the certificate was revoked: b"YYYYMMDDhhmmssZ" or any other form that ASN.1 has for a time.

        Raises TypeError when it is not bytes, ValueError when it is no time.
        """
        self._done(lib.pyssl_revoked_set_date(self._handle, time_text(when)))

    def get_rev_date(self) -> bytes | None:
        """When the certificate was revoked, b"YYYYMMDDhhmmssZ"; None when that was never set."""
        return bytes_or_none(Error, lib.pyssl_revoked_date, self._handle)

    def _done(self, status: int) -> None:
        if status:
            fail(Error, status)


def _all_reasons() -> list[bytes]:
    reasons: list[bytes] = []
    room, length = ffi.new("char[64]"), ffi.new("size_t *")
    while lib.pyssl_revoked_reason_at(len(reasons), room, 64, length) == 0:
        reasons.append(ffi.string(room))
    return reasons


_REASONS = _all_reasons()
