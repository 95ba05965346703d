"""Design families: products with the same title but for its colour words, type and gender.

The members are the same design in other colours, which makes each family an identity in the sense
of FaceNet (Schroff et al. 2015), although no attribute of the catalogue names it. A title of few
words ("Puma Men Black T-shirt") fits many designs, so at least `TELLING_WORDS` words must remain.
A large family is rather a generic title than a design, so it is dropped.
"""

import functools
from collections.abc import Collection, Mapping, Sequence
from operator import add
from typing import Protocol

import numpy as np

from catalog.records import Product, ProductRecord
from catalog.text import word_key
from engine.arrays import Int64
from engine.labels.labels import RULES, UNKNOWN, LabelRule, LabelTable, joint_codes
from engine.labels.splits import words_of_tokens
from engine.labels.vocabulary import Finder, tokens

TELLING_WORDS = 4  # title words that must remain without colour, size, number and filler words
SMALLEST, LARGEST = 2, 4  # products of a family


def design_families(
    records: Sequence[ProductRecord | Product],
    labels: LabelTable,
    rules: Sequence[LabelRule] = RULES,
    synonyms: Collection[str] = (),
) -> Int64:
    """The design family of each product.

    An unknown type or gender is a value of its own: it equals only another unknown one.

    Args:
        records: N products.
        labels: their labels, with the columns ``type`` and ``gender``.
        rules: the rules with the vocabulary of the colour column.
        synonyms: more colour words, as the keys of `catalog.vocabulary.synonyms.Synonyms.colours`
            (lower case, without blanks, hyphens and accents).

    Returns:
        ``(N,)`` int64 codes, counted from 0 in order of appearance, equal within a family; -1 for
        a product in no family.
    """
    design_words = DesignWords(rules, synonyms)
    keys: dict[tuple[object, ...], list[int]] = {}
    types, genders = (labels.columns[name].tolist() for name in ("type", "gender"))
    for row, record in enumerate(records):
        words = design_words(record)
        if words is not None:
            keys.setdefault((*words, types[row], genders[row]), []).append(row)
    codes = np.full(len(records), UNKNOWN, dtype=np.int64)
    families = (rows for rows in keys.values() if SMALLEST <= len(rows) <= LARGEST)
    for code, rows in enumerate(families):
        codes[rows] = code
    return codes


def other_colour(families: Int64, colours: Int64) -> Int64:
    """Codes ``(N,)`` of the families for the products that have a sibling in another colour.

    Args:
        families: ``(N,)`` codes as `design_families` returns them.
        colours: ``(N,)`` codes of the colour, -1 for unknown.

    Returns:
        ``(N,)`` int64: the family where the product's colour is known and another member has
        another known colour, else -1.
    """
    coloured = joint_codes([families, colours])  # equal for members of one colour
    codes = np.full(len(families), UNKNOWN, dtype=np.int64)
    known = coloured != UNKNOWN
    pairs = np.unique(np.stack([families[known], colours[known]], axis=1), axis=0)
    names, shades = np.unique(pairs[:, 0], return_counts=True)
    several = known & np.isin(families, names[shades > 1])
    codes[several] = families[several]
    return codes


class Titled(Protocol):
    """What the words of a design are read from: a `Product` or `ProductRecord`, or their fields."""

    @property
    def title(self) -> str:
        """The title."""
        ...

    @property
    def colour(self) -> str | None:
        """The colour in the catalogue's words."""
        ...

    @property
    def attributes(self) -> Mapping[str, str]:
        """The attributes; ``original_colour`` is the colour in the shop's words."""
        ...


class DesignWords:
    """The words of a title that name the design, whatever its colour.

    Args:
        rules: the rules with the vocabulary of the colour column.
        synonyms: more colour words; see `design_families`.
    """

    def __init__(self, rules: Sequence[LabelRule] = RULES, synonyms: Collection[str] = ()) -> None:
        words = next((rule.words for rule in rules if rule.column == "colour"), {})
        self._finder = Finder(words)
        self._synonyms = frozenset(synonyms)

    def __call__(self, record: Titled) -> tuple[str, ...] | None:
        """Distinct words in order of the alphabet; None of a title of too few words."""
        return self.of(record.title, record.colour, record.attributes.get("original_colour"))

    def of(
        self, title: str, colour: str | None, original_colour: str | None
    ) -> tuple[str, ...] | None:
        """The same for a title, and the colour in the catalogue's words and the shop's own."""
        words = words_of_tokens(self._without_colour(title, colour, original_colour))
        return tuple(words) if len(words) >= TELLING_WORDS else None

    def _without_colour(
        self, title: str, colour: str | None, original_colour: str | None
    ) -> list[str]:
        """The title's tokens without colour phrases and without the product's own colour."""
        parts, synonyms = tokens(title), self._synonyms
        left_out = {at for start, stop, _ in self._finder.spans(parts) for at in range(start, stop)}
        keys = parts if title.isascii() else [_key(part) for part in parts]
        own = _tokens_of(colour, original_colour)
        if not (own.isdisjoint(parts) and synonyms.isdisjoint(keys)):
            pairs = zip(parts, keys, strict=True)
            left_out |= {
                at for at, (part, key) in enumerate(pairs) if part in own or key in synonyms
            }
        if not synonyms.isdisjoint(map(add, keys, keys[1:])):
            for at, pair in enumerate(map(add, keys, keys[1:])):
                if pair in synonyms:
                    left_out |= {at, at + 1}
        return [word for at, word in enumerate(parts) if at not in left_out] if left_out else parts


@functools.lru_cache(maxsize=10_000)
def _tokens_of(*texts: str | None) -> frozenset[str]:
    """The tokens of some texts."""
    return frozenset(word for text in texts if text for word in tokens(text))


@functools.lru_cache(maxsize=20_000)
def _key(token: str) -> str:
    return word_key(token)
