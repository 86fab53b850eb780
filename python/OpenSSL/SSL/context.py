"""SSL.Context."""

from __future__ import annotations

import os
from typing import Any, Optional, Union

from .._native import Handle, ffi, handle_of, int_of, lib
from ..crypto import X509, PKey
from . import callbacks
from .errors import Error, check

StrOrBytesPath = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]


class Context(Handle):
    """What connections have in common: protocol, keys, trust, callbacks."""

    _free = lib.pyssl_ctx_free

    def __init__(self, method: int) -> None:
        if not isinstance(method, int):
            raise TypeError("method must be an integer")
        self._handle = handle_of(Error, "pyssl_ctx **", lib.pyssl_ctx_new, method)
        self._app_data: Any = None

    def use_certificate(self, cert: X509) -> None:
        """Sets the certificate this end shows."""
        check(lib.pyssl_ctx_use_certificate(self._handle, cert._handle))

    def use_privatekey(self, pkey: PKey) -> None:
        """Sets this end's private key."""
        check(lib.pyssl_ctx_use_privatekey(self._handle, pkey._handle))

    def use_certificate_chain_file(self, certfile: StrOrBytesPath) -> None:
        """Sets the certificate this end shows and the chain above it, from a PEM file."""
        check(lib.pyssl_ctx_use_certificate_chain_file(self._handle, os.fsencode(certfile)))

    def use_privatekey_file(self, keyfile: StrOrBytesPath, filetype: int = 1) -> None:
        """Sets this end's private key, from a file."""
        check(lib.pyssl_ctx_use_privatekey_file(self._handle, os.fsencode(keyfile), filetype, ffi.NULL, ffi.NULL))

    def check_privatekey(self) -> None:
        """Raises Error unless private key and certificate belong together."""
        check(lib.pyssl_ctx_check_privatekey(self._handle))

    def load_verify_locations(self, cafile: Optional[StrOrBytesPath], capath: Optional[StrOrBytesPath] = None) -> None:
        """Trusts the certificates of a PEM file, or of a hashed directory, or of both."""
        file = ffi.NULL if cafile is None else os.fsencode(cafile)
        directory = ffi.NULL if capath is None else os.fsencode(capath)
        check(lib.pyssl_ctx_load_verify_locations(self._handle, file, directory))

    def set_verify(self, mode: int, callback: Any = None) -> None:
        """Says whether and how peers are verified (VERIFY_*); the callback has the last word on each certificate."""
        if not isinstance(mode, int):
            raise TypeError("mode must be an integer")
        if callback is None:
            check(lib.pyssl_ctx_set_verify(self._handle, mode, ffi.NULL, ffi.NULL, ffi.NULL))
            return
        if not callable(callback):
            raise TypeError("callback must be callable")
        check(
            lib.pyssl_ctx_set_verify(self._handle, mode, callbacks.verify, callbacks.keep(callback), callbacks.destroy)
        )

    def get_verify_mode(self) -> int:
        """The VERIFY_* bits."""
        return int_of(Error, "int *", lib.pyssl_ctx_get_verify_mode, self._handle)

    def set_options(self, options: int) -> int:
        """Adds OP_* bits; returns all that are set then."""
        if not isinstance(options, int):
            raise TypeError("options must be an integer")
        return int_of(Error, "uint64_t *", lib.pyssl_ctx_set_options, self._handle, options)

    def set_cipher_list(self, cipher_list: bytes) -> None:
        """Sets the cipher suites up to TLS 1.2."""
        check(lib.pyssl_ctx_set_cipher_list(self._handle, cipher_list, len(cipher_list)))

    def set_min_proto_version(self, version: int) -> None:
        """Sets the lowest protocol version; 0 is the lowest the library has."""
        check(lib.pyssl_ctx_set_min_proto_version(self._handle, version))

    def set_max_proto_version(self, version: int) -> None:
        """Sets the highest protocol version; 0 is the highest the library has."""
        check(lib.pyssl_ctx_set_max_proto_version(self._handle, version))


Context.__module__ = "OpenSSL.SSL"
