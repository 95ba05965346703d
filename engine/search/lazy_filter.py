"""A request's filter over the candidates of a search, evaluated for as few rows as possible."""

import numpy as np

from engine.arrays import Bool, Float32, Int64
from engine.search.row_values import RowValues

# Where a filter must be evaluated for more than 1/FULL_SCAN_RATIO of the rows, evaluating it for
# all rows is faster; see `engine.search.catalogue_facts`.
FULL_SCAN_RATIO = 8


class LazyFilter:
    """Which of some candidates match a filter, found out for the best ones first.

    Args:
        filter: ``(n,)`` bool of rows; None: everything matches.
        rows: ``(n,)`` the candidates.
    """

    def __init__(self, filter: RowValues[np.bool_] | None, rows: Int64) -> None:
        self._filter = filter
        self._rows = rows
        self._mask: Bool | None = np.ones(len(rows), dtype=bool) if filter is None else None
        self._matched, self._evaluated = 0, 0

    @property
    def complete(self) -> bool:
        """Whether it is known of every candidate if it matches."""
        return self._mask is not None

    def matching(self, places: Int64) -> Int64:
        """Those of some places in the candidates whose rows match."""
        if self._filter is None or self._mask is not None:
            return places
        found = places[self._filter.take(self._rows[places])]
        self._matched += len(found)
        self._evaluated += len(places)
        return found

    def over(self, values: Float32) -> Float32:
        """``(n,)`` values of the candidates, minus infinity for those known not to match."""
        if self._filter is None or self._mask is None:
            return values
        return np.where(self._mask, values, np.float32(-np.inf))

    def evaluate_all(self) -> None:
        """Evaluate the filter for all candidates."""
        if self._filter is not None:
            self._mask = self._filter.take(self._rows)

    @property
    def estimate(self) -> int:
        """About how many candidates match; exact once `complete`."""
        if self._mask is not None:
            return int(self._mask.sum())
        return len(self._rows) * self._matched // max(1, self._evaluated)
