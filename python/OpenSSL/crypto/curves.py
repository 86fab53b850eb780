"""Elliptic curves by OpenSSL's short names."""

from __future__ import annotations

from .._native import lib, text_of
from .errors import Error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Set


class _EllipticCurve:
    """A named curve; there is one object for each, compared by identity."""

    def __init__(self, name: str) -> None:
        #: OpenSSL's short name, "prime256v1".
        self.name = name

    def __repr__(self) -> str:
        return f"<Curve {self.name!r}>"


def get_elliptic_curves() -> Set[_EllipticCurve]:
    """All curves the linked OpenSSL knows; the same set each time."""
    if not _curves:
        names = [text_of(Error, lib.pyssl_curve_name, index) for index in range(lib.pyssl_curve_count())]
        # One step, so that threads that come here at once end with the same objects.
        for name in names:
            _curves.setdefault(name, _EllipticCurve(name))
        _all.update(_curves.values())
    return _all


def get_elliptic_curve(name: str) -> _EllipticCurve:
    """A curve by OpenSSL's short name; ValueError when there is none."""
    for curve in get_elliptic_curves():
        if curve.name == name:
            return curve
    raise ValueError("unknown curve name", name)


_curves: Dict[str, _EllipticCurve] = {}
_all: Set[_EllipticCurve] = set()
