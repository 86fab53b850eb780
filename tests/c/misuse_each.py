"""misuse_each.py HEADER: prints C that describes every function of the header, for test_misuse_each.c.

A parameter's role follows from its type and name. A parameter that the header calls one that "may be NULL" is optional.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

FUNCTION = re.compile(r"/\*\*((?:(?!\*/).)*)\*/\s*(?!typedef)([\w ]+[ *])(pyssl_\w+)\(([^;]*)\);", re.S)
HANDLE = re.compile(r"pyssl_(?!error)(\w+) \*")


def main(header: str) -> str:
    plain = re.sub(r"^#.*$", "", header, flags=re.M)
    functions = [function(*match.groups()) for match in FUNCTION.finditer(plain)]
    wrappers = "\n".join(wrapper for wrapper, _ in functions)
    rows = ",\n".join(row for _, row in functions)
    return f"{wrappers}\nstatic const struct function functions[] = {{\n{rows}\n}};\n"


def function(comment: str, result: str, name: str, parameters: str) -> tuple[str, str]:
    """A C function that calls `name` with an array of values, and its row in the table."""
    flat = " ".join(parameters.split())
    listed = [] if flat == "void" else [split(parameter) for parameter in flat.split(", ")]
    optional = may_be_null(comment)
    roles = [role(kind, parameter, parameter in optional) for kind, parameter in listed]
    values = ", ".join(value(kind, index) for index, (kind, _) in enumerate(listed))
    made = f"{name}({values})"
    if result.strip() == "void":
        body = f"{made}; return 0;"
    else:
        body = f"return (ptrdiff_t){made};"
    wrapper = f"static ptrdiff_t each_{name}(const union value *v) {{ (void)v; {body} }}"
    status = int(result.strip() in ("pyssl_status", "ptrdiff_t"))
    described = ", ".join(
        f'{{{role}, {kind_of(kind)}, "{parameter}"}}' for role, (kind, parameter) in zip(roles, listed)
    )
    return wrapper, f'    {{"{name}", each_{name}, {status}, {len(listed)}, {{{described or "{NUMBER, 0, NULL}"}}}}}'


def split(parameter: str) -> tuple[str, str]:
    match = re.fullmatch(r"(.*?)(\w+)", parameter)
    assert match, parameter
    return match[1].strip(), match[2]


def may_be_null(comment: str) -> set[str]:
    """The parameters of which the comment says so."""
    text = " ".join(comment.replace(" * ", " ").split())
    notes = re.findall(r"@param (\w+) (.*?)(?=@param|@return|$)", text)
    return {name for name, note in notes if "may be NULL" in note}


def role(kind: str, name: str, optional: bool) -> str:
    if HANDLE.fullmatch(kind):
        return "HANDLE_OR_NULL" if optional else "HANDLE"
    if re.fullmatch(r"pyssl_\w+ \*const \*", kind):
        return "HANDLES_OR_NULL" if optional else "HANDLES"
    if kind in ("uint8_t *", "char *"):
        return "BUFFER"
    if re.fullmatch(r"pyssl_\w+ \*\*", kind) and name == "buf":
        return "HANDLE_BUFFER"
    if kind.endswith("*") and not kind.startswith("const") and kind != "void *":
        return "OUT_OR_NULL" if optional else "OUT"
    if kind == "const uint8_t *":
        return "DATA"
    if kind == "const char *":
        return "TEXT"
    if kind == "const pyssl_transport *":
        return "TRANSPORT"
    if kind == "size_t" and name.endswith(("_len", "_size")):
        return "LENGTH"
    return "NUMBER"


def value(kind: str, index: int) -> str:
    """The argument at `index`. Callbacks, destructors and their data are always NULL."""
    if kind.endswith("*") and kind != "void *":
        return f"({kind})v[{index}].pointer"
    if kind == "void *" or re.fullmatch(r"pyssl_(\w+_(callback|fn)|destructor)", kind):
        return "NULL"
    return f"({kind})v[{index}].number"


def kind_of(kind: str) -> str:
    match = re.fullmatch(r"pyssl_(?!error|transport)(\w+) \*.*", kind)
    return f"KIND_{match[1]}" if match else "0"


if __name__ == "__main__":
    sys.stdout.write(main(Path(sys.argv[1]).read_text()))
