"""X509Store and X509StoreContext: the same verdicts as `openssl verify`, and errors that say which and why."""

from __future__ import annotations

import datetime
import errno
import gc
import re
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, List, Sequence

import pytest
from pki import openssl, pki

from OpenSSL import crypto
from OpenSSL.crypto import X509Store, X509StoreContext, X509StoreContextError, X509StoreFlags

NOW = int(time.time())
TEN_YEARS = 10 * 366 * 86400

OPTION = {
    X509StoreFlags.PARTIAL_CHAIN: "-partial_chain",
    X509StoreFlags.CRL_CHECK: "-crl_check",
    X509StoreFlags.CRL_CHECK_ALL: "-crl_check_all",
    X509StoreFlags.X509_STRICT: "-x509_strict",
    X509StoreFlags.CHECK_SS_SIGNATURE: "-check_ss_sig",
}


def cert(name: str) -> crypto.X509:
    return crypto.load_certificate(crypto.FILETYPE_PEM, pki().pem(name))


def not_after(cert: crypto.X509) -> datetime.datetime:
    return datetime.datetime.strptime((cert.get_notAfter() or b"").decode(), "%Y%m%d%H%M%SZ")


def store_of(*names: str) -> X509Store:
    store = X509Store()
    for name in names:
        store.add_cert(cert(name))
    return store


class Case:
    """One question, to be put to both."""

    def __init__(
        self,
        leaf: str,
        trusted: Sequence[str] = ("root",),
        untrusted: Sequence[str] = (),
        flags: Sequence[int] = (),
        at: int | None = None,
        crls: Sequence[str] = (),
    ) -> None:
        self.leaf, self.trusted, self.untrusted = leaf, trusted, untrusted
        self.flags, self.at, self.crls = flags, at, crls

    def __repr__(self) -> str:
        when = "now" if self.at is None else f"{self.at - NOW:+d} s"
        return f"{self.leaf}<-{'+'.join(self.untrusted)}<-{'+'.join(self.trusted)} {self.flags} {self.crls} {when}"

    def ours(self) -> tuple[list[Any] | None, list[str]]:
        store = store_of(*self.trusted)
        for flag in self.flags:
            store.set_flags(flag)
        if self.at is not None:
            store.set_time(datetime.datetime.fromtimestamp(self.at, datetime.timezone.utc))
        for name in self.crls:
            store.add_crl(crypto.load_crl(crypto.FILETYPE_PEM, pki().crl(name)))
        context = X509StoreContext(store, cert(self.leaf), [cert(name) for name in self.untrusted])
        try:
            assert context.verify_certificate() is None  # type: ignore[func-returns-value]
        except X509StoreContextError as error:
            with pytest.raises(X509StoreContextError) as again:
                context.get_verified_chain()
            assert again.value.errors == error.errors
            return error.errors[:2], []
        chain = context.get_verified_chain()
        return None, [str(link.get_subject().CN) for link in chain]

    def theirs(self, tmp_path: Path) -> tuple[list[Any] | None, list[str]]:
        args: List[str] = ["openssl", "verify", "-show_chain", "-no-CApath", "-no-CAstore"]
        for option, names in (("-trusted", self.trusted), ("-untrusted", self.untrusted)):
            if names:
                bundle = tmp_path / f"bundle{option}"
                bundle.write_bytes(b"".join(pki().pem(name) for name in names))
                args += [option, str(bundle)]
        if not self.trusted:
            args.append("-no-CAfile")
        if self.crls:
            bundle = tmp_path / "crls"
            bundle.write_bytes(b"".join(pki().crl(name) for name in self.crls))
            args += ["-CRLfile", str(bundle)]
        args += [OPTION[flag] for flag in self.flags]
        if self.at is not None:
            args += ["-attime", str(self.at)]
        done = subprocess.run([*args, str(pki().path(self.leaf + ".pem"))], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return None, re.findall(r"CN ?= ?(\w+)", done.stdout)
        found = re.search(r"error (\d+) at (\d+) depth lookup", done.stderr + done.stdout)
        assert found, (args, done)
        return [int(found[1]), int(found[2])], []


STRICT, PARTIAL = X509StoreFlags.X509_STRICT, X509StoreFlags.PARTIAL_CHAIN
CRLS, ALL = X509StoreFlags.CRL_CHECK, X509StoreFlags.CRL_CHECK_ALL

CASES = [
    Case("root"),
    Case("root", flags=[X509StoreFlags.CHECK_SS_SIGNATURE]),
    Case("inter"),
    Case("leaf"),
    Case("leaf", trusted=[]),
    Case("leaf", trusted=["other"], untrusted=["inter"]),
    Case("leaf", trusted=["other"], untrusted=["inter", "root"]),
    Case("other"),
    Case("leaf", untrusted=["inter"]),
    Case("leaf", untrusted=["other", "root", "inter"]),
    Case("leaf", trusted=["root", "inter"]),
    Case("leaf", trusted=["inter"]),
    Case("leaf", trusted=["inter"], flags=[PARTIAL]),
    Case("leaf", trusted=["leaf"], flags=[PARTIAL]),
    Case("leaf", untrusted=["inter"], flags=[STRICT]),
    Case("leaf", untrusted=["inter"], at=NOW + TEN_YEARS),
    Case("leaf", untrusted=["inter"], at=NOW - TEN_YEARS),
    Case("leaf", untrusted=["inter"], at=NOW + 3600),
    Case("leaf", untrusted=["inter"], flags=[CRLS]),
    Case("leaf", untrusted=["inter"], flags=[CRLS], crls=["inter"]),
    Case("leaf", untrusted=["inter"], flags=[CRLS], crls=["root"]),
    Case("leaf", untrusted=["inter"], flags=[CRLS, ALL], crls=["inter"]),
    Case("leaf", untrusted=["inter"], flags=[CRLS, ALL], crls=["inter", "root"]),
    Case("revoked", untrusted=["inter"], crls=["inter"]),
    Case("revoked", untrusted=["inter"], flags=[CRLS], crls=["inter"]),
    Case("revoked", untrusted=["inter"], flags=[CRLS, ALL], crls=["inter", "root"]),
]


@pytest.mark.parametrize("case", CASES, ids=repr)
@pytest.mark.usefixtures("each_openssl")
def test_verdict_and_chain_are_those_of_openssl_verify(case: Case, tmp_path: Path) -> None:
    assert case.ours() == case.theirs(tmp_path)


def test_the_cases_hold_good_and_bad_chains_of_many_kinds() -> None:
    verdicts = [case.ours()[0] for case in CASES]
    assert None in verdicts
    assert {verdict[0] for verdict in verdicts if verdict} >= {2, 3, 9, 10, 18, 19, 20, 23}


class TestError:
    def test_it_tells_code_depth_text_and_certificate(self) -> None:
        leaf = cert("leaf")
        with pytest.raises(X509StoreContextError) as caught:
            X509StoreContext(X509Store(), leaf).verify_certificate()
        error = caught.value
        text = "unable to get local issuer certificate"
        assert (str(error), error.args, error.errors) == (text, (text,), [20, 0, text])
        assert isinstance(error.certificate, crypto.X509) and error.certificate is not leaf
        assert error.certificate.digest("sha256") == leaf.digest("sha256")
        assert (error.verify_code, error.depth, error.verify_message) == (20, 0, text)
        assert error.subject == "CN=leaf,O=Tests"

    def test_the_certificate_at_fault_is_the_one_named(self) -> None:
        context = X509StoreContext(store_of("inter"), cert("leaf"))
        with pytest.raises(X509StoreContextError) as caught:
            context.verify_certificate()
        assert caught.value.errors[:2] == [2, 1]
        assert caught.value.certificate.get_subject().CN == "inter"
        assert caught.value.subject == "CN=inter,O=Tests"

    def test_its_constructor(self) -> None:
        leaf = cert("leaf")
        error = X509StoreContextError("text", [1, 2, "text"], leaf)
        assert error.args == ("text",) and str(error) == "text"
        assert error.errors == [1, 2, "text"] and error.certificate is leaf
        assert not issubclass(X509StoreContextError, crypto.Error)

    def test_an_unfinished_certificate_is_an_error_not_a_verdict(self) -> None:
        with pytest.raises(crypto.Error):
            X509StoreContext(X509Store(), crypto.X509()).verify_certificate()


class TestStore:
    def test_wrong_types(self) -> None:
        store = X509Store()
        for wrong in (None, "cert", crypto.X509, crypto.X509Name(cert("leaf").get_subject())):
            with pytest.raises(TypeError):
                store.add_cert(wrong)  # type: ignore[arg-type]
            with pytest.raises(TypeError):
                store.add_crl(wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            store.set_flags("x")  # type: ignore[arg-type]
        with pytest.raises(OverflowError):
            store.set_flags(-1)
        with pytest.raises(AttributeError):
            store.set_time(3)  # type: ignore[arg-type]

    def test_a_duplicate_is_fine(self) -> None:
        store = store_of("root", "root")
        store.add_cert(cert("root"))
        X509StoreContext(store, cert("inter")).verify_certificate()

    def test_an_unfinished_certificate_or_list_cannot_be_added(self) -> None:
        with pytest.raises(crypto.Error):
            X509Store().add_cert(crypto.X509())
        with pytest.raises(crypto.Error):
            X509Store().add_crl(crypto.CRL())

    def test_it_keeps_the_certificate_as_it_was_added(self) -> None:
        root = cert("root")
        store = X509Store()
        store.add_cert(root)
        root.get_subject().CN = "someone else"
        X509StoreContext(store, cert("inter")).verify_certificate()

    def test_what_a_verification_gives_out_can_be_changed_without_changing_the_store(self) -> None:
        root, leaf, inter = cert("root"), cert("leaf"), cert("inter")
        store = X509Store()
        store.add_cert(root)
        context = X509StoreContext(store, leaf, [inter])
        before = [crypto.dump_certificate(crypto.FILETYPE_ASN1, link) for link in (leaf, inter, root)]
        chain = context.get_verified_chain()
        for link in chain:
            link.set_serial_number(4711)
            link.get_subject().O = "changed"
            assert link.get_serial_number() == 4711 and link.get_subject().O == "changed"
        assert [crypto.dump_certificate(crypto.FILETYPE_ASN1, link) for link in (leaf, inter, root)] == before
        with pytest.raises(X509StoreContextError) as caught:
            X509StoreContext(X509Store(), leaf).verify_certificate()
        caught.value.certificate.gmtime_adj_notAfter(0)
        assert crypto.dump_certificate(crypto.FILETYPE_ASN1, leaf) == before[0]
        fresh = [crypto.dump_certificate(crypto.FILETYPE_ASN1, link) for link in context.get_verified_chain()]
        assert fresh == before

    def test_flags_only_add(self) -> None:
        store = store_of("inter")
        store.set_flags(X509StoreFlags.PARTIAL_CHAIN)
        store.set_flags(X509StoreFlags.X509_STRICT)
        store.set_flags(0)
        X509StoreContext(store, cert("leaf")).verify_certificate()

    def test_set_time_drops_the_time_zone(self) -> None:
        leaf, store, second = cert("inter"), store_of("root"), datetime.timedelta(seconds=1)
        end = not_after(leaf)
        far_west = datetime.timezone(datetime.timedelta(hours=-12))
        for when in (end, end.replace(tzinfo=far_west), end.replace(tzinfo=datetime.timezone.utc)):
            store.set_time(when - second)
            X509StoreContext(store, leaf).verify_certificate()
            store.set_time(when + second)
            with pytest.raises(X509StoreContextError, match="expired"):
                X509StoreContext(store, leaf).verify_certificate()

    def test_the_last_second_is_a_good_one(self) -> None:
        """RFC 5280, 4.1.2.5: through notAfter, inclusive; for a chain that is known and for one that is not."""
        leaf, store = cert("inter"), store_of("root")
        for _ in range(2):
            store.set_time(not_after(leaf))
            X509StoreContext(store, leaf).verify_certificate()
            store.set_time(not_after(leaf) + datetime.timedelta(seconds=1))
            with pytest.raises(X509StoreContextError, match="expired"):
                X509StoreContext(store, leaf).verify_certificate()

    def test_a_known_chain_gets_the_verdict_of_an_unknown_one_at_the_edges_of_its_time(self) -> None:
        """OpenSSL's versions differ about the very second of notAfter."""
        leaf = cert("inter")
        begin = datetime.datetime.strptime((leaf.get_notBefore() or b"").decode(), "%Y%m%d%H%M%SZ")
        for edge in (begin, not_after(leaf)):
            for seconds in (-1, 0, 1):
                when = edge + datetime.timedelta(seconds=seconds)
                verdicts: List[Any] = []
                for known in (False, True):
                    store = store_of("root")
                    store.set_time(edge + datetime.timedelta(days=1 if edge == begin else -1))
                    if known:
                        X509StoreContext(store, leaf).verify_certificate()
                    store.set_time(when)
                    try:
                        X509StoreContext(store, leaf).verify_certificate()
                        verdicts.append(None)
                    except X509StoreContextError as error:
                        verdicts.append(error.errors)
                assert verdicts[0] == verdicts[1], (edge, seconds)

    def test_old_names(self) -> None:
        assert crypto.X509StoreType is X509Store
        assert repr(X509Store) == "<class 'OpenSSL.crypto.X509Store'>"
        assert repr(X509StoreContextError) == "<class 'OpenSSL.crypto.X509StoreContextError'>"


class TestLoadLocations:
    @pytest.mark.parametrize("kind", [str, lambda path: str(path).encode(), Path])
    def test_a_file(self, kind: Any) -> None:
        store = X509Store()
        store.load_locations(kind(pki().path("root.pem")))
        X509StoreContext(store, cert("inter")).verify_certificate()

    def test_a_file_with_certificates_and_lists(self, tmp_path: Path) -> None:
        both = tmp_path / "both.pem"
        both.write_bytes(pki().pem("root") + pki().pem("inter") + pki().crl("inter"))
        store = X509Store()
        store.load_locations(both)
        store.set_flags(X509StoreFlags.CRL_CHECK)
        X509StoreContext(store, cert("leaf")).verify_certificate()
        with pytest.raises(X509StoreContextError, match="revoked"):
            X509StoreContext(store, cert("revoked")).verify_certificate()

    @pytest.mark.parametrize("kind", [str, lambda path: str(path).encode(), Path])
    def test_a_directory_by_hash(self, tmp_path: Path, kind: Any) -> None:
        (tmp_path / "root.pem").write_bytes(pki().pem("root"))
        openssl("rehash", tmp_path)
        store = X509Store()
        store.load_locations(None, kind(tmp_path))
        X509StoreContext(store, cert("inter")).verify_certificate()
        keyword = X509Store()
        keyword.load_locations(cafile=None, capath=tmp_path)
        X509StoreContext(keyword, cert("inter")).verify_certificate()

    def test_a_directory_is_looked_into_when_needed(self, tmp_path: Path) -> None:
        """Certificates, and lists of every time they are asked for, also where both come later than the store."""
        store = X509Store()
        store.load_locations(None, tmp_path / "empty")
        store.load_locations(None, tmp_path)
        store.load_locations(None, tmp_path)
        store.set_flags(X509StoreFlags.CRL_CHECK)
        chain = [cert("inter")]

        def error_of(name: str) -> list[Any]:
            with pytest.raises(X509StoreContextError) as caught:
                X509StoreContext(store, cert(name), chain).verify_certificate()
            return list(caught.value.errors[:2])

        assert error_of("leaf") == [20, 1]
        (tmp_path / "root.pem").write_bytes(pki().pem("root"))
        openssl("rehash", tmp_path)
        assert error_of("leaf") == [3, 0]
        (tmp_path / "inter.pem").write_bytes(pki().crl("inter"))
        openssl("rehash", tmp_path)
        for _ in range(3):
            X509StoreContext(store, cert("leaf"), chain).verify_certificate()
            assert error_of("revoked") == [23, 0]
            gc.collect()

    def test_the_first_directory_that_has_it_and_the_next_ones(self, tmp_path: Path) -> None:
        for name in ("other", "root", "inter"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "x.pem").write_bytes(pki().pem(name))
            openssl("rehash", tmp_path / name)
        store = X509Store()
        store.load_locations(None, f"{tmp_path / 'other'}:{tmp_path / 'root'}")
        store.load_locations(None, tmp_path / "inter")
        for _ in range(2):
            found = X509StoreContext(store, cert("leaf")).get_verified_chain()
            assert [link.get_subject().CN for link in found] == ["leaf", "inter", "root"]

    def test_neither(self) -> None:
        with pytest.raises(crypto.Error) as caught:
            X509Store().load_locations(None)
        assert caught.value.args[0][0][0] == "libpyssl"

    def test_a_missing_directory_is_no_error_a_missing_file_is(self, tmp_path: Path) -> None:
        X509Store().load_locations(None, tmp_path / "none")
        with pytest.raises(crypto.Error) as caught:
            X509Store().load_locations(tmp_path / "none")
        assert caught.value.errno == errno.ENOENT and caught.value.file == str(tmp_path / "none")
        assert caught.value.args[0]

    def test_a_file_without_certificates(self, tmp_path: Path) -> None:
        (tmp_path / "junk").write_text("nothing here")
        with pytest.raises(crypto.Error):
            X509Store().load_locations(tmp_path / "junk")

    def test_wrong_types(self) -> None:
        for wrong in (3, object(), X509Store()):
            with pytest.raises(TypeError):
                X509Store().load_locations(wrong)  # type: ignore[arg-type]
            with pytest.raises(TypeError):
                X509Store().load_locations(None, wrong)  # type: ignore[arg-type]
        for path in ("a\0b", b"a\0b"):
            with pytest.raises(ValueError, match="null byte"):
                X509Store().load_locations(path)


class TestContext:
    def test_set_store_counts_from_then_on(self) -> None:
        context = X509StoreContext(X509Store(), cert("inter"))
        with pytest.raises(X509StoreContextError):
            context.verify_certificate()
        context.set_store(store_of("root"))
        context.verify_certificate()
        context.verify_certificate()
        context.set_store(X509Store())
        with pytest.raises(X509StoreContextError):
            context.verify_certificate()

    def test_the_store_is_read_anew_each_time(self) -> None:
        store = X509Store()
        context = X509StoreContext(store, cert("inter"))
        with pytest.raises(X509StoreContextError):
            context.verify_certificate()
        store.add_cert(cert("root"))
        context.verify_certificate()

    def test_the_certificate_is_read_anew_each_time(self) -> None:
        leaf = cert("inter")
        context = X509StoreContext(store_of("root"), leaf)
        context.verify_certificate()
        leaf.gmtime_adj_notAfter(-10)
        with pytest.raises(X509StoreContextError):
            context.verify_certificate()

    def test_it_keeps_alive_what_it_rests_on(self) -> None:
        context = X509StoreContext(store_of("root"), cert("leaf"), [cert("inter")])
        gc.collect()
        context.verify_certificate()
        chain = context.get_verified_chain()
        del context
        gc.collect()
        assert [link.get_subject().CN for link in chain] == ["leaf", "inter", "root"]

    def test_a_chain_that_was_good_before_is_still_checked(self) -> None:
        """Every verification checks the whole chain again, signatures included."""
        store, leaf, inter = store_of("root"), cert("leaf"), cert("inter")
        context = X509StoreContext(store, leaf, [inter])
        for _ in range(3):
            context.verify_certificate()
        damaged = bytearray(crypto.dump_certificate(crypto.FILETYPE_ASN1, leaf))
        damaged[-1] ^= 1
        forged = crypto.load_certificate(crypto.FILETYPE_ASN1, bytes(damaged))
        for _ in range(2):
            with pytest.raises(X509StoreContextError) as caught:
                X509StoreContext(store, forged, [inter]).verify_certificate()
            assert caught.value.errors[:2] == [7, 0]
        store.set_time(datetime.datetime.fromtimestamp(NOW + TEN_YEARS))
        with pytest.raises(X509StoreContextError, match="expired"):
            context.verify_certificate()
        store.set_time(datetime.datetime.fromtimestamp(NOW - TEN_YEARS))
        with pytest.raises(X509StoreContextError, match="not yet valid"):
            context.verify_certificate()
        store.set_time(datetime.datetime.now(datetime.timezone.utc))
        context.verify_certificate()
        store.set_flags(X509StoreFlags.CRL_CHECK)
        with pytest.raises(X509StoreContextError, match="CRL"):
            context.verify_certificate()
        store.add_crl(crypto.load_crl(crypto.FILETYPE_PEM, pki().crl("inter")))
        context.verify_certificate()
        context.set_store(store_of("other"))
        with pytest.raises(X509StoreContextError):
            context.verify_certificate()

    def test_a_chain_refused_for_its_policies(self) -> None:
        """No certificate of the chain is at fault. A second verification says the same."""
        store = store_of("root")
        store.set_flags(X509StoreFlags.POLICY_CHECK | X509StoreFlags.EXPLICIT_POLICY)
        for _ in range(2):
            with pytest.raises(X509StoreContextError) as caught:
                X509StoreContext(store, cert("leaf"), [cert("inter")]).verify_certificate()
            assert caught.value.errors == [43, 0, "no explicit policy"]
            assert caught.value.certificate.get_subject().CN == "leaf" and caught.value.subject == "CN=leaf,O=Tests"

    def test_chain_of_any_kind(self) -> None:
        store, leaf, inter = store_of("root"), cert("leaf"), cert("inter")
        X509StoreContext(store, leaf, (inter,)).verify_certificate()
        X509StoreContext(store, leaf, chain=[inter, inter, leaf]).verify_certificate()
        nothings: List[Any] = [None, [], ()]
        for nothing in nothings:
            with pytest.raises(X509StoreContextError):
                X509StoreContext(store, leaf, nothing).verify_certificate()
        with pytest.raises(TypeError, match="^One of the elements is not an X509 instance$"):
            X509StoreContext(store, leaf, [inter, "x"])  # type: ignore[list-item]
        with pytest.raises(TypeError):
            X509StoreContext(store, leaf, 3)  # type: ignore[arg-type]

    def test_a_long_chain(self) -> None:
        names = [f"link{depth}" for depth in range(1, 12)]
        for issuer, name in zip(["root", *names], names):
            pki().issue(name, issuer)
        found = X509StoreContext(
            store_of("root"), cert(names[-1]), [cert(name) for name in names[:-1]]
        ).get_verified_chain()
        assert [link.get_subject().CN for link in found] == [*reversed(names), "root"]

    def test_wrong_types(self) -> None:
        store, leaf = X509Store(), cert("leaf")
        for wrong in (None, "x", 3):
            with pytest.raises(TypeError, match="store must be"):
                X509StoreContext(wrong, leaf)  # type: ignore[arg-type]
            with pytest.raises(TypeError, match="certificate must be"):
                X509StoreContext(store, wrong)  # type: ignore[arg-type]
            with pytest.raises(TypeError, match="store must be"):
                X509StoreContext(store, leaf).set_store(wrong)  # type: ignore[arg-type]

    def test_threads_verify_while_others_change_the_store(self) -> None:
        store, leaf, inter = store_of("root"), cert("leaf"), cert("inter")
        context = X509StoreContext(store, leaf, [inter])
        failures: List[BaseException] = []

        def verify() -> None:
            try:
                for _ in range(200):
                    context.verify_certificate()
                    assert len(context.get_verified_chain()) == 3
            except BaseException as error:
                failures.append(error)

        def change() -> None:
            crl = crypto.load_crl(crypto.FILETYPE_PEM, pki().crl("inter"))
            for _ in range(200):
                store.add_cert(cert("other"))
                store.add_crl(crl)
                store.set_flags(X509StoreFlags.PARTIAL_CHAIN)
                store.set_time(datetime.datetime.now(datetime.timezone.utc))
                context.set_store(store)

        threads = [threading.Thread(target=target) for target in (verify, verify, verify, change)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
