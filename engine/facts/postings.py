"""Postings: for each key the rows that have it, ascending."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Int32, Int64

UInt64 = NDArray[np.uint64]
NO_ROWS: Int32 = np.empty(0, dtype=np.int32)
_ROW_BITS = 32
_HALVES = np.dtype("<u8")  # of a key


@dataclass(frozen=True)
class Postings:
    """K keys in order, and the rows of each.

    Attributes:
        first, second: ``(K,)`` uint64, the halves of each key; ordered by the first, then the
            second.
        starts: ``(K + 1,)`` int64, where the rows of each key start in ``rows``.
        rows: int32, ascending for each key.
    """

    first: UInt64
    second: UInt64
    starts: Int64
    rows: Int32

    @classmethod
    def of(cls, keys: NDArray[np.uint64], codes: Int64, rows: Int64) -> tuple[Self, Int64]:
        """From entries: pairs of a key and a row.

        Args:
            keys: ``(M, 2)`` uint64 keys; some may be equal.
            codes: ``(T,)`` the place of each entry's key in ``keys``.
            rows: ``(T,)`` the row of each entry, below 2 ** 31.

        Returns:
            The postings, and for each of the M keys its place in them.
        """
        order = np.lexsort((keys[:, 1], keys[:, 0]))
        ordered = keys[order]
        new = np.ones(len(keys), dtype=bool)
        new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
        place = np.empty(len(keys), dtype=np.int64)
        place[order] = np.cumsum(new) - 1
        ordered = ordered[new]
        entries = (place[codes] << _ROW_BITS) | rows
        entries.sort()
        starts = np.zeros(len(ordered) + 1, dtype=np.int64)
        counts = np.bincount(entries >> _ROW_BITS, minlength=len(ordered))
        np.cumsum(counts, out=starts[1:])
        lowest = np.int64((1 << _ROW_BITS) - 1)
        found = (entries & lowest).astype(np.int32)
        first, second = ordered[:, 0].copy(), ordered[:, 1].copy()
        return cls(first, second, starts, found), place

    def find(self, key: bytes) -> int:
        """The place of a key of 16 bytes; -1: no row has it."""
        first, second = np.frombuffer(key, dtype=_HALVES)
        at = int(np.searchsorted(self.first, first))
        while at < len(self.first) and self.first[at] == first:
            if self.second[at] == second:
                return at
            at += 1
        return -1

    def key(self, place: int) -> bytes:
        """The key at a place."""
        return np.array([self.first[place], self.second[place]], dtype=_HALVES).tobytes()

    def at(self, place: int) -> Int32:
        """The rows of the key at a place."""
        return self.rows[self.starts[place] : self.starts[place + 1]]

    def of_key(self, key: bytes) -> Int32:
        """The rows that have a key, ascending."""
        place = self.find(key)
        return NO_ROWS if place < 0 else self.at(place)


def halves(keys: list[bytes]) -> NDArray[np.uint64]:
    """``(M, 2)`` uint64: keys of 16 bytes, as `Postings.of` takes them."""
    return np.frombuffer(b"".join(keys), dtype=_HALVES).reshape(-1, 2).astype(np.uint64)
