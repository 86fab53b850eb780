"""Keys: generate, inspect, load and dump."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, List

import pytest

from OpenSSL import crypto
from OpenSSL.crypto import FILETYPE_ASN1, FILETYPE_PEM, FILETYPE_TEXT, PKey

Der = FILETYPE_ASN1


def generated(type: int, *bits: Any) -> PKey:
    key = PKey()
    key.generate_key(type, *bits)
    return key


def test_a_new_key_is_empty() -> None:
    key = PKey()
    assert (key.type(), key.bits()) == (0, 0)
    for dump in (crypto.dump_privatekey, crypto.dump_publickey):
        with pytest.raises(crypto.Error):
            dump(FILETYPE_PEM, key)


@pytest.mark.parametrize(
    "type, size, expected",
    [
        (crypto.TYPE_RSA, (1024,), (6, 1024)),
        (crypto.TYPE_DSA, (1024,), (116, 1024)),
        (crypto.TYPE_EC, ("prime256v1",), (408, 256)),
        (crypto.TYPE_EC, ("P-384",), (408, 384)),
        (crypto.TYPE_EC, (521,), (408, 521)),
        (crypto.TYPE_EC, (crypto.get_elliptic_curve("secp256k1"),), (408, 256)),
        (crypto.TYPE_ED25519, (), (1087, 256)),
        (crypto.TYPE_ED448, (), (1088, 456)),
    ],
)
@pytest.mark.usefixtures("each_openssl")
def test_generate_key_makes_a_key_that_openssl_accepts(type: int, size: Any, expected: Any, openssl: Any) -> None:
    key = generated(type, *size)
    assert (key.type(), key.bits()) == expected
    pem = crypto.dump_privatekey(FILETYPE_PEM, key)
    assert openssl("pkey", "-check", "-noout", stdin=pem) == b"Key is valid\n"
    assert openssl("pkey", "-pubout", stdin=pem) == crypto.dump_publickey(FILETYPE_PEM, key)


def test_generate_key_refuses_what_cannot_be() -> None:
    """Note 84."""
    key = PKey()
    with pytest.raises(TypeError, match="^type must be an integer$"):
        key.generate_key("RSA", 1024)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="^bits must be an integer$"):
        key.generate_key(crypto.TYPE_RSA, "1024")
    with pytest.raises(ValueError, match="^Invalid number of bits$"):
        key.generate_key(crypto.TYPE_RSA, 0)
    for type, bits in ((crypto.TYPE_RSA, 100), (crypto.TYPE_DSA, 0), (crypto.TYPE_DSA, -7), (crypto.TYPE_EC, "none")):
        with pytest.raises(crypto.Error):
            key.generate_key(type, bits)
    with pytest.raises(crypto.Error) as refused:
        key.generate_key(crypto.TYPE_DH, 1024)
    assert refused.value.args == ("No such key type",)
    assert key.type() == 0


def test_check(rsa: PKey, ec: PKey) -> None:
    assert rsa.check() is True
    public = crypto.load_publickey(FILETYPE_PEM, crypto.dump_publickey(FILETYPE_PEM, rsa))
    with pytest.raises(TypeError, match="^public key only$"):
        public.check()
    for other in (ec, PKey()):
        with pytest.raises(TypeError, match=r"^Only RSA keys can currently be checked\.$"):
            other.check()


def test_check_finds_a_key_whose_numbers_do_not_fit(openssl: Any, rsa_pem: bytes) -> None:
    der = bytearray(openssl("rsa", "-traditional", "-outform", "DER", stdin=rsa_pem))
    der[-1] ^= 1  # the last byte of the CRT coefficient
    broken = crypto.load_privatekey(Der, bytes(der))
    with pytest.raises(crypto.Error):
        broken.check()


def test_keys_are_compared_and_hashed_by_identity(rsa_pem: bytes) -> None:
    """Note 83."""
    one, other = (crypto.load_privatekey(FILETYPE_PEM, rsa_pem) for _ in range(2))
    assert one != other and len({one, other, one}) == 2


@pytest.mark.parametrize("algorithm", ["RSA", "DSA", "EC", "ED25519", "ED448"])
@pytest.mark.usefixtures("each_openssl")
def test_pem_and_der_round_trip_byte_for_byte(algorithm: str, openssl: Any) -> None:
    """Note 85: PEM is PKCS#8, DER the traditional form of its kind where there is one."""
    if algorithm == "DSA":
        pem = openssl("genpkey", "-paramfile", "/dev/stdin", stdin=openssl("dsaparam", "1024"))
    else:
        options = {"RSA": ["-pkeyopt", "rsa_keygen_bits:1024"], "EC": ["-pkeyopt", "ec_paramgen_curve:P-384"]}
        pem = openssl("genpkey", "-algorithm", algorithm, *options.get(algorithm, []))
    assert pem.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    key = crypto.load_privatekey(FILETYPE_PEM, pem)
    assert crypto.dump_privatekey(FILETYPE_PEM, key) == pem
    der = crypto.dump_privatekey(Der, key)
    if algorithm.startswith("ED"):
        assert der == openssl("pkey", "-outform", "DER", stdin=pem)
    else:
        assert der == openssl(algorithm.lower(), "-outform", "DER", *traditional(algorithm), stdin=pem)
    for form in (der, openssl("pkcs8", "-topk8", "-nocrypt", "-outform", "DER", stdin=pem)):
        assert crypto.dump_privatekey(FILETYPE_PEM, crypto.load_privatekey(Der, form)) == pem
    public = openssl("pkey", "-pubout", stdin=pem)
    assert crypto.dump_publickey(FILETYPE_PEM, crypto.load_publickey(FILETYPE_PEM, public)) == public
    public_der = openssl("pkey", "-pubout", "-outform", "DER", stdin=pem)
    assert crypto.dump_publickey(Der, crypto.load_publickey(Der, public_der)) == public_der


def traditional(algorithm: str) -> List[str]:
    return ["-traditional"] if algorithm == "RSA" else []


@pytest.mark.usefixtures("each_openssl")
def test_traditional_pem_is_loaded_plain_and_encrypted(openssl: Any, rsa_pem: bytes, ec_pem: bytes) -> None:
    plain = openssl("rsa", "-traditional", stdin=rsa_pem)
    assert plain.startswith(b"-----BEGIN RSA PRIVATE KEY-----")
    encrypted = openssl("rsa", "-traditional", "-aes128", "-passout", "pass:foobar", stdin=rsa_pem)
    assert b"Proc-Type: 4,ENCRYPTED" in encrypted
    for pem, secret in ((plain, None), (encrypted, b"foobar")):
        key = crypto.load_privatekey(FILETYPE_PEM, pem, secret)
        assert crypto.dump_privatekey(FILETYPE_PEM, key) == rsa_pem
    ec = crypto.load_privatekey(FILETYPE_PEM, openssl("ec", stdin=ec_pem))
    assert crypto.dump_privatekey(FILETYPE_PEM, ec) == ec_pem


@pytest.mark.usefixtures("each_openssl")
def test_text_is_for_rsa_only(rsa: PKey, ec: PKey, openssl: Any, rsa_pem: bytes) -> None:
    """Note 85."""
    text = crypto.dump_privatekey(FILETYPE_TEXT, rsa)
    assert text.startswith(b"RSA Private-Key: (2048 bit, 2 primes)\nmodulus:\n")
    theirs = openssl("rsa", "-text", "-noout", stdin=rsa_pem)
    assert numbers(text) == numbers(theirs)
    with pytest.raises(TypeError, match="^Only RSA keys are supported for FILETYPE_TEXT$"):
        crypto.dump_privatekey(FILETYPE_TEXT, ec)


def numbers(text: bytes) -> List[int]:
    """The numbers in a key's text, whose printers differ in leading zeros and where lines end."""
    lines = b"".join(line.strip() if line.startswith(b"    ") else b"/" for line in text.splitlines())
    return [int(number.replace(b":", b""), 16) for number in lines.split(b"/") if number]


def test_an_encrypted_key_takes_its_passphrase_as_bytes_or_from_a_callable(rsa: PKey, rsa_pem: bytes) -> None:
    """Notes 41 and 86."""
    asked: List[int] = []

    def passphrase(writing: int) -> bytes:
        asked.append(writing)
        return b"secret"

    for given in (b"secret", passphrase):
        pem = crypto.dump_privatekey(FILETYPE_PEM, rsa, "aes-256-cbc", given)
        assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        for answer in (b"secret", passphrase):
            key = crypto.load_privatekey(FILETYPE_PEM, pem, answer)
            assert crypto.dump_privatekey(FILETYPE_PEM, key) == rsa_pem
    assert asked == [0, 1, 0]
    crypto.load_privatekey(FILETYPE_PEM, rsa_pem, passphrase)
    assert asked == [0, 1, 0], "a key that is not encrypted needs no passphrase"


@pytest.mark.usefixtures("each_openssl")
def test_openssl_reads_what_is_encrypted_here_and_the_other_way_round(rsa: PKey, rsa_pem: bytes, openssl: Any) -> None:
    for cipher in ("aes-256-cbc", "aes128", "des3", "aria-256-cbc", "camellia-256-cbc"):
        ours = crypto.dump_privatekey(FILETYPE_PEM, rsa, cipher, b"s3cret")
        assert openssl("pkey", "-passin", "pass:s3cret", stdin=ours) == rsa_pem
        theirs = openssl("pkey", "-" + cipher, "-passout", "pass:s3cret", stdin=rsa_pem)
        assert crypto.dump_privatekey(FILETYPE_PEM, crypto.load_privatekey(FILETYPE_PEM, theirs, b"s3cret")) == rsa_pem


@pytest.mark.parametrize("passphrase", [b"", b"a\0b", b"\0", b"x" * 1024, "grüße".encode()])
def test_every_byte_of_a_passphrase_counts(ec: PKey, ec_pem: bytes, passphrase: bytes) -> None:
    """Note 88."""
    pem = crypto.dump_privatekey(FILETYPE_PEM, ec, "aes-128-cbc", passphrase)
    assert crypto.dump_privatekey(FILETYPE_PEM, crypto.load_privatekey(FILETYPE_PEM, pem, passphrase)) == ec_pem
    for wrong in (passphrase[:-1] + b"!", passphrase.split(b"\0")[0][:1023] + b"?"):
        with pytest.raises(crypto.Error, match="passphrase is wrong"):
            crypto.load_privatekey(FILETYPE_PEM, pem, wrong)


def test_a_wrong_passphrase_is_a_clear_error(rsa: PKey) -> None:
    pem = crypto.dump_privatekey(FILETYPE_PEM, rsa, "aes-256-cbc", b"right")
    with pytest.raises(crypto.Error, match="cannot load the private key: the passphrase is wrong") as refused:
        crypto.load_privatekey(FILETYPE_PEM, pem, b"wrong")
    assert ("Provider routines", "", "bad decrypt") in refused.value.args[0]


def test_passphrase_rules(rsa: PKey, rsa_pem: bytes) -> None:
    """Notes 41, 60 and 87."""
    pem = crypto.dump_privatekey(FILETYPE_PEM, rsa, "aes-256-cbc", b"secret")
    for answer in (None, False, "secret", bytearray(b"secret")):
        with pytest.raises(ValueError, match="^Bytes expected$"):
            crypto.load_privatekey(FILETYPE_PEM, pem, lambda *_, given=answer: given)
        with pytest.raises(ValueError, match="^Bytes expected$"):
            crypto.dump_privatekey(FILETYPE_PEM, rsa, "aes-256-cbc", lambda *_, given=answer: given)
    for long in (b"x" * 1025, lambda *_: b"x" * 1025):
        with pytest.raises(ValueError, match="^passphrase returned by callback is too long$"):
            crypto.load_privatekey(FILETYPE_PEM, pem, long)
        with pytest.raises(ValueError, match="^passphrase returned by callback is too long$"):
            crypto.dump_privatekey(FILETYPE_PEM, rsa, "aes-256-cbc", long)
    for wrong in ("secret", 5, bytearray(b"secret")):
        with pytest.raises(TypeError, match=r"^Last argument must be a byte string or a callable\.$"):
            crypto.load_privatekey(FILETYPE_PEM, pem, wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"^Last argument must be a byte string or a callable\.$"):
            crypto.dump_privatekey(FILETYPE_PEM, rsa, None, wrong)  # type: ignore[arg-type]
    for type in (FILETYPE_ASN1, FILETYPE_TEXT, 9):
        with pytest.raises(ValueError, match="^only FILETYPE_PEM key format supports encryption$"):
            crypto.load_privatekey(type, b"", b"secret")
    with pytest.raises(TypeError, match="one must also be given for passphrase"):
        crypto.dump_privatekey(FILETYPE_PEM, rsa, "aes-256-cbc")
    with pytest.raises(ValueError, match="^Invalid cipher name: "):
        crypto.dump_privatekey(FILETYPE_PEM, rsa, "no-such-cipher", b"secret")
    assert crypto.dump_privatekey(FILETYPE_PEM, rsa, None, b"secret") == rsa_pem


def test_nobody_is_asked_for_the_passphrase_of_a_cipher_that_is_none(rsa: PKey) -> None:
    asked: List[int] = []

    def ask(writing: int) -> bytes:
        asked.append(writing)
        return b"secret"

    public = crypto.load_publickey(FILETYPE_PEM, crypto.dump_publickey(FILETYPE_PEM, rsa))
    for type, key in ((FILETYPE_PEM, rsa), (FILETYPE_ASN1, rsa), (FILETYPE_PEM, PKey()), (FILETYPE_PEM, public)):
        for cipher in ("no-such-cipher", "", "ä"):
            with pytest.raises(ValueError, match="^Invalid cipher name: "):
                crypto.dump_privatekey(type, key, cipher, ask)
    assert not asked
    crypto.dump_privatekey(FILETYPE_PEM, rsa, "aes-256-cbc", ask)
    assert asked == [1]


def test_the_exception_of_a_passphrase_callable_surfaces_as_it_is(rsa: PKey) -> None:
    class Mine(BaseException):
        pass

    pem = crypto.dump_privatekey(FILETYPE_PEM, rsa, "aes-256-cbc", b"secret")
    calls: List[int] = []
    mine = Mine("no")

    def refuse(writing: int) -> bytes:
        calls.append(writing)
        raise mine

    for call in (
        lambda: crypto.load_privatekey(FILETYPE_PEM, pem, refuse),
        lambda: crypto.dump_privatekey(FILETYPE_PEM, rsa, "aes-256-cbc", refuse),
    ):
        with pytest.raises(Mine) as raised:
            call()
        assert raised.value is mine
    assert calls == [0, 1], "asked once each time"
    # and nothing of it is left for the next call
    crypto.load_privatekey(FILETYPE_PEM, pem, b"secret")


def test_a_passphrase_callable_may_load_another_key(rsa: PKey, ec: PKey) -> None:
    outer = crypto.dump_privatekey(FILETYPE_PEM, rsa, "aes-256-cbc", b"outer")
    inner = crypto.dump_privatekey(FILETYPE_PEM, ec, "aes-256-cbc", b"inner")

    def passphrase(writing: int) -> bytes:
        assert crypto.load_privatekey(FILETYPE_PEM, inner, lambda _: b"inner").type() == crypto.TYPE_EC
        return b"outer"

    assert crypto.load_privatekey(FILETYPE_PEM, outer, passphrase).type() == crypto.TYPE_RSA


PROMPTED = """
import os, pty, sys
from OpenSSL import crypto
pem = open(sys.argv[1], "rb").read()
try:
    crypto.load_privatekey(crypto.FILETYPE_PEM, pem)
except crypto.Error as error:
    print("Error:", error)
"""


@pytest.mark.parametrize("form", ["pkcs8", "traditional"])
def test_an_encrypted_key_without_passphrase_is_an_error_and_no_prompt(
    form: str, openssl: Any, rsa_pem: bytes, tmp_path: Path
) -> None:
    """DESIGN rule 5, note 90: with a terminal of its own, where OpenSSL's default would ask and wait."""
    how = ["rsa", "-traditional"] if form == "traditional" else ["pkey"]
    pem = tmp_path / "key.pem"
    pem.write_bytes(openssl(*how, "-aes128", "-passout", "pass:x", stdin=rsa_pem))
    script = tmp_path / "load.py"
    script.write_text(PROMPTED)
    run = f"{sys.executable} {script} {pem}"
    done = subprocess.run(
        ["script", "-qec", run, "/dev/null"], capture_output=True, timeout=30, stdin=subprocess.DEVNULL
    )
    output = done.stdout.decode()
    assert "the key is encrypted and no passphrase was given" in output
    assert "Enter PEM" not in output


def test_file_types(rsa: PKey) -> None:
    """Note 66."""
    type: Any
    for type in (FILETYPE_TEXT, 0, 9, "PEM"):
        for load in (crypto.load_privatekey, crypto.load_publickey):
            with pytest.raises(ValueError, match="^type argument must be FILETYPE_PEM or FILETYPE_ASN1$"):
                load(type, b"")
        with pytest.raises(ValueError, match="^type argument must be FILETYPE_PEM or FILETYPE_ASN1$"):
            crypto.dump_publickey(type, rsa)
    with pytest.raises(ValueError, match="^type argument must be FILETYPE_PEM, FILETYPE_ASN1, or FILETYPE_TEXT$"):
        crypto.dump_privatekey(9, rsa)


def test_load_takes_bytes_ascii_text_and_none(rsa_pem: bytes) -> None:
    """Notes 59 and 89."""
    assert crypto.load_privatekey(FILETYPE_PEM, rsa_pem.decode()).bits() == 2048
    assert crypto.load_privatekey(FILETYPE_PEM, b"some text before\n" + rsa_pem + b"and after").bits() == 2048
    with pytest.raises(UnicodeEncodeError):
        crypto.load_privatekey(FILETYPE_PEM, "é")
    for wrong in (bytearray(rsa_pem), memoryview(rsa_pem), 5):
        with pytest.raises(TypeError):
            crypto.load_privatekey(FILETYPE_PEM, wrong)  # type: ignore[arg-type]
    for empty in (None, b"", "", b"garbage", rsa_pem[: len(rsa_pem) // 2]):
        with pytest.raises(crypto.Error) as refused:
            crypto.load_privatekey(FILETYPE_PEM, empty)  # type: ignore[arg-type]
        assert refused.value.args[0], "OpenSSL says why"
    with pytest.raises(TypeError, match="^pkey must be a PKey$"):
        crypto.dump_privatekey(FILETYPE_PEM, None)  # type: ignore[arg-type]


def test_a_public_key_has_no_private_part(rsa: PKey) -> None:
    """Note 82."""
    public = crypto.load_publickey(FILETYPE_PEM, crypto.dump_publickey(FILETYPE_PEM, rsa))
    assert (public.type(), public.bits()) == (6, 2048)
    for type in (FILETYPE_PEM, FILETYPE_ASN1):
        with pytest.raises(crypto.Error, match="only its public part"):
            crypto.dump_privatekey(type, public)
    assert crypto.dump_privatekey(FILETYPE_TEXT, public).startswith(b"RSA Public-Key: (2048 bit)")


@pytest.mark.usefixtures("each_openssl")
def test_curves(openssl: Any) -> None:
    curves = crypto.get_elliptic_curves()
    assert curves is crypto.get_elliptic_curves() and len(curves) > 60
    p256 = crypto.get_elliptic_curve("prime256v1")
    assert p256 in curves and p256 is crypto.get_elliptic_curve("prime256v1")
    assert p256.name == "prime256v1" and repr(p256) == "<Curve 'prime256v1'>"
    text: Any = "prime256v1"
    assert p256 != text
    theirs = {
        line.split(":")[0].strip() for line in openssl("ecparam", "-list_curves").decode().splitlines() if ":" in line
    }
    ours = {curve.name for curve in curves}
    assert {"prime256v1", "secp384r1", "secp521r1", "secp256k1"} <= ours & theirs
    with pytest.raises(ValueError) as refused:
        crypto.get_elliptic_curve("no such curve")
    assert refused.value.args == ("unknown curve name", "no such curve")


@pytest.mark.usefixtures("each_openssl")
def test_sign_and_verify_agree_with_openssl(rsa: PKey, ec: PKey, ed25519: PKey, openssl: Any, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.write_bytes(b"to be signed\0\xff")
    for key, digest in ((rsa, "sha256"), (rsa, "SHA1"), (ec, "sha384"), (ed25519, None)):
        signature = crypto.sign(key, data.read_bytes(), digest)
        (tmp_path / "signature").write_bytes(signature)
        (tmp_path / "public").write_bytes(crypto.dump_publickey(FILETYPE_PEM, key))
        raw = ["-rawin"] + (["-digest", digest.lower()] if digest else [])
        told = openssl("pkeyutl", "-verify", "-pubin", "-inkey", str(tmp_path / "public"), "-in", str(data),
                       "-sigfile", str(tmp_path / "signature"), *raw)  # fmt: skip
        assert b"Signature Verified Successfully" in told
        cert = crypto.X509()
        cert.set_pubkey(key)
        assert crypto.verify(cert, signature, data.read_bytes(), digest) is None  # type: ignore[func-returns-value]
        with pytest.raises(crypto.Error):
            crypto.verify(cert, signature, b"other data", digest)
        with pytest.raises(crypto.Error):
            crypto.verify(cert, signature[:-1] + bytes([signature[-1] ^ 1]), data.read_bytes(), digest)
    with pytest.raises(ValueError, match="^No such digest method: "):
        crypto.sign(rsa, b"", "no such digest")
    with pytest.raises(ValueError, match="^Key only has public part$"):
        crypto.sign(cert.get_pubkey(), b"", None)
    with pytest.warns(DeprecationWarning, match="str for data is no longer accepted, use bytes"):
        assert crypto.sign(rsa, "text", "sha256") == crypto.sign(rsa, b"text", "sha256")


def test_pickling_is_refused(rsa: PKey) -> None:
    """Note 100."""
    import copy
    import pickle

    with pytest.raises(TypeError):
        pickle.dumps(rsa)
    with pytest.raises(TypeError):
        copy.deepcopy(rsa)
