"""Matrices of rows that are not one array: on a server, or of two others that are not copied."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Bool, Float32, Float64, Int64

Floats = TypeVar("Floats", Float32, Float64)


class Rows(ABC):
    """A read-only matrix ``(N, D)`` float32, with the operations of an array that searches need.

    Args:
        shape: ``(N, D)``.
    """

    dtype: np.dtype[Any] = np.dtype(np.float32)
    ndim = 2

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = shape

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.shape[0] * self.shape[1]

    @property
    @abstractmethod
    def most(self) -> int:
        """The number of rows that may be read for one search."""

    def __len__(self) -> int:
        return self.shape[0]

    @abstractmethod
    def __getitem__(self, rows: int | slice | Sequence[int] | Int64 | Bool) -> Float32: ...

    @abstractmethod
    def __matmul__(self, other: Floats) -> Floats: ...

    def __array__(
        self, dtype: np.dtype[Any] | None = None, copy: bool | None = None
    ) -> NDArray[Any]:
        if copy is False:
            raise ValueError("rows that are not one array cannot be one without a copy")
        return self[:].astype(dtype or self.dtype, copy=False)


class Stacked(Rows):
    """A read-only matrix ``(U, D)``, each row of which is from one of two arrays.

    Args:
        first: ``(N, D)`` float32, such as a memory-mapped file.
        second: ``(M, D)`` float32.
        place: ``(U,)``; below N, a row of the first array, from N on, a row of the second.
    """

    def __init__(self, first: Float32 | Rows, second: Float32, place: Int64) -> None:
        super().__init__((len(place), first.shape[1]))
        self._first, self._second, self._place = first, second, place

    @property
    def most(self) -> int:
        """The number of rows that may be read for one search."""
        return min(len(self), most_rows(self._first) + len(self._second))

    def __getitem__(self, rows: int | slice | Sequence[int] | Int64 | Bool) -> Float32:
        place = np.asarray(self._place[rows])
        border = len(self._first)
        late = place >= border
        if not late.any():
            return np.asarray(self._first[place])
        if late.all():
            return np.asarray(self._second[place - border])
        found = np.empty((len(place), self.shape[1]), dtype=self.dtype)
        found[~late] = self._first[place[~late]]
        found[late] = self._second[place[late] - border]
        return found

    def __matmul__(self, other: Floats) -> Floats:
        both = np.concatenate([self._first @ other, self._second @ other])
        return np.asarray(both[self._place])


Matrix: TypeAlias = Float32 | Rows


def most_rows(matrix: Matrix) -> int:
    """How many rows may be read for one search: all, but of rows on a server only some."""
    return len(matrix) if isinstance(matrix, np.ndarray) else matrix.most


def check_query(query: Float32 | Float64, dim: int, n: int, search_k: int) -> None:
    """Check what an index is asked for: the ``n`` rows nearest to a query ``(dim,)``.

    Raises:
        ValueError: one is out of range.
    """
    if query.shape != (dim,):
        raise ValueError(f"a query must be of shape ({dim},), got {query.shape}")
    if not np.isfinite(query).all() or not query.any():
        raise ValueError("a query must be finite and not all zero")
    if n < 1 or search_k < 1:
        raise ValueError(f"n and search_k must be 1 or more, got {n} and {search_k}")
