"""Setting one Connection up."""

from __future__ import annotations

from .._native import Handle, ffi, int_of, lib
from .._native.text import c_text
from ..crypto import X509, PKey
from . import callbacks
from .arguments import host_name
from .context import Context
from .errors import Error, check
from .session import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional, Sequence, Union

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

    PrivateKey = Union[
        dsa.DSAPrivateKey,
        ec.EllipticCurvePrivateKey,
        ed25519.Ed25519PrivateKey,
        ed448.Ed448PrivateKey,
        rsa.RSAPrivateKey,
    ]


class ConnectionConfig(Handle):
    """What Connection has of Context's settings for itself alone."""

    _context: Context

    def get_context(self) -> Context:
        """The Context: the one it was made with, or was given later."""
        return self._context

    def set_context(self, context: Context) -> None:
        """Gives the connection another Context's certificate, key, trust and callbacks.

        That is for the callback of Context.set_tlsext_servername_callback. What was set on the connection itself stays:
        options, verify mode and callback, expected name, info callback. A verify mode that was not is the stricter of
        both: VERIFY_PEER and VERIFY_FAIL_IF_NO_PEER_CERT of either, VERIFY_CLIENT_ONCE only of both. Error in the
        middle of a client's handshake.
        """
        if not isinstance(context, Context):
            raise TypeError("context must be a Context instance")
        check(lib.pyssl_conn_set_context(self._handle, context._handle))
        self._context = context

    def set_connect_state(self) -> None:
        """Makes this end the client."""
        check(lib.pyssl_conn_set_connect_state(self._handle))

    def set_accept_state(self) -> None:
        """Makes this end the server."""
        check(lib.pyssl_conn_set_accept_state(self._handle))

    def set_verify(self, mode: int, callback: Optional[Callable[[Any, X509, int, int, int], bool]] = None) -> None:
        """Says whether and how this peer is verified (VERIFY_*), in place of what the Context says.

        callback(connection, certificate, error number, depth, ok) has the last word on each certificate. Error in the
        middle of a client's handshake.
        """
        if not isinstance(mode, int):
            raise TypeError("mode must be an integer")
        if callback is None:
            check(lib.pyssl_conn_set_verify(self._handle, mode, ffi.NULL, ffi.NULL, ffi.NULL))
            return
        if not callable(callback):
            raise TypeError("callback must be callable")
        check(
            lib.pyssl_conn_set_verify(
                self._handle, mode, callbacks.verify, callbacks.keep(callback, self), callbacks.destroy
            )
        )

    def set_info_callback(self, callback: Optional[Callable[[Any, int, int], Any]]) -> None:
        """callback(connection, where, value) is told of the state machine's moves, in place of the Context's."""
        if callback is None:
            check(lib.pyssl_conn_set_info_callback(self._handle, ffi.NULL, ffi.NULL, ffi.NULL))
            return
        if not callable(callback):
            raise TypeError("callback must be callable")
        check(
            lib.pyssl_conn_set_info_callback(
                self._handle, callbacks.info, callbacks.keep(callback, self), callbacks.destroy
            )
        )

    def set_client(self, host: str) -> None:
        """Makes this end a client of `host`, a DNS name or IP address, in one call before the handshake.

        Sets the client's role, asks for the name (SNI; an address is never asked for, a dot at the end is not sent),
        and has the peer's certificate compared with it, as set_verify_host() does; VERIFY_PEER is turned on. Whom to
        trust the Context says: see Context.client(). A host that is neither is a ValueError. Error once the handshake
        has begun.
        """
        check(lib.pyssl_conn_set_client(self._handle, c_text("host", host_name("host", host))))

    def set_verify_host(self, name: str) -> None:
        """Refuses a peer whose certificate is not for this DNS name or IP address, and turns VERIFY_PEER on.

        OpenSSL compares, by RFC 6125 and RFC 9525: names of subjectAltName alone, a wildcard as a whole label alone. A
        name that no certificate can hold is a ValueError. After the handshake the peer is checked at once, with an
        Error unless its chain was verified and its certificate is for the name; in the middle of one it is an Error.
        Where it fails, the name set before stays.
        """
        check(lib.pyssl_conn_set_verify_host(self._handle, c_text("name", host_name("name", name))))

    def verify_client_post_handshake(self) -> None:
        """TLS 1.3 servers: asks for the client's certificate after the handshake.

        The next call that moves bytes sends the request, and a later one that receives verifies the answer by the mode
        of set_verify, which must have VERIFY_PEER. Error with TLS 1.2, and for a client that did not offer it.
        """
        check(lib.pyssl_conn_verify_client_post_handshake(self._handle))

    def set_options(self, options: int) -> int:
        """Adds OP_* bits; returns all that are set then."""
        if not isinstance(options, int):
            raise TypeError("options must be an integer")
        return int_of(Error, "uint64_t *", lib.pyssl_conn_set_options, self._handle, options)

    def use_certificate(self, cert: Union[X509, x509.Certificate]) -> None:
        """Sets the certificate this end shows."""
        if not isinstance(cert, X509):
            cert = X509.from_cryptography(cert)
        check(lib.pyssl_conn_use_certificate(self._handle, cert._handle))

    def use_privatekey(self, pkey: Union[PKey, PrivateKey]) -> None:
        """Sets this end's private key."""
        if not isinstance(pkey, PKey):
            pkey = PKey.from_cryptography_key(pkey)
        check(lib.pyssl_conn_use_privatekey(self._handle, pkey._handle))

    def set_tlsext_host_name(self, name: bytes) -> None:
        """Names the host a client wants (server name indication). It is not verified by this: see set_verify_host."""
        if not isinstance(name, bytes):
            raise TypeError("name must be a byte string")
        if b"\0" in name:
            raise TypeError("name must not contain NUL byte")
        check(lib.pyssl_conn_set_tlsext_host_name(self._handle, name, len(name)))

    def set_alpn_protos(self, protos: Sequence[bytes]) -> None:
        """Sets the protocols a client offers (ALPN), as [b"h2", b"http/1.1"]."""
        if not protos:
            raise ValueError("at least one protocol must be specified")
        for proto in protos:
            if not isinstance(proto, bytes):
                raise TypeError("protos must be a list of byte strings")
        wire = b"".join(bytes((len(proto),)) + proto for proto in protos)
        check(lib.pyssl_conn_set_alpn_protos(self._handle, wire, len(wire)))

    def request_ocsp(self) -> None:
        """Asks the server for an OCSP response along with its certificate. Error in the middle of the handshake."""
        check(lib.pyssl_conn_request_ocsp(self._handle))

    def set_session(self, session: Session) -> None:
        """Offers a session to be resumed. ValueError for one of another Context, Error once a handshake has begun.

        A connection that verifies its server (any mode but VERIFY_NONE) resumes a session only if the full handshake
        behind it verified the server by this connection's rules (store, depth, flags, time, security level, expected
        name, callbacks) and the chain meets them still. Otherwise the handshake is a full one; session_reused tells. A
        callback counts as the same only where it is the Context's. Where the store's flags ask for revocation lists,
        every handshake is a full one.
        """
        if not isinstance(session, Session):
            raise TypeError("session must be a Session instance")
        check(lib.pyssl_conn_set_session(self._handle, session._handle))

    def set_shutdown(self, state: int) -> None:
        """Says which close_notify alerts count as exchanged: SENT_SHUTDOWN and RECEIVED_SHUTDOWN bits."""
        if not isinstance(state, int):
            raise TypeError("state must be an integer")
        check(lib.pyssl_conn_set_shutdown(self._handle, state))

    def renegotiate(self) -> bool:
        """TLS 1.2 and earlier: asks for another handshake, which the next call that moves bytes begins.

        False when one is pending already. Error with TLS 1.3, which has none: see key_update.
        """
        return bool(int_of(Error, "int *", lib.pyssl_conn_renegotiate, self._handle))

    def key_update(self, peer_too: bool = False) -> None:
        """TLS 1.3: new keys for what this end sends, and for the peer's side as well when asked to."""
        check(lib.pyssl_conn_key_update(self._handle, bool(peer_too)))

    def set_ciphertext_mtu(self, mtu: int) -> None:
        """DTLS: says how many bytes of UDP payload the path takes."""
        if not isinstance(mtu, int):
            raise TypeError("an integer is required")
        check(lib.pyssl_conn_set_ciphertext_mtu(self._handle, mtu, ffi.new("int *")))
