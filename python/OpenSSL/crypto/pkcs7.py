"""crypto.PKCS7 and loading it."""

from __future__ import annotations

from .._native import Handle, handle_of, int_of, lib, text_of
from .errors import Error
from .filetypes import data, to_load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["PKCS7", "load_pkcs7_data"]


class PKCS7(Handle):
    """A PKCS#7 message (RFC 2315), as `load_pkcs7_data()` gives it. It tells what kind of content it has.

    Every method raises Error only when the library fails.
    """

    _free = lib.pyssl_pkcs7_free

    def __init__(self) -> None:
        raise TypeError("PKCS7 objects come from load_pkcs7_data()")

    def type_is_signed(self) -> bool:
        """Whether the content type is signedData: content of any type with any number of signatures.

        A mere bundle of certificates (a .p7b file) is of this type too, without content or signatures.
        """
        return self._is(lib.pyssl_pkcs7_type_is_signed)

    def type_is_enveloped(self) -> bool:
        """Whether the content type is envelopedData: content encrypted for one recipient or more."""
        return self._is(lib.pyssl_pkcs7_type_is_enveloped)

    def type_is_signedAndEnveloped(self) -> bool:
        """Whether the content type is signedAndEnvelopedData: encrypted content with encrypted signatures."""
        return self._is(lib.pyssl_pkcs7_type_is_signed_and_enveloped)

    def type_is_data(self) -> bool:
        """Whether the content type is data: bytes as they are."""
        return self._is(lib.pyssl_pkcs7_type_is_data)

    def get_type_name(self) -> bytes:
        """OpenSSL's short name of the content type.

        One of b"pkcs7-data", b"pkcs7-signedData", b"pkcs7-envelopedData", b"pkcs7-signedAndEnvelopedData",
        b"pkcs7-digestData", b"pkcs7-encryptedData"; b"UNDEF" for a type that OpenSSL does not know.
        """
        return text_of(Error, lib.pyssl_pkcs7_type_name, self._handle).encode()

    def _is(self, question: Any) -> bool:
        return int_of(Error, "int *", question, self._handle) == 1


def load_pkcs7_data(type: int, buffer: str | bytes) -> PKCS7:
    """The PKCS#7 message in a PEM text (FILETYPE_PEM) or DER (FILETYPE_ASN1).

    buffer is bytes, or ASCII text. Raises ValueError for another type, Error for what is no such message.
    """
    encoded = data(buffer)
    handle = handle_of(Error, "pyssl_pkcs7 **", lib.pyssl_pkcs7_load, to_load(type), encoded, len(encoded))
    return PKCS7._adopt(handle)
