"""`FactColumns`: what guards, filters and groups need to know of N products, as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.arrays import Int32, Int64, UInt8
from engine.facts.guard_columns import GuardColumns
from engine.facts.postings import Postings
from engine.facts.words import Words

KNOWN, RETIRED, SOLD_OUT, ON_SALE = 1, 2, 4, 8  # bits of flags
WORDED = ("colour", "pattern", "category")  # fields whose words are kept
NO_PRICE = np.iinfo(np.int64).min


class DesignColumns(NamedTuple):
    """What tells the designs of N products apart, comparable within one reading of facts.

    ``(N,)`` int32 codes each, -1 for none: of the design's ``name``, of the product's ``colour`` in
    the catalogue's words, and of its variant ``group``.
    """

    name: Int32
    colour: Int32
    group: Int32


@dataclass(frozen=True)
class FactColumns:
    """Facts of N products; never changed, and may be mapped from a file.

    Attributes:
        flags: ``(N,)`` uint8, the sum of `KNOWN`, `RETIRED`, `SOLD_OUT` and `ON_SALE`.
        gender, age_group, kind: ``(N,)`` int32 codes; see `engine.facts.guard_columns.Coder`.
        group: ``(N,)`` int32, the place of the variant group's key in ``postings``; -1: none.
        price: ``(N,)`` int64, what a customer pays now, in ten-thousandths; `NO_PRICE`: not known.
        design: ``(N,)`` int32, the place of the key of the design's name; -1: none.
        colour, pattern, category: ``(N,)`` int32, codes in ``words``; -1: none.
        postings: the rows of each key; see `engine.facts.keys`.
        words: the words of each field of `WORDED`; a category is its whole path.
    """

    flags: UInt8
    gender: Int32
    age_group: Int32
    kind: Int32
    group: Int32
    price: Int64
    design: Int32
    colour: Int32
    pattern: Int32
    category: Int32
    postings: Postings
    words: Mapping[str, Words]

    def __len__(self) -> int:
        return len(self.flags)

    def guards(self, rows: Int32 | Int64) -> GuardColumns:
        """The facts that guards check, of some rows."""
        flags = self.flags[rows]
        return GuardColumns(
            known=(flags & KNOWN).astype(bool),
            retired=(flags & RETIRED).astype(bool),
            sold_out=(flags & SOLD_OUT).astype(bool),
            gender=self.gender[rows],
            age_group=self.age_group[rows],
            group=self.group[rows],
            kind=self.kind[rows],
        )

    def designs(self, rows: Int32 | Int64) -> DesignColumns:
        """What tells designs apart, of some rows."""
        return DesignColumns(self.design[rows], self.colour[rows], self.group[rows])
