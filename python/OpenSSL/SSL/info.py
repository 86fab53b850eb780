"""What a Connection can tell of itself, its peer and its session."""

from __future__ import annotations

from .._native import Handle, bytes_of, ffi, handle_of, int_of, lib, text_of
from ..crypto import X509, X509Name
from .errors import Error, check
from .names import to_cryptography_names
from .session import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Literal, Optional, TypeVar, Union, overload

    _T = TypeVar("_T")

    from cryptography import x509
else:

    def overload(function):
        """What typing has, which takes as long to import as this package."""
        return function


_ABSENT = lib.PYSSL_ERR_ABSENT


class ConnectionInfo(Handle):
    """The getters of Connection. None says that there is no such thing, or not yet."""

    @overload
    def get_peer_certificate(self, *, as_cryptography: Literal[False] = ...) -> Optional[X509]: ...
    @overload
    def get_peer_certificate(self, *, as_cryptography: Literal[True]) -> Optional[x509.Certificate]: ...
    def get_peer_certificate(self, *, as_cryptography: bool = False) -> Union[X509, x509.Certificate, None]:
        """The peer's own certificate, or None."""
        return _one(lib.pyssl_conn_peer_certificate, self._handle, as_cryptography)

    @overload
    def get_certificate(self, *, as_cryptography: Literal[False] = ...) -> Optional[X509]: ...
    @overload
    def get_certificate(self, *, as_cryptography: Literal[True]) -> Optional[x509.Certificate]: ...
    def get_certificate(self, *, as_cryptography: bool = False) -> Union[X509, x509.Certificate, None]:
        """This end's own certificate, or None."""
        return _one(lib.pyssl_conn_certificate, self._handle, as_cryptography)

    @overload
    def get_peer_cert_chain(self, *, as_cryptography: Literal[False] = ...) -> Optional[List[X509]]: ...
    @overload
    def get_peer_cert_chain(self, *, as_cryptography: Literal[True]) -> Optional[List[x509.Certificate]]: ...
    def get_peer_cert_chain(self, *, as_cryptography: bool = False) -> Union[List[X509], List[x509.Certificate], None]:
        """The chain as the peer sent it, or None. On a server the peer's own certificate is not among it."""
        return _chain(lib.pyssl_conn_peer_cert_chain, self._handle, as_cryptography)

    @overload
    def get_verified_chain(self, *, as_cryptography: Literal[False] = ...) -> Optional[List[X509]]: ...
    @overload
    def get_verified_chain(self, *, as_cryptography: Literal[True]) -> Optional[List[x509.Certificate]]: ...
    def get_verified_chain(self, *, as_cryptography: bool = False) -> Union[List[X509], List[x509.Certificate], None]:
        """The chain that verification built, or None. Without VERIFY_PEER it is what was built, trusted or not."""
        return _chain(lib.pyssl_conn_verified_chain, self._handle, as_cryptography)

    @overload
    def get_client_ca_list(self, *, as_cryptography: Literal[False] = ...) -> List[X509Name]: ...
    @overload
    def get_client_ca_list(self, *, as_cryptography: Literal[True]) -> List[x509.Name]: ...
    def get_client_ca_list(self, *, as_cryptography: bool = False) -> Union[List[X509Name], List[x509.Name]]:
        """On a client, the authorities that the server named for client certificates; on a server, those it names."""
        handles = _handles("pyssl_name *", lib.pyssl_conn_client_ca_list, self._handle)
        names = [X509Name._adopt(handle) for handle in handles or []]
        return to_cryptography_names(names) if as_cryptography else names

    def get_session(self) -> Optional[Session]:
        """The session as it is now, or None.

        In TLS 1.3 one that can be taken up again is there once a ticket was read.
        """
        handle = handle_of(Error, "pyssl_session **", lib.pyssl_conn_session, self._handle)
        return None if handle == ffi.NULL else Session._adopt(handle)

    def session_reused(self) -> bool:
        """Whether the handshake took up an earlier session."""
        return bool(int_of(Error, "int *", lib.pyssl_conn_session_reused, self._handle))

    def get_protocol_version(self) -> int:
        """The protocol version's number, 772 for TLS 1.3. Before the handshake, the highest this end would use."""
        return int_of(Error, "int *", lib.pyssl_conn_version, self._handle)

    def get_protocol_version_name(self) -> str:
        """The protocol version's name, "TLSv1.3"."""
        return text_of(Error, lib.pyssl_conn_version_name, self._handle)

    def get_cipher_name(self) -> Optional[str]:
        """The cipher suite's name, or None before the handshake."""
        return _or_none(text_of, lib.pyssl_conn_cipher_name, self._handle)

    def get_cipher_version(self) -> Optional[str]:
        """The protocol version that the cipher suite belongs to, or None before the handshake."""
        return _or_none(text_of, lib.pyssl_conn_cipher_version, self._handle)

    def get_cipher_bits(self) -> Optional[int]:
        """The strength of the cipher in bits, or None before the handshake."""
        bits = ffi.new("int *")
        status = lib.pyssl_conn_cipher_bits(self._handle, bits)
        if status == _ABSENT:
            return None
        check(status)
        return int(bits[0])

    def get_cipher_list(self) -> List[str]:
        """The names of the cipher suites that may be used, those of TLS 1.3 first."""
        names = text_of(Error, lib.pyssl_conn_cipher_list, self._handle)
        return names.split(":") if names else []

    def get_group_name(self) -> Optional[str]:
        """The key exchange group's name, or None."""
        return _or_none(text_of, lib.pyssl_conn_group_name, self._handle)

    def get_alpn_proto_negotiated(self) -> bytes:
        """The protocol that ALPN agreed on, or b""."""
        return bytes_of(Error, lib.pyssl_conn_alpn_proto_negotiated, self._handle)

    def get_next_proto_negotiated(self) -> bytes:
        """b"": OpenSSL has no NPN any more; ALPN took its place."""
        return b""

    def get_selected_srtp_profile(self) -> bytes:
        """The name of the SRTP protection profile that was agreed on, or b""."""
        name: Optional[str] = _or_none(text_of, lib.pyssl_conn_selected_srtp_profile, self._handle)
        return b"" if name is None else name.encode()

    def get_servername(self) -> Optional[bytes]:
        """The host name the client asked for, or None; on a client, the one it set."""
        return _or_none(bytes_of, lib.pyssl_conn_servername, self._handle)

    def get_state_string(self) -> bytes:
        """What the handshake is at, in OpenSSL's words."""
        return self.state_string().encode()

    def state_string(self) -> str:
        """As get_state_string, as text."""
        return text_of(Error, lib.pyssl_conn_state_string, self._handle)

    def get_shutdown(self) -> int:
        """SENT_SHUTDOWN and RECEIVED_SHUTDOWN bits."""
        return int_of(Error, "int *", lib.pyssl_conn_shutdown_state, self._handle)

    def get_verify_mode(self) -> int:
        """The VERIFY_* bits."""
        return int_of(Error, "int *", lib.pyssl_conn_verify_mode, self._handle)

    def get_finished(self) -> Optional[bytes]:
        """This end's last Finished message, or None."""
        return _or_none(bytes_of, lib.pyssl_conn_finished, self._handle)

    def get_peer_finished(self) -> Optional[bytes]:
        """The peer's last Finished message, or None."""
        return _or_none(bytes_of, lib.pyssl_conn_peer_finished, self._handle)

    def client_random(self) -> Optional[bytes]:
        """The client's random value, or None before there is a session."""
        return _or_none(bytes_of, lib.pyssl_conn_client_random, self._handle)

    def server_random(self) -> Optional[bytes]:
        """The server's random value, or None before there is a session."""
        return _or_none(bytes_of, lib.pyssl_conn_server_random, self._handle)

    def master_key(self) -> Optional[bytes]:
        """The session's master secret, or None before there is a session. Whoever has it can read the session."""
        return _or_none(bytes_of, lib.pyssl_conn_master_key, self._handle)

    def export_keying_material(self, label: bytes, olen: int, context: Optional[bytes] = None) -> bytes:
        """Keying material of `olen` bytes for another protocol (RFC 5705).

        No context and an empty one differ up to TLS 1.2. Error before the handshake is done.
        """
        for name, value in (("label", label), ("context", context)):
            if not isinstance(value, bytes) and (value is not None or name == "label"):
                raise TypeError(f"{name} must be a byte string")
        if olen < 0:
            raise ValueError("olen must not be negative")
        out = ffi.new("uint8_t[]", olen)
        given, length = (ffi.NULL, 0) if context is None else (ffi.from_buffer("uint8_t[]", context), len(context))
        check(
            lib.pyssl_conn_export_keying_material(self._handle, label, len(label), given, length, out, olen),
        )
        material: bytes = ffi.buffer(out, olen)[:]
        return material

    def pending(self) -> int:
        """Decrypted bytes that can be received without asking the peer."""
        return int_of(Error, "size_t *", lib.pyssl_conn_pending, self._handle)

    def want_read(self) -> int:
        """1 when bytes of the peer must come before the last operation can go on, else 0."""
        return int(int_of(Error, "int *", lib.pyssl_conn_want, self._handle) == lib.PYSSL_WANT_READ)

    def want_write(self) -> int:
        """1 when the transport must take bytes before the last operation can go on, else 0."""
        return int(int_of(Error, "int *", lib.pyssl_conn_want, self._handle) == lib.PYSSL_WANT_WRITE)

    def renegotiate_pending(self) -> bool:
        """Whether a renegotiation was asked for and is not done."""
        return bool(int_of(Error, "int *", lib.pyssl_conn_renegotiate_pending, self._handle))

    def total_renegotiations(self) -> int:
        """How many renegotiations this end asked for, or a client was asked for. A server does not count a client's."""
        return int_of(Error, "int64_t *", lib.pyssl_conn_total_renegotiations, self._handle)

    def get_cleartext_mtu(self) -> int:
        """DTLS: how many bytes of data fit one datagram; 0 before the handshake."""
        return int_of(Error, "size_t *", lib.pyssl_conn_cleartext_mtu, self._handle)


def _or_none(how: Callable[..., _T], function: Any, handle: Any) -> Optional[_T]:
    try:
        return how(Error, function, handle)
    except Error as error:
        if error.status == _ABSENT:
            return None
        raise


def _one(function: Any, conn: Any, as_cryptography: bool) -> Union[X509, x509.Certificate, None]:
    handle = handle_of(Error, "pyssl_x509 **", function, conn)
    if handle == ffi.NULL:
        return None
    cert = X509._adopt(handle)
    return cert.to_cryptography() if as_cryptography else cert


def _chain(function: Any, conn: Any, as_cryptography: bool) -> Union[List[X509], List[x509.Certificate], None]:
    handles = _handles("pyssl_x509 *", function, conn)
    if handles is None:
        return None
    chain = [X509._adopt(handle) for handle in handles]
    return [cert.to_cryptography() for cert in chain] if as_cryptography else chain


def _handles(kind: str, function: Any, conn: Any) -> Optional[List[Any]]:
    """The new handles that function(conn, room, size, count) stores; None where there are none to speak of."""
    count, size = ffi.new("size_t *"), 16
    while True:
        room = ffi.new(f"{kind}[]", size)
        status = function(conn, room, size, count)
        if status == _ABSENT:
            return None
        if status != lib.PYSSL_ERR_BUFFER:
            check(status)
            return list(room[0 : count[0]])
        size = count[0]
