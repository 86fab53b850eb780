"""memcheck.py [PYTEST ARGUMENT...]: runs tests of the Python package under valgrind.

Where no argument names any that is a subset that takes a minute or two (SUBSET). The result is non-zero when a test
failed, when libpyssl had to do with memory that was read, written or freed as it must not be, or decided something by
bytes that nobody wrote, or when it allocated something that nobody can free any more. CPython's own sins are not looked
at.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = os.environ.get("PYSSL_LIBRARY", str(ROOT / "target/release/libpyssl.so"))

#: Every kind of object, every callback (returning, raising, returning what it must not), every transport.
SUBSET = [
    *(f"tests/python/crypto/test_{name}.py" for name in ("name", "extension")),
    *(f"tests/python/ssl/test_{name}.py" for name in ("session", "detach", "transports")),
    "tests/python/ssl/test_callbacks.py::test_what_a_callback_raises_surfaces_as_it_is",
    "tests/python/ssl/test_callbacks.py::test_what_no_callback_may_return",
    # valgrind does not know a stack that a greenlet brings; one exception and one protocol stand for all.
    "-k",
    "not greenlet and not gevent and not Keyboard and not SystemExit and not GeneratorExit and (not 1.2 or cookie)",
]


def main(arguments: list[str]) -> int:
    names = [argument for argument in arguments if not argument.startswith("-")]
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "errors.xml"
        code = valgrind(log, [*([] if names else SUBSET), *arguments])
        try:
            errors = [error for error in ElementTree.parse(log).getroot().iter("error") if counts(error)]
        except ElementTree.ParseError:
            print(log.read_text(errors="replace")[-20000:])
            print("memcheck: valgrind did not get to its end")
            return 1
    for error in errors:
        print(describe(error))
    print(f"memcheck: {len(errors)} errors")
    return code or (1 if errors else 0)


def valgrind(log: Path, arguments: list[str]) -> int:
    command = ["valgrind", "--quiet", "--xml=yes", f"--xml-file={log}", "--num-callers=60", "--leak-check=full"]
    command += ["--show-leak-kinds=definite", "--child-silent-after-fork=yes"]
    command += [sys.executable, "-X", "faulthandler", "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    # CPython's own allocator hands out pieces of blocks that valgrind then knows nothing of.
    environment = {**os.environ, "PYTHONMALLOC": "malloc", "PYSSL_CACHES": "off", "PYSSL_LIBRARY": LIBRARY}
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def counts(error: ElementTree.Element) -> bool:
    kind = error.findtext("kind", "")
    if kind.startswith("Leak_"):
        # Python objects made in a callback have the library's frames too, further out.
        return kind == "Leak_DefinitelyLost" and is_of(allocator(error), "libpyssl")
    # In the stack, or in that of who allocated or freed what was read: the rest is CPython's own.
    return any(is_of(frame, "libpyssl", "_shim", "_cffi_backend") for frame in error.iter("frame"))


def allocator(error: ElementTree.Element) -> ElementTree.Element | None:
    """The innermost frame outside of malloc() and its kin."""
    for frame in error.iter("frame"):
        name = Path(frame.findtext("obj", "")).name
        if not name.startswith(("vgpreload", "libc.", "libc-", "ld-")):
            return frame
    return None


def is_of(frame: ElementTree.Element | None, *objects: str) -> bool:
    return frame is not None and any(name in frame.findtext("obj", "") for name in objects)


def describe(error: ElementTree.Element) -> str:
    what = error.findtext("what") or error.findtext("xwhat/text") or error.findtext("kind")
    lines = [f"\n{error.findtext('kind')}: {what}"]
    for stack in error.iter("stack"):
        lines += [f"    {frame.findtext('fn', '?')} ({frame.findtext('obj', '?')})" for frame in stack.iter("frame")]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
