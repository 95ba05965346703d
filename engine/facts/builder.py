"""Builds `FactColumns` from the catalogue's rows, some at a time, so that memory is bounded."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from catalog.products.fact_rows import FactRow
from catalog.records import Availability
from engine.arrays import Int32, Int64
from engine.facts.columns import (
    KNOWN,
    NO_PRICE,
    ON_SALE,
    RETIRED,
    SOLD_OUT,
    WORDED,
    FactColumns,
)
from engine.facts.guard_columns import Coder
from engine.facts.keys import DESIGN, GROUP, PLAIN, SPLIT, keys_of
from engine.facts.postings import Postings, halves
from engine.facts.words import Words
from engine.labels.audience import NO_CODE

OUT = Availability.OUT_OF_STOCK.value


class ColumnsBuilder:
    """Collects the facts of N products.

    Args:
        count: N; products that are never added are not known.
        coder: gives words their codes.
    """

    def __init__(self, count: int, coder: Coder) -> None:
        self._coder = coder
        self._flags = np.zeros(count, dtype=np.uint8)
        self._codes = np.full((5, count), NO_CODE, dtype=np.int32)
        self._worded = np.full((len(WORDED), count), NO_CODE, dtype=np.int32)
        self._words: tuple[dict[str, int], ...] = tuple({} for _ in WORDED)
        self._price = np.full(count, NO_PRICE, dtype=np.int64)
        self._keys: list[NDArray[np.uint64]] = []  # (m, 2)
        self._entries: list[tuple[Int32, Int32]] = []  # places in the keys, rows
        self._key_count = 0

    def add(self, rows: Int64, products: Sequence[FactRow]) -> None:
        """Add products with their rows."""
        if not products:
            return
        columns = dict(zip(FactRow._fields, zip(*products, strict=True), strict=True))
        gender, age_group, kind, group, design = self._codes
        gender[rows] = self._coder.gender(columns["gender"])
        age_group[rows] = self._coder.age_group(columns["age_group"])
        kind[rows] = self._coder.kind(columns["category"])
        self._flags[rows] = [_flags(product) for product in products]
        self._price[rows] = [_price(product) for product in products]
        for field in (*PLAIN, *SPLIT):
            places, of_rows = self._add_keys(field, columns[field], rows)
            if field == GROUP:
                group[of_rows] = places
        names = [self._coder.names(product) for product in products]
        places, of_rows = self._add_keys(DESIGN, names, rows)
        design[of_rows] = places
        for field, column, codes in zip(WORDED, self._worded, self._words, strict=True):
            column[rows] = [
                NO_CODE if word is None else codes.setdefault(word, len(codes))
                for word in columns[field]
            ]

    def finish(self) -> FactColumns:
        """The columns."""
        keys = np.concatenate(self._keys) if self._keys else np.empty((0, 2), dtype=np.uint64)
        places = [np.empty(0, np.int32), *(places for places, _ in self._entries)]
        rows = [np.empty(0, np.int32), *(rows for _, rows in self._entries)]
        self._keys, self._entries = [], []
        postings, final = Postings.of(keys, np.concatenate(places), np.concatenate(rows))
        gender, age_group, kind, group, design = self._codes
        for column in (group, design):
            known = column != NO_CODE
            column[known] = final[column[known]]
        words = dict(zip(WORDED, map(Words.of, self._words), strict=True))
        for of_field, codes, column in zip(words.values(), self._words, self._worded, strict=True):
            column[:] = np.array([*map(of_field.find, codes), NO_CODE], dtype=np.int32)[column]
        colour, pattern, category = self._worded
        return FactColumns(
            self._flags,
            gender,
            age_group,
            kind,
            group,
            self._price,
            design,
            colour,
            pattern,
            category,
            postings,
            words,
        )

    def _add_keys(
        self, field: str, values: Sequence[str | None], rows: Int64
    ) -> tuple[Int32, Int32]:
        """Note the keys of values; returns the place of each key, and the row that has it."""
        distinct: dict[str | None, int] = {}
        of_row = np.fromiter(
            (distinct.setdefault(value, len(distinct)) for value in values), np.int64, len(values)
        )
        keys = [[] if value is None else keys_of(field, value) for value in distinct]
        counts = np.array([len(each) for each in keys])
        starts = np.cumsum(counts) - counts
        repeats = counts[of_row]
        ends = np.cumsum(repeats)
        within = np.arange(repeats.sum()) - np.repeat(ends - repeats, repeats)
        places = np.repeat(starts[of_row], repeats) + within + self._key_count
        entries = places.astype(np.int32), np.repeat(rows, repeats).astype(np.int32)
        flat = [one for each in keys for one in each]
        if flat:
            self._keys.append(halves(flat))
            self._key_count += len(flat)
            self._entries.append(entries)
        return entries


def read_columns(
    chunks: Iterable[Sequence[FactRow]],
    find_rows: Callable[[Sequence[str]], Int64],
    count: int,
    coder: Coder,
) -> FactColumns:
    """The columns of ``count`` rows from the catalogue's products.

    Args:
        chunks: products, some at a time.
        find_rows: ``(n,)`` the rows of n product ids, -1 for those without one.
        count: N.
        coder: gives words their codes.
    """
    builder = ColumnsBuilder(count, coder)
    for products in chunks:
        rows = find_rows([product.product_id for product in products])
        found = np.flatnonzero(rows >= 0)
        builder.add(rows[found], [products[place] for place in found.tolist()])
    return builder.finish()


def _flags(product: FactRow) -> int:
    price, sale = product.price, product.sale_price
    reduced = price is not None and sale is not None and sale < price
    return (
        KNOWN
        | (RETIRED if product.retired else 0)
        | (SOLD_OUT if product.availability == OUT else 0)
        | (ON_SALE if reduced else 0)
    )


def _price(product: FactRow) -> int:
    found = product.price if product.sale_price is None else product.sale_price
    return NO_PRICE if found is None else found
