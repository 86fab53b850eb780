"""Names as the `cryptography` package has them."""

from __future__ import annotations

from ..crypto import X509, PKey, X509Name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List

    from cryptography import x509


def to_cryptography_names(names: List[X509Name]) -> List[x509.Name]:
    """Names of the `cryptography` package with the same bytes.

    It reads a name only where one belongs, so each goes through the subject field of a certificate made for it.
    """
    return [_in_certificate(name).to_cryptography().subject for name in names]


def _in_certificate(name: X509Name) -> X509:
    from cryptography.hazmat.primitives.asymmetric import ec

    key = PKey.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()))
    cert = X509()
    cert.set_version(2)
    cert.set_serial_number(1)
    cert.set_subject(name)
    cert.gmtime_adj_notBefore(0)
    cert.gmtime_adj_notAfter(1)
    cert.set_pubkey(key)
    cert.sign(key, "sha256")
    return cert
