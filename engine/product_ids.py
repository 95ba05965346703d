"""Product ids by row, mapped from a file: no process holds a million texts in memory.

Ids are ascending, so the row of an id is found by bisection of the mapped bytes.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Bool, Int64, Strings

WIDEST = 64  # bytes of an id that are stored in columns of one width
Rows = slice | Sequence[int] | Int64 | Bool


class ProductIds:
    """``(N,)`` product ids, ascending; indexed as an array is.

    Args:
        ids: ``(N,)`` ids in UTF-8, padded with zeros to one width; or texts, as objects.
    """

    def __init__(self, ids: NDArray[np.bytes_] | Strings) -> None:
        self._ids: NDArray[Any] = ids

    @classmethod
    def of(cls, ids: Sequence[str]) -> "ProductIds":
        """Ids in memory, as texts."""
        return cls(_objects(ids))

    @classmethod
    def load(cls, path: Path) -> "ProductIds":
        """Map the ids of a file that `save` wrote.

        Raises:
            OSError, ValueError: it cannot be read, or holds something else.
        """
        found = np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)
        if found.ndim != 1 or found.dtype.kind != "S":
            raise ValueError(f"{path} holds no ids but {found.shape} {found.dtype}")
        return cls(found)

    @staticmethod
    def save(path: Path, ids: Sequence[str]) -> bool:
        """Write ids to a file; False if one is longer than `WIDEST` bytes: nothing is written."""
        encoded = [one.encode() for one in ids]
        if max(map(len, encoded), default=0) > WIDEST:
            return False
        np.save(path, np.array(encoded, dtype=np.bytes_), allow_pickle=False)
        return True

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, rows: int | np.integer[Any]) -> str: ...
    @overload
    def __getitem__(self, rows: Rows) -> Strings: ...
    def __getitem__(self, rows: int | np.integer[Any] | Rows) -> str | Strings:
        found = self._ids[rows]
        if not isinstance(found, np.ndarray):
            return found if isinstance(found, str) else bytes(found).decode()
        if found.dtype == object:
            return found
        return _objects([one.decode() for one in found.tolist()])

    def __iter__(self) -> Iterator[str]:
        return iter(self.tolist())

    def tolist(self) -> list[str]:
        """All ids."""
        found: list[str] = self[:].tolist()
        return found

    def places(self, product_ids: Sequence[str]) -> Int64:
        """``(n,)`` int64: the row of each id, or where it would be inserted."""
        if self._ids.dtype == object:
            return np.searchsorted(self._ids, _objects(product_ids))
        width = self._ids.dtype.itemsize
        encoded = [one.encode("utf-8", "surrogatepass") for one in product_ids]
        # Of one width with the ids, so that these are not copied. One that is cut comes after all
        # that are equal up to there.
        wanted = np.array([one[:width] for one in encoded], dtype=self._ids.dtype)
        found = np.searchsorted(self._ids, wanted)
        longer = np.array([len(one) > width for one in encoded], dtype=bool)
        if longer.any():
            found[longer] = np.searchsorted(self._ids, wanted[longer], side="right")
        return found

    def rows(self, product_ids: Sequence[str]) -> Int64:
        """``(n,)`` int64: the row of each id; -1: it has none."""
        if not len(self):
            return np.full(len(product_ids), -1, dtype=np.int64)
        places = self.places(product_ids)
        there = self[np.minimum(places, len(self) - 1)] == _objects(product_ids)
        return np.where(there & (places < len(self)), places, -1)

    def find(self, product_id: str) -> int:
        """The row of an id; -1: it has none."""
        # As `rows`, without arrays of one element: a request looks up several ids.
        wanted: str | bytes = product_id
        if self._ids.dtype != object:
            wanted = product_id.encode("utf-8", "surrogatepass")
            if len(wanted) > self._ids.dtype.itemsize:
                return -1
        at = bisect_left(self._ids, wanted)
        return at if at < len(self._ids) and self._ids[at] == wanted else -1


class StackedIds(ProductIds):
    """``(N,)`` ids, ascending, each of which is from one of two lists.

    Args:
        first: ids by row of the first list.
        second: M further ids, ascending.
        place: ``(N,)`` where each id is: in the first list, or, from its length on, in the second.
        of_first: the row here of each row of the first list, -1 for none.
        of_second: ``(M,)`` the same of the second.
    """

    def __init__(
        self,
        first: ProductIds,
        second: Sequence[str],
        place: Int64,
        of_first: Int64,
        of_second: Int64,
    ) -> None:
        super().__init__(_objects(second))
        self._first, self._place, self._of_first = first, place, of_first
        self._late: dict[str, int] = dict(zip(second, of_second.tolist(), strict=True))

    def __len__(self) -> int:
        return len(self._place)

    @overload
    def __getitem__(self, rows: int | np.integer[Any]) -> str: ...
    @overload
    def __getitem__(self, rows: Rows) -> Strings: ...
    def __getitem__(self, rows: int | np.integer[Any] | Rows) -> str | Strings:
        place, border = self._place[rows], len(self._first)
        if not isinstance(place, np.ndarray):
            late = place >= border
            return str(self._ids[place - border]) if late else self._first[place]
        found, late = np.empty(len(place), dtype=object), place >= border
        found[~late] = self._first[place[~late]]
        found[late] = self._ids[place[late] - border]
        return found

    def places(self, product_ids: Sequence[str]) -> Int64:
        """See `ProductIds.places`."""
        return np.searchsorted(self[:], _objects(product_ids))

    def rows(self, product_ids: Sequence[str]) -> Int64:
        """See `ProductIds.rows`."""
        base = self._first.rows(product_ids)
        rows = np.where(base < 0, -1, self._of_first[base] if len(self._of_first) else -1)
        for at, one in enumerate(product_ids):
            rows[at] = self._late.get(one, rows[at])
        return rows

    def find(self, product_id: str) -> int:
        """See `ProductIds.find`."""
        late = self._late.get(product_id)
        if late is not None:
            return late
        base = self._first.find(product_id)
        return int(self._of_first[base]) if base >= 0 else -1


class RowOf(Mapping[str, int]):
    """Product id -> row."""

    def __init__(self, ids: ProductIds) -> None:
        self.ids = ids

    def __getitem__(self, product_id: str) -> int:
        row = self.ids.find(product_id)
        if row < 0:
            raise KeyError(product_id)
        return row

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)

    def in_memory(self) -> dict[str, int]:
        """The same as a dictionary, for very many look-ups."""
        return {product_id: row for row, product_id in enumerate(self.ids)}


def _objects(ids: Sequence[str]) -> Strings:
    texts = np.empty(len(ids), dtype=object)
    texts[:] = ids
    return texts
