"""Keys, certificates and their containers."""

from .crl import CRL, dump_crl, load_crl
from .curves import get_elliptic_curve, get_elliptic_curves
from .errors import Error
from .filetypes import FILETYPE_ASN1, FILETYPE_PEM, FILETYPE_TEXT
from .name import X509Name
from .passphrase import PassphraseCallableT
from .pkcs7 import PKCS7, load_pkcs7_data
from .pkcs12 import PKCS12, load_pkcs12
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
from .revoked import Revoked
from .spki import NetscapeSPKI
from .store import (
    X509_verify_cert_error_string,
    X509Store,
    X509StoreContext,
    X509StoreContextError,
    X509StoreFlags,
)
from .x509 import X509, dump_certificate, load_certificate

# The names of 0.6 to 0.9, when the classes were functions.
CRLType = CRL
NetscapeSPKIType = NetscapeSPKI
PKCS12Type = PKCS12
PKCS7Type = PKCS7
PKeyType = PKey
X509NameType = X509Name
X509StoreType = X509Store
X509Type = X509

__all__ = [
    "CRL",
    "FILETYPE_ASN1",
    "FILETYPE_PEM",
    "FILETYPE_TEXT",
    "PKCS7",
    "PKCS12",
    "TYPE_DH",
    "TYPE_DSA",
    "TYPE_EC",
    "TYPE_ED448",
    "TYPE_ED25519",
    "TYPE_RSA",
    "X509",
    "CRLType",
    "Error",
    "NetscapeSPKI",
    "NetscapeSPKIType",
    "PKCS7Type",
    "PKCS12Type",
    "PKey",
    "PKeyType",
    "PassphraseCallableT",
    "Revoked",
    "X509Name",
    "X509NameType",
    "X509Store",
    "X509StoreContext",
    "X509StoreContextError",
    "X509StoreFlags",
    "X509StoreType",
    "X509Type",
    "X509_verify_cert_error_string",
    "dump_certificate",
    "dump_crl",
    "dump_privatekey",
    "dump_publickey",
    "get_elliptic_curve",
    "get_elliptic_curves",
    "load_certificate",
    "load_crl",
    "load_pkcs7_data",
    "load_pkcs12",
    "load_privatekey",
    "load_publickey",
]

for _class in (
    CRL,
    NetscapeSPKI,
    PKCS12,
    PKCS7,
    Revoked,
    X509Store,
    X509StoreContext,
    X509StoreContextError,
    X509StoreFlags,
):
    _class.__module__ = "OpenSSL.crypto"
for _class in (PKey, X509, X509Name):
    _class.__module__ = "OpenSSL.crypto"
del _class
