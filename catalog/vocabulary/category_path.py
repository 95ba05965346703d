"""Category paths as stored and shown: names from the widest to the narrowest, "Tops > T-shirts"."""

from collections.abc import Iterable

SEPARATOR = " > "  # no name contains it: `catalog.vocabulary.values.category` removes ">"


def join(names: Iterable[str]) -> str:
    """The path of some names; "" of none."""
    return SEPARATOR.join(names)


def split(path: str | None) -> tuple[str, ...]:
    """The names of a path; none of None or ""."""
    return tuple(path.split(SEPARATOR)) if path else ()


def leaf(path: str) -> str:
    """The last, narrowest name."""
    return path.rpartition(SEPARATOR)[2]


def parent(path: str) -> str | None:
    """The path one level up; None for a top category."""
    above, separator, _ = path.rpartition(SEPARATOR)
    return above if separator else None


def levels(path: str | None) -> list[str]:
    """The paths of all levels, the top category first and the path itself last."""
    names = split(path)
    return [join(names[:depth]) for depth in range(1, len(names) + 1)]


def contains(path: str, other: str) -> bool:
    """Whether ``other`` is the category ``path`` or one below it."""
    return other == path or other.startswith(path + SEPARATOR)
