"""misuse.py HEADER: prints C that calls every function of the header with random arguments, for test_misuse.c.

Each argument comes from a function of test_misuse.c that is chosen by the parameter's type and, where a number decides
how long a call takes, by its name.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PARAMETER = re.compile(r"(?P<type>.*?)(?P<name>\w+)$")
#: Numbers that are drawn from a few values of their own.
CAREFUL = {
    "bits",
    "rounds",
    "mac_rounds",
    "milliseconds",
    "timeout_ms",
    "fd",
    "count",
    "index",
    "method",
    "filetype",
    "type",
}


def main(header: str) -> str:
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    functions = re.findall(r"^(?!typedef)([\w ]+[ *])(pyssl_\w+)\(([^;]*)\);", code, flags=re.M)
    calls = [call(result.strip(), name, parameters) for result, name, parameters in functions]
    rows = [f'    {{"{name}", call_{name}}},' for _, name, _ in functions]
    table = "static const struct operation operations[] = {\n" + "\n".join(rows) + "\n};\n"
    return "\n".join(calls) + "\n" + table


def call(result: str, name: str, parameters: str) -> str:
    """A C function that makes one call of `name` and hands its result to judge()."""
    flat = " ".join(parameters.split())
    listed = [] if flat == "void" else [split(parameter) for parameter in flat.split(", ")]
    names = [parameter for _, parameter in listed]
    lines = [declare(kind, parameter) for kind, parameter in listed]
    outs = [parameter for kind, parameter in listed if re.fullmatch(r"pyssl_\w+ \*\*", kind)]
    arguments = ", ".join(parameter if parameter not in outs else f"(void *){parameter}" for parameter in names)
    made = f"{name}({arguments})"
    if result in ("pyssl_status", "ptrdiff_t"):
        first = names[0] if listed and handle_type(listed[0][0]) else "NULL"
        freed = f"    freed({first}, result);" if name.endswith("_free") else ""
        kept = [
            f"    if (result == PYSSL_OK || result == PYSSL_ERROR)\n        keep({kind(listed, out)}, {out});"
            for out in outs
        ]
        judged = f'    judge("{name}", (ptrdiff_t)result, {first}, {int(first != "NULL")});'
        lines += [f"    {result} result = {made};", judged, *kept, freed]
    elif result == "void":
        lines.append(f"    {made};")
    elif result == "const char *":
        lines.append(f"    CHECK({made} != NULL);")
    else:
        lines.append(f"    (void){made};")
    return f"static void call_{name}(void) {{\n" + "\n".join(line for line in lines if line) + "\n}\n"


def split(parameter: str) -> tuple[str, str]:
    match = PARAMETER.fullmatch(parameter)
    assert match, parameter
    return match["type"].strip(), match["name"]


def handle_type(kind: str) -> bool:
    return re.fullmatch(r"pyssl_(?!error)\w+ \*", kind) is not None


def kind(listed: list[tuple[str, str]], name: str) -> str:
    found = next(kind for kind, parameter in listed if parameter == name)
    return "KIND_" + re.sub(r"[ *]|const|pyssl_", "", found)


def declare(kind: str, name: str) -> str:
    """The declaration of a variable that holds the argument."""
    tag = "KIND_" + re.sub(r"[ *]|const|pyssl_", "", kind)
    if re.fullmatch(r"pyssl_\w+ \*const \*", kind):
        return f"    {kind}{name} = (void *)some_handles({tag});"
    if handle_type(kind):
        return f"    {kind}{name} = some_handle({tag});"
    if re.fullmatch(r"pyssl_\w+ \*\*", kind):
        return f"    void **{name} = some_outs();"
    if kind == "const uint8_t *":
        return f"    const uint8_t *{name} = some_data();"
    if kind in ("uint8_t *", "char *"):
        return f"    {kind}{name} = some_room();"
    if kind == "const char *":
        return f"    {kind}{name} = some_text();"
    if kind == "const pyssl_transport *":
        return f"    {kind}{name} = some_transport();"
    if kind == "void *":
        return f"    void *{name} = &token;"
    if kind == "pyssl_destructor":
        return f"    {kind} {name} = some_destructor();"
    if re.fullmatch(r"pyssl_\w+_(callback|fn)", kind):
        return f"    {kind} {name} = chance(8) ? NULL : on_{kind};"
    if kind.endswith("*"):
        return f"    {kind}{name} = some_out();"
    if kind == "size_t" and name.endswith(("_len", "_size")):
        return f"    {kind} {name} = some_length();"
    if name in CAREFUL:
        return f"    {kind} {name} = ({kind})some_{name}();"
    return f"    {kind} {name} = ({kind})some_number();"


if __name__ == "__main__":
    sys.stdout.write(main(Path(sys.argv[1]).read_text()))
