"""SSL.Context."""

from __future__ import annotations

from .._native import Handle, ffi, handle_of, int_of, lib
from .._native.path import path_bytes
from .._native.text import c_text
from ..crypto import FILETYPE_PEM, X509Name, X509Store
from ..crypto.curves import _EllipticCurve
from ..crypto.passphrase import give as give_passphrase
from . import callbacks
from .arguments import alpn_protocols, certificate, octets, private_key, whole
from .errors import Error, check
from .handoff import give_away_context, take_in_context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, NoReturn, Optional, Sequence, Tuple, Union

    from cryptography.hazmat.primitives.asymmetric import ec

    from .._native.path import StrOrBytesPath
    from ..crypto import X509
    from .arguments import Certificate, PrivateKey
    from .connection import Connection

#: The name of a curve in the `cryptography` package where OpenSSL has another.
_CURVES = {"secp192r1": "prime192v1", "secp256r1": "prime256v1"}

_NPN = "Next Protocol Negotiation was replaced by ALPN (RFC 7301), and OpenSSL {} no longer has it: see set_alpn_{}"


class Context(Handle):
    """What connections have in common: protocol, keys, trust, callbacks.

    A Context may be changed at any time, by any thread; a Connection keeps what it took when it was made. What a
    callback raises, KeyboardInterrupt and SystemExit too, surfaces as it is from the call on the connection that led to
    the callback; that connection is over then, and its peer gets a fatal alert. Each setter of a callback but
    set_passwd_cb takes None to have none.
    """

    _free = lib.pyssl_ctx_free
    _handle: Any
    _app_data: Any = None
    _keylog_callback: Any = None
    _passwd_cb: Optional[callbacks.Hook] = None

    def __init__(self, method: int) -> None:
        """method: TLS_METHOD or another *_METHOD. ValueError for what OpenSSL no longer speaks, as SSL 3.0."""
        self._handle = handle_of(Error, "pyssl_ctx **", lib.pyssl_ctx_new, whole("method", method))
        callbacks.live[int(ffi.cast("uintptr_t", self._handle))] = self

    @classmethod
    def client(cls, cafile: Optional[StrOrBytesPath] = None, cadata: Optional[bytes] = None) -> Context:
        """A Context for TLS clients that verifies servers: VERIFY_PEER is on, and trust is loaded.

        It trusts the certificates of the PEM file `cafile` and those of the PEM text `cadata`; without either, what the
        system trusts, as load_system_trust() finds it. Error where that cannot be loaded. With Connection.set_client()
        the server is verified by its chain and its name.
        """
        pem = None if cadata is None else _pem("cadata", cadata)
        if cafile is not None:
            file = path_bytes(cafile)
            if not file:
                raise ValueError("cafile is empty")
        else:
            file = ffi.NULL if pem is None else path_bytes(b"")  # the system's trust, or none yet
        context = cls._adopt(handle_of(Error, "pyssl_ctx **", lib.pyssl_ctx_new_client, file))
        callbacks.live[int(ffi.cast("uintptr_t", context._handle))] = context
        if pem is not None:
            context.load_verify_pem(pem)
        return context

    # ---- other languages

    def detach(self) -> int:
        """Gives the context away: the number is its handle, which C casts to `pyssl_ctx *` and frees.

        This object is of no more use; Connections made from it stay as they are. Callbacks go on working, for
        connections that C makes too, until the handle and the last such connection are freed.
        """
        return give_away_context(self)

    @classmethod
    def from_handle(cls, handle: int) -> Context:
        """Takes a context from other code: the handle is this object's from now on."""
        return take_in_context(cls, handle)

    # ---- certificate and key

    def use_certificate(self, cert: Certificate) -> None:
        """Sets the certificate this end shows: an X509, or one of the `cryptography` package. It is copied.

        A Context has one for each kind of key. In place of a certificate and key that are in use, a certificate of
        another key waits for that key: connections show the earlier pair until use_privatekey(). Error ("key values
        mismatch") where a key without a certificate was set before that it does not belong to.
        """
        own = certificate(cert)  # which must outlive the call
        check(lib.pyssl_ctx_use_certificate(self._handle, own._handle))

    def use_certificate_file(self, certfile: StrOrBytesPath, filetype: int = FILETYPE_PEM) -> None:
        """Sets the certificate this end shows, from a file: the first in it."""
        file = path_bytes(certfile)
        check(lib.pyssl_ctx_use_certificate_file(self._handle, file, whole("filetype", filetype)))

    def use_certificate_chain_file(self, certfile: StrOrBytesPath) -> None:
        """Sets the certificate this end shows and the chain above it, from a PEM file that has them in this order.

        The chain belongs to this certificate and is sent with no other. Both may wait for a key: see use_certificate().
        """
        check(lib.pyssl_ctx_use_certificate_chain_file(self._handle, path_bytes(certfile)))

    def use_certificate_chain_pem(self, pem: bytes) -> None:
        """As use_certificate_chain_file, from memory."""
        text = _pem("pem", pem)
        check(lib.pyssl_ctx_use_certificate_chain_pem(self._handle, text, len(text)))

    def add_extra_chain_cert(self, certobj: Certificate) -> None:
        """Adds a certificate to those that are sent after this end's own, where that has no chain from a chain file. It
        is copied."""
        own = certificate(certobj)  # which must outlive the call
        check(lib.pyssl_ctx_add_extra_chain_cert(self._handle, own._handle))

    def use_privatekey(self, pkey: PrivateKey) -> None:
        """Sets this end's private key: a PKey, or a key of the `cryptography` package.

        Error ("key values mismatch") where a certificate is set already that it does not belong to.
        """
        own = private_key(pkey)  # which must outlive the call
        check(lib.pyssl_ctx_use_privatekey(self._handle, own._handle))

    def use_privatekey_file(self, keyfile: StrOrBytesPath, filetype: int = FILETYPE_PEM) -> None:
        """Sets this end's private key, from a file. set_passwd_cb() gives the passphrase of an encrypted one; nobody
        is ever asked on a terminal."""
        file, type = path_bytes(keyfile), whole("filetype", filetype)
        asking, userdata = self._asking()
        check(lib.pyssl_ctx_use_privatekey_file(self._handle, file, type, asking, userdata))

    def use_privatekey_pem(self, pem: bytes) -> None:
        """As use_privatekey_file, from PEM in memory."""
        text = _pem("pem", pem)
        asking, userdata = self._asking()
        check(lib.pyssl_ctx_use_privatekey_pem(self._handle, text, len(text), asking, userdata))

    def _asking(self) -> Tuple[Any, Any]:
        """C's function that asks for a passphrase, and its userdata, which must outlive the call."""
        if self._passwd_cb is None:
            return ffi.NULL, ffi.NULL
        return give_passphrase, ffi.new_handle(self._passphrase)

    def _passphrase(self, writing: int, size: int) -> bytes:
        """What the user's callback gives; what is too long is cut."""
        assert self._passwd_cb is not None
        given = self._passwd_cb.function(size, writing, self._passwd_cb.data)
        if not isinstance(given, bytes):
            raise ValueError("Bytes expected")
        return given[:size]

    def set_passwd_cb(self, callback: Callable[[int, bool, Any], bytes], userdata: Optional[Any] = None) -> None:
        """Has callback(most bytes, verify, userdata) give the passphrases of encrypted keys, as bytes.

        verify is 0: nothing is encrypted here. What is longer than the first argument, 1024, is cut.
        """
        self._passwd_cb = callbacks.Hook(_callable(callback), userdata, None)

    def check_privatekey(self) -> None:
        """Raises Error unless there are a certificate and a private key and they belong together."""
        check(lib.pyssl_ctx_check_privatekey(self._handle))

    # ---- trust

    def load_verify_locations(self, cafile: Optional[StrOrBytesPath], capath: Optional[StrOrBytesPath] = None) -> None:
        """Trusts the certificates of a PEM file, or of a directory prepared by `openssl rehash`, or of both."""
        file = ffi.NULL if cafile is None else path_bytes(cafile)
        directory = ffi.NULL if capath is None else path_bytes(capath)
        check(lib.pyssl_ctx_load_verify_locations(self._handle, file, directory))

    def load_verify_pem(self, pem: bytes) -> None:
        """Trusts the certificates of a PEM text, and takes its revocation lists. Error where there is none, or one is
        damaged; nothing more is trusted then."""
        text = _pem("pem", pem)
        check(lib.pyssl_ctx_load_verify_pem(self._handle, text, len(text)))

    def set_default_verify_paths(self) -> None:
        """Trusts what the system trusts: what SSL_CERT_FILE and SSL_CERT_DIR name where one is set, else the bundle and
        the directory that the distribution keeps. What is missing or unusable is passed over in silence."""
        check(lib.pyssl_ctx_set_default_verify_paths(self._handle))

    def load_system_trust(self) -> None:
        """As set_default_verify_paths(), with an Error where nothing is found or it cannot be used."""
        check(lib.pyssl_ctx_load_system_trust(self._handle))

    def get_cert_store(self) -> X509Store:
        """The store this Context verifies with, live: what is added to it is trusted. It keeps the Context's part in
        the library alive."""
        return X509Store._adopt(handle_of(Error, "pyssl_store **", lib.pyssl_ctx_cert_store, self._handle))

    def set_cert_store(self, store: X509Store) -> None:
        """Verifies with this store from now on. It is shared, also with other Contexts: what is added to it later is
        trusted too."""
        if not isinstance(store, X509Store):
            raise TypeError("store must be an X509Store instance")
        check(lib.pyssl_ctx_set_cert_store(self._handle, store._handle))

    def set_verify(
        self, mode: int, callback: Optional[Callable[[Connection, X509, int, int, int], bool]] = None
    ) -> None:
        """Says whether and how peers are verified, in VERIFY_* bits.

        callback(connection, certificate, error number, depth, ok) has the last word on each certificate of the chain:
        what is truthy accepts it and clears the error. It is called for each error, and for each certificate.
        """
        number = whole("mode", mode)
        if callback is None:
            check(lib.pyssl_ctx_set_verify(self._handle, number, ffi.NULL, ffi.NULL, ffi.NULL))
            return
        userdata = callbacks.keep(_callable(callback), self)
        check(lib.pyssl_ctx_set_verify(self._handle, number, callbacks.verify, userdata, callbacks.destroy))

    def get_verify_mode(self) -> int:
        """The VERIFY_* bits."""
        return int_of(Error, "int *", lib.pyssl_ctx_verify_mode, self._handle)

    def set_verify_depth(self, depth: int) -> None:
        """Limits how many certificates may stand between the peer's own and a trusted one."""
        check(lib.pyssl_ctx_set_verify_depth(self._handle, whole("depth", depth)))

    def get_verify_depth(self) -> int:
        """The limit; -1 when it was never set."""
        return int_of(Error, "int *", lib.pyssl_ctx_verify_depth, self._handle)

    def load_client_ca(self, cafile: bytes) -> None:
        """Names to clients, as the authorities this server accepts, the subjects of a PEM file of certificates."""
        if not isinstance(cafile, (bytes, str)) and hasattr(cafile, "__fspath__"):
            cafile = path_bytes(cafile)
        file = octets("cafile", cafile, "cafile must be a byte string")
        check(lib.pyssl_ctx_load_client_ca(self._handle, path_bytes(file)))

    def set_client_ca_list(self, certificate_authorities: Sequence[X509Name]) -> None:
        """Names to clients the authorities this server accepts. The names are copied."""
        names: List[X509Name] = []
        for name in certificate_authorities:
            if not isinstance(name, X509Name):
                raise TypeError(f"client CAs must be X509Name objects, not {type(name).__name__} objects")
            names.append(name)
        handles = ffi.new("pyssl_name *[]", [name._handle for name in names])
        check(lib.pyssl_ctx_set_client_ca_list(self._handle, handles, len(names)))

    def add_client_ca(self, certificate_authority: Certificate) -> None:
        """Names to clients one authority more: the certificate's subject."""
        own = certificate(certificate_authority)  # which must outlive the call
        check(lib.pyssl_ctx_add_client_ca(self._handle, own._handle))

    # ---- protocol

    def set_min_proto_version(self, version: int) -> None:
        """Sets the lowest protocol version (TLS1_2_VERSION ...); 0 is the lowest the library has."""
        check(lib.pyssl_ctx_set_min_proto_version(self._handle, whole("version", version)))

    def set_max_proto_version(self, version: int) -> None:
        """Sets the highest protocol version; 0 is the highest the library has."""
        check(lib.pyssl_ctx_set_max_proto_version(self._handle, whole("version", version)))

    def set_options(self, options: int) -> int:
        """Adds OP_* bits; returns all that are set then."""
        return int_of(Error, "uint64_t *", lib.pyssl_ctx_set_options, self._handle, whole("options", options))

    def set_mode(self, mode: int) -> int:
        """Adds MODE_* bits; returns all that are set then."""
        return int_of(Error, "int64_t *", lib.pyssl_ctx_set_mode, self._handle, whole("mode", mode))

    def clear_mode(self, mode_to_clear: int) -> int:
        """Takes MODE_* bits off; returns all that are set then."""
        return int_of(Error, "int64_t *", lib.pyssl_ctx_clear_mode, self._handle, whole("mode_to_clear", mode_to_clear))

    def set_cipher_list(self, cipher_list: bytes) -> None:
        """Sets the cipher suites up to TLS 1.2, in the syntax of `openssl ciphers`. Those of TLS 1.3 stay."""
        ciphers = octets("cipher_list", cipher_list, "cipher_list must be a byte string.")
        check(lib.pyssl_ctx_set_cipher_list(self._handle, ciphers, len(ciphers)))

    def set_tls13_ciphersuites(self, ciphersuites: bytes) -> None:
        """Sets the cipher suites of TLS 1.3 by their names in RFC 8446, with colons between."""
        if not isinstance(ciphersuites, bytes):
            raise TypeError("ciphersuites must be a byte string.")
        check(lib.pyssl_ctx_set_tls13_ciphersuites(self._handle, ciphersuites, len(ciphersuites)))

    def set_groups(self, groups: bytes) -> None:
        """Sets the key exchange groups, the preferred first: b"X25519MLKEM768:X25519:P-256"."""
        if not isinstance(groups, bytes):
            raise TypeError("groups must be a byte string.")
        check(lib.pyssl_ctx_set_groups(self._handle, groups, len(groups)))

    def set_tmp_ecdh(self, curve: Union[_EllipticCurve, ec.EllipticCurve]) -> None:
        """Allows one curve and no other group for the key exchange: an object of crypto.get_elliptic_curves(), or a
        curve of the `cryptography` package."""
        name = getattr(curve, "name", None)
        if not isinstance(name, str):
            raise TypeError(f"curve must be an elliptic curve, not {type(curve).__name__}")
        check(lib.pyssl_ctx_set_tmp_ecdh(self._handle, c_text("curve", _CURVES.get(name, name))))

    def load_tmp_dh(self, dhfile: StrOrBytesPath) -> None:
        """Sets the parameters of ephemeral Diffie-Hellman up to TLS 1.2, from a PEM file.

        Without them a server takes a group that is as strong as its key, or one that the client names (RFC 7919).
        """
        check(lib.pyssl_ctx_load_tmp_dh(self._handle, path_bytes(dhfile)))

    def set_post_handshake_auth(self, enabled: bool = True) -> None:
        """Says whether clients answer a TLS 1.3 server that asks for their certificate after the handshake. It is off
        at first, and connections that exist keep what they have."""
        check(lib.pyssl_ctx_set_post_handshake_auth(self._handle, bool(enabled)))

    def set_tlsext_use_srtp(self, profiles: bytes) -> None:
        """Sets the SRTP profiles to negotiate (RFC 5764), with colons between."""
        if not isinstance(profiles, bytes):
            raise TypeError("profiles must be a byte string.")
        check(lib.pyssl_ctx_set_tlsext_use_srtp(self._handle, profiles, len(profiles)))

    # ---- sessions

    def set_session_id(self, buf: bytes) -> None:
        """Names the application whose sessions these are (up to 32 bytes), so that no other's are resumed here.

        A server resumes a session only under the id and the rules of verification that it was made under, in whichever
        process that was: mode, depth, trusted certificates, authorities named to clients.
        """
        context = octets("buf", buf, "buf must be a byte string")
        check(lib.pyssl_ctx_set_session_id(self._handle, context, len(context)))

    def set_session_cache_mode(self, mode: int) -> int:
        """Says which sessions are cached, in SESS_CACHE_* bits; returns the bits as they were."""
        return int_of(Error, "int64_t *", lib.pyssl_ctx_set_session_cache_mode, self._handle, whole("mode", mode))

    def get_session_cache_mode(self) -> int:
        """The SESS_CACHE_* bits."""
        return int_of(Error, "int64_t *", lib.pyssl_ctx_session_cache_mode, self._handle)

    def set_timeout(self, timeout: int) -> int:
        """Says how many seconds sessions live; returns the seconds as they were."""
        return int_of(Error, "int64_t *", lib.pyssl_ctx_set_timeout, self._handle, whole("timeout", timeout))

    def get_timeout(self) -> int:
        """How many seconds sessions live."""
        return int_of(Error, "int64_t *", lib.pyssl_ctx_timeout, self._handle)

    # ---- application protocols

    def set_alpn_protos(self, protos: List[bytes]) -> None:
        """Sets the protocols that clients offer, the preferred first: [b"h2", b"http/1.1"]."""
        wire = alpn_protocols(protos)
        check(lib.pyssl_ctx_set_alpn_protos(self._handle, wire, len(wire)))

    def set_alpn_select_callback(self, callback: Optional[Callable[[Connection, List[bytes]], Any]]) -> None:
        """Has callback(connection, [offered]) choose, on a server, among the protocols that a client offers.

        It returns one of them, or NO_OVERLAPPING_PROTOCOLS to go on without; b"" ends the handshake. It is not called
        for clients that offer none.
        """
        self._hook(lib.pyssl_ctx_set_alpn_select_callback, callbacks.alpn_select, callback)

    def set_npn_advertise_callback(self, callback: Any) -> NoReturn:
        """NotImplementedError: OpenSSL has no Next Protocol Negotiation any more."""
        raise NotImplementedError(_NPN.format(_openssl(), "select_callback"))

    def set_npn_select_callback(self, callback: Any) -> NoReturn:
        """NotImplementedError: OpenSSL has no Next Protocol Negotiation any more."""
        raise NotImplementedError(_NPN.format(_openssl(), "protos"))

    # ---- callbacks

    def set_info_callback(self, callback: Optional[Callable[[Connection, int, int], None]]) -> None:
        """Has callback(connection, where, value) told what the state machine does: SSL_CB_* bits and what they need."""
        self._hook(lib.pyssl_ctx_set_info_callback, callbacks.info, callback)

    def set_keylog_callback(self, callback: Optional[Callable[[Connection, bytes], None]]) -> None:
        """Gives callback(connection, line) the lines of a key log file, which decrypt recorded traffic."""
        self._hook(lib.pyssl_ctx_set_keylog_callback, callbacks.keylog, callback)
        self._keylog_callback = callback

    def set_tlsext_servername_callback(self, callback: Optional[Callable[[Connection], None]]) -> None:
        """Has callback(connection) told, on a server, that a client hello came, with a name or without
        (connection.get_servername()).

        It runs once in each handshake, before OpenSSL chooses version, cipher suite and session. It is the place for
        connection.set_context() and set_verify(): a session is resumed only if it was made under the rules that hold
        when the callback returns.
        """
        self._hook(lib.pyssl_ctx_set_servername_callback, callbacks.servername, callback)

    def set_ocsp_server_callback(
        self, callback: Optional[Callable[[Connection, Any], bytes]], data: Optional[Any] = None
    ) -> None:
        """Has callback(connection, data) give, on a server, the OCSP response to staple: its DER, or b"" for none."""
        self._hook(lib.pyssl_ctx_set_ocsp_server_callback, callbacks.ocsp_server, callback, data)

    def set_ocsp_client_callback(
        self, callback: Optional[Callable[[Connection, bytes, Any], bool]], data: Optional[Any] = None
    ) -> None:
        """Has callback(connection, response, data) judge what a server stapled, b"" if nothing, on connections that
        asked for it by request_ocsp(). What is truthy accepts."""
        self._hook(lib.pyssl_ctx_set_ocsp_client_callback, callbacks.ocsp_client, callback, data)

    def set_cookie_generate_callback(self, callback: Optional[Callable[[Connection], bytes]]) -> None:
        """Has callback(connection) make the cookies of a DTLS server: up to 255 bytes."""
        self._hook(lib.pyssl_ctx_set_cookie_generate_callback, callbacks.cookie_generate, callback)

    def set_cookie_verify_callback(self, callback: Optional[Callable[[Connection, bytes], bool]]) -> None:
        """Has callback(connection, cookie) know the cookies of a DTLS server again: truthy for one it made."""
        self._hook(lib.pyssl_ctx_set_cookie_verify_callback, callbacks.cookie_verify, callback)

    def set_app_data(self, data: Any) -> None:
        """Keeps an object of the program's with this one."""
        self._app_data = data

    def get_app_data(self) -> Any:
        """The object set_app_data() was given, or None."""
        return self._app_data

    def _hook(self, setter: Any, function: Any, callback: Any, data: Any = None) -> None:
        if callback is None:
            check(setter(self._handle, ffi.NULL, ffi.NULL, ffi.NULL))
            return
        check(setter(self._handle, function, callbacks.keep(_callable(callback), self, data), callbacks.destroy))


def _pem(argument: str, text: Any) -> bytes:
    if not isinstance(text, bytes):
        raise TypeError(f"{argument} must be bytes, not {type(text).__name__}")
    return text


def _callable(callback: Any) -> Any:
    if not callable(callback):
        raise TypeError("callback must be callable")
    return callback


def _openssl() -> str:
    version: bytes = ffi.string(lib.pyssl_openssl_version(lib.PYSSL_OPENSSL_VERSION))
    return version.decode().split()[1]


Context.__module__ = "OpenSSL.SSL"
