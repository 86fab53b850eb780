"""Keys, certificates and their containers."""

from .curves import _EllipticCurve, get_elliptic_curve, get_elliptic_curves
from .errors import Error
from .extension import X509Extension
from .filetypes import FILETYPE_ASN1, FILETYPE_PEM, FILETYPE_TEXT
from .name import X509Name
from .passphrase import PassphraseCallableT
from .pkey import (
    TYPE_DH,
    TYPE_DSA,
    TYPE_EC,
    TYPE_ED448,
    TYPE_ED25519,
    TYPE_RSA,
    PKey,
    dump_privatekey,
    dump_publickey,
    load_privatekey,
    load_publickey,
)
from .request import X509Req, dump_certificate_request, load_certificate_request
from .signature import sign, verify
from .x509 import X509, X509_verify_cert_error_string, dump_certificate, load_certificate

# The names of 0.6 to 0.9, when the classes were functions.
PKeyType = PKey
X509ExtensionType = X509Extension
X509NameType = X509Name
X509ReqType = X509Req
X509Type = X509

__all__ = [
    "FILETYPE_ASN1",
    "FILETYPE_PEM",
    "FILETYPE_TEXT",
    "TYPE_DH",
    "TYPE_DSA",
    "TYPE_EC",
    "TYPE_ED25519",
    "TYPE_ED448",
    "TYPE_RSA",
    "Error",
    "PKey",
    "PKeyType",
    "PassphraseCallableT",
    "X509",
    "X509Extension",
    "X509ExtensionType",
    "X509Name",
    "X509NameType",
    "X509Req",
    "X509ReqType",
    "X509Type",
    "X509_verify_cert_error_string",
    "dump_certificate",
    "dump_certificate_request",
    "dump_privatekey",
    "dump_publickey",
    "get_elliptic_curve",
    "get_elliptic_curves",
    "load_certificate",
    "load_certificate_request",
    "load_privatekey",
    "load_publickey",
    "sign",
    "verify",
]

for _class in (PKey, X509, X509Extension, X509Name, X509Req, _EllipticCurve):
    _class.__module__ = "OpenSSL.crypto"
del _class
