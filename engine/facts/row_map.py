"""The slots of a generation's rows: numbers that stay the same when a delta is merged into it."""

from collections.abc import Mapping, Sequence
from itertools import repeat

import numpy as np

from engine.arrays import Int32, Int64
from engine.product_ids import RowOf


class RowMap:
    """Rows of a generation to slots and back.

    A slot below ``base_count`` is a row of the generation without its delta, from there on a row of
    the delta. Without a delta, slots are rows.

    Args:
        row_of: product id -> row.
        place: ``(N,)`` the slot of each row, ascending among those of the generation; None: slots
            are rows.
        base_count: rows of the generation without its delta.
    """

    def __init__(
        self, row_of: Mapping[str, int], place: Int64 | None = None, base_count: int | None = None
    ) -> None:
        self._row_of = row_of
        self._place = place
        self.base_count = len(row_of) if base_count is None else base_count
        self.slot_count = self.base_count
        if place is not None:
            self.slot_count = max(self.base_count, int(place.max(initial=-1)) + 1)
            self._row_of_slot = np.full(self.slot_count, -1, dtype=np.int64)
            self._row_of_slot[place] = np.arange(len(place))

    def __len__(self) -> int:
        return len(self._row_of)

    def find(self, product_ids: Sequence[str]) -> Int64:
        """``(n,)`` the slots of products, -1 for those without a row."""
        if isinstance(self._row_of, RowOf):
            rows = self._row_of.ids.rows(product_ids)
        else:
            found = map(self._row_of.get, product_ids, repeat(-1))
            rows = np.fromiter(found, np.int64, len(product_ids))
        if self._place is None:
            return rows
        return np.where(rows < 0, -1, self._place[rows] if len(self._place) else -1)

    def slots(self, rows: Int64) -> Int32:
        """``(n,)`` the slots of rows."""
        return (rows if self._place is None else self._place[rows]).astype(np.int32)

    def rows(self, slots: Int32 | Int64) -> Int64:
        """The rows of slots that are in use, ascending."""
        if self._place is None:
            return np.asarray(slots, dtype=np.int64)
        rows = self._row_of_slot[slots]
        return np.sort(rows[rows >= 0])
