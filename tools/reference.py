"""reference.py HEADER VERSION: prints the reference of the C functions as one HTML page, made from the header.

The header's sections become chapters; each comment becomes prose, a table of its parameters and a line on its result;
names of functions, types and constants link to where they stand. Nothing but Python's standard library is needed.
"""

from __future__ import annotations

import re
import sys
from html import escape
from pathlib import Path
from typing import NamedTuple

SECTION = re.compile(r"^/\* ---- (.*?) \*/$", re.M)
ITEM = re.compile(
    r"/\*\*\n(?P<comment>.*?)\n ?\*/\n"
    r"(?P<code>#define [^\n]+|typedef struct \w+ \{.*?^\} \w+;|[^;{]+;)",
    re.M | re.S,
)
NAME = re.compile(r"\b(pyssl_\w+|PYSSL_\w+)(\(\))?")


class Item(NamedTuple):
    name: str
    code: str
    text: str
    parameters: list[tuple[str, str]]
    result: str


def page(header: str, version: str) -> str:
    preamble, *parts = SECTION.split(header)
    chapters = [(title, items(body)) for title, body in zip(parts[::2], parts[1::2])]
    known = {item.name for _, found in chapters for item in found}
    body = "\n".join(chapter(title, found, known) for title, found in chapters)
    contents = "\n".join(
        f'<li><a href="#{anchor(title)}">{prose(title, set())}</a></li>' for title, found in chapters if found
    )
    return PAGE.format(version=escape(version), preamble=introduction(preamble, known), contents=contents, body=body)


def items(section: str) -> list[Item]:
    return [item(match["comment"], match["code"]) for match in ITEM.finditer(section)]


def item(comment: str, code: str) -> Item:
    lines = [re.sub(r"^ \* ?", "", line).rstrip() for line in comment.splitlines()]
    text, *tagged = re.split(r"^@", "\n".join(lines), flags=re.M)
    parameters, result = [], ""
    for tag in tagged:
        kind, _, rest = tag.partition(" ")
        if kind == "param":
            name, _, meaning = rest.partition(" ")
            parameters.append((name, " ".join(meaning.split())))
        elif kind == "return":
            result = " ".join(rest.split())
        else:
            raise SystemExit(f"reference.py: @{kind} is not known, in the comment before:\n{code}")
    return Item(name_of(code), members_in_short(code), text.strip(), parameters, result)


def members_in_short(code: str) -> str:
    """A struct with the comment of each member on a line of its own: /* ... */."""

    def short(match: re.Match[str]) -> str:
        return f"/* {' '.join(re.sub(r'^ *[*] ?', '', match[1], flags=re.M).split())} */"

    return re.sub(r"/\*\*\n(.*?)\n *\*/", short, code, flags=re.S)


def name_of(code: str) -> str:
    """The name that a declaration declares."""
    patterns = [r"#define (\w+)", r"typedef struct \w+ \{.*\} (\w+);", r"\(\*(\w+)\)\(", r"(\w+)\(", r"(\w+);$"]
    for pattern in patterns:
        found = re.search(pattern, code, re.S)
        if found:
            return found[1]
    raise SystemExit(f"reference.py: what does this declare?\n{code}")


def introduction(preamble: str, known: set[str]) -> str:
    comment = re.search(r"/\*(.*?)\*/", preamble, re.S)
    lines = [re.sub(r"^ \* ?", "", line).strip() for line in comment[1].splitlines()] if comment else []
    paragraphs = "\n".join(lines[2:]).strip().split("\n\n")
    return "\n".join(f"<p>{prose(text, known)}</p>" for text in paragraphs)


def chapter(title: str, found: list[Item], known: set[str]) -> str:
    """Links to what it has, the constants in one table, then each type and function by itself.

    A section without any stays out.
    """
    if not found:
        return ""
    constants = [item for item in found if item.code.startswith("#define")]
    others = [item for item in found if not item.code.startswith("#define")]
    rows = "\n".join(
        f'<tr id="{item.name}"><td><code>{item.name}</code></td><td><code>{escape(item.code.split()[2])}</code></td>'
        f"<td>{prose(item.text, known)}</td></tr>"
        for item in constants
    )
    table = f"<table>{rows}</table>\n" if rows else ""
    entries = "\n".join(entry(item, known) for item in others)
    listed = ", ".join(f'<a href="#{item.name}">{item.name}</a>' for item in others)
    overview = f'<p class="overview">{listed}</p>\n' if listed else ""
    heading = f"<h2>{prose(title, set())}</h2>"
    return f'<section id="{anchor(title)}">\n{heading}\n{overview}{table}{entries}\n</section>'


def entry(item: Item, known: set[str]) -> str:
    parts = [
        f'<article id="{item.name}">',
        f'<h3><a href="#{item.name}">{item.name}</a></h3>',
        f"<pre>{linked(item.code, item.name, known)}</pre>",
    ]
    parts += [f"<p>{prose(text, known)}</p>" for text in item.text.split("\n\n") if text]
    if item.parameters:
        rows = "".join(f"<dt>{escape(name)}</dt><dd>{prose(text, known)}</dd>" for name, text in item.parameters)
        parts.append(f"<dl>{rows}</dl>")
    if item.result:
        parts.append(f'<p class="result">Returns {prose(item.result, known)}</p>')
    return "\n".join([*parts, "</article>"])


def prose(text: str, known: set[str]) -> str:
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
    return NAME.sub(lambda match: link(match[0], match[1], known), marked)


def linked(code: str, own: str, known: set[str]) -> str:
    return NAME.sub(lambda match: link(match[0], match[1], known - {own}), escape(code, quote=False))


def link(shown: str, name: str, known: set[str]) -> str:
    return f'<a href="#{name}">{shown}</a>' if name in known else shown


def anchor(title: str) -> str:
    return re.sub(r"\W+", "-", title.lower()).strip("-")


PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>libpyssl {version}: the C functions</title>
<style>
body {{ font: 16px/1.5 sans-serif; max-width: 52em; margin: 2em auto; padding: 0 1em; color: #222; background: #fff; }}
pre {{ background: #f4f4f4; padding: .6em .8em; overflow-x: auto; }}
code, pre, h3, dt {{ font-family: monospace; }}
h2 {{ border-bottom: 1px solid #ccc; margin-top: 2.5em; }}
h3 {{ margin: 2em 0 .3em; }}
td {{ padding: .15em .8em .15em 0; vertical-align: top; }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .1em 1em; }}
dd {{ margin: 0; }}
a {{ color: #05c; text-decoration: none; }}
h3 a {{ color: inherit; }}
.overview {{ font: .85em/1.6 monospace; }}
</style>
</head>
<body>
<h1>libpyssl {version}: the C functions</h1>
{preamble}
<ul>
{contents}
</ul>
{body}
</body>
</html>
"""

if __name__ == "__main__":
    sys.stdout.write(page(Path(sys.argv[1]).read_text(), sys.argv[2]))
