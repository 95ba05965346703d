"""Values of a generation's rows, read for just the rows that a search considers.

Of a small generation they are computed for all rows at once (`AllRows`). Of a large one they are
computed for the candidates only, which is what the other classes with a ``take`` do.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Bool, Float64, Int64

NO_ROWS: Int64 = np.empty(0, dtype=np.int64)

FEW = 8  # values with which rows are compared one by one, faster than they are sorted

Scalar = TypeVar("Scalar", bound=np.generic)
Scalar_co = TypeVar("Scalar_co", bound=np.generic, covariant=True)


class RowValues(Protocol[Scalar_co]):
    """One value per row, or one per query and row."""

    def take(self, rows: Int64) -> NDArray[Scalar_co]:
        """The values of rows ``(n,)``: ``(n,)``, or ``(S, n)`` if they differ by query."""
        ...


class Bonus(RowValues[np.float64], Protocol):
    """What is added to the cosine of each query with each row, as ``(S, n)`` float64."""

    @property
    def raised(self) -> Int64:
        """The rows with a bonus above 0 for some query, ascending."""
        ...


class RowSet(RowValues[np.bool_], Protocol):
    """Some rows: ``(n,)`` bool of n rows whether they are among them."""

    @property
    def all(self) -> Int64:
        """All of them, ascending."""
        ...


def among(rows: NDArray[Any], some: NDArray[Any]) -> Bool:
    """``(n,)`` bool: which of n numbers are among some; `numpy.isin`, faster for a few."""
    if len(some) > FEW:
        return np.isin(rows, some)
    found = np.zeros(len(rows), dtype=bool)
    for one in some.tolist():
        found |= rows == one
    return found


@dataclass(frozen=True)
class AllRows(Generic[Scalar]):
    """Values that are known for all N rows: ``(N,)`` or ``(S, N)``."""

    values: NDArray[Scalar]

    def take(self, rows: Int64) -> NDArray[Scalar]:
        """See `RowValues`."""
        return self.values[..., rows]


@dataclass(frozen=True)
class ComputedOnce(Generic[Scalar]):
    """Values that are computed for all N rows when one is first taken.

    Attributes:
        source: computes them.
        count: N.
    """

    source: RowValues[Scalar]
    count: int

    @cached_property
    def values(self) -> NDArray[Scalar]:
        """``(N,)`` or ``(S, N)``."""
        return self.source.take(np.arange(self.count))

    def take(self, rows: Int64) -> NDArray[Scalar]:
        """See `RowValues`."""
        return self.values[..., rows]


@dataclass(frozen=True)
class AllBonuses(AllRows[np.float64]):
    """A bonus that is known for all N rows: ``(S, N)`` float64."""

    values: Float64

    @cached_property
    def raised(self) -> Int64:
        """See `Bonus`."""
        return np.flatnonzero((self.values > 0).any(axis=0))


@dataclass(frozen=True)
class ByQuery:
    """Masks ``(S, n)`` bool: those of ``first`` for the queries in ``chosen``, else ``others``.

    Attributes:
        chosen: ``(S,)`` bool.
    """

    chosen: Bool
    first: RowValues[np.bool_]
    others: RowValues[np.bool_]

    def take(self, rows: Int64) -> Bool:
        """See `RowValues`."""
        chosen = self.chosen[:, np.newaxis]
        return np.where(chosen, self.first.take(rows), self.others.take(rows))
