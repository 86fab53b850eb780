"""What holds for every test: it leaves no handle behind."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from installed import build_wheel, install

from OpenSSL._native import ffi, lib, library_path

pytest_plugins = ["crypto.key_fixtures"]


def pytest_report_header() -> str:
    """Which library and which OpenSSL are under test."""
    openssl = ffi.string(lib.pyssl_openssl_version(lib.PYSSL_OPENSSL_VERSION)).decode()
    return f"library: {library_path} ({openssl})"


#: What OpenSSL 3.0 does otherwise than 4.0, which most of these tests describe: test name -> why. Told at the end of a
#: run, as any skipped test is.
NOT_ON_OPENSSL_3 = {
    "test_a_certificate_that_is_its_own_issuer_gets_its_key_identifier_too": "OpenSSL 3.0 adds it with 'always' only",
    "test_an_issuer_without_a_key_identifier": "an Error on OpenSSL 3.0",
    "test_files_of_the_command[system-no MAC]": "OpenSSL 3.0 reads no PKCS#12 file without a MAC",
    "test_no_mac": "OpenSSL 3.0 reads no PKCS#12 file without a MAC",
    "test_extensions_are_added_to_those_there_are": "a second set of extensions is refused as a duplicate attribute",
    "test_the_last_second_is_a_good_one": "OpenSSL 3.0 takes a certificate for expired at its notAfter",
    "test_a_change_of_a_loaded_certificate_shows_in_what_is_dumped": "OpenSSL 3.0 keeps the encoding it loaded",
    "test_what_is_no_time_is_refused_and_changes_nothing[3001010000Z]": "OpenSSL 3.0 takes times without seconds",
    "test_what_is_no_time_is_refused_and_changes_nothing[203001010000Z]": "OpenSSL 3.0 takes times without seconds",
    "test_every_constant_is_there[OPENSSL_VERSION_NUMBER]": "the table has the number of OpenSSL 4.0",
    "test_constants_have_the_values_they_have_today[OpenSSL.SSL]": "the table has the number of OpenSSL 4.0",
    "test_versions_can_be_limited": "OpenSSL 3.0 takes versions below those it has",
    "test_groups[X25519MLKEM768]": "OpenSSL 3.0 has no X25519MLKEM768",
    "test_everything_after_the_handshake_works[X25519MLKEM768]": "OpenSSL 3.0 has no X25519MLKEM768",
    "test_so_it_does_after_a_second_try[X25519MLKEM768]": "OpenSSL 3.0 has no X25519MLKEM768",
    "test_a_send_is_a_syscallerror_with_the_alert": "OpenSSL 3.0 reads no alert once a send has failed",
    "test_a_receive_after_it_tells_the_alert": "OpenSSL 3.0 reads no alert once a send has failed",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if lib.pyssl_openssl_version_number() >= 0x40000000:
        return
    for item in items:
        why = NOT_ON_OPENSSL_3.get(item.name) or NOT_ON_OPENSSL_3.get(getattr(item, "originalname", item.name))
        if why:
            item.add_marker(pytest.mark.skip(reason=f"on the system's OpenSSL: {why}"))


def pytest_collection_finish() -> None:
    """What is there before the first test stays, and need not be looked at after each one."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_handle_is_left() -> Iterator[None]:
    gc.collect()
    before = lib.pyssl_handle_count()
    yield
    gc.collect()
    # Fewer, where pytest has let go of what an earlier test's traceback held.
    assert lib.pyssl_handle_count() <= before


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Python of a fresh environment with the wheel."""
    return install(wheel, tmp_path_factory.mktemp("venv"))
