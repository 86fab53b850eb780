"""crypto.X509Name."""

from __future__ import annotations

from .._native import Handle, bytes_of, fail, ffi, handle_of, int_of, lib, speedups, text_of, text_or_none
from .._native.errors import last
from .._native.text import c_text
from .errors import Error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, ClassVar, List, NoReturn, Optional, Tuple, Type, TypeVar, Union

    T = TypeVar("T", bound="X509Name")


ABSENT = lib.PYSSL_ERR_ABSENT
ARGUMENT = lib.PYSSL_ERR_ARGUMENT
NO_SUCH_ATTRIBUTE = "No such attribute"
_free = lib.pyssl_name_free
_get = lib.pyssl_name_get


class _Failure(Exception):
    """Given to calls as their exception class. A view is dead once its name was replaced: that is an AttributeError."""

    def __new__(cls, entries: List[Tuple[str, str, str]]) -> Exception:  # type: ignore[misc]
        dead = last()[0].status == lib.PYSSL_ERR_HANDLE
        return AttributeError(NO_SUCH_ATTRIBUTE) if dead else Error(entries)


class X509Name(Handle):
    """A distinguished name: on its own, or a live view into a certificate or request.

    Attributes are the first entry of a type by any name OpenSSL has for it: short ("CN"), long ("commonName") or dotted
    numbers ("2.5.4.3"). None means there is no such entry; AttributeError that OpenSSL does not know the type. A view
    is dead once its owner was given another name in its place: everything about it is an AttributeError then.
    """

    _free = _free
    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    C: Optional[str]
    CN: Optional[str]
    L: Optional[str]
    O: Optional[str]  # noqa: E741
    OU: Optional[str]
    ST: Optional[str]
    commonName: Optional[str]
    countryName: Optional[str]
    emailAddress: Optional[str]
    localityName: Optional[str]
    organizationName: Optional[str]
    organizationalUnitName: Optional[str]
    stateOrProvinceName: Optional[str]

    def __init__(self, name: X509Name) -> None:
        """An independent copy of a name."""
        self._handle = handle_of(_Failure, "pyssl_name **", lib.pyssl_name_copy, name._handle)

    @classmethod
    def _adopt(cls: Type[T], handle: Any) -> T:
        self = cls.__new__(cls)
        self.__dict__["_handle"] = handle
        return self

    def __getattr__(self, name: str) -> Optional[str]:
        if name[:1] == "_":
            return self._hidden(name)  # type: ignore[no-any-return]
        try:
            return _attribute(self, _type(name))
        except ValueError:
            raise AttributeError(NO_SUCH_ATTRIBUTE) from None

    def _hidden(self, name: str) -> Any:
        """A view that a compiled function made has its number; the handle is made of it when it is asked for."""
        if name != "_handle" or "_number" not in self.__dict__:
            raise AttributeError(NO_SUCH_ATTRIBUTE)
        handle = self.__dict__["_handle"] = ffi.cast("pyssl_name *", self.__dict__["_number"])
        return handle

    def __del__(self) -> None:
        held = self.__dict__
        if "_handle" in held:
            _free(held["_handle"])
        elif "_number" in held:
            speedups.name_free(held["_number"])

    def __setattr__(self, name: str, value: Union[str, bytes, Any]) -> None:
        """Sets the entry of a type; the old one goes, the new one comes last. A refused value changes nothing."""
        if name[:1] == "_":
            object.__setattr__(self, name, value)
            return
        if isinstance(value, str):
            value = value.encode()
        elif not isinstance(value, bytes):
            self.__getattr__(name)  # AttributeError for an unknown type comes first, as it always did
            raise TypeError(f"the value of {name} must be str or bytes, not {value.__class__.__name__}")
        status = lib.pyssl_name_set(self._handle, c_text("name", _type(name)), value, len(value))
        if status == ARGUMENT:
            raise AttributeError(NO_SUCH_ATTRIBUTE)
        if status:
            fail(_Failure, status)

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __repr__(self) -> str:
        oneline = text_of(_Failure, lib.pyssl_name_oneline, self._handle)
        return f"<X509Name object '{oneline}'>"

    def hash(self) -> int:
        """What c_rehash names files by: the first four bytes, little endian, of SHA-1 over the canonical encoding."""
        return int_of(_Failure, "uint32_t *", lib.pyssl_name_hash, self._handle)

    def der(self) -> bytes:
        """The DER of the name, a SEQUENCE."""
        return bytes_of(_Failure, lib.pyssl_name_der, self._handle)

    def get_components(self) -> List[Tuple[bytes, bytes]]:
        """(short name, value) of each entry in order; values are the bytes of their ASN.1 strings."""
        handle = self._handle
        count = int_of(_Failure, "size_t *", lib.pyssl_name_entry_count, handle)
        return [
            (
                text_of(_Failure, lib.pyssl_name_entry_type, handle, index).encode(),
                bytes_of(_Failure, lib.pyssl_name_entry_value, handle, index),
            )
            for index in range(count)
        ]

    def __eq__(self, other: object) -> bool:
        return self._compare(other) == 0 if isinstance(other, X509Name) else NotImplemented

    def __ne__(self, other: object) -> bool:
        return self._compare(other) != 0 if isinstance(other, X509Name) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self._compare(other) < 0 if isinstance(other, X509Name) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self._compare(other) <= 0 if isinstance(other, X509Name) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self._compare(other) > 0 if isinstance(other, X509Name) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self._compare(other) >= 0 if isinstance(other, X509Name) else NotImplemented

    def _compare(self, other: X509Name) -> int:
        return int_of(_Failure, "int *", lib.pyssl_name_compare, self._handle, other._handle)


def viewer(error: Type[Exception], function: str) -> Callable[[Any], X509Name]:
    """`view(owner)`: the name that pyssl_<function>(handle, out) gives for an object that owns a handle.

    Spelled out, for programs ask for names all the time."""
    look = getattr(speedups, function, None)
    if look is None:
        call = getattr(lib, "pyssl_" + function)

        def view(owner: Any) -> X509Name:
            out = _new(_NAME_OUT)
            status = call(owner._handle, out)
            if status:
                fail(error, status)
            name = _bare(X509Name)
            name.__dict__["_handle"] = out[0]
            return name
    else:

        def view(owner: Any) -> X509Name:
            number = look(owner._number)
            if number < 0:
                fail(error, number)
            name = _bare(X509Name)
            name.__dict__["_number"] = number
            return name

    return view


_new = ffi.new
_bare = object.__new__
_NAME_OUT = ffi.typeof("pyssl_name **")


def _type(name: str) -> bytes:
    """As the library takes it; what C would take for another one is none."""
    if "\0" in name:
        raise AttributeError(NO_SUCH_ATTRIBUTE)
    return name.encode()


if speedups is None:

    def _attribute(name: X509Name, attribute: bytes) -> Optional[str]:
        return text_or_none(_Failure, _get, name._handle, attribute)

else:

    def _attribute(name: X509Name, attribute: bytes) -> Optional[str]:
        value = speedups.name_get(name._number, attribute)
        if type(value) is str:
            return value
        if value == ABSENT:
            return None
        fail(_Failure, value)


def _attribute_of_every_day(name: str) -> property:
    attribute = name.encode()
    return property(lambda self: _attribute(self, attribute))


# Found at once, where __getattr__ is asked last.
for _name in X509Name.__annotations__:
    if _name[:1] != "_":
        setattr(X509Name, _name, _attribute_of_every_day(_name))


def renamed(status: int) -> None:
    """What putting a name into something came to: the name given may be a dead view."""
    if status:
        fail(_Failure, status)
