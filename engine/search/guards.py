"""The rules that a result may never break, as masks over columns of catalogue facts.

Never what is sold out, retired or unknown to the catalogue; never a variant of a seed; never the
wrong gender or age group for the seed. Each can be lifted by its name, but that of what the
catalogue does not know. That nothing is shown twice, the seed not at all, and no two that look the
same, is seen to in the search.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from catalog.records import Facts
from engine.errors import RequestError

NOTHING = -1  # code of None, and of a gender that fits everyone
FITS_ALL = frozenset({None, "unisex"})


@dataclass(frozen=True, slots=True)
class Lifts:
    """Which guards a request lifts; False keeps the guard.

    Attributes:
        any_gender: also the other gender than the seed's.
        any_age_group: also another age group than the seed's.
        sold_out: also what cannot be bought now.
        variants_of_seed: also other sizes or colourways of a seed.
        near_duplicates: also several products that look the same.
        retired: also what the shop sells no more, while the index still has it.
        seed: also the seeds themselves.
    """

    any_gender: bool = False
    any_age_group: bool = False
    sold_out: bool = False
    variants_of_seed: bool = False
    near_duplicates: bool = False
    retired: bool = False
    seed: bool = False

    @classmethod
    def of(cls, wishes: Mapping[str, object]) -> Self:
        """From keyword arguments.

        Raises:
            RequestError: an unknown name, or a value that is not True or False.
        """
        for name, value in wishes.items():
            if name not in LIFTS or not isinstance(value, bool):
                raise RequestError(
                    f"{name}={value!r} lifts no guard. "
                    f"Guards are lifted by {', '.join(LIFTS[:-1])} or {LIFTS[-1]}, True or False."
                )
        return cls(**wishes)  # type: ignore[arg-type]  # checked above


LIFTS = tuple(one.name for one in fields(Lifts))


class Codes:
    """Numbers for words: equal words get equal numbers from 0 on, some get `NOTHING`.

    Args:
        nothing: the words that say nothing.
    """

    def __init__(self, nothing: frozenset[str | None]) -> None:
        self._of: dict[str | None, int] = dict.fromkeys(nothing, NOTHING)

    def __call__(self, words: np.ndarray) -> np.ndarray:
        """``(N,)`` int32 numbers of words; new words get new numbers."""
        codes = self._of
        return np.array([codes.setdefault(word, len(codes)) for word in words], dtype=np.int32)


class Coder:
    """Turns facts into `Columns`; those made by one coder can be compared with one another."""

    def __init__(self) -> None:
        self._gender, self._age_group = Codes(FITS_ALL), Codes(FITS_ALL)
        self._group = Codes(frozenset({None}))

    def __call__(self, facts: Facts) -> "Columns":
        """The columns of some products, row by row."""
        return Columns(
            known=facts.known,
            retired=facts.retired,
            sold_out=facts.sold_out,
            gender=self._gender(facts.gender),
            age_group=self._age_group(facts.age_group),
            group=self._group(facts.group_id),
        )


@dataclass(frozen=True, slots=True)
class Columns:
    """Facts of N products, those in words as numbers, comparable if one `Coder` made them.

    ``known``, ``retired`` and ``sold_out`` are ``(N,)`` bool; the others are ``(N,)`` int32
    codes, `NOTHING` for none.
    """

    known: np.ndarray
    retired: np.ndarray
    sold_out: np.ndarray
    gender: np.ndarray
    age_group: np.ndarray
    group: np.ndarray

    @classmethod
    def of(cls, facts: Facts) -> Self:
        """From the catalogue's facts, comparable with nothing else."""
        return cls(*(getattr(columns, name) for columns in [Coder()(facts)] for name in NAMES))

    def split(self, first: int) -> tuple["Columns", "Columns"]:
        """The facts of the first products, and those of the others."""
        return self.take(slice(first)), self.take(slice(first, None))

    def take(self, rows: np.ndarray | slice) -> "Columns":
        """The facts of some rows."""
        return Columns(*(getattr(self, name)[rows] for name in NAMES))

    def put(self, rows: np.ndarray, others: "Columns") -> "Columns":
        """A copy with the facts of some rows exchanged."""
        copies = {name: getattr(self, name).copy() for name in NAMES}
        for name, values in copies.items():
            values[rows] = getattr(others, name)
        return Columns(**copies)


NAMES = ("known", "retired", "sold_out", "gender", "age_group", "group")


def allowed(
    seeds: Columns, products: Columns, lifts: Lifts, own: np.ndarray | None = None
) -> np.ndarray:
    """Which products may be shown for which seeds.

    Args:
        seeds: facts of S seeds; none, for a photo that somebody uploaded.
        products: facts of N products, made by the same coder.
        lifts: guards that are lifted.
        own: ``(N,)`` bool, the products that are seeds themselves: no variants of one.

    Returns:
        ``(max(S, 1), N)`` bool. A variant of any seed is shown for none.
    """
    fine = products.known
    if not lifts.retired:
        fine = fine & ~products.retired
    if not lifts.sold_out:
        fine = fine & ~products.sold_out
    groups = seeds.group[seeds.group != NOTHING]
    if groups.size and not lifts.variants_of_seed:
        variant = np.isin(products.group, groups)
        fine = fine & ~(variant if own is None else variant & ~own)
    fit = np.repeat(fine[np.newaxis], max(len(seeds.group), 1), axis=0)
    for row in range(len(seeds.group)):
        if not lifts.any_gender:
            fit[row] &= _fits(seeds.gender[row], products.gender)
        if not lifts.any_age_group:
            fit[row] &= _fits(seeds.age_group[row], products.age_group)
    return fit


def _fits(wanted: int, offered: np.ndarray) -> np.ndarray | bool:
    return True if wanted == NOTHING else (offered == wanted) | (offered == NOTHING)
