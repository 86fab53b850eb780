"""Keys, certificates and their containers."""

from .errors import Error

__all__ = ["Error"]
