"""Names of styles in plain words: "Blue checked Shirts for men", from what most of them share."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from catalog.records import Facts
from catalog.vocabulary import category_path
from engine.applications.styles.words import WordCounts, most_frequent
from engine.arrays import Int64, Strings

HALF = 0.5  # share from which on a value is that of a style
PAIR = 0.7  # the same of two values together
PEOPLE_SHARE = 0.8  # share of a style that is for the same people
MOST_WORDS = 4
PLAIN = frozenset({"solid", "plain", "none", "no pattern"})
PEOPLE = {
    ("female", False): "for women", ("male", False): "for men", ("unisex", False): "for everybody",
    ("female", True): "for girls", ("male", True): "for boys", ("unisex", True): "for children",
}  # fmt: skip
MIXED = "Mixed"


@dataclass(frozen=True)
class StyleName:
    """A name that no other style has, and the words of titles that tell the style from others."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class _Column:
    values: list[str]
    codes: Int64

    @classmethod
    def of(cls, column: Sequence[str | None]) -> "_Column":
        names = sorted({one for one in column if one})
        place = {one: at for at, one in enumerate(names)}
        codes = np.array([place[one] if one else -1 for one in column], dtype=np.int64)
        return cls(names, codes)

    def top(self, rows: Int64) -> list[tuple[str, float]]:
        return most_frequent(self.values, self.codes[rows])


def name_styles(members: Sequence[Int64], facts: Facts, titles: Sequence[str]) -> list[StyleName]:
    """Name groups of products.

    Args:
        members: rows of each group.
        facts: of all products.
        titles: of the same.
    """
    counts = WordCounts(len(members))
    for group, rows in enumerate(members):
        for row in rows.tolist():
            counts.add(group, titles[row])
    leaves = _Column.of([path and category_path.leaf(path) for path in facts.category])
    parents = _Column.of([path and _parent(path) for path in facts.category])
    colours, patterns = _Column.of(_filled(facts.colour)), _Column.of(_filled(facts.pattern))
    people = _Column.of(_people(facts))
    names, standing_out = [], counts.telling(3 * MOST_WORDS)
    for rows in members:
        kind = _value(leaves, rows) or _value(parents, rows, HALF) or MIXED
        colour, pattern = _value(colours, rows), _value(patterns, rows, HALF)
        parts = [colour, "" if pattern.casefold() in PLAIN else pattern, kind]
        parts.append(_value(people, rows, PEOPLE_SHARE))
        text = " ".join(part for part in parts if part)
        names.append(text[:1].upper() + text[1:])
    return _distinct(names, standing_out)


def _distinct(names: Sequence[str], standing_out: Sequence[tuple[str, ...]]) -> list[StyleName]:
    """Names that differ: where some are equal, words that tell them apart are added."""
    frequent = Counter(names)
    used: set[str] = set()
    found = []
    for name, words in zip(names, standing_out, strict=True):
        new = _new_words(words, name.casefold().split())
        full = name
        if frequent[name] > 1 and new:
            full = f"{name}: {', '.join(new[:2])}"
        number = 2
        while full.casefold() in used:
            full = f"{name} ({number})"
            number += 1
        used.add(full.casefold())
        found.append(StyleName(full, new[:MOST_WORDS]))
    return found


def _new_words(words: Sequence[str], inside: Sequence[str]) -> tuple[str, ...]:
    """The words that are no other form of a word before them, or of one in the name."""
    found: list[str] = []
    for word in words:
        before = (*inside, *found)
        if not any(word.startswith(one) or one.startswith(word) for one in before):
            found.append(word)
    return tuple(found)


def _value(column: _Column, rows: Int64, least: float | None = None) -> str:
    """The value that most of some rows have; without ``least``, also two values together."""
    top = column.top(rows)
    if top and top[0][1] >= (HALF if least is None else least):
        return top[0][0]
    if least is None and len(top) > 1 and top[0][1] + top[1][1] >= PAIR:
        return f"{top[0][0]} and {top[1][0]}"
    return ""


def _filled(column: Strings) -> list[str | None]:
    return [one or None for one in column.tolist()]


def _parent(path: str) -> str | None:
    parent = category_path.parent(path)
    return category_path.leaf(parent) if parent else None


def _people(facts: Facts) -> list[str | None]:
    columns = zip(facts.gender.tolist(), facts.age_group.tolist(), strict=True)
    return [PEOPLE.get((gender, age not in (None, "adult"))) for gender, age in columns]
