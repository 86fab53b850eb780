"""What python/speedups does past cffi is what the calls it stands for do, for every size and whatever it is given.

All but the last few run in both modes, on the same expectations.
"""

from __future__ import annotations

import os
import socket
from typing import Any, List, Tuple

import pytest
from support import connected, pump, second_certificate, socket_pair

from OpenSSL import SSL, _native, crypto

speedups = _native.speedups
#: Around the room on the stack (4096), the largest record (16384), and what two of them take.
SIZES = (1, 2, 100, 4095, 4096, 4097, 5000, 8191, 8192, 16383, 16384)


def message(size: int) -> bytes:
    return os.urandom(size)


def test_each_mode_has_what_it_says() -> None:
    assert (speedups is None) == (_native.mode == "abi")


@pytest.mark.parametrize("before", [1, 16384])
@pytest.mark.parametrize("size", SIZES)
def test_a_record_is_received_whole_whatever_came_before(size: int, before: int) -> None:
    client, server = connected()
    for data in (message(before), message(size)):
        assert client.send(data) == len(data)
        pump(client, server)
        assert server.recv(len(data), socket.MSG_PEEK) == data
        assert server.recv(20000) == data
        with pytest.raises(SSL.WantReadError):
            server.recv(1)


@pytest.mark.parametrize("room", [1, 4095, 4096, 4097, 10000])
def test_a_record_is_received_in_pieces_of_what_was_asked_for(room: int) -> None:
    client, server = connected()
    data = message(16384) if room > 1 else message(300)
    for _ in range(2):
        client.send(data)
        pump(client, server)
        pieces: List[bytes] = []
        while len(b"".join(pieces)) < len(data):
            pieces.append(server.recv(room))
        assert b"".join(pieces) == data
        assert {len(piece) for piece in pieces[:-1]} <= {room}


def test_a_message_ends_with_its_record() -> None:
    client, server = connected()
    for data in (message(4096), message(5000), message(10), message(16384)):
        client.send(data)
    pump(client, server)
    assert [len(server.recv(16384)) for _ in range(4)] == [4096, 5000, 10, 16384]


@pytest.mark.parametrize("room", [1, 5, 4096, 4097, 16406, 40000, 65536, 200000, 2**40])
def test_ciphertext_comes_in_pieces_of_what_was_asked_for(room: int) -> None:
    client, server = connected()
    data = [message(16384), message(16384), message(16384), message(77)] if room > 5 else [message(40)]
    for piece in data:
        client.send(piece)
    lengths = []
    while True:
        try:
            ciphertext = client.bio_read(room)
        except SSL.WantReadError:
            break
        lengths.append(len(ciphertext))
        assert server.bio_write(ciphertext) == len(ciphertext)
    assert set(lengths[:-1]) <= {room} and sum(lengths) == sum(len(piece) + 22 for piece in data)
    assert [server.recv(16384) for _ in data] == data


def test_after_close_notify_and_after_close() -> None:
    client, server = connected()
    client.shutdown()
    pump(client, server)
    with pytest.raises(SSL.ZeroReturnError):
        server.recv(10)
    server._close()
    for call in (lambda: server.recv(10), lambda: server.send(b"x"), lambda: server.bio_read(10)):
        with pytest.raises(SSL.SysCallError) as caught:
            call()
        assert caught.value.args == (9, "EBADF")


def test_a_socket_is_no_place_to_pump() -> None:
    client, _ = socket_pair()
    for call in (lambda: client.bio_read(10), lambda: client.bio_write(b"x")):
        with pytest.raises(TypeError, match="Connection sock was not None"):
            call()


@pytest.mark.parametrize("name", ["send", "sendall", "bio_write"])
def test_text_in_place_of_bytes_warns_where_it_was_given(name: str) -> None:
    client, _ = connected()
    with pytest.warns(DeprecationWarning, match="str for buf") as caught:
        getattr(client, name)("text")
    assert [warning.filename for warning in caught] == [__file__]


def test_certificates_read_the_same_by_both_ways() -> None:
    cert = second_certificate()
    lib, handle = _native.lib, cert._handle
    serial = _native.bytes_of(crypto.Error, lib.pyssl_x509_serial, handle)
    assert cert.get_serial_number() == int.from_bytes(serial, "big", signed=True)
    assert cert.get_notAfter() == _native.bytes_of(crypto.Error, lib.pyssl_x509_not_after, handle)
    assert cert.get_notBefore() == _native.bytes_of(crypto.Error, lib.pyssl_x509_not_before, handle)
    empty = crypto.X509()
    assert (empty.get_notAfter(), empty.get_notBefore(), empty.get_serial_number()) == (None, None, 0)
    with pytest.raises(ValueError):
        empty.has_expired()


def test_a_long_name_and_a_long_serial_number() -> None:
    cert = crypto.X509()
    serial = -(2**8001) + 12345
    cert.set_serial_number(serial)
    assert cert.get_serial_number() == serial
    subject = cert.get_subject()
    name = "ä" * 60
    subject.CN = name
    assert (subject.CN, subject.commonName, cert.get_subject().CN, subject.OU) == (name, name, name, None)
    for attribute in ("noSuchName", "CN\0x"):
        with pytest.raises(AttributeError):
            getattr(subject, attribute)


def test_a_view_has_one_handle_however_it_is_used() -> None:
    cert = second_certificate()
    before = _native.lib.pyssl_handle_count()
    for use in (lambda view: view.CN, lambda view: view.der(), lambda view: (view.CN, view.der(), view.CN)):
        view = cert.get_subject()
        use(view)
        assert _native.lib.pyssl_handle_count() == before + 1
        del view
        assert _native.lib.pyssl_handle_count() == before


#: Each function with arguments of the right kind for the handle 0x1234, which is none.
CALLS: Tuple[Tuple[str, Tuple[Any, ...]], ...] = (
    ("name_free", (0x1234,)),
    ("name_get", (0x1234, b"CN")),
    ("x509_has_expired", (0x1234,)),
    ("x509_issuer", (0x1234,)),
    ("x509_not_after", (0x1234,)),
    ("x509_not_before", (0x1234,)),
    ("x509_serial", (0x1234,)),
    ("x509_subject", (0x1234,)),
)

if speedups is not None:

    @pytest.mark.parametrize("name, arguments", CALLS)
    def test_bad_arguments_are_errors(name: str, arguments: Tuple[Any, ...]) -> None:
        function = getattr(speedups, name)
        assert function(*arguments) == _native.lib.PYSSL_ERR_HANDLE
        for wrong in ((), (*arguments, 1)):
            with pytest.raises(TypeError, match="arguments, not"):
                function(*wrong)
        for place in range(len(arguments)):
            with pytest.raises(TypeError):
                function(*arguments[:place], 1.5, *arguments[place + 1 :])
        for number in (-1, 2**64):
            with pytest.raises(OverflowError):
                function(number, *arguments[1:])

    def test_every_compiled_function_is_tested() -> None:
        functions = {name for name in dir(speedups) if not name.startswith("_")}
        assert functions == {"conn_type"} | {name for name, _ in CALLS}

    def test_the_compiled_class_is_harmless_alone() -> None:
        for wrong in ((), (1, 2)):
            with pytest.raises(TypeError, match="arguments, not"):
                speedups.conn_type(*wrong)
        with pytest.raises(AttributeError, match="recv"):
            speedups.conn_type(object)
        alone = speedups.conn_type(SSL.Connection)()
        calls: Any = (lambda: alone.recv(1), lambda: alone.send(b"x"), lambda: alone.bio_read(1), lambda: alone.recv())
        for call in calls:
            with pytest.raises(AttributeError):
                call()
