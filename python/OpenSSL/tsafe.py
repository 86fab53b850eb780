"""A Connection that several threads may use at once: `SSL.Connection` is one already."""

from .SSL import Connection

__all__ = ["Connection"]
