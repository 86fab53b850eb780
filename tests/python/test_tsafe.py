"""OpenSSL.tsafe: the old name of a Connection that threads may share."""

from __future__ import annotations

import subprocess
import sys


def test_its_connection_is_ssl_s() -> None:
    from OpenSSL import SSL, tsafe

    assert tsafe.Connection is SSL.Connection


def test_it_is_there_after_import_openssl_and_costs_nothing_before() -> None:
    code = "import sys, OpenSSL; assert 'OpenSSL.tsafe' not in sys.modules; print(OpenSSL.tsafe.Connection.__name__)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "Connection\n"
