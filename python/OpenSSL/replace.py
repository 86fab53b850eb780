"""Which package named OpenSSL an environment imports, and a switch that has it import this one.

    python -m OpenSSL.replace                    what is in force
    python -m OpenSSL.replace on [--site DIR]    this package, although pyOpenSSL stays installed
    python -m OpenSSL.replace off [--site DIR]   what is installed, as before

The switch is for environments where pyOpenSSL must stay installed: this package lies in a folder of its own, and a .pth
file in the environment's site-packages puts that folder first. DIR is that site-packages; without it, this Python's.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import sysconfig

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Tuple

SWITCH = "libpyssl-replace.pth"

#: The folder that this package lies in.
_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def switch_on(site: str) -> str:
    """Has the environment import this package from where it lies; a sentence about it."""
    if os.path.realpath(site) == os.path.realpath(_HERE):
        return f"{site} has this package itself: there is nothing to switch."
    path = os.path.join(site, SWITCH)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"import sys; sys.path.insert(0, {_HERE!r})\n")
    return f"{path} puts {_HERE} first."


def switch_off(site: str) -> str:
    """Takes the switch away; a sentence about it."""
    path = os.path.join(site, SWITCH)
    try:
        os.unlink(path)
    except FileNotFoundError:
        return f"There is no {path}."
    return f"{path} is gone."


def state() -> List[Tuple[str, str]]:
    """What a Python of this environment imports, started without PYTHONPATH, and what is installed in it."""
    rows = [("in force", _in_force())]
    for name in ("pyOpenSSL", "libpyssl"):
        rows.append((f"{name} installed", _installed(name)))
    path = os.path.join(_site(), SWITCH)
    rows.append(("switch", path if os.path.exists(path) else "off"))
    return rows


#: Run by the environment's Python: nothing of OpenSSL is imported, for a mixture could not be.
_ASK = """
import importlib.util, os
spec = importlib.util.find_spec("OpenSSL")
folders = list(spec.submodule_search_locations) if spec else []
for folder in folders:
    ours = os.path.isdir(os.path.join(folder, "_native"))
    theirs = os.path.exists(os.path.join(folder, "SSL.py"))
    print({(1, 0): "libpyssl", (0, 1): "pyOpenSSL", (1, 1): "a mixture of both, which is refused at import"}.get(
        (ours, theirs), "neither"), "in", folder)
if not folders:
    print("nothing")
"""


def _in_force() -> str:
    # -P would do from 3.11 on; -I leaves PYTHONPATH, the user's site and the working directory out.
    done = subprocess.run([sys.executable, "-I", "-c", _ASK], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _installed(name: str) -> str:
    from importlib import metadata

    # Of this environment, not of the folder that this package lies in.
    for found in metadata.distributions(name=name, path=[_site()]):
        return found.version
    return "no"


def _site() -> str:
    return sysconfig.get_path("purelib")


def main(arguments: Optional[List[str]] = None) -> int:
    """`python -m OpenSSL.replace`."""
    parser = argparse.ArgumentParser(prog="python -m OpenSSL.replace", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("switch", nargs="?", choices=["on", "off"], help="without it: show what is in force")
    parser.add_argument("--site", metavar="DIR", help="the site-packages of another environment")
    asked = parser.parse_args(arguments)
    site = asked.site or _site()
    if not os.path.isdir(site):
        parser.error(f"{site} is no folder")
    if asked.switch == "on":
        print(switch_on(site))
    elif asked.switch == "off":
        print(switch_off(site))
    if asked.site is None:
        for label, value in state():
            print(f"{label + ':':20} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
