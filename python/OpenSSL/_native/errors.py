"""From a failed call to a Python exception: the one place that reads pyssl_error_*."""

from __future__ import annotations

from . import pending
from .loader import ffi, lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, NoReturn, Optional, Tuple, Type

    #: (lib, func, reason) as pyOpenSSL has it; func is "" since OpenSSL 3.
    Entry = Tuple[str, str, str]

#: The "lib" of a failure that is not OpenSSL's.
OWN = "libpyssl"

ARGUMENT = lib.PYSSL_ERR_ARGUMENT
CALLBACK = lib.PYSSL_ERR_CALLBACK
MEMORY = lib.PYSSL_ERR_MEMORY
PANIC = lib.PYSSL_ERR_PANIC
TIMEOUT = lib.PYSSL_ERR_TIMEOUT
UNSUPPORTED = lib.PYSSL_ERR_UNSUPPORTED


class Described:
    """What every Error of this package can tell beside its compatible `args`.

    str() is one sentence for a person, followed by the list of OpenSSL's entries, when the failure came from the
    library, else what Exception makes of args.
    """

    args: Any  # Exception's
    #: The library's status, PYSSL_ERR_*; 0 for an exception that the library did not raise.
    status: int = 0
    #: The sentence, or None for an exception that the library did not raise.
    message: Optional[str] = None
    #: X509_V_ERR_* when a certificate was refused, else None.
    verify_code: Optional[int] = None
    #: OpenSSL's words for verify_code.
    verify_message: Optional[str] = None
    #: Depth in the chain of the certificate at fault, 0 for the peer's own.
    depth: Optional[int] = None
    #: Subject of the certificate at fault, RFC 2253 form.
    subject: Optional[str] = None
    #: Reason and library of OpenSSL's first (oldest) error, the cause.
    reason: Optional[str] = None
    lib: Optional[str] = None
    #: The file that could not be used, and the system's errno.
    file: Optional[str] = None
    errno: Optional[int] = None
    #: OpenSSL's words for the fatal alert that the peer sent ("tlsv1 alert unknown ca"), or None.
    alert: Optional[str] = None

    def __str__(self) -> str:
        if self.message is None:
            return super().__str__()
        # Programs look for "'bad decrypt'", with its quotes, as the list of the entries has it.
        listed = bool(self.args) and isinstance(self.args[0], list)
        return f"{self.message} {self.args[0]}" if listed else self.message


def fail(cls: Type[Exception], status: int) -> NoReturn:
    """Raises what a negative status of a call on this thread means; `cls` is the module's Error."""
    # Also where it is not what the call failed of: so it cannot surface in a later one.
    raised = pending.take()
    if status == CALLBACK and raised is not None:
        raise raised
    if status == MEMORY:
        raise MemoryError("the system has no memory left")
    info, entries = last()
    message = _text(info.message) or ""
    if status == ARGUMENT:
        raise ValueError(message)
    if status == TIMEOUT:
        raise TimeoutError(message)
    if status == UNSUPPORTED:
        raise NotImplementedError(message)
    if status == PANIC:
        raise SystemError(message)
    # A failure of the library's own has one entry, too: programs read args[0][0].
    entries = entries or [(OWN, "", message)]
    error = cls(entries)
    raise describe(error, last()[0], entries)


def own_error(cls: Type[Exception], message: str, status: int = 0) -> Exception:
    """An Error of the package's own, with its sentence and one entry."""
    error = cls([(OWN, "", message)])
    if isinstance(error, Described):
        error.status, error.message = status, message
    return error


def describe(error: Exception, info: Any, entries: List[Entry]) -> Exception:
    """Puts the details of a pyssl_error on an exception that is Described."""
    if isinstance(error, Described):
        error.status = info.status
        error.message = _text(info.message)
        error.file = _text(info.path)
        error.errno = info.sys_errno or None
        if entries:
            error.lib, _, error.reason = entries[0]
            error.alert = _alert()
        if info.verify_depth >= 0:
            error.verify_code = info.verify_code
            error.verify_message = _text(info.verify_message)
            error.depth = info.verify_depth
            error.subject = _text(info.verify_subject)
    return error


def last() -> Tuple[Any, List[Entry]]:
    """This thread's last failure as a pyssl_error, and OpenSSL's entries, oldest first."""
    entry = ffi.new("pyssl_error_entry *")
    entries: List[Entry] = []
    while lib.pyssl_error_entry_at(len(entries), entry) == 0:
        entries.append((_text(entry.library) or "", "", _text(entry.reason) or ""))
    info = ffi.new("pyssl_error *")
    lib.pyssl_error_last(info)
    return info, entries


def _alert() -> Optional[str]:
    """OpenSSL's words for the peer's alert among the entries of the last failure."""
    entry, index = ffi.new("pyssl_error_entry *"), 0
    while lib.pyssl_error_entry_at(index, entry) == 0:
        # ERR_LIB_SSL, and a reason that is SSL_AD_REASON_OFFSET and the alert's number
        if entry.code >> 23 & 0xFF == 20 and 1000 <= entry.code & 0x7FFFFF < 1256:
            return _text(entry.reason)
        index += 1
    return None


def _text(pointer: Any) -> Optional[str]:
    return None if pointer == ffi.NULL else ffi.string(pointer).decode("utf-8", "replace")
