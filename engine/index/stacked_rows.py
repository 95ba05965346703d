"""Rows that lie in two arrays, seen as one matrix without a copy of either."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np


class Stacked:
    """``U`` rows of length ``D``, each from one of two arrays. Read-only, as an array is read.

    It knows what the search asks of vectors: some rows, the product with a thin matrix, the shape.

    Args:
        first: ``(N, D)`` float32, such as a mapped file.
        second: ``(M, D)`` float32.
        place: ``(U,)`` int64; below N a row of the first, from N on one of the second.
    """

    def __init__(self, first: np.ndarray, second: np.ndarray, place: np.ndarray) -> None:
        self._first, self._second, self._place = first, second, place
        self.shape = (len(place), first.shape[1])
        self.dtype = first.dtype
        self.ndim = 2

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return self.shape[0] * self.shape[1]

    def __len__(self) -> int:
        return len(self._place)

    def __getitem__(self, rows: int | slice | Sequence[int] | np.ndarray) -> np.ndarray:
        place = np.asarray(self._place[rows])
        border = len(self._first)
        late = place >= border
        if not late.any():
            return self._first[place]
        if late.all():
            return self._second[place - border]
        found = np.empty((len(place), self.shape[1]), dtype=self.dtype)
        found[~late] = self._first[place[~late]]
        found[late] = self._second[place[late] - border]
        return found

    def __matmul__(self, other: np.ndarray) -> np.ndarray:
        both = np.concatenate([self._first @ other, self._second @ other])
        return np.asarray(both[self._place])

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("rows of two arrays cannot be one array without a copy")
        return self[:].astype(dtype or self.dtype, copy=False)


Matrix: TypeAlias = np.ndarray | Stacked
