"""Every function of the header that takes a handle, with handles that are none: PYSSL_ERR_HANDLE comes before all else
but a NULL out parameter (tests/c/test_misuse_each.c).

The functions and the types of their parameters are those that cffi has from the header, so a new one is walked too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

from OpenSSL._native import ffi, lib

NAMES = (Path(__file__).resolve().parents[2] / "tests/data/symbols.txt").read_text().split()
#: Numbers that were never given out: small, odd, of no kind, of a kind (x509) with an impossible slot.
GARBAGE = [1, 0xDEADBEEF, 1 << 63, (2 << 56) | (0xFFFFFF << 32), (1 << 64) - 1]
#: Where NULL means "none".
OPTIONAL = {"pyssl_ext_new"}
STRUCTURES = {"pyssl_error", "pyssl_error_entry", "pyssl_transport"}
NOT_UTF8 = ffi.new("char[64]", b"\xff\xfe")
WRITABLE = ffi.new("char[256]")


def is_handle(parameter: Any) -> bool:
    name = parameter.item.cname.replace("struct ", "") if parameter.kind == "pointer" else ""
    return re.fullmatch(r"pyssl_\w+", name) is not None and name not in STRUCTURES


def taking_handles() -> Iterator[str]:
    return (name for name in NAMES if any(map(is_handle, ffi.typeof(getattr(lib, name)).args)))


def is_out(parameter: Any) -> bool:
    item = parameter.item if parameter.kind == "pointer" else None
    return item is not None and (item.kind == "pointer" or (item.kind == "primitive" and ffi.sizeof(item) > 1))


def null(parameter: Any) -> Any:
    if is_out(parameter):
        return ffi.cast(parameter, WRITABLE)
    return ffi.NULL if parameter.kind in ("pointer", "function") else 0


def not_utf8(parameter: Any) -> Any:
    if parameter.kind == "pointer" and parameter.item.kind == "primitive" and ffi.sizeof(parameter.item) == 1:
        return ffi.cast(parameter, NOT_UTF8)
    return null(parameter)


def number(value: int) -> Callable[[Any], Any]:
    """NULL for pointers, and for each number the one that comes of these bits."""
    return lambda parameter: int(ffi.cast(parameter, value)) if parameter.kind == "primitive" else null(parameter)


WRONG = [null, not_utf8, number(1), number(-1), number(1 << 63), number((1 << 63) - 1), number(1 << 31)]


def test_a_wrong_handle_is_told_whatever_else_is_wrong() -> None:
    others = {}
    for name in taking_handles():
        told = statuses_of(name) - {lib.PYSSL_ERR_HANDLE}
        if told:
            others[name] = told
    assert others == {}


def statuses_of(name: str) -> set[int]:
    """What the function returns for wrong handles together with other wrong arguments."""
    function = getattr(lib, name)
    parameters = ffi.typeof(function).args
    told = set()
    for handle in GARBAGE if name in OPTIONAL or name.endswith("_free") else [0, *GARBAGE]:
        for other in WRONG:
            told.add(function(*(ffi.cast(kind, handle) if is_handle(kind) else other(kind) for kind in parameters)))
    return told


def test_the_walk_sees_the_whole_header() -> None:
    walked = set(taking_handles())
    assert {"pyssl_x509_free", "pyssl_conn_new_transport", "pyssl_ext_new", "pyssl_conn_recv"} < walked
    assert [name for name in NAMES if name.endswith("_free") and name not in walked] == []
    assert len(walked) > 200


def made(function: Callable[..., int], kind: str, *arguments: Any) -> Any:
    out = ffi.new(f"{kind} **")
    assert function(*arguments, out) == lib.PYSSL_OK, kind
    return out[0]


@pytest.fixture
def alive() -> Iterator[dict[str, Any]]:
    """A handle of each kind that goes first in a function with more than one."""
    kinds = ["pkey", "x509", "name", "req", "crl", "store", "pkcs12", "spki"]
    handles = {f"pyssl_{kind}": made(getattr(lib, f"pyssl_{kind}_new"), f"pyssl_{kind}") for kind in kinds}
    ctx = handles["pyssl_ctx"] = made(lib.pyssl_ctx_new, "pyssl_ctx", lib.PYSSL_TLS_METHOD)
    handles["pyssl_conn"] = made(lib.pyssl_conn_new, "pyssl_conn", ctx)
    store, cert = handles["pyssl_store"], handles["pyssl_x509"]
    handles["pyssl_store_ctx"] = made(lib.pyssl_store_ctx_new, "pyssl_store_ctx", store, cert, ffi.NULL, 0)
    yield handles
    for name, handle in handles.items():
        assert getattr(lib, f"{name}_free")(handle) == lib.PYSSL_OK


def test_so_is_a_wrong_handle_behind_a_good_one(alive: dict[str, Any]) -> None:
    faults, called = [], 0
    for name in taking_handles():
        function = getattr(lib, name)
        parameters = ffi.typeof(function).args
        handles = [index for index, kind in enumerate(parameters) if is_handle(kind)]
        if len(handles) < 2 or handles[0] != 0:
            continue
        good = alive[parameters[0].item.cname.replace("struct ", "")]
        for wrong in GARBAGE:
            for other in WRONG:
                arguments = [other(kind) for kind in parameters]
                for index in handles:
                    arguments[index] = ffi.cast(parameters[index], wrong) if index else good
                called += 1
                status = function(*arguments)
                if status != lib.PYSSL_ERR_HANDLE:
                    faults.append((name, hex(wrong), status))
    assert faults == [] and called > 700
