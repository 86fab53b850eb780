"""Every public name of pyOpenSSL 0.6 to 26.4.0, as tests/data/surface.json lists them: it is there, and takes the
arguments that it ever took."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import socket
import sys
from pathlib import Path
from types import FunctionType, MethodDescriptorType
from typing import Any, Callable, Iterator

import pytest

SURFACE = Path(__file__).parents[1] / "data" / "surface.json"
ENTRIES: list[dict[str, Any]] = [entry for entry in json.loads(SURFACE.read_text()) if not entry.get("incidental")]

#: OpenSSL.rand.screen() was for Windows alone.
NOT_HERE = set() if sys.platform == "win32" else {("rand", None, "screen")}


def owner_name(entry: dict[str, Any]) -> str:
    module = "OpenSSL" if entry["module"] == "top" else "OpenSSL." + entry["module"]
    return f"{module}.{entry['class']}" if entry["class"] else module


OWNERS = sorted({owner_name(entry) for entry in ENTRIES})


def entries_of(owner: str, *kinds: str) -> list[dict[str, Any]]:
    here = [e for e in ENTRIES if owner_name(e) == owner and (e["module"], e["class"], e["name"]) not in NOT_HERE]
    return [e for e in here if not kinds or e["kind"] in kinds]


def load(owner: str) -> Any:
    """The module or class; of a class also whatever only its objects have is found through `sample`."""
    module, _, name = owner.rpartition(".")
    if owner == "OpenSSL" or module == "OpenSSL":
        return importlib.import_module(owner)
    if name == "_EllipticCurve":
        return type(sample(owner))
    return getattr(importlib.import_module(module), name)


def sample(owner: str) -> Any:
    """An object of a class with attributes that the class itself does not have."""
    crypto = importlib.import_module("OpenSSL.crypto")
    samples: dict[str, Callable[[], Any]] = {
        "OpenSSL.crypto._EllipticCurve": lambda: crypto.get_elliptic_curve("prime256v1"),
        "OpenSSL.crypto.X509Name": lambda: crypto.X509().get_subject(),
        "OpenSSL.crypto.X509StoreContextError": lambda: crypto.X509StoreContextError("", [], crypto.X509()),
        "OpenSSL.SSL.Connection": connection_on_a_socket,
        "OpenSSL.tsafe.Connection": connection_on_a_socket,
    }
    return samples[owner]() if owner in samples else None


def connection_on_a_socket() -> Any:
    """The manual's socket methods are the wrapped socket's own."""
    ssl = importlib.import_module("OpenSSL.SSL")
    return ssl.Connection(ssl.Context(ssl.TLS_METHOD), socket.socket())


@pytest.mark.parametrize("owner", OWNERS)
def test_no_name_is_missing(owner: str) -> None:
    place, thing = load(owner), sample(owner)
    missing = [e["name"] for e in entries_of(owner) if not is_there(place, thing, e)]
    assert not missing


@pytest.mark.parametrize("owner", OWNERS)
def test_constants_have_the_values_they_have_today(owner: str) -> None:
    place = load(owner)
    valued = [e for e in entries_of(owner, "constant") if isinstance(e.get("value"), int) and hasattr(place, e["name"])]
    differing = {e["name"]: (getattr(place, e["name"]), e["value"]) for e in valued}
    assert {name: pair for name, pair in differing.items() if pair[0] != pair[1]} == {}


@pytest.mark.parametrize("owner", OWNERS)
def test_parameters_have_their_names_order_and_defaults(owner: str) -> None:
    place = load(owner)
    callables = [e for e in entries_of(owner, "method", "function", "class", "exception") if hasattr(place, e["name"])]
    # Of operators Python itself knows the arguments.
    named = [e for e in callables if not e["name"].startswith("__")]
    complaints = [line for e in named for line in complaints_about(place, e)]
    assert not complaints


@pytest.mark.parametrize("owner", OWNERS)
def test_the_positional_forms_of_the_c_releases_still_bind(owner: str) -> None:
    place = load(owner)
    refused = [
        f"{e['name']} of {release} with {count} arguments"
        for e in entries_of(owner, "method", "function", "class")
        if hasattr(place, e["name"])
        for release, form in e.get("c_args", [])
        for count in counts_of(form)
        if not binds(getattr(place, e["name"]), count + is_plain_method(place, e["name"]))
    ]
    assert not refused


def test_the_table_is_whole() -> None:
    assert len(ENTRIES) == 546
    assert len(OWNERS) > 20


def test_debug_is_an_attribute_of_the_package() -> None:
    import subprocess

    code = "import OpenSSL; print('pyOpenSSL' in OpenSSL.debug._env_info)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "True\n"


def test_debug_prints_its_report_as_a_script() -> None:
    import subprocess

    done = subprocess.run([sys.executable, "-m", "OpenSSL.debug"], capture_output=True, text=True, check=True)
    for line in ("pyOpenSSL", "cffi", "OpenSSL", "Python", "sys.path"):
        assert line.lower() in done.stdout.lower()


def is_there(place: Any, thing: Any, entry: dict[str, Any]) -> bool:
    if entry["kind"] == "module-script":
        return inspect.ismodule(place)
    if "(module)" in entry["signature"]:
        try:
            return inspect.ismodule(importlib.import_module("OpenSSL." + entry["name"]))
        except ImportError:
            return False
    if entry["signature"] == "__hash__ = None":
        return place.__hash__ is None
    return hasattr(place, entry["name"]) or (thing is not None and hasattr(thing, entry["name"]))


def complaints_about(place: Any, entry: dict[str, Any]) -> Iterator[str]:
    wanted = table_parameters(entry["signature"])
    if wanted is None:
        return
    try:
        actual = list(inspect.signature(getattr(place, entry["name"])).parameters.values())
    except ValueError:  # an exception class that takes anything
        return
    if is_plain_method(place, entry["name"]):
        actual = actual[1:]
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in actual):
        return
    by_name = {parameter.name: parameter for parameter in actual}
    title = f"{entry['name']}{inspect.signature(getattr(place, entry['name']))}"
    for position, (name, optional, keyword_only) in enumerate(wanted):
        parameter = by_name.pop(name, None)
        if parameter is None:
            yield f"{title}: no parameter {name}"
        elif not keyword_only and (actual.index(parameter) != position or parameter.kind is parameter.KEYWORD_ONLY):
            yield f"{title}: {name} is not number {position + 1}"
        elif parameter.kind is parameter.POSITIONAL_ONLY and not name.startswith("_"):
            yield f"{title}: {name} cannot be given by name"
        elif optional and parameter.default is parameter.empty:
            yield f"{title}: {name} has no default"
    for parameter in by_name.values():
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            yield f"{title}: {parameter.name} must be given, which nobody does"


def table_parameters(signature: str) -> list[tuple[str, bool, bool]] | None:
    """(name, is optional, is keyword only) for each parameter; None where the table leaves them open."""
    try:
        function = ast.parse(f"def {re.sub('^@[a-z]+ ', '', signature)}: ...").body[0]
    except SyntaxError:
        return None
    assert isinstance(function, ast.FunctionDef)
    arguments = function.args
    if arguments.vararg:
        return None
    plain = [*arguments.posonlyargs, *arguments.args]
    required = len(plain) - len(arguments.defaults)
    listed = [(argument.arg, number >= required, False) for number, argument in enumerate(plain)]
    listed += [
        (argument.arg, default is not None, True)
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults)
    ]
    return [parameter for parameter in listed if parameter[0] not in ("self", "cls")]


def counts_of(form: str) -> range:
    """How many arguments a PyArg_ParseTuple format takes: "O!s#|i:name" two or three."""
    units = re.sub(r":.*|<\w+>#?", lambda found: "" if found[0].startswith(":") else "s", form)
    required, _, optional = units.partition("|")
    least, most = (len(re.findall(r"[A-Za-z][#!&*]?", part)) for part in (required, optional))
    return range(least, least + most + 1)


def binds(function: Any, count: int) -> bool:
    try:
        inspect.signature(function).bind(*[None] * count)
    except ValueError:  # a class of the interpreter's own making
        return True
    except TypeError:
        return False
    return True


def is_plain_method(place: Any, name: str) -> bool:
    """Whether it is a function of a class, be it Python's or C's, whose first parameter is the object."""
    methods = (FunctionType, MethodDescriptorType)
    return inspect.isclass(place) and isinstance(inspect.getattr_static(place, name, None), methods)
