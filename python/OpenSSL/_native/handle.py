"""The base of every Python object that stands for a handle of the library."""

from __future__ import annotations

from .loader import ffi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, ClassVar, NoReturn, Type, TypeVar

    T = TypeVar("T", bound="Handle")


class _Number:
    """Finds an object's number out when it is first asked for."""

    def __get__(self, owner: Any, cls: Any) -> int:
        number = int(ffi.cast("uintptr_t", owner._handle))
        owner.__dict__["_number"] = number
        return number


class Handle:
    """Owns one handle and frees it with itself. Subclasses name the function that frees."""

    _free: ClassVar[Callable[[Any], int]]
    _handle: Any
    #: The handle as a number, which is what the compiled functions of `speedups` take.
    _number = _Number()

    @classmethod
    def _adopt(cls: Type[T], handle: Any) -> T:
        """An object for a handle that the library gave out."""
        self = cls.__new__(cls)
        self._handle = handle
        return self

    def __del__(self) -> None:
        # A constructor that raised leaves no handle, nor does giving it away.
        handle = self.__dict__.get("_handle")
        if handle is not None:
            type(self)._free(handle)

    def __copy__(self: T) -> T:
        """copy.copy() never made a second object of the library; the first keeps its identity too."""
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"cannot pickle {type(self).__name__!r} object")
