"""Matrices of rows that are not one array: on a server, or of two others that are not copied."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Bool, Float32, Float64, Int64

Floats = TypeVar("Floats", Float32, Float64)


class Rows(Protocol):
    """A read-only matrix ``(N, D)`` with the operations of an array that the search needs."""

    shape: tuple[int, int]
    dtype: np.dtype[Any]
    ndim: int

    @property
    def size(self) -> int:
        """The number of elements."""
        ...

    @property
    def most(self) -> int:
        """The number of rows that may be read for one search."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, rows: int | slice | Sequence[int] | Int64 | Bool) -> Float32: ...

    def __matmul__(self, other: Floats) -> Floats: ...

    def __array__(
        self, dtype: np.dtype[Any] | None = None, copy: bool | None = None
    ) -> NDArray[Any]: ...


class Stacked:
    """A read-only matrix ``(U, D)``, each row of which is from one of two arrays.

    Args:
        first: ``(N, D)`` float32, such as a memory-mapped file.
        second: ``(M, D)`` float32.
        place: ``(U,)``; below N, a row of the first array, from N on, a row of the second.
    """

    def __init__(self, first: Float32 | Rows, second: Float32, place: Int64) -> None:
        self._first, self._second, self._place = first, second, place
        self.shape: tuple[int, int] = (len(place), first.shape[1])
        self.dtype: np.dtype[Any] = first.dtype
        self.ndim = 2

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.shape[0] * self.shape[1]

    @property
    def most(self) -> int:
        """The number of rows that may be read for one search."""
        if isinstance(self._first, np.ndarray):
            return len(self)
        return max(0, len(self) - len(self._first)) + self._first.most

    def __len__(self) -> int:
        return len(self._place)

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

    def __array__(
        self, dtype: np.dtype[Any] | None = None, copy: bool | None = None
    ) -> NDArray[Any]:
        if copy is False:
            raise ValueError("the rows of two arrays cannot be one array without a copy")
        return self[:].astype(dtype or self.dtype, copy=False)


Matrix: TypeAlias = Float32 | Rows
