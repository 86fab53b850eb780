"""Two copies of the library in one process: each refuses the other's handles."""

from __future__ import annotations

import ctypes
import shutil
from pathlib import Path

from OpenSSL import native
from OpenSSL._native import lib

KINDS = ("pkey", "x509", "name", "req", "crl", "revoked", "store", "pkcs12", "spki")


def made(library: ctypes.CDLL, kind: str) -> int:
    out = ctypes.c_void_p()
    assert library[f"pyssl_{kind}_new"](ctypes.byref(out)) == lib.PYSSL_OK
    assert out.value
    return out.value


def test_a_handle_of_another_copy_is_refused(tmp_path: Path) -> None:
    copies = []
    for number in range(2):
        file = tmp_path / f"copy{number}.so"
        shutil.copyfile(native.library_path(), file)
        copies.append(ctypes.CDLL(str(file)))
    refused = 0
    for kind in KINDS:
        mine, theirs = (made(copy, kind) for copy in copies)
        for copy, own, other in ((copies[0], mine, theirs), (copies[1], theirs, mine)):
            free = copy[f"pyssl_{kind}_free"]
            refused += free(ctypes.c_void_p(other)) == lib.PYSSL_ERR_HANDLE
            assert free(ctypes.c_void_p(own)) == lib.PYSSL_OK
    assert refused == 2 * len(KINDS)
