"""The rows of a generation that a server has, fetched as they are needed."""

import threading
from collections.abc import Callable, Sequence

import numpy as np

from engine.arrays import Bool, Float32, Int64
from engine.index.stacked_rows import Floats, Rows

CACHE_BYTES = 64_000_000  # of rows that are kept, a process and generation
PIECE = 20_000  # rows that are fetched at once
MOST = 20_000  # rows that a search may fetch; 15 MB of 192 numbers each
Fetch = Callable[[Int64], Float32]


class FetchedRows(Rows):
    """Rows that are fetched when they are first needed.

    Rows of a generation never change, so those that were fetched are kept: each at one place of a
    table, which a later row takes over.

    Args:
        fetch: reads rows ``(n,)``, without repetitions, as ``(n, D)``.
        shape: ``(N, D)``.
    """

    def __init__(self, fetch: Fetch, shape: tuple[int, int]) -> None:
        super().__init__(shape)
        self._fetch = fetch
        places = max(1, min(shape[0], CACHE_BYTES // (4 * shape[1])))
        self._known: Int64 = np.full(places, -1, dtype=np.int64)
        self._kept: Float32 = np.empty((places, shape[1]), dtype=np.float32)
        self._lock = threading.Lock()

    @property
    def most(self) -> int:
        """The number of rows that may be read for one search."""
        return MOST

    def keep(self, rows: Int64, vectors: Float32) -> None:
        """Keep rows ``(n,)`` that were fetched with something else."""
        places = rows % len(self._known)
        with self._lock:
            # Of two rows with one place, NumPy keeps the last, in both arrays.
            self._known[places] = rows
            self._kept[places] = vectors

    def __getitem__(self, rows: int | slice | Sequence[int] | Int64 | Bool) -> Float32:
        if isinstance(rows, int | np.integer):
            return np.asarray(self._rows(np.array([rows], dtype=np.int64))[0])
        if isinstance(rows, slice):
            return self._rows(np.arange(len(self))[rows])
        chosen = np.asarray(rows)
        if chosen.dtype == bool:
            chosen = np.flatnonzero(chosen)
        return self._rows(chosen.astype(np.int64))

    def __matmul__(self, other: Floats) -> Floats:
        pieces = [
            self[start : min(start + PIECE, len(self))] @ other
            for start in range(0, len(self), PIECE)
        ]
        return np.asarray(np.concatenate(pieces))

    def _rows(self, rows: Int64) -> Float32:
        if len(rows) and not (-len(self) <= rows.min() and rows.max() < len(self)):
            raise IndexError(f"rows must be below {len(self):,}")
        rows = np.where(rows < 0, rows + len(self), rows)
        places = rows % len(self._known)
        with self._lock:
            found = self._kept[places]
            missing = self._known[places] != rows
        if missing.any():
            new, at = np.unique(rows[missing], return_inverse=True)
            parts = [self._fetch(new[one : one + PIECE]) for one in range(0, len(new), PIECE)]
            vectors = np.concatenate(parts)
            found[missing] = vectors[at]
            self.keep(new, vectors)
        return found
