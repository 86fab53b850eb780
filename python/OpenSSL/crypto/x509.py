"""crypto.X509, and loading and dumping certificates."""

from __future__ import annotations

from .._native import Handle, bytes_of, fail, ffi, handle_of, int_of, lib, reader, reader_or_none, speedups, text_of
from .._native.text import c_text, c_text_or_null
from .errors import Error
from .extension import X509Extension, row
from .filetypes import FILETYPE_ASN1, data, to_dump, to_load
from .name import X509Name, renamed, viewer
from .pkey import PKey
from .times import time_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, List, Optional, Union

    from cryptography import x509

ABSENT = lib.PYSSL_ERR_ABSENT

_serial = reader(Error, "x509_serial")
_not_before = reader_or_none(Error, "x509_not_before")
_not_after = reader_or_none(Error, "x509_not_after")
_subject = viewer(Error, "x509_subject")
_issuer = viewer(Error, "x509_issuer")


class X509(Handle):
    """A certificate: empty at first, filled by the setters and finished by sign(), or loaded. Thread safe.

    Compared and hashed by identity.
    """

    _free = lib.pyssl_x509_free
    #: urllib3 refuses a pyOpenSSL where this is None or missing; it is used for nothing.
    _x509 = True

    def __init__(self) -> None:
        self._handle = handle_of(Error, "pyssl_x509 **", lib.pyssl_x509_new)

    @classmethod
    def from_cryptography(cls, crypto_cert: x509.Certificate) -> X509:
        """An X509 with the same bytes as a certificate of the `cryptography` package."""
        from cryptography.hazmat.primitives.serialization import Encoding
        from cryptography.x509 import Certificate

        if not isinstance(crypto_cert, Certificate):
            raise TypeError("Must be a certificate")
        return load_certificate(FILETYPE_ASN1, crypto_cert.public_bytes(Encoding.DER))

    def to_cryptography(self) -> x509.Certificate:
        """A certificate of the `cryptography` package with the same bytes."""
        from cryptography.x509 import load_der_x509_certificate

        return load_der_x509_certificate(dump_certificate(FILETYPE_ASN1, self))

    def get_version(self) -> int:
        """The version field, zero based: 2 means v3."""
        return int_of(Error, "int64_t *", lib.pyssl_x509_version, self._handle)

    def set_version(self, version: int) -> None:
        """Sets the version field, zero based: 2 means v3. It is stored as it is."""
        if not isinstance(version, int):
            raise TypeError("version must be an integer")
        status = lib.pyssl_x509_set_version(self._handle, version)
        if status:
            fail(Error, status)

    def get_serial_number(self) -> int:
        """The serial number, of any size; negative where the certificate says so."""
        return int.from_bytes(_serial(self), "big", signed=True)

    def set_serial_number(self, serial: int) -> None:
        """Sets the serial number, of any size and sign."""
        if not isinstance(serial, int):
            raise TypeError("serial must be an integer")
        encoded = serial.to_bytes(serial.bit_length() // 8 + 1, "big", signed=True)
        status = lib.pyssl_x509_set_serial(self._handle, encoded, len(encoded))
        if status:
            fail(Error, status)

    def get_notBefore(self) -> Optional[bytes]:
        """The start of the validity period as b"YYYYMMDDhhmmssZ"; None when it was never set."""
        return _not_before(self)

    def get_notAfter(self) -> Optional[bytes]:
        """The end of the validity period as b"YYYYMMDDhhmmssZ"; None when it was never set."""
        return _not_after(self)

    def set_notBefore(self, when: bytes) -> None:
        """Sets the start of the validity period: b"YYYYMMDDhhmmssZ" is kept as GeneralizedTime, b"YYMMDDhhmmssZ" as
        UTCTime; "+hhmm" or "-hhmm" may stand for the Z, and a fraction after the seconds of a GeneralizedTime.

        TypeError for what is not bytes, ValueError for what is no ASN.1 time.
        """
        status = lib.pyssl_x509_set_not_before(self._handle, time_text(when))
        if status:
            fail(Error, status)

    def set_notAfter(self, when: bytes) -> None:
        """Sets the end of the validity period, in the forms set_notBefore() takes."""
        status = lib.pyssl_x509_set_not_after(self._handle, time_text(when))
        if status:
            fail(Error, status)

    def gmtime_adj_notBefore(self, amount: int) -> None:
        """Sets the start of the validity period to so many seconds from now. A moment after the year 9999 changes
        nothing."""
        if not isinstance(amount, int):
            raise TypeError("amount must be an integer")
        status = lib.pyssl_x509_adjust_not_before(self._handle, amount)
        if status:
            fail(Error, status)

    def gmtime_adj_notAfter(self, amount: int) -> None:
        """Sets the end of the validity period to so many seconds from now, as gmtime_adj_notBefore()."""
        if not isinstance(amount, int):
            raise TypeError("amount must be an integer")
        status = lib.pyssl_x509_adjust_not_after(self._handle, amount)
        if status:
            fail(Error, status)

    def has_expired(self) -> bool:
        """Whether the end of the validity period lies in the past. ValueError when it was never set."""
        if speedups is None:
            return int_of(Error, "int *", lib.pyssl_x509_has_expired, self._handle) == 1
        expired: int = speedups.x509_has_expired(self._number)
        if expired < 0:
            fail(Error, expired)
        return expired == 1

    def get_subject(self) -> X509Name:
        """A live view of the subject name; writing to it changes this certificate, which it keeps alive."""
        return _subject(self)

    def get_issuer(self) -> X509Name:
        """A live view of the issuer name; writing to it changes this certificate, which it keeps alive."""
        return _issuer(self)

    def set_subject(self, subject: X509Name) -> None:
        """Copies a name into the subject. Views of the subject made before are dead from now on."""
        renamed(lib.pyssl_x509_set_subject(self._handle, _name(subject)))

    def set_issuer(self, issuer: X509Name) -> None:
        """Copies a name into the issuer. Views of the issuer made before are dead from now on."""
        renamed(lib.pyssl_x509_set_issuer(self._handle, _name(issuer)))

    def subject_name_hash(self) -> int:
        """The hash of the subject, as X509Name.hash()."""
        return int_of(Error, "uint32_t *", lib.pyssl_x509_subject_name_hash, self._handle)

    def get_pubkey(self) -> PKey:
        """The certified public key. Error when there is none."""
        return PKey._adopt(handle_of(Error, "pyssl_pkey **", lib.pyssl_x509_pubkey, self._handle))

    def set_pubkey(self, pkey: PKey) -> None:
        """Copies the public part of a key into the certificate."""
        if not isinstance(pkey, PKey):
            raise TypeError("pkey must be a PKey instance")
        status = lib.pyssl_x509_set_pubkey(self._handle, pkey._handle)
        if status:
            fail(Error, status)

    def sign(self, pkey: PKey, digest: Optional[str]) -> None:
        """Signs with a private key and a digest by OpenSSL's name ("sha256"); None for Ed25519 and Ed448 keys, which
        bring their own.

        TypeError for what is not a PKey, ValueError for a key without its private part and for an unknown digest.
        """
        if not isinstance(pkey, PKey):
            raise TypeError("pkey must be a PKey instance")
        status = lib.pyssl_x509_sign(self._handle, pkey._handle, c_text_or_null("digest", digest and digest.encode()))
        if status:
            fail(Error, status)

    def get_signature_algorithm(self) -> bytes:
        """Long name of the signature algorithm, b"sha256WithRSAEncryption". ValueError when there is none."""
        return text_of(Error, lib.pyssl_x509_signature_algorithm, self._handle).encode()

    def get_extension_count(self) -> int:
        """How many extensions the certificate has."""
        return int_of(Error, "size_t *", lib.pyssl_x509_extension_count, self._handle)

    def get_extension(self, index: int) -> X509Extension:
        """A copy of an extension; IndexError when there is none with this index."""
        out = ffi.new("pyssl_ext **")
        status = lib.pyssl_x509_extension(self._handle, index, out) if index >= 0 else ABSENT
        if status == ABSENT:
            raise IndexError("extension index out of bounds")
        if status:
            fail(Error, status)
        return X509Extension._adopt(out[0])

    def add_extensions(self, extensions: Iterable[X509Extension]) -> None:
        """Copies extensions into the certificate, after those it has. ValueError when one is no X509Extension."""
        kept, handles = row(extensions)
        status = lib.pyssl_x509_add_extensions(self._handle, handles, len(kept))
        if status:
            fail(Error, status)

    def digest(self, digest_name: str) -> bytes:
        """The digest over the certificate's DER as colon separated pairs of upper-case hexadecimal digits."""
        raw = bytes_of(Error, lib.pyssl_x509_digest, self._handle, c_text("digest_name", digest_name.encode()))
        return raw.hex(":").upper().encode()


def load_certificate(type: int, buffer: Union[str, bytes]) -> X509:
    """The first certificate in a PEM text, or the one in DER."""
    encoded = data(buffer)
    out = ffi.new("pyssl_x509 **")
    status = lib.pyssl_x509_load(to_load(type), encoded, len(encoded), out)
    if status:
        fail(Error, status)
    return X509._adopt(out[0])


def load_certificate_chain(buffer: Union[str, bytes]) -> List[X509]:
    """All certificates of a PEM text, as of a chain or a bundle, in its order.

    What is not a certificate is passed over. Error when there is none or one is damaged.
    """
    pem = data(buffer)
    # A certificate takes more than 256 characters, so this is room for all that there can be, mostly.
    size, count = max(8, len(pem) // 256), ffi.new("size_t *")
    while True:
        handles = ffi.new("pyssl_x509 *[]", size)
        status = lib.pyssl_x509_load_chain(pem, len(pem), handles, size, count)
        if status == 0:
            return [X509._adopt(handles[index]) for index in range(count[0])]
        if status != lib.PYSSL_ERR_BUFFER:
            fail(Error, status)
        size = count[0]


def dump_certificate(type: int, cert: X509) -> bytes:
    """The certificate as PEM, DER, or text for people."""
    return bytes_of(Error, lib.pyssl_x509_dump, cert._handle, to_dump(type))


def X509_verify_cert_error_string(errnum: int) -> str:
    """OpenSSL's words for a result of verifying a certificate."""
    text: bytes = ffi.string(lib.pyssl_verify_error_string(errnum))
    return text.decode()


def _name(name: X509Name) -> object:
    if not isinstance(name, X509Name):
        raise TypeError("name must be an X509Name")
    return name._handle
