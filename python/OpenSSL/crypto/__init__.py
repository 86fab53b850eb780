"""Keys, certificates and their containers."""

from __future__ import annotations

from .crl import CRL, dump_crl, load_crl
from .curves import _EllipticCurve, get_elliptic_curve, get_elliptic_curves
from .errors import Error
from .extension import X509Extension
from .filetypes import FILETYPE_ASN1, FILETYPE_PEM, FILETYPE_TEXT
from .name import X509Name
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
from .request import X509Req, dump_certificate_request, load_certificate_request
from .revoked import Revoked
from .signature import sign, verify
from .spki import NetscapeSPKI
from .store import X509Store, X509StoreContext, X509StoreContextError, X509StoreFlags
from .x509 import X509, X509_verify_cert_error_string, dump_certificate, load_certificate, load_certificate_chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .passphrase import PassphraseCallableT

# The names of 0.6 to 0.9, when the classes were functions.
CRLType = CRL
NetscapeSPKIType = NetscapeSPKI
PKCS12Type = PKCS12
PKCS7Type = PKCS7
PKeyType = PKey
X509ExtensionType = X509Extension
X509NameType = X509Name
X509ReqType = X509Req
X509StoreType = X509Store
X509Type = X509

__all__ = [
    "CRL",
    "CRLType",
    "Error",
    "FILETYPE_ASN1",
    "FILETYPE_PEM",
    "FILETYPE_TEXT",
    "NetscapeSPKI",
    "NetscapeSPKIType",
    "PKCS12",
    "PKCS12Type",
    "PKCS7",
    "PKCS7Type",
    "PKey",
    "PKeyType",
    "PassphraseCallableT",
    "Revoked",
    "TYPE_DH",
    "TYPE_DSA",
    "TYPE_EC",
    "TYPE_ED25519",
    "TYPE_ED448",
    "TYPE_RSA",
    "X509",
    "X509Extension",
    "X509ExtensionType",
    "X509Name",
    "X509NameType",
    "X509Req",
    "X509ReqType",
    "X509Store",
    "X509StoreContext",
    "X509StoreContextError",
    "X509StoreFlags",
    "X509StoreType",
    "X509Type",
    "X509_verify_cert_error_string",
    "dump_certificate",
    "dump_certificate_request",
    "dump_crl",
    "dump_privatekey",
    "dump_publickey",
    "get_elliptic_curve",
    "get_elliptic_curves",
    "load_certificate",
    "load_certificate_chain",
    "load_certificate_request",
    "load_crl",
    "load_pkcs12",
    "load_pkcs7_data",
    "load_privatekey",
    "load_publickey",
    "sign",
    "verify",
]

_classes: tuple[type, ...] = (
    CRL,
    NetscapeSPKI,
    PKCS12,
    PKCS7,
    PKey,
    Revoked,
    X509,
    X509Extension,
    X509Name,
    X509Req,
    X509Store,
    X509StoreContext,
    X509StoreContextError,
    X509StoreFlags,
    _EllipticCurve,
)
for _class in _classes:
    _class.__module__ = "OpenSSL.crypto"
    del _class
del _classes


def __getattr__(name: str) -> Any:
    """Types for hints only, made when asked for: importing `typing` takes as long as importing this package."""
    if name == "PassphraseCallableT":
        from typing import Callable, Union

        return Union[bytes, Callable[..., bytes]]
    if name in ("_Key", "_PrivateKey", "_PublicKey"):  # private names that programs touch
        from .._util import key_type

        return key_type(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
