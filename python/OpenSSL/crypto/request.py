"""crypto.X509Req, and loading and dumping certificate requests."""

from __future__ import annotations

from .._native import Handle, bytes_of, fail, ffi, handle_of, int_of, lib
from .._native.text import c_text_or_null
from .errors import Error
from .extension import X509Extension, row
from .filetypes import FILETYPE_ASN1, data, to_dump, to_load
from .name import X509Name, viewer
from .pkey import PKey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, List, Optional, Union

    from cryptography import x509

_subject = viewer(Error, "req_subject")


class X509Req(Handle):
    """A certificate request (PKCS#10): empty at first, filled by the setters and finished by sign(), or loaded."""

    _free = lib.pyssl_req_free

    def __init__(self) -> None:
        self._handle = handle_of(Error, "pyssl_req **", lib.pyssl_req_new)

    @classmethod
    def from_cryptography(cls, crypto_req: x509.CertificateSigningRequest) -> X509Req:
        """An X509Req with the same bytes as a request of the `cryptography` package."""
        from cryptography.hazmat.primitives.serialization import Encoding
        from cryptography.x509 import CertificateSigningRequest

        if not isinstance(crypto_req, CertificateSigningRequest):
            raise TypeError("Must be a certificate signing request")
        return load_certificate_request(FILETYPE_ASN1, crypto_req.public_bytes(Encoding.DER))

    def to_cryptography(self) -> x509.CertificateSigningRequest:
        """A request of the `cryptography` package with the same bytes."""
        from cryptography.x509 import load_der_x509_csr

        return load_der_x509_csr(dump_certificate_request(FILETYPE_ASN1, self))

    def get_version(self) -> int:
        """The version field; 0 means v1, the only one there is."""
        return int_of(Error, "int64_t *", lib.pyssl_req_version, self._handle)

    def set_version(self, version: int) -> None:
        """Sets the version field; ValueError unless it is 0."""
        if not isinstance(version, int):
            raise TypeError("version must be an int")
        _done(lib.pyssl_req_set_version(self._handle, version))

    def get_subject(self) -> X509Name:
        """A live view of the subject name; writing to it changes this request, which it keeps alive."""
        return _subject(self)

    def get_pubkey(self) -> PKey:
        """The public key to be certified. Error when there is none."""
        return PKey._adopt(handle_of(Error, "pyssl_pkey **", lib.pyssl_req_pubkey, self._handle))

    def set_pubkey(self, pkey: PKey) -> None:
        """Copies the public part of a key into the request."""
        if not isinstance(pkey, PKey):
            raise TypeError("pkey must be a PKey instance")
        _done(lib.pyssl_req_set_pubkey(self._handle, pkey._handle))

    def add_extensions(self, extensions: Iterable[X509Extension]) -> None:
        """Adds to the extensions that are asked for. ValueError when one of them is no X509Extension."""
        kept, handles = row(extensions)
        _done(lib.pyssl_req_add_extensions(self._handle, handles, len(kept)))

    def get_extensions(self) -> List[X509Extension]:
        """Copies of the extensions that are asked for."""
        count = int_of(Error, "size_t *", lib.pyssl_req_extension_count, self._handle)
        return [
            X509Extension._adopt(handle_of(Error, "pyssl_ext **", lib.pyssl_req_extension, self._handle, index))
            for index in range(count)
        ]

    def sign(self, pkey: PKey, digest: Optional[str]) -> None:
        """Signs with a private key and a digest by OpenSSL's name ("sha256"); None for Ed25519 and Ed448 keys, which
        bring their own.

        TypeError for what is not a PKey, ValueError for a key without its private part and for an unknown digest.
        """
        if not isinstance(pkey, PKey):
            raise TypeError("pkey must be a PKey instance")
        _done(lib.pyssl_req_sign(self._handle, pkey._handle, c_text_or_null("digest", digest and digest.encode())))

    def verify(self, pkey: PKey) -> bool:
        """True when the signature is of this key, else Error."""
        if not isinstance(pkey, PKey):
            raise TypeError("pkey must be a PKey instance")
        _done(lib.pyssl_req_verify(self._handle, pkey._handle))
        return True


def load_certificate_request(type: int, buffer: Union[str, bytes]) -> X509Req:
    """The first certificate request in a PEM text, or the one in DER."""
    encoded = data(buffer)
    out = ffi.new("pyssl_req **")
    _done(lib.pyssl_req_load(to_load(type), encoded, len(encoded), out))
    return X509Req._adopt(out[0])


def dump_certificate_request(type: int, req: X509Req) -> bytes:
    """The certificate request as PEM, DER, or text for people."""
    return bytes_of(Error, lib.pyssl_req_dump, req._handle, to_dump(type))


def _done(status: int) -> None:
    if status:
        fail(Error, status)
