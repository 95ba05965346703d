"""`FactColumns`: what guards, filters and groups need to know of N products, as arrays."""

from dataclasses import dataclass

import numpy as np

from engine.arrays import Int32, Int64, UInt8
from engine.facts.guard_columns import GuardColumns
from engine.facts.postings import Postings

KNOWN, RETIRED, SOLD_OUT, ON_SALE = 1, 2, 4, 8  # bits of flags
NO_PRICE = np.iinfo(np.int64).min


@dataclass(frozen=True)
class FactColumns:
    """Facts of N products; never changed, and may be mapped from a file.

    Attributes:
        flags: ``(N,)`` uint8, the sum of `KNOWN`, `RETIRED`, `SOLD_OUT` and `ON_SALE`.
        gender, age_group, kind: ``(N,)`` int32 codes; see `engine.facts.guard_columns.Coder`.
        group: ``(N,)`` int32, the place of the variant group's key in ``postings``; -1: none.
        price: ``(N,)`` int64, what a customer pays now, in ten-thousandths; `NO_PRICE`: not known.
        postings: the rows of each key; see `engine.facts.keys`.
    """

    flags: UInt8
    gender: Int32
    age_group: Int32
    kind: Int32
    group: Int32
    price: Int64
    postings: Postings

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
