"""Keys, certificates and their containers."""

from .curves import get_elliptic_curve, get_elliptic_curves
from .errors import Error
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
from .x509 import X509, dump_certificate, load_certificate

# The names of 0.6 to 0.9, when the classes were functions.
PKeyType = PKey
X509NameType = X509Name
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
    "X509Name",
    "X509NameType",
    "X509Type",
    "dump_certificate",
    "dump_privatekey",
    "dump_publickey",
    "get_elliptic_curve",
    "get_elliptic_curves",
    "load_certificate",
    "load_privatekey",
    "load_publickey",
]

for _class in (PKey, X509, X509Name):
    _class.__module__ = "OpenSSL.crypto"
del _class
