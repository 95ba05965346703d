"""The catalogue at this moment, row by row of a generation: facts for guards, masks for filters.

Everything follows the catalogue's version. Facts of a small catalogue are kept in memory, and
after a change only what changed is read again; of a large one, only the rows asked for are read.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import repeat
from typing import NamedTuple

import numpy as np

from catalog.filters.filter import Filter
from catalog.products.catalogue import Catalogue
from catalog.records import Product
from engine.arrays import Bool, Int64, Strings
from engine.errors import Overloaded
from engine.labels.audience import NO_CODE
from engine.search.guards import Coder, Columns
from engine.search.lazy_filter import FULL_SCAN_RATIO

MAX_IN_MEMORY = 50_000  # rows whose facts are kept; reading them takes about 0.3 s
MAX_MASKS = 256  # single fields whose masks are kept, a byte a product each
MAX_PARTS = 12  # fields of a filter whose masks are kept; all fields but attributes are 10
SCANS = 2  # filters evaluated at once for all products of a larger catalogue ...
WAITING_SCANS = 1  # ... and those that may wait for it, as each that waits takes a thread
SCAN_WAIT = 10.0  # seconds
OVERLOADED = "Too many new filters are being evaluated right now. Try again in a few seconds."
FAST_MASK_ROWS = 10_000  # up to this many products, a field's mask is read in 5 to 10 ms
KEPT_CHANGES = 64  # changes of the catalogue that masks can catch up with ...
MAX_CHANGED = 200  # ... each of at most this many products: more are not read one by one


class _State(NamedTuple):
    """What is known at a watermark; ``number`` counts states from 1."""

    mark: str
    number: int
    coder: Coder
    columns: Columns | None


class CatalogueFacts:
    """Facts of a generation's products, kept up to date; safe to share between threads.

    Args:
        catalogue: where facts come from.
        ids: ``(N,)`` object, the product id of each row.
        row_of: product id -> row.
    """

    def __init__(self, catalogue: Catalogue, ids: Strings, row_of: Mapping[str, int]) -> None:
        self._catalogue = catalogue
        self._ids = ids
        self._row_of = row_of
        self._state: _State | None = None
        self._changes: OrderedDict[int, dict[int, Product]] = OrderedDict()
        self._masks: OrderedDict[Filter, tuple[int, Bool]] = OrderedDict()
        self._lock = threading.Lock()
        self._scanning = threading.BoundedSemaphore(SCANS)
        self._waiting = threading.BoundedSemaphore(SCANS + WAITING_SCANS)

    def snapshot(self) -> "FactsSnapshot":
        """The products at this moment, for one request to read from."""
        state = self._state
        mark, _ = self._catalogue.changes(state.mark if state else "")
        if state is None or state.mark != mark:
            with self._lock:
                state = self._catch_up()
        return FactsSnapshot(self, state)

    def columns(self, state: _State, rows: Int64) -> Columns:
        """The facts of some rows, comparable with one another."""
        if state.columns is not None:
            return state.columns.take(rows)
        return Coder()(self._catalogue.facts(self._ids[rows].tolist()))

    def variants(self, state: _State, rows: Int64) -> Int64:
        """The rows of the variant groups of some rows, ascending, these included."""
        if state.columns is not None:
            group = state.columns.group
            wanted = group[rows]
            return np.flatnonzero(np.isin(group, wanted[wanted != NO_CODE]))
        facts = self._catalogue.facts(self._ids[rows].tolist())
        groups = {group for group in facts.group_id if group is not None}
        return np.sort(self._rows(self._catalogue.in_groups(sorted(groups))))

    def reads_rows(self, wanted: Filter, rows: Int64) -> bool:
        """Whether evaluating a filter for some rows is cheaper than for all.

        For some rows it takes 2 to 4 us a row; for all rows 0.2 to 1.4 us a product (7,646
        products; the more match, the more), and the mask is then kept. So the border is one row in
        `FULL_SCAN_RATIO`; up to `FAST_MASK_ROWS` products always use the mask.
        """
        with self._lock:
            kept = all(part in self._masks for part in wanted.parts())
        count = len(self._ids)
        return not kept and count > FAST_MASK_ROWS and len(rows) * FULL_SCAN_RATIO <= count

    def matching(self, wanted: Filter, rows: Int64) -> Bool:
        """``(n,)`` bool: which of some rows match a filter, read for these rows only."""
        ids = self._ids[rows].tolist()
        found = self._catalogue.matching(wanted, ids)
        return np.fromiter((one in found for one in ids), dtype=bool, count=len(ids))

    def mask(self, state: _State, wanted: Filter, own: dict[Filter, Bool]) -> Bool:
        """``(N,)`` bool: which rows match a filter.

        Masks are kept field by field, and also in ``own``, that of one request, whose masks no
        other request can displace. A filter with many fields is read in one go and not kept.
        """
        parts = wanted.parts()
        if len(parts) > MAX_PARTS:
            return self._read(wanted)
        for part in parts:
            if part not in own:
                own[part] = self._mask(state, part)
        if not parts:
            return np.ones(len(self._ids), dtype=bool)
        mask: Bool = np.logical_and.reduce([own[part] for part in parts])
        return mask

    def any_matches(self, wanted: Filter) -> bool | None:
        """Whether a product matches, asked of the catalogue; None: a mask tells it as quickly."""
        if len(self._ids) <= FAST_MASK_ROWS:
            return None
        with self._scan():
            return self._catalogue.any_matches(wanted)

    def _read(self, wanted: Filter) -> Bool:
        with self._scan():
            return self._scanned(wanted)

    @contextmanager
    def _scan(self) -> Iterator[None]:
        """Hold one of the few slots for going through a large catalogue."""
        if len(self._ids) <= FAST_MASK_ROWS:
            yield
            return
        if not self._waiting.acquire(blocking=False):
            raise Overloaded(OVERLOADED)
        try:
            if not self._scanning.acquire(timeout=SCAN_WAIT):
                raise Overloaded(OVERLOADED)
            try:
                yield
            finally:
                self._scanning.release()
        finally:
            self._waiting.release()

    def _scanned(self, wanted: Filter) -> Bool:
        mask = np.zeros(len(self._ids), dtype=bool)
        mask[self._rows(self._catalogue.matching(wanted))] = True
        return mask

    def _mask(self, state: _State, wanted: Filter) -> Bool:
        with self._lock:
            number, mask = self._masks.get(wanted, (0, None))
            missed = [self._changes.get(n) for n in range(number + 1, state.number + 1)]
        if mask is None or None in missed:
            mask = self._read(wanted)
        elif missed:
            mask = mask.copy()
            for change in missed:
                for row, product in (change or {}).items():
                    mask[row] = wanted.matches(product)
        with self._lock:
            self._masks[wanted] = (max(number, state.number), mask)
            self._masks.move_to_end(wanted)
            while len(self._masks) > MAX_MASKS:
                self._masks.popitem(last=False)
        return mask

    def _catch_up(self) -> _State:
        """Read what changed. Facts may be newer than their mark, never older."""
        old = self._state
        mark, changed = self._catalogue.changes(old.mark if old else "")
        if old is not None and old.mark == mark:
            return old  # another request was quicker
        number = old.number + 1 if old else 1
        coder, columns = (old.coder, old.columns) if old else (Coder(), None)
        indexed = None if changed is None else [one for one in changed if one in self._row_of]
        if len(self._ids) > MAX_IN_MEMORY:
            columns = None
        elif columns is None or indexed is None or 2 * len(indexed) > len(self._ids):
            coder = Coder()
            columns = coder(self._catalogue.facts(self._ids.tolist()))
        elif indexed:
            fresh = coder(self._catalogue.facts(indexed))
            columns = columns.put(self._rows(indexed), fresh)
        if indexed is not None and len(indexed) <= MAX_CHANGED:
            found = self._catalogue.products(indexed) if indexed else {}
            self._changes[number] = {self._row_of[one]: item for one, item in found.items()}
            while len(self._changes) > KEPT_CHANGES:
                self._changes.popitem(last=False)
        self._state = _State(mark, number, coder, columns)
        return self._state

    def _rows(self, product_ids: Iterable[str]) -> Int64:
        rows = np.fromiter(map(self._row_of.get, product_ids, repeat(-1)), dtype=np.int64)
        return rows[rows >= 0]


class FactsSnapshot:
    """A generation's products at one moment, which one request sees throughout."""

    def __init__(self, facts: CatalogueFacts, state: _State) -> None:
        self._facts = facts
        self._state = state
        self._masks: dict[Filter, Bool] = {}

    @property
    def mark(self) -> str:
        """The version of the catalogue that the facts are of, or newer than."""
        return self._state.mark

    def columns(self, rows: Int64) -> Columns:
        """The facts of some rows, comparable with one another."""
        return self._facts.columns(self._state, rows)

    def variants(self, rows: Int64) -> Int64:
        """The rows of the variant groups of some rows, ascending, these included."""
        return self._facts.variants(self._state, rows)

    def matching(self, wanted: Filter, rows: Int64) -> Bool:
        """``(n,)`` bool: which of some rows match a filter, by the cheaper of two ways."""
        if wanted not in self._masks and self._facts.reads_rows(wanted, rows):
            return self._facts.matching(wanted, rows)
        return self.mask(wanted)[rows]

    def mask(self, wanted: Filter) -> Bool:
        """``(N,)`` bool: which of all rows match a filter; read once a snapshot."""
        if wanted not in self._masks:
            self._masks[wanted] = self._facts.mask(self._state, wanted, self._masks)
        return self._masks[wanted]

    def any_matches(self, wanted: Filter) -> bool:
        """Whether any product of the catalogue may match a filter, indexed or not."""
        if wanted not in self._masks and (found := self._facts.any_matches(wanted)) is not None:
            return found
        return bool(self.mask(wanted).any())
