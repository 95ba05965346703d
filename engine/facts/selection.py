"""Which rows match a filter, as array work on columns: intersections of ascending lists of rows."""

import threading
from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Bool, Int32
from engine.facts.columns import KNOWN, NO_PRICE, ON_SALE, FactColumns
from engine.facts.keys import Terms
from engine.facts.postings import NO_ROWS

CACHE_BYTES = 48_000_000  # of masks and selections, for each process and snapshot
LOOKUP_RATIO = 16  # a row is looked up in a list in the time in which a mask is made for so many


class Selector:
    """Evaluates filters on columns. Safe to share between threads.

    Masks and selections are kept while there is room, since columns never change.
    """

    def __init__(self, columns: FactColumns) -> None:
        self._columns = columns
        self._kept: OrderedDict[object, Bool | Int32] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def select(self, terms: Terms) -> Int32:
        """The rows that match, ascending."""
        known = self._get(terms)
        if known is not None:
            return known
        fields = sorted(terms.keys, key=self._count)
        if fields:
            rows = self._union(fields[0])
            for keys in fields[1:]:
                rows = rows[self._holds(keys, rows)] if len(rows) else rows
            rows = rows[self._in_bounds(terms, rows)]
        else:
            rows = np.flatnonzero(self._in_bounds(terms, slice(None))).astype(np.int32)
        self._keep(terms, rows)
        return rows

    def matches(self, terms: Terms, rows: Int32) -> Bool:
        """``(n,)`` bool: which of some rows match."""
        found = self._in_bounds(terms, rows)
        for keys in sorted(terms.keys, key=self._count):
            if not found.any():
                break
            found[found] = self._holds(keys, rows[found])
        return found

    def _count(self, keys: tuple[bytes, ...]) -> int:
        """How many rows have one of some keys, at most."""
        return sum(len(self._columns.postings.of_key(key)) for key in keys)

    def _lists(self, keys: tuple[bytes, ...]) -> list[Int32]:
        found = (self._columns.postings.of_key(key) for key in keys)
        return [rows for rows in found if len(rows)]

    def _union(self, keys: tuple[bytes, ...]) -> Int32:
        lists = self._lists(keys)
        if len(lists) < 2:
            return lists[0] if lists else NO_ROWS
        if sum(map(len, lists)) * LOOKUP_RATIO < len(self._columns):
            return np.unique(np.concatenate(lists))
        return np.flatnonzero(self._mask(keys)).astype(np.int32)

    def _holds(self, keys: tuple[bytes, ...], rows: Int32) -> Bool:
        """``(n,)`` bool: which of some rows have one of some keys."""
        lists = self._lists(keys)
        many = len(rows) * len(lists) * LOOKUP_RATIO > len(self._columns)
        if many or self._get(keys) is not None:
            return self._mask(keys)[rows]
        found = np.zeros(len(rows), dtype=bool)
        for each in lists:
            at = np.searchsorted(each, rows)
            at[at == len(each)] = 0
            found |= each[at] == rows
        return found

    def _mask(self, keys: tuple[bytes, ...]) -> Bool:
        known = self._get(keys)
        if known is not None:
            return known
        mask = np.zeros(len(self._columns), dtype=bool)
        for rows in self._lists(keys):
            mask[rows] = True
        self._keep(keys, mask)
        return mask

    def _in_bounds(self, terms: Terms, rows: Int32 | slice) -> Bool:
        """``(n,)`` bool: which of some rows are within the bounds of prices and sales."""
        columns = self._columns
        flags = columns.flags[rows]
        found = np.ones(len(flags), dtype=bool)
        if terms.low is not None or terms.high is not None:
            price = columns.price[rows]
            found &= price > NO_PRICE
            if terms.low is not None:
                found &= price >= terms.low
            if terms.high is not None:
                found &= price <= terms.high
        if terms.on_sale is not None:
            found &= (flags & KNOWN > 0) & ((flags & ON_SALE > 0) == terms.on_sale)
        return found

    def _get(self, name: object) -> NDArray[Any] | None:
        """What is kept: rows of terms, or the mask of keys."""
        with self._lock:
            found = self._kept.get(name)
            if found is not None:
                self._kept.move_to_end(name)
            return found

    def _keep(self, name: object, values: Bool | Int32) -> None:
        if values.nbytes > CACHE_BYTES // 4:
            return
        with self._lock:
            if name not in self._kept:
                self._kept[name] = values
                self._bytes += values.nbytes + 500
            while self._bytes > CACHE_BYTES:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes + 500
