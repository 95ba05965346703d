"""The catalogue at this moment, row by row of a generation: for guards, filters and groups.

Facts are columns of a snapshot that all processes map from a file, and layers of what changed since
it was written; see `engine.facts`. At each request the catalogue's version is compared, and what
changed is read: so answers are as of the database, at a cost that depends on what changed.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from catalog.filters.filter import Filter
from catalog.products.catalogue import Catalogue
from engine.arrays import Bool, Int64
from engine.facts.columns import WORDED, DesignColumns
from engine.facts.design_names import DesignNames
from engine.facts.file import FILE
from engine.facts.guard_columns import GuardColumns
from engine.facts.keys import terms_of
from engine.facts.layers import LayeredFacts
from engine.facts.reading import FactReader
from engine.facts.row_map import RowMap
from engine.index.generation import Generation
from engine.index.merged import MergedGeneration
from engine.labels.audience import NO_CODE


class CatalogueFacts:
    """Facts of a generation's products, kept up to date; safe to share between threads.

    Args:
        catalogue: where facts come from.
        generation: with its delta, if it has one.
        index_dir: the folder of generations, where the snapshot is; None: it is in memory only.
        names: names designs; None: with the words of our own vocabulary.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        generation: Generation,
        index_dir: Path | None = None,
        names: DesignNames | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._rows = RowMap(generation.row_of)
        delta_ids: tuple[str, ...] = ()
        if isinstance(generation, MergedGeneration):
            base_count, delta_ids = len(generation.base.ids), generation.delta.ids
            self._rows = RowMap(generation.row_of, generation.place, base_count)
        name = generation.manifest.name
        file = None if index_dir is None else index_dir / name / FILE
        self._reader = FactReader(catalogue, self._rows, name, file, delta_ids, names)
        self._state: LayeredFacts | None = None
        self._lock = threading.Lock()

    def snapshot(self) -> "FactsSnapshot":
        """The products at this moment, for one request to read from."""
        state = self._state
        if state is None or self._catalogue.watermark() != state.mark:
            with self._lock:
                known = self._state
                state = self._reader.open() if known is None else self._reader.follow(known)
                self._state = state
        return FactsSnapshot(state, self._rows)


class Stated(NamedTuple):
    """What the catalogue says of n rows; None where it says nothing.

    ``category`` is the joined path, ``group_id`` a code, equal for variants of one product.
    """

    colour: Sequence[str | None]
    pattern: Sequence[str | None]
    category: Sequence[str | None]
    group_id: Sequence[int | None]


class FactsSnapshot:
    """A generation's products at one moment, which one request sees throughout."""

    def __init__(self, state: LayeredFacts, rows: RowMap) -> None:
        self._state = state
        self._rows = rows
        self._selected: dict[Filter, Int64] = {}

    @property
    def mark(self) -> str:
        """The version of the catalogue that the facts are of, or newer than."""
        return self._state.mark

    def columns(self, rows: Int64) -> GuardColumns:
        """The facts of some rows, comparable with one another."""
        return self._state.guards(self._rows.slots(rows))

    def variants(self, rows: Int64) -> Int64:
        """The rows of the variant groups of some rows, ascending, these included."""
        return self._rows.rows(self._state.variants(self._rows.slots(rows)))

    def designs(self, rows: Int64) -> DesignColumns:
        """What tells the designs of some rows apart."""
        return self._state.designs(self._rows.slots(rows))

    def one_name(self, row: int) -> Int64:
        """The rows whose design has the name of one row's, itself among them; none without."""
        slot = int(self._rows.slots(np.array([row]))[0])
        return self._rows.rows(self._state.one_name(slot))

    def colour(self, code: int) -> str | None:
        """The word of a colour's code in `designs`."""
        return None if code == NO_CODE else self._state.words["colour"].word(code)

    def stated(self, rows: Int64) -> "Stated":
        """What the catalogue says of some rows in words."""
        slots = self._rows.slots(rows)
        words = {field: self._state.stated(field, slots) for field in WORDED}
        groups = self._state.designs(slots).group.tolist()
        return Stated(**words, group_id=[None if code == NO_CODE else code for code in groups])

    def matching(self, wanted: Filter, rows: Int64) -> Bool:
        """``(n,)`` bool: which of some rows match a filter."""
        return self._state.matches(terms_of(wanted), self._rows.slots(rows))

    def rows(self, wanted: Filter) -> Int64:
        """The rows that match a filter, ascending; found once a snapshot."""
        if wanted not in self._selected:
            slots = self._state.select(terms_of(wanted))
            rows = self._rows.rows(slots)
            self._selected[wanted] = np.sort(rows) if self._state.layers else rows
        return self._selected[wanted]
