"""Whether the folder of this package holds the files of pyOpenSSL too, as when pip put both into one environment.

Installers know distributions, not folders: each of the two overwrites files of the other, and removing either breaks
what is left. Python would import a mixture of both without a word.
"""

from __future__ import annotations

import os

_REMEDY = (
    "Remove both and install one: `pip uninstall pyOpenSSL libpyssl`, then `pip install pyOpenSSL` for pyOpenSSL, or "
    "the wheel pyOpenSSL 26.4.0+libpyssl for this package where programs require pyOpenSSL, or `pip install libpyssl` "
    "where none does. docs/guide/replacing.md tells more."
)


def check(folder: str) -> None:
    """ImportError with the remedy where `folder`, a package named OpenSSL, is not this package's alone."""
    for name in ("SSL.py", "crypto.py"):  # packages here, modules there
        if os.path.exists(os.path.join(folder, name)):
            raise ImportError(f"{folder} holds the files of both libpyssl and pyOpenSSL. {_REMEDY}")
    if not os.path.exists(os.path.join(folder, "__init__.py")):
        raise ImportError(f"{folder} has lost files of libpyssl, as when pyOpenSSL was removed from it. {_REMEDY}")


check(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
