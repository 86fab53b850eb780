"""What a report of a defect should begin with: `python -m OpenSSL.debug`."""

from __future__ import annotations

import ssl
import sys

import cffi

from . import SSL, version
from ._native import library_path


def _cryptography() -> str:
    try:
        from cryptography import __version__
    except ImportError:
        return "not installed (and not needed)"
    return __version__


def _report() -> str:
    openssl = SSL.OpenSSL_version(SSL.OPENSSL_VERSION).decode()
    lines = {
        "pyOpenSSL": f"{version.__version__} (the level of compatibility)",
        "libpyssl": f"{version.libpyssl_version} ({library_path})",
        "libpyssl's OpenSSL": f"{openssl} (number 0x{SSL.OPENSSL_VERSION_NUMBER:08x})",
        "cryptography": _cryptography(),
        "cffi": cffi.__version__,
        "Python's OpenSSL": ssl.OPENSSL_VERSION,
        "Python executable": sys.executable,
        "Python version": sys.version,
        "Platform": sys.platform,
        "sys.path": repr(sys.path),
    }
    return "\n".join(f"{label}: {value}" for label, value in lines.items())


_env_info = _report()


if __name__ == "__main__":
    print(_env_info)
