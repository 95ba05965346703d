"""A dictionary that cannot be changed, for the fields of frozen values."""

from collections.abc import Mapping
from typing import NoReturn, Self, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class FrozenDict(dict[K, V]):
    """A dictionary that refuses changes; ``copy()`` and ``|`` return ordinary ones.

    Unlike `types.MappingProxyType`, it can be pickled, deep-copied, passed through
    `dataclasses.asdict` and written as JSON.

    Example:
        >>> frozen = FrozenDict({"colour": 0.9})
        >>> frozen["colour"]
        0.9
        >>> frozen["colour"] = 1.0
        Traceback (most recent call last):
        TypeError: A FrozenDict cannot be changed; take dict(...) of it first.
    """

    __slots__ = ()

    def __setitem__(self, key: K, value: V) -> NoReturn:
        _refuse()

    def __delitem__(self, key: K) -> NoReturn:
        _refuse()

    def clear(self) -> NoReturn:
        """Not allowed."""
        _refuse()

    def pop(self, *args: object) -> NoReturn:
        """Not allowed."""
        _refuse()

    def popitem(self) -> NoReturn:
        """Not allowed."""
        _refuse()

    def setdefault(self, *args: object) -> NoReturn:
        """Not allowed."""
        _refuse()

    def update(self, *args: object, **items: object) -> NoReturn:
        """Not allowed."""
        _refuse()

    def __copy__(self) -> Self:
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[Mapping[K, V]]]:
        return type(self), (dict(self),)


def _refuse() -> NoReturn:
    raise TypeError("A FrozenDict cannot be changed; take dict(...) of it first.")


# Set here: a definition in the class would have to be an overload for each of those of ``|``.
type.__setattr__(FrozenDict, "__ior__", FrozenDict.update)
