"""Where this installation's C header and library are, for programs and extension modules in other languages.

    cc $(python -m OpenSSL.native --cflags) extension.c $(python -m OpenSSL.native --libs)

What is linked so asks for the library by its SONAME: within a process that has imported OpenSSL it gets the very copy
that Python uses, so that handles mean the same to both.
"""

from __future__ import annotations

import os
import shlex
import sys

from ._native import library_path as _named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, List, Optional

_HERE = os.path.dirname(os.path.abspath(__file__))


def library_path() -> str:
    """The file name of libpyssl as this process has loaded it."""
    return _named if os.path.isabs(_named) else _mapped(_named)


def include_dir() -> str:
    """The directory of pyssl.h."""
    installed = os.path.join(_HERE, "_native", "include")
    checkout = os.path.join(os.path.dirname(os.path.dirname(_HERE)), "include")
    for directory in (installed, checkout):
        if os.path.exists(os.path.join(directory, "pyssl.h")):
            return directory
    raise FileNotFoundError(f"pyssl.h is neither in {installed} nor in {checkout}")


def cflags() -> List[str]:
    """What a C compiler needs to find the header."""
    return [f"-I{include_dir()}"]


def libs() -> List[str]:
    """What a linker needs: the file itself, whose SONAME goes into the result, and where to look for it at run time."""
    library = library_path()
    return [library, f"-Wl,-rpath,{os.path.dirname(library)}"]


def _mapped(name: str) -> str:
    """The file behind a bare SONAME, which the system's linker found."""
    with open("/proc/self/maps") as maps:
        for line in maps:
            path = line.rstrip("\n").partition("/")[2]
            if os.path.basename(path).startswith(name):
                return f"/{path}"
    return name


def main(arguments: Optional[List[str]] = None) -> int:
    """`python -m OpenSSL.native`: prints what the options ask for, on one line, quoted for a shell."""
    asked = sys.argv[1:] if arguments is None else arguments
    answers: Dict[str, Callable[[], List[str]]] = {
        "--cflags": cflags,
        "--libs": libs,
        "--include-dir": lambda: [include_dir()],
        "--library-path": lambda: [library_path()],
    }
    unknown = [option for option in asked if option not in answers]
    if unknown or not asked:
        print(f"usage: python -m OpenSSL.native {' '.join(f'[{option}]' for option in answers)}", file=sys.stderr)
        return 2
    print(" ".join(shlex.quote(word) for option in asked for word in answers[option]()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
