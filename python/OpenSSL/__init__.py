"""TLS, keys and certificates over libpyssl, under the names of pyOpenSSL."""

from __future__ import annotations

from . import SSL, crypto
from .version import (
    __author__,
    __copyright__,
    __email__,
    __license__,
    __summary__,
    __title__,
    __uri__,
    __version__,
    libpyssl_version,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from . import rand as rand
    from . import tsafe as tsafe
else:

    def __getattr__(name: str) -> ModuleType:
        """`OpenSSL.rand`, `debug` and `tsafe` need no import of their own, as in the releases that had them."""
        if name in ("debug", "rand", "tsafe"):
            from importlib import import_module

            return import_module(f"{__name__}.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "SSL",
    "__author__",
    "__copyright__",
    "__email__",
    "__license__",
    "__summary__",
    "__title__",
    "__uri__",
    "__version__",
    "crypto",
    "libpyssl_version",
]
