"""NetscapeSPKI: both ways with `openssl spkac`."""

from __future__ import annotations

import base64
import contextlib
import subprocess
from pathlib import Path

import pytest
from mutations import survive
from pki import openssl

from OpenSSL import crypto
from OpenSSL.crypto import NetscapeSPKI


def new_key(bits: int = 2048) -> crypto.PKey:
    key = crypto.PKey()
    key.generate_key(crypto.TYPE_RSA, bits)
    return key


def signed(key: crypto.PKey) -> NetscapeSPKI:
    spki = NetscapeSPKI()
    spki.set_pubkey(key)
    spki.sign(key, "sha256")
    return spki


def public(key: crypto.PKey) -> bytes:
    return crypto.dump_publickey(crypto.FILETYPE_PEM, key)


@pytest.mark.usefixtures("each_openssl")
class TestWithOpenssl:
    def test_the_command_reads_and_verifies_ours(self, tmp_path: Path) -> None:
        key = new_key()
        (tmp_path / "spkac").write_bytes(b"SPKAC=" + signed(key).b64_encode() + b"\n")
        done = subprocess.run(
            ["openssl", "spkac", "-in", tmp_path / "spkac", "-verify", "-pubkey"], capture_output=True, check=True
        )
        assert b"Signature OK" in done.stderr
        assert public(key) in done.stdout

    @pytest.mark.parametrize("challenge", [[], ["-challenge", "hello"]])
    def test_ours_reads_and_verifies_the_command_s(self, tmp_path: Path, challenge: list[str]) -> None:
        key = new_key()
        (tmp_path / "key").write_bytes(crypto.dump_privatekey(crypto.FILETYPE_PEM, key))
        line = openssl("spkac", "-key", tmp_path / "key", *challenge)
        text = line.split(b"=", 1)[1]
        for given_ in (text, text.decode(), text.strip(), b" \n" + text):
            spki = NetscapeSPKI(given_)
            assert spki.verify(spki.get_pubkey()) is True
            assert public(spki.get_pubkey()) == public(key)
            assert spki.b64_encode() == text.strip()


class TestObject:
    def test_round_trip(self) -> None:
        key = new_key(1024)
        text = signed(key).b64_encode()
        assert type(text) is bytes and base64.b64decode(text, validate=True)
        assert NetscapeSPKI(text).b64_encode() == text
        assert NetscapeSPKI(enc=text).verify(key) is True

    def test_verify_with_another_key(self) -> None:
        with pytest.raises(crypto.Error):
            signed(new_key(1024)).verify(new_key(1024))

    def test_verify_without_signature(self) -> None:
        spki, key = NetscapeSPKI(), new_key(1024)
        spki.set_pubkey(key)
        with pytest.raises(crypto.Error):
            spki.verify(key)

    def test_empty(self) -> None:
        with pytest.raises(crypto.Error):
            NetscapeSPKI().get_pubkey()

    def test_the_key_in_it_is_public_only(self) -> None:
        inside = signed(new_key(1024)).get_pubkey()
        with pytest.raises(crypto.Error):
            crypto.dump_privatekey(crypto.FILETYPE_PEM, inside)

    def test_what_cannot_sign(self) -> None:
        spki, key = NetscapeSPKI(), new_key(1024)
        spki.set_pubkey(key)
        with pytest.raises(ValueError, match="^Key has only public part$"):
            spki.sign(crypto.load_publickey(crypto.FILETYPE_PEM, public(key)), "sha256")
        with pytest.raises(ValueError, match="^Key is uninitialized$"):
            spki.sign(crypto.PKey(), "sha256")
        with pytest.raises(ValueError, match="^No such digest method: "):
            spki.sign(key, "no such digest")
        with pytest.raises(AttributeError):
            spki.sign(key, b"sha256")  # type: ignore[arg-type]

    def test_wrong_types(self) -> None:
        spki = NetscapeSPKI()
        for wrong in (None, "key", crypto.PKey):
            with pytest.raises(TypeError):
                spki.sign(wrong, "sha256")  # type: ignore[arg-type]
            with pytest.raises(TypeError):
                spki.verify(wrong)  # type: ignore[arg-type]
            with pytest.raises(TypeError):
                spki.set_pubkey(wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            NetscapeSPKI(3)  # type: ignore[arg-type]

    @pytest.mark.parametrize("junk", [b"", b" ", b"AAAA", b"not base64!", b"MAA=", "=="])
    def test_junk(self, junk: bytes) -> None:
        with pytest.raises(crypto.Error):
            NetscapeSPKI(junk)

    def test_old_name(self) -> None:
        assert crypto.NetscapeSPKIType is NetscapeSPKI
        assert repr(NetscapeSPKI) == "<class 'OpenSSL.crypto.NetscapeSPKI'>"


@pytest.mark.parametrize("inside", [False, True], ids=["of the base64", "inside it"])
def test_mutations_load_or_are_an_error(inside: bool) -> None:
    key = new_key(1024)
    valid = signed(key).b64_encode()
    public_key = crypto.load_publickey(crypto.FILETYPE_PEM, public(key))

    def use(data: bytes) -> None:
        spki = NetscapeSPKI(data)
        for question in (spki.get_pubkey, spki.b64_encode, lambda: spki.verify(public_key)):
            with contextlib.suppress(crypto.Error):
                question()

    if inside:
        survive(base64.b64decode(valid), use, base64.b64encode)
    else:
        survive(valid, use)
