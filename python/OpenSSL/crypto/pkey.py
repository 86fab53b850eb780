"""crypto.PKey, and loading and dumping keys."""

from __future__ import annotations

from .._native import Handle, bytes_of, fail, ffi, handle_of, int_of, lib
from .._native.text import c_text
from . import passphrase as _passphrase
from .curves import _EllipticCurve
from .errors import Error
from .filetypes import FILETYPE_ASN1, FILETYPE_TEXT, data, to_dump, to_load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional, Union

    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

    from .passphrase import PassphraseCallableT

    _Key = Union[
        dsa.DSAPrivateKey,
        dsa.DSAPublicKey,
        ec.EllipticCurvePrivateKey,
        ec.EllipticCurvePublicKey,
        ed25519.Ed25519PrivateKey,
        ed25519.Ed25519PublicKey,
        ed448.Ed448PrivateKey,
        ed448.Ed448PublicKey,
        rsa.RSAPrivateKey,
        rsa.RSAPublicKey,
    ]

TYPE_RSA: int = lib.PYSSL_KEY_RSA
TYPE_DSA: int = lib.PYSSL_KEY_DSA
TYPE_DH: int = lib.PYSSL_KEY_DH
TYPE_EC: int = lib.PYSSL_KEY_EC
TYPE_ED25519: int = lib.PYSSL_KEY_ED25519
TYPE_ED448: int = lib.PYSSL_KEY_ED448

#: generate_key(TYPE_EC, bits): the NIST curve of that size.
_CURVE_OF_SIZE = {224: "secp224r1", 256: "prime256v1", 384: "secp384r1", 521: "secp521r1"}


class PKey(Handle):
    """A key: empty at first, then a private key, or a public one where it came from a certificate or a public key file.

    Compared and hashed by identity.
    """

    _free = lib.pyssl_pkey_free

    def __init__(self) -> None:
        self._handle = handle_of(Error, "pyssl_pkey **", lib.pyssl_pkey_new)

    def generate_key(self, type: int, bits: Union[int, str, _EllipticCurve] = 0) -> None:
        """Puts a fresh key in this object.

        type is TYPE_RSA (exponent 65537) or TYPE_DSA, and bits the size of the modulus. Beyond what pyOpenSSL has:
        TYPE_EC with a curve for bits (its name, an object of get_elliptic_curves(), or 224, 256, 384, 521 for NIST's
        curves), and TYPE_ED25519 and TYPE_ED448, which ignore bits.

        Raises TypeError for other Python types, ValueError for RSA with no bits, Error for an unknown type of key or
        curve and for a size OpenSSL refuses.
        """
        if not isinstance(type, int):
            raise TypeError("type must be an integer")
        if type == TYPE_EC:
            status = lib.pyssl_pkey_generate_ec(self._handle, c_text("curve", _curve_name(bits)))
        elif not isinstance(bits, int):
            raise TypeError("bits must be an integer")
        elif type == TYPE_RSA:
            status = lib.pyssl_pkey_generate_rsa(self._handle, bits)
        elif type == TYPE_DSA:
            status = lib.pyssl_pkey_generate_dsa(self._handle, bits)
        elif type == TYPE_ED25519:
            status = lib.pyssl_pkey_generate_ed25519(self._handle)
        elif type == TYPE_ED448:
            status = lib.pyssl_pkey_generate_ed448(self._handle)
        else:
            raise Error("No such key type")
        if status:
            fail(Error, status)

    def check(self) -> bool:
        """True when the numbers of a private RSA key fit each other, else Error. TypeError for other keys."""
        if self._is_public_only():
            raise TypeError("public key only")
        if self.type() != TYPE_RSA:
            raise TypeError("Only RSA keys can currently be checked.")
        status = lib.pyssl_pkey_check(self._handle)
        if status:
            fail(Error, status)
        return True

    def type(self) -> int:
        """TYPE_RSA, TYPE_DSA, TYPE_EC or another of OpenSSL's numbers; 0 for an empty key."""
        return int_of(Error, "int *", lib.pyssl_pkey_type, self._handle)

    def bits(self) -> int:
        """The size OpenSSL names the key by, in bits; 0 for an empty key."""
        return int_of(Error, "int *", lib.pyssl_pkey_bits, self._handle)

    def to_cryptography_key(self) -> _Key:
        """A key object of the `cryptography` package; nothing is shared with it."""
        from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

        if self._is_public_only():
            return load_der_public_key(dump_publickey(FILETYPE_ASN1, self))  # type: ignore[return-value]
        return load_der_private_key(dump_privatekey(FILETYPE_ASN1, self), None)  # type: ignore[return-value]

    @classmethod
    def from_cryptography_key(cls, crypto_key: _Key) -> PKey:
        """A PKey with the same key as an RSA, DSA, EC, Ed25519 or Ed448 key object of the `cryptography` package."""
        from cryptography.hazmat.primitives import serialization as to
        from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

        public = (
            dsa.DSAPublicKey,
            ec.EllipticCurvePublicKey,
            ed25519.Ed25519PublicKey,
            ed448.Ed448PublicKey,
            rsa.RSAPublicKey,
        )
        private = (
            dsa.DSAPrivateKey,
            ec.EllipticCurvePrivateKey,
            ed25519.Ed25519PrivateKey,
            ed448.Ed448PrivateKey,
            rsa.RSAPrivateKey,
        )
        if isinstance(crypto_key, public):
            der = crypto_key.public_bytes(to.Encoding.DER, to.PublicFormat.SubjectPublicKeyInfo)
            return load_publickey(FILETYPE_ASN1, der)
        if isinstance(crypto_key, private):
            der = crypto_key.private_bytes(to.Encoding.DER, to.PrivateFormat.PKCS8, to.NoEncryption())
            return load_privatekey(FILETYPE_ASN1, der)
        raise TypeError("Unsupported key type")

    def _is_public_only(self) -> bool:
        return int_of(Error, "int *", lib.pyssl_pkey_is_public_only, self._handle) == 1


def load_privatekey(type: int, buffer: Union[str, bytes], passphrase: Optional[PassphraseCallableT] = None) -> PKey:
    """The private key in a PEM text (PKCS#8 or traditional, encrypted or not) or in DER.

    passphrase is bytes or a callable that is called with 0 if the key is encrypted and returns bytes, at most 1024. An
    encrypted key without a passphrase is an Error: nothing is ever asked for on a terminal.
    """
    _passphrase.check(type, passphrase)
    encoded = data(buffer)
    out = ffi.new("pyssl_pkey **")
    arguments = _passphrase.for_reading(passphrase)
    status = lib.pyssl_pkey_load_private(to_load(type), encoded, len(encoded), *arguments, out)
    if status:
        fail(Error, status)
    return PKey._adopt(out[0])


def dump_privatekey(
    type: int, pkey: PKey, cipher: Optional[str] = None, passphrase: Optional[PassphraseCallableT] = None
) -> bytes:
    """The private key as PEM (PKCS#8), DER (the traditional form of its kind) or, RSA only, as text.

    cipher is OpenSSL's name of a cipher ("aes-256-cbc") that encrypts the PEM with the passphrase: bytes, or a callable
    that is called with 1. A passphrase without a cipher encrypts nothing.
    """
    if not isinstance(pkey, PKey):
        raise TypeError("pkey must be a PKey")
    if cipher is not None and passphrase is None:
        raise TypeError("if a value is given for cipher one must also be given for passphrase")
    if cipher is not None and not isinstance(passphrase, bytes):
        # Nobody is asked for the passphrase of a cipher that is none.
        status = lib.pyssl_pkey_check_cipher(c_text("cipher", cipher))
        if status:
            fail(Error, status)
    _passphrase.check(type, passphrase)
    if to_dump(type) == FILETYPE_TEXT and pkey.type() != TYPE_RSA:
        raise TypeError("Only RSA keys are supported for FILETYPE_TEXT")
    if cipher is None or passphrase is None:
        return bytes_of(Error, lib.pyssl_pkey_dump_private, pkey._handle, type, ffi.NULL, ffi.NULL, 0)
    secret = _passphrase.for_writing(passphrase)
    encrypting = c_text("cipher", cipher)
    return bytes_of(Error, lib.pyssl_pkey_dump_private, pkey._handle, type, encrypting, secret, len(secret))


def load_publickey(type: int, buffer: Union[str, bytes]) -> PKey:
    """The public key in a PEM text or DER (SubjectPublicKeyInfo). The result has no private part."""
    encoded = data(buffer)
    out = ffi.new("pyssl_pkey **")
    status = lib.pyssl_pkey_load_public(to_load(type), encoded, len(encoded), out)
    if status:
        fail(Error, status)
    return PKey._adopt(out[0])


def dump_publickey(type: int, pkey: PKey) -> bytes:
    """The public part as PEM or DER (SubjectPublicKeyInfo)."""
    return bytes_of(Error, lib.pyssl_pkey_dump_public, pkey._handle, to_load(type))


def _curve_name(curve: Any) -> str:
    if isinstance(curve, _EllipticCurve):
        return curve.name
    if isinstance(curve, str):
        return curve
    if not isinstance(curve, int):
        raise TypeError("bits must be an integer, or the name of a curve")
    if curve not in _CURVE_OF_SIZE:
        raise Error("No such key type")
    return _CURVE_OF_SIZE[curve]
