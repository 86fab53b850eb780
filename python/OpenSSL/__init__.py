"""TLS, keys and certificates over libpyssl, under the names of pyOpenSSL."""

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
