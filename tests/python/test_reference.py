"""The HTML reference that `make install` makes from the header: whole, in order, and every link leads somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = (ROOT / "tests/data/symbols.txt").read_text().split()
VOID = {"meta", "br", "hr", "link", "img"}


class Page(HTMLParser):
    """The ids, links and chapters of a page; fails where tags do not nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        #: What each chapter has: the ids in it.
        self.chapters: dict[str, list[str]] = {}
        self.overviews: dict[str, set[str]] = {}
        #: The names in the list of parameters of each entry.
        self.parameters: dict[str, list[str]] = {}
        self.headings: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        identity = given.get("id")
        if identity is not None:
            self.ids.append(identity)
        if tag == "section":
            self.chapters[identity or ""], self.overviews[identity or ""] = [], set()
        elif identity is not None and self.chapters:
            list(self.chapters.values())[-1].append(identity)
        if tag == "a":
            self.links.append(given.get("href") or "")
            if self.open[-1] == "p" and "section" in self.open and "article" not in self.open:
                list(self.overviews.values())[-1].add((given.get("href") or "").lstrip("#"))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> at {self.getpos()}"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "dt":
            self.parameters.setdefault(self.ids[-1], []).append(data)
        if self.open and self.open[-1] == "h2":
            self.headings[self.ids[-1]] = self.headings.get(self.ids[-1], "") + data


@pytest.fixture(scope="module")
def page() -> Page:
    command = [sys.executable, "tools/reference.py", "include/pyssl.h", "1.2.3"]
    text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "<h1>libpyssl 1.2.3" in text
    made = Page()
    made.feed(text)
    made.close()
    assert made.open == []
    return made


def test_every_link_leads_somewhere(page: Page) -> None:
    assert len(page.ids) == len(set(page.ids))
    assert {link for link in page.links if link[:1] != "#" or link[1:] not in page.ids} == set()
    assert len(page.links) > 1000


def test_every_name_of_the_header_has_an_entry(page: Page) -> None:
    assert set(NAMES) < set(page.ids)
    code = re.sub(r"/\*.*?\*/", "", (ROOT / "include/pyssl.h").read_text(), flags=re.S)
    constants = re.findall(r"^#define (PYSSL_\w+) \S+$", code, re.M)
    types = re.findall(r"^typedef .*?\b(pyssl_\w+)(?:;|\)\()", code, re.M)
    assert len(constants) > 30 and len(types) > 20
    assert [name for name in constants + types if name not in page.ids] == []


def test_functions_stand_with_their_object(page: Page) -> None:
    """In a chapter that is named for the function's prefix, and listed at its head."""
    astray = []
    for chapter, ids in page.chapters.items():
        named = re.findall(r"pyssl_\w*", page.headings[chapter])
        functions = [name for name in ids if name in NAMES]
        assert set(functions) <= page.overviews[chapter], chapter
        astray += [(chapter, name) for name in functions if not any(name.startswith(prefix) for prefix in named)]
    # What is the whole library's, and what tells of errors and curves, is beside what it is for.
    kin: tuple[str, ...] = ("pyssl_verify_error", "pyssl_openssl_", "pyssl_handle_count", "pyssl_curve_")
    kin += ("pyssl_set_fiber_fn", "pyssl_status_name", "pyssl_language_", "pyssl_load_openssl_config")
    assert [name for _, name in astray if not name.startswith(kin)] == []


def test_parameters_are_told(page: Page) -> None:
    assert page.parameters["pyssl_conn_new_fd"] == ["fd", "out"]
    assert page.parameters["pyssl_ext_new"][:3] == ["name", "critical", "value"]
    assert len(page.parameters) > 200
