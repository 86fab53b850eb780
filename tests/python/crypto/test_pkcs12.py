"""PKCS12: both ways with `openssl pkcs12`, in the formats of the past and of today."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mutations import survive
from pki import openssl, pki

from OpenSSL import crypto
from OpenSSL.crypto import PKCS12, load_pkcs12

PEM = crypto.FILETYPE_PEM

#: How `openssl pkcs12 -export` may protect a file.
PROTECTIONS = {
    "today (PBES2, AES-256)": [],
    "legacy (RC2-40 and 3DES)": ["-legacy"],
    "RC2-40 for both": ["-legacy", "-keypbe", "PBE-SHA1-RC2-40", "-certpbe", "PBE-SHA1-RC2-40"],
    "RC2-128 for both": ["-legacy", "-keypbe", "PBE-SHA1-RC2-128", "-certpbe", "PBE-SHA1-RC2-128"],
    "RC4-128 for both": ["-legacy", "-keypbe", "PBE-SHA1-RC4-128", "-certpbe", "PBE-SHA1-RC4-128"],
    "3DES for both": ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"],
    "AES-128": ["-keypbe", "AES-128-CBC", "-certpbe", "AES-128-CBC"],
    "nothing": ["-keypbe", "NONE", "-certpbe", "NONE"],
    "no MAC": ["-nomac"],
    "one round": ["-iter", "1"],
}


def cert(name: str) -> crypto.X509:
    return crypto.load_certificate(PEM, pki().pem(name))


def key(name: str) -> crypto.PKey:
    return crypto.load_privatekey(PEM, pki().key(name))


def der(thing: crypto.X509 | crypto.PKey | None) -> bytes:
    assert thing is not None
    if isinstance(thing, crypto.X509):
        return crypto.dump_certificate(crypto.FILETYPE_ASN1, thing)
    return crypto.dump_privatekey(crypto.FILETYPE_ASN1, thing)


def exported(
    *options: str, passphrase: str = "secret", name: str = "leaf", chain: tuple[str, ...] = ("inter", "root")
) -> bytes:
    """A file of the command."""
    certs = b"".join(pki().pem(one) for one in (name, *chain))
    key_file, phrase = pki().path(f"{name}.key"), f"pass:{passphrase}"
    return openssl("pkcs12", "-export", "-inkey", key_file, "-passout", phrase, *options, stdin=certs)


def full() -> PKCS12:
    p12 = PKCS12()
    p12.set_privatekey(key("leaf"))
    p12.set_certificate(cert("leaf"))
    p12.set_ca_certificates([cert("inter"), cert("root")])
    p12.set_friendlyname("jos\u00e9".encode())
    return p12


class TestLoad:
    @pytest.mark.parametrize("protection", PROTECTIONS)
    @pytest.mark.usefixtures("each_openssl")
    def test_files_of_the_command(self, protection: str) -> None:
        p12 = load_pkcs12(exported("-name", "jos\u00e9", *PROTECTIONS[protection]), b"secret")
        assert der(p12.get_privatekey()) == der(key("leaf"))
        assert der(p12.get_certificate()) == der(cert("leaf"))
        assert [der(one) for one in p12.get_ca_certificates() or ()] == [der(cert("inter")), der(cert("root"))]
        assert p12.get_friendlyname() == "jos\u00e9".encode()

    @pytest.mark.parametrize("protection", ["today (PBES2, AES-256)", "legacy (RC2-40 and 3DES)", "RC4-128 for both"])
    def test_what_comes_out_of_any_file_works_as_any_other(self, protection: str) -> None:
        p12 = load_pkcs12(exported(*PROTECTIONS[protection]), b"secret")
        leaf, pkey = p12.get_certificate(), p12.get_privatekey()
        assert leaf is not None and pkey is not None
        leaf.sign(pkey, "sha256")
        store = crypto.X509Store()
        store.add_cert(cert("root"))
        crypto.X509StoreContext(store, cert("leaf"), p12.get_ca_certificates()).get_verified_chain()
        again = load_pkcs12(p12.export(b"x"), b"x")
        assert der(again.get_privatekey()) == der(pkey)

    @pytest.mark.parametrize("protection", ["today (PBES2, AES-256)", "legacy (RC2-40 and 3DES)"])
    def test_a_wrong_passphrase(self, protection: str) -> None:
        file = exported(*PROTECTIONS[protection])
        for wrong in (b"wrong", b"", None, b"secret "):
            with pytest.raises(crypto.Error, match="mac verify failure"):
                load_pkcs12(file, wrong)

    def test_none_and_empty_are_tried_as_each_other(self) -> None:
        file = exported(passphrase="")
        for nothing in (None, b""):
            assert load_pkcs12(file, nothing).get_certificate() is not None
        assert load_pkcs12(file).get_certificate() is not None
        assert load_pkcs12(full().export()).get_certificate() is not None
        assert load_pkcs12(full().export(b""), None).get_certificate() is not None

    def test_without_key_all_certificates_are_others(self) -> None:
        p12 = load_pkcs12(openssl("pkcs12", "-export", "-nokeys", "-passout", "pass:x", stdin=pki().pem("leaf")), b"x")
        assert p12.get_privatekey() is None and p12.get_certificate() is None and p12.get_friendlyname() is None
        assert [der(one) for one in p12.get_ca_certificates() or ()] == [der(cert("leaf"))]

    def test_without_others(self) -> None:
        assert load_pkcs12(exported(chain=()), b"secret").get_ca_certificates() is None

    def test_str_passphrase_warns(self) -> None:
        with pytest.warns(DeprecationWarning, match="^str for passphrase is no longer accepted, use bytes$") as caught:
            load_pkcs12(exported(passphrase="gr\u00fcn"), "gr\u00fcn")  # type: ignore[arg-type]
        assert caught[0].filename == __file__
        assert load_pkcs12(exported(passphrase="gr\u00fcn"), "gr\u00fcn".encode()).get_certificate() is not None

    def test_wrong_arguments(self) -> None:
        for junk in (b"", b"junk", "junk", pki().pem("leaf"), exported()[:200]):
            with pytest.raises(crypto.Error):
                load_pkcs12(junk, b"secret")
        with pytest.raises(TypeError):
            load_pkcs12(bytearray(exported()), b"secret")  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            load_pkcs12(exported(), 3)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="NUL"):
            load_pkcs12(exported(), b"secret\0more")

    def test_legacy_algorithms_stay_where_they_are_needed(self) -> None:
        load_pkcs12(exported("-legacy"), b"secret")
        assert load_pkcs12(exported(*PROTECTIONS["RC2-40 for both"]), b"secret").get_privatekey()
        encrypted = openssl(
            "rsa",
            "-des",
            "-passout",
            "pass:x",
            "-traditional",
            "-provider",
            "legacy",
            "-provider",
            "default",
            stdin=openssl("genrsa", "-traditional", "1024"),
        )
        assert b"DES-CBC" in encrypted
        with pytest.raises(crypto.Error):
            crypto.load_privatekey(PEM, encrypted, b"x")
        with pytest.raises(crypto.Error):
            crypto.dump_privatekey(PEM, key("leaf"), "rc2", b"x")

    def test_where_there_are_no_legacy_algorithms_all_else_works(self, tmp_path: Path) -> None:
        """The system's OpenSSL has them in a module of their own, which need not be installed."""
        (tmp_path / "old").write_bytes(exported(*PROTECTIONS["RC2-40 for both"]))
        (tmp_path / "new").write_bytes(exported())
        program = """if True:
            import sys
            from OpenSSL import crypto

            for path in ("old", "new", "old", "new"):
                try:
                    p12 = crypto.load_pkcs12(open(f"{sys.argv[1]}/{path}", "rb").read(), b"secret")
                    p12.get_certificate().sign(p12.get_privatekey(), "sha256")
                    print(path, "loaded")
                except crypto.Error as error:
                    print(path, error.args[0][0][2])
        """
        environment = {**os.environ, "OPENSSL_MODULES": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)], env=environment, capture_output=True, text=True
        )
        lines = done.stdout.splitlines()
        assert done.returncode == 0, done.stderr
        # Loaded where they are built in.
        assert lines[:2] in (["old loaded", "new loaded"], ["old unsupported", "new loaded"]) and lines[2:] == lines[:2]


class TestExport:
    @pytest.mark.parametrize("cipher", [None, "aes-256-cbc", "AES-128-CBC", "PBE-SHA1-3DES"])
    @pytest.mark.usefixtures("each_openssl")
    def test_the_command_reads_it(self, cipher: str | None, tmp_path: Path) -> None:
        (tmp_path / "p12").write_bytes(full().export(b"secret", cipher=cipher))
        done = subprocess.run(
            ["openssl", "pkcs12", "-in", tmp_path / "p12", "-passin", "pass:secret", "-nodes", "-info"],
            capture_output=True,
            check=True,
        )
        for part in (pki().pem("leaf"), pki().pem("inter"), pki().pem("root"), pki().key("leaf")):
            body = b"".join(part.splitlines()[1:-1])
            assert body in b"".join(done.stdout.split(b"\n"))
        # The command shows names in Latin-1.
        assert "friendlyName: jos\u00e9".encode("latin-1") in done.stdout
        scheme = (
            b"pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 100000"
            if cipher == "PBE-SHA1-3DES"
            else b"PBES2, PBKDF2, "
            + (cipher or "aes-256-cbc").upper().encode()
            + b", Iteration 100000, PRF hmacWithSHA256"
        )
        assert done.stderr.count(scheme) == 2, done.stderr
        assert b"MAC: sha256, Iteration 100000\n" in done.stderr

    @pytest.mark.usefixtures("each_openssl")
    def test_rounds(self, tmp_path: Path) -> None:
        for name, file in {
            "positional": full().export(b"x", 5000, 7000),
            "keyword": full().export(passphrase=b"x", iter=5000, maciter=7000),
        }.items():
            (tmp_path / name).write_bytes(file)
            done = subprocess.run(
                ["openssl", "pkcs12", "-in", tmp_path / name, "-passin", "pass:x", "-noout", "-info"],
                capture_output=True,
                check=True,
            )
            assert b"AES-256-CBC, Iteration 5000" in done.stderr and b", Iteration 7000\n" in done.stderr

    def test_no_mac(self) -> None:
        file = full().export(b"x", maciter=-1)
        assert der(load_pkcs12(file, b"x").get_privatekey()) == der(key("leaf"))
        assert len(file) < len(full().export(b"x"))

    def test_round_trip(self) -> None:
        for cipher in (None, "aes-256-cbc"):
            p12 = load_pkcs12(full().export(b"x", cipher=cipher), b"x")
            assert der(p12.get_privatekey()) == der(key("leaf")) and der(p12.get_certificate()) == der(cert("leaf"))
            assert [der(one) for one in p12.get_ca_certificates() or ()] == [der(cert("inter")), der(cert("root"))]
            assert p12.get_friendlyname() == "jos\u00e9".encode()

    def test_the_other_certificates_keep_their_friendly_names(self) -> None:
        from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
        from cryptography.hazmat.primitives.serialization.pkcs12 import (
            PKCS12Certificate,
            load_pkcs12,
            serialize_key_and_certificates,
        )

        names = {b"the middle": cert("inter"), b"the top": cert("root")}
        others = [PKCS12Certificate(one.to_cryptography(), name) for name, one in names.items()]
        written = serialize_key_and_certificates(b"mine", None, None, others, BestAvailableEncryption(b"secret"))
        loaded = crypto.load_pkcs12(written, b"secret")
        again = PKCS12()
        again.set_ca_certificates(loaded.get_ca_certificates())
        for exported_again in (loaded.export(b"secret"), again.export(b"secret")):
            read = load_pkcs12(exported_again, b"secret").additional_certs
            assert {one.friendly_name: one.certificate for one in read} == {
                name: one.to_cryptography() for name, one in names.items()
            }

    def test_a_friendly_name_taken_out_stays_out(self) -> None:
        p12 = load_pkcs12(full().export(b"x"), b"x")
        p12.set_friendlyname(None)
        assert load_pkcs12(p12.export(b"x"), b"x").get_friendlyname() is None
        p12.set_friendlyname(b"other")
        assert load_pkcs12(p12.export(b"x"), b"x").get_friendlyname() == b"other"

    def test_parts_on_their_own(self) -> None:
        only_key, only_cert, only_ca = PKCS12(), PKCS12(), PKCS12()
        only_key.set_privatekey(key("leaf"))
        only_cert.set_certificate(cert("leaf"))
        only_ca.set_ca_certificates([cert("root")])
        assert der(load_pkcs12(only_key.export(b"x"), b"x").get_privatekey()) == der(key("leaf"))
        for one, name in ((only_cert, "leaf"), (only_ca, "root")):
            assert [der(c) for c in load_pkcs12(one.export(b"x"), b"x").get_ca_certificates() or ()] == [
                der(cert(name))
            ]

    def test_nothing_and_what_does_not_match(self) -> None:
        with pytest.raises(crypto.Error):
            PKCS12().export()
        named = PKCS12()
        named.set_friendlyname(b"name")
        with pytest.raises(crypto.Error):
            named.export(b"x")
        mismatch = full()
        mismatch.set_privatekey(key("root"))
        with pytest.raises(crypto.Error):
            mismatch.export(b"x")
        public = full()
        public.set_privatekey(cert("leaf").get_pubkey())
        with pytest.raises(ValueError):
            public.export(b"x")

    def test_wrong_arguments(self) -> None:
        with pytest.warns(DeprecationWarning, match="str for passphrase"):
            full().export("secret")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="Invalid cipher name"):
            full().export(b"x", cipher="strange")
        with pytest.raises(ValueError, match="NUL"):
            full().export(b"x\0y")
        wrongs: list[dict[str, Any]] = [{"iter": "1"}, {"maciter": None}, {"passphrase": 3}]
        for wrong in wrongs:
            with pytest.raises(TypeError):
                full().export(**wrong)
        with pytest.raises(OverflowError):
            full().export(b"x", iter=2**40)


class TestParts:
    def test_empty(self) -> None:
        p12 = PKCS12()
        got = (p12.get_certificate(), p12.get_privatekey(), p12.get_ca_certificates(), p12.get_friendlyname())
        assert got == (None, None, None, None)

    def test_getters_give_what_was_set_itself(self) -> None:
        p12, leaf, pkey, root = PKCS12(), cert("leaf"), key("leaf"), cert("root")
        p12.set_certificate(leaf)
        p12.set_privatekey(pkey)
        p12.set_ca_certificates(iter([root]))
        assert p12.get_certificate() is leaf and p12.get_privatekey() is pkey and p12.get_ca_certificates() == (root,)
        loaded = load_pkcs12(full().export(b"x"), b"x")
        assert loaded.get_certificate() is loaded.get_certificate()
        assert loaded.get_privatekey() is loaded.get_privatekey()

    def test_a_later_change_of_a_part_counts(self) -> None:
        p12, root = PKCS12(), cert("root")
        p12.set_ca_certificates([root])
        root.set_serial_number(4711)
        root.sign(key("root"), "sha256")
        (back,) = load_pkcs12(p12.export(b"x"), b"x").get_ca_certificates() or ()
        assert back.get_serial_number() == 4711

    def test_none_takes_parts_out(self) -> None:
        p12 = full()
        p12.set_certificate(None)
        p12.set_privatekey(None)
        p12.set_friendlyname(None)
        assert load_pkcs12(p12.export(b"x"), b"x").get_privatekey() is None
        p12.set_ca_certificates(None)
        got = (p12.get_certificate(), p12.get_privatekey(), p12.get_ca_certificates(), p12.get_friendlyname())
        assert got == (None, None, None, None)
        with pytest.raises(crypto.Error):
            p12.export()

    def test_wrong_types(self) -> None:
        p12 = full()
        for wrong in (3, "x", b"x", PKCS12, [3]):
            with pytest.raises(TypeError):
                p12.set_certificate(wrong)  # type: ignore[arg-type]
            with pytest.raises(TypeError):
                p12.set_privatekey(wrong)  # type: ignore[arg-type]
            with pytest.raises(TypeError):
                p12.set_ca_certificates(wrong)  # type: ignore[arg-type]
        for no_name in (3, "x", object()):
            with pytest.raises(TypeError, match="name must be a byte string or None"):
                p12.set_friendlyname(no_name)  # type: ignore[arg-type]
        assert len(p12.get_ca_certificates() or ()) == 2 and p12.get_friendlyname()

    def test_parts_outlive_the_whole(self) -> None:
        leaf = load_pkcs12(full().export(b"x"), b"x").get_certificate()
        assert leaf is not None and leaf.get_subject().CN == "leaf"

    def test_old_name(self) -> None:
        assert crypto.PKCS12Type is PKCS12
        assert repr(PKCS12) == "<class 'OpenSSL.crypto.PKCS12'>"


@pytest.mark.parametrize(
    "protection", [["-iter", "1", "-legacy"], ["-iter", "1"], ["-nomac", "-keypbe", "NONE", "-certpbe", "NONE"]]
)
def test_mutations_load_or_are_an_error(protection: list[str]) -> None:
    survive(exported(*protection), lambda data: load_pkcs12(data, b"secret").export(b"x", iter=1))
