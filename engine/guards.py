"""The rules that a result may never break, as masks over columns of catalogue facts.

Never what is sold out, retired or unknown to the catalogue; never a variant of a seed; never the
wrong gender or age group for the seed, unless asked for.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from catalog.queries import Catalogue
from catalog.records import Facts
from engine.errors import RequestError

NOTHING = -1  # code of None, and of a gender that fits everyone
FITS_ALL = frozenset({None, "unisex"})
WHOLE = 50_000  # up to this many rows all facts are kept; a change re-reads them in about 0.3 s


@dataclass(frozen=True, slots=True)
class Lifts:
    """Which guards a request lifts."""

    any_gender: bool = False
    any_age_group: bool = False

    @classmethod
    def of(cls, wishes: Mapping[str, object]) -> Self:
        """From keyword arguments.

        Raises:
            RequestError: an unknown name, or a value that is not True or False.
        """
        for name, value in wishes.items():
            if name not in cls.__slots__ or not isinstance(value, bool):
                raise RequestError(
                    f"{name}={value!r} lifts no guard. "
                    f"Guards are lifted by {' or '.join(cls.__slots__)}, True or False."
                )
        return cls(**wishes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Columns:
    """Facts of N products as numbers, comparable within one `Columns` only.

    ``available`` is ``(N,)`` bool; the others are ``(N,)`` int32 codes, `NOTHING` for none.
    """

    available: np.ndarray
    gender: np.ndarray
    age_group: np.ndarray
    group: np.ndarray

    @classmethod
    def of(cls, facts: Facts) -> Self:
        """From the catalogue's facts, row by row."""
        return cls(
            available=facts.known & facts.available,
            gender=_codes(facts.gender, FITS_ALL),
            age_group=_codes(facts.age_group, FITS_ALL),
            group=_codes(facts.group_id, frozenset({None})),
        )

    def split(self, first: int) -> tuple["Columns", "Columns"]:
        """The facts of the first products, and those of the others."""
        return self.take(slice(first)), self.take(slice(first, None))

    def take(self, rows: np.ndarray | slice) -> "Columns":
        """The facts of some rows."""
        return Columns(
            self.available[rows], self.gender[rows], self.age_group[rows], self.group[rows]
        )


def allowed(seeds: Columns, products: Columns, lifts: Lifts) -> np.ndarray:
    """Which products may be shown for which seeds.

    Args:
        seeds: facts of S seeds; none, for a photo that somebody uploaded.
        products: facts of N products, with the same codes.
        lifts: guards that are lifted.

    Returns:
        ``(max(S, 1), N)`` bool. A variant of any seed is shown for none.
    """
    fit = np.repeat(products.available[np.newaxis], max(len(seeds.group), 1), axis=0)
    groups = seeds.group[seeds.group != NOTHING]
    if groups.size:
        fit &= ~np.isin(products.group, groups)
    for row in range(len(seeds.group)):
        if not lifts.any_gender:
            fit[row] &= _fits(seeds.gender[row], products.gender)
        if not lifts.any_age_group:
            fit[row] &= _fits(seeds.age_group[row], products.age_group)
    return fit


def _fits(wanted: int, offered: np.ndarray) -> np.ndarray | bool:
    return True if wanted == NOTHING else (offered == wanted) | (offered == NOTHING)


def _codes(values: np.ndarray, nothing: frozenset[str | None]) -> np.ndarray:
    """Equal values get equal codes from 0 on; those of ``nothing`` get `NOTHING`."""
    codes: dict[str | None, int] = dict.fromkeys(nothing, NOTHING)
    return np.array([codes.setdefault(v, len(codes)) for v in values], dtype=np.int32)


class LiveFacts:
    """The facts of a generation's products as they are in the catalogue now.

    Few products are kept whole and read again when the catalogue's version changes; of many, only
    those asked for are read. Safe to share between threads.

    Args:
        catalogue: where facts come from.
        ids: ``(N,)`` object, the product id of each row.
    """

    def __init__(self, catalogue: Catalogue, ids: np.ndarray) -> None:
        self._catalogue = catalogue
        self._ids = ids
        self._kept: tuple[str, Columns] | None = None
        self._lock = threading.Lock()

    def columns(self, rows: np.ndarray) -> Columns:
        """The facts of some rows, all with the same codes."""
        version = self._catalogue.watermark()
        kept = self._kept
        if kept is None or kept[0] != version:
            if len(self._ids) > WHOLE and len(rows) < WHOLE:
                return Columns.of(self._catalogue.facts(self._ids[rows].tolist()))
            kept = self._read(version)
        return kept[1].take(rows)

    def _read(self, version: str) -> tuple[str, Columns]:
        with self._lock:
            if self._kept is None or self._kept[0] != version:
                # Read after its version: facts may be newer than they claim, never older.
                facts = self._catalogue.facts(self._ids.tolist())
                self._kept = (version, Columns.of(facts))
            return self._kept
