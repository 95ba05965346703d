"""Guards: the rules that a result may never break, as masks over columns of catalogue facts.

Never a product that is sold out, retired or unknown to the catalogue; never a variant of a seed;
never the wrong gender or age group for the seed. Each guard can be lifted by its name, but for
that of unknown products. The search itself sees to it that nothing is shown twice, no seed, and
no two products that look the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from catalog.records import Facts
from engine.arrays import Bool, Int32, Int64
from engine.errors import RequestError
from engine.labels.audience import FITS_ALL, NO_CODE, fits
from engine.labels.kinds import kind_of


@dataclass(frozen=True, slots=True)
class Lifts:
    """Which guards a request lifts; False keeps the guard.

    Attributes:
        any_gender: also show the other gender than the seed's.
        any_age_group: also show another age group than the seed's.
        sold_out: also show what cannot be bought now.
        variants_of_seed: also show other sizes or colourways of a seed.
        near_duplicates: also show several products that look the same.
        retired: also show what the shop no longer sells, while the index still has it.
        seed: also show the seeds themselves.

    Example:
        >>> from engine import Lifts, Recommender, Request
        >>> request = Request(seeds=("LK000002",), k=1, lifts=Lifts(seed=True))
        >>> [result.product_id for result in Recommender.open().answer(request).results]
        ['LK000002']
    """

    any_gender: bool = False
    any_age_group: bool = False
    sold_out: bool = False
    variants_of_seed: bool = False
    near_duplicates: bool = False
    retired: bool = False
    seed: bool = False

    @classmethod
    def of(cls, options: Mapping[str, object]) -> Self:
        """From keyword arguments.

        Raises:
            RequestError: an unknown name, or a value that is not True or False.
        """
        lifted: dict[str, bool] = {}
        for name, value in options.items():
            if name not in LIFTS or not isinstance(value, bool):
                raise RequestError(
                    f"{name}={value!r} lifts no guard. "
                    f"Guards are lifted by {', '.join(LIFTS[:-1])} or {LIFTS[-1]}, True or False."
                )
            lifted[name] = value
        return cls(**lifted)


LIFTS = tuple(one.name for one in fields(Lifts))


class Codes:
    """Numbers for words: equal words get equal numbers from 0 on, some get `NO_CODE`.

    Args:
        without: the words that get `NO_CODE`.
    """

    def __init__(self, without: frozenset[str | None]) -> None:
        self._of: dict[str | None, int] = dict.fromkeys(without, NO_CODE)

    def __call__(self, words: Iterable[str | None]) -> Int32:
        """``(N,)`` int32 numbers of words; new words get new numbers."""
        codes = self._of
        return np.array([codes.setdefault(word, len(codes)) for word in words], dtype=np.int32)


class Coder:
    """Turns facts into `Columns`; those made by one coder can be compared with one another."""

    def __init__(self) -> None:
        self._gender, self._age_group = Codes(FITS_ALL), Codes(FITS_ALL)
        self._group = Codes(frozenset({None}))
        self._kind = Codes(frozenset({None}))

    def __call__(self, facts: Facts) -> "Columns":
        """The columns of some products, row by row."""
        return Columns(
            known=facts.known,
            retired=facts.retired,
            sold_out=facts.sold_out,
            gender=self._gender(facts.gender),
            age_group=self._age_group(facts.age_group),
            group=self._group(facts.group_id),
            kind=self._kind([kind_of(path) for path in facts.category]),
        )


@dataclass(frozen=True, slots=True)
class Columns:
    """Facts of N products, words as codes, comparable if one `Coder` made them.

    ``known``, ``retired`` and ``sold_out`` are ``(N,)`` bool; the others are ``(N,)`` int32
    codes, `NO_CODE` for none.
    """

    known: Bool
    retired: Bool
    sold_out: Bool
    gender: Int32
    age_group: Int32
    group: Int32
    kind: Int32

    def split(self, first: int) -> tuple["Columns", "Columns"]:
        """The facts of the first products, and those of the others."""
        return self.take(slice(first)), self.take(slice(first, None))

    def take(self, rows: Int64 | slice) -> "Columns":
        """The facts of some rows."""
        return Columns(*(getattr(self, name)[rows] for name in COLUMNS))

    def put(self, rows: Int64, others: "Columns") -> "Columns":
        """A copy with the facts of some rows exchanged."""
        copies: dict[str, Any] = {name: getattr(self, name).copy() for name in COLUMNS}
        for name, values in copies.items():
            values[rows] = getattr(others, name)
        return Columns(**copies)


COLUMNS = tuple(one.name for one in fields(Columns))


def guard_mask(
    seeds: Columns,
    products: Columns,
    lifts: Lifts,
    own: Bool | None = None,
    *,
    kinds: bool = False,
) -> Bool:
    """Which products may be shown for which seeds.

    Args:
        seeds: facts of S seeds; of none for an uploaded photo.
        products: facts of N products, made by the same coder.
        lifts: guards that are lifted.
        own: ``(N,)`` bool, the products that are seeds themselves and so no variants of one.
        kinds: also keep to the seeds' kinds (`engine.labels.kinds`).

    Returns:
        ``(max(S, 1), N)`` bool. A variant of any seed is shown for none.
    """
    fine = products.known
    if not lifts.retired:
        fine = fine & ~products.retired
    if not lifts.sold_out:
        fine = fine & ~products.sold_out
    groups = seeds.group[seeds.group != NO_CODE]
    if groups.size and not lifts.variants_of_seed:
        variant = np.isin(products.group, groups)
        fine = fine & ~(variant if own is None else variant & ~own)
    mask = np.repeat(fine[np.newaxis], max(len(seeds.group), 1), axis=0)
    for row in range(len(seeds.group)):
        if not lifts.any_gender:
            mask[row] &= fits(seeds.gender[row], products.gender)
        if not lifts.any_age_group:
            mask[row] &= fits(seeds.age_group[row], products.age_group)
        if kinds:
            mask[row] &= fits(seeds.kind[row], products.kind)
    return mask
