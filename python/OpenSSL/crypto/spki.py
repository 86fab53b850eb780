"""crypto.NetscapeSPKI."""

from __future__ import annotations

from .._native import Handle, bytes_of, fail, handle_of, lib
from .._native.text import c_text
from .errors import Error
from .filetypes import data
from .pkey import PKey

__all__ = ["NetscapeSPKI"]


class NetscapeSPKI(Handle):
    """Netscape's signed public key and challenge (SPKAC): what the HTML element `keygen` sent."""

    _free = lib.pyssl_spki_free

    def __init__(self, enc: str | bytes | None = None) -> None:
        """An empty one, or the one that `enc` encodes: base64 as bytes or ASCII text.

        Raises Error when `enc` is no such structure.
        """
        if enc is None:
            self._handle = handle_of(Error, "pyssl_spki **", lib.pyssl_spki_new)
        else:
            text = data(enc)
            self._handle = handle_of(Error, "pyssl_spki **", lib.pyssl_spki_from_base64, text, len(text))

    def sign(self, pkey: PKey, digest: str) -> None:
        """Sign with a private key and a digest by OpenSSL's name ("sha256").

        Raises TypeError when pkey is no PKey, ValueError for a key that is empty or only public and for an unknown
        digest, Error when OpenSSL refuses.
        """
        if not isinstance(pkey, PKey):
            raise TypeError("pkey must be a PKey instance")
        if pkey._is_public_only():
            raise ValueError("Key has only public part")
        _done(lib.pyssl_spki_sign(self._handle, pkey._handle, c_text("digest", digest.encode())))

    def verify(self, key: PKey) -> bool:
        """True when it is signed with the private part of `key`, else Error."""
        if not isinstance(key, PKey):
            raise TypeError("key must be a PKey instance")
        _done(lib.pyssl_spki_verify(self._handle, key._handle))
        return True

    def b64_encode(self) -> bytes:
        """Its encoding in base64, without line ends."""
        return bytes_of(Error, lib.pyssl_spki_to_base64, self._handle)

    def get_pubkey(self) -> PKey:
        """The public key in it, as a key with only a public part. Error when there is none."""
        return PKey._adopt(handle_of(Error, "pyssl_pkey **", lib.pyssl_spki_pubkey, self._handle))

    def set_pubkey(self, pkey: PKey) -> None:
        """Put the public part of a key in it. ValueError for an empty key."""
        if not isinstance(pkey, PKey):
            raise TypeError("pkey must be a PKey instance")
        _done(lib.pyssl_spki_set_pubkey(self._handle, pkey._handle))


def _done(status: int) -> None:
    if status:
        fail(Error, status)
