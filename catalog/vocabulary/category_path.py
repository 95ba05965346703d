"""Category paths as stored and shown: names from the widest to the narrowest, "Tops > T-shirts"."""

import re
from collections.abc import Iterable

from catalog.vocabulary.cells import listed_in
from catalog.vocabulary.markup import plain_text
from catalog.vocabulary.values import clean

SEPARATOR = " > "  # no name contains it: `category` removes ">"
# Between names in feeds, the surest sign first: in "Women > Coats/Jackets" the slash is text.
SIGNS = (
    re.compile(r">+|»|›|→|-+>|=+>|⟩"),
    re.compile(r"::+"),
    re.compile(r"\|+"),
    re.compile(r"/+|\\+"),
    re.compile(r";+"),
)
BETWEEN_PATHS = re.compile(r"[,;|\n]")
ARROW = re.compile(r"[-=]+>")


def category(value: object) -> tuple[str, ...]:
    """Parses a category into its names, widest first.

    Args:
        value: a text with a separator, such as "Tops > T-shirts" or "Tops/T-shirts"; or a list of
            names, also as JSON. Of several paths, the first is used.
    """
    listed = [str(part) for part in listed_in(value) if clean(part)]
    if len(listed) == 1 or (listed and all(SIGNS[0].search(part) for part in listed)):
        return split_text(listed[0])
    return _names(listed)


def names_of(text: str) -> tuple[str, ...]:
    """The names of a path as it is shown, "Tops > T-shirts", in any spacing."""
    return _names(re.split(r"[>»›]", text))


def split_text(text: str) -> tuple[str, ...]:
    """The names in a text with separators."""
    text = _first_path(plain_text(text))
    for sign in SIGNS:
        parts = sign.split(text)
        if len(parts) > 1 and (sign.pattern[0] not in "/;" or _are_names(parts)):
            return _names(parts)
    return _names([text])


def _first_path(text: str) -> str:
    """The first of several paths in one text; a text with one path as it is."""
    paths = BETWEEN_PATHS.split(text)
    if len(paths) > 1:
        for sign in (SIGNS[0], SIGNS[1], SIGNS[3]):
            if all(sign.search(path) for path in paths):
                return paths[0]
    return text


def _are_names(parts: list[str]) -> bool:
    """Whether the parts beside a slash or semicolon are names, unlike in "3/4" and "S/S"."""
    return all(re.search(r"[^\W\d_]{2}", part) for part in parts if part.strip())


def _names(parts: Iterable[str]) -> tuple[str, ...]:
    names = (clean(ARROW.sub(" ", plain_text(part)).replace(">", " ")) for part in parts)
    return tuple(name for name in names if name)


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
