"""crypto.Error."""

from .._native import Described


class Error(Described, Exception):
    """An operation of OpenSSL.crypto failed. args is ([(lib, func, reason), ...],), oldest first."""


Error.__module__ = "OpenSSL.crypto"
