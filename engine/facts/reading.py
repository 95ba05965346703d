"""Reads the facts of a generation: from its snapshot file, and what changed from the catalogue."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from catalog.products.catalogue import Catalogue
from engine.arrays import Int32, Int64
from engine.facts.builder import read_columns
from engine.facts.columns import FactColumns
from engine.facts.design_names import DesignNames
from engine.facts.file import FactsFileError, Saved, load, save
from engine.facts.guard_columns import Coder
from engine.facts.layers import KeyCodes, Layer, LayeredFacts
from engine.facts.row_map import RowMap
from engine.facts.selection import Selector
from engine.facts.words import WordCodes
from engine.labels.audience import NO_CODE

MERGED = 20_000  # products of layers that are read again as one
STALE = 1_000  # changed products from which the file is written anew
SMALL = 5_000  # changed products that are read one by one however few rows there are

log = logging.getLogger(__name__)


class FactReader:
    """Reads the facts of one generation. For one thread at a time.

    Args:
        catalogue: where they come from.
        rows: of the generation, with its delta if it has one.
        generation: the name of the generation without its delta.
        file: its snapshot; None: there is none, and none is written.
        delta_ids: the products of the delta's rows.
        names: names designs; None: with the words of our own vocabulary.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        rows: RowMap,
        generation: str,
        file: Path | None,
        delta_ids: Sequence[str] = (),
        names: DesignNames | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._rows = rows
        self._generation = generation
        self._file = file
        self._delta_ids = delta_ids
        self._names = names or DesignNames()
        self._coder = Coder(names=self._names)

    def open(self) -> LayeredFacts:
        """The facts now; where the file is of no use, it is written anew."""
        saved = self._load()
        if saved is None:
            saved = self.write()
        self._coder = Coder(saved.words, self._names)
        columns = saved.columns
        words = {field: WordCodes(of_field) for field, of_field in columns.words.items()}
        state = LayeredFacts(saved.mark, columns, Selector(columns), (), KeyCodes(columns), words)
        if self._delta_ids:
            state = self._with_layer(state, self._delta_ids)
        return self.follow(state)

    def follow(self, state: LayeredFacts) -> LayeredFacts:
        """The facts now. They may be newer than their mark, never older."""
        mark, changed = self._catalogue.changes(state.mark)
        if mark == state.mark:
            return state
        if changed is None or self._too_many(len(changed)):
            return self.open()
        return replace(self._with_layer(state, changed), mark=mark)

    def write(self) -> Saved:
        """Read all facts from the catalogue, write the file, and map it."""
        mark, coder = self._catalogue.watermark(), Coder(names=self._names)
        count = self._rows.base_count

        def find(product_ids: Sequence[str]) -> Int64:
            slots = self._rows.find(product_ids)
            return np.where(slots < count, slots, -1)

        columns = read_columns(self._catalogue.fact_rows(), find, count, coder)
        saved = Saved(columns, coder.words(), mark, self._names.digest)
        if self._file is None:
            return saved
        try:
            save(self._file, saved, self._generation)
        except OSError as error:
            log.warning("Facts are kept in memory, not in %s: %s.", self._file, error)
            return saved
        with suppress(FactsFileError):
            return load(self._file, count, self._generation)
        return saved

    def keep_fresh(self) -> bool:
        """Write the file anew if many products changed since; returns whether it did.

        So a process that opens the facts has little to catch up with.
        """
        saved = self._load()
        if saved is not None:
            changed = self._catalogue.changes(saved.mark)[1]
            if changed is not None and len(changed) <= max(STALE, self._rows.base_count // 50):
                return False
        self.write()
        return True

    def _load(self) -> Saved | None:
        """What the file holds, unless too much has changed since."""
        if self._file is None or not self._file.exists():
            return None
        try:
            saved = load(self._file, self._rows.base_count, self._generation)
        except FactsFileError as error:
            log.warning("Facts are read from the catalogue again. %s.", error)
            return None
        if saved.names != self._names.digest:  # the shop's own words were changed
            return None
        changed = self._catalogue.changes(saved.mark)[1]
        return None if changed is None or self._too_many(len(changed)) else saved

    def _too_many(self, changed: int) -> bool:
        return changed > max(SMALL, self._rows.base_count // 2)

    def _with_layer(self, state: LayeredFacts, product_ids: Sequence[str]) -> LayeredFacts:
        """With the facts of products that changed; small layers are read again as one."""
        layers = list(state.layers)
        ids = dict.fromkeys(product_ids)
        layer = self._layer(list(ids), state)
        while layer and layers and len(layers[-1].slots) <= 2 * len(layer.slots) <= MERGED:
            ids |= dict.fromkeys(layers.pop().product_ids)
            layer = self._layer(list(ids), state)
        return replace(state, layers=(*layers, *([layer] if layer else [])))

    def _layer(self, product_ids: Sequence[str], state: LayeredFacts) -> Layer | None:
        slots = self._rows.find(product_ids)
        order = np.argsort(slots, kind="stable")
        order = order[slots[order] >= 0]
        if not len(order):
            return None
        ids = tuple(product_ids[at] for at in order.tolist())
        place = {product_id: at for at, product_id in enumerate(ids)}

        def find(some: Sequence[str]) -> Int64:
            return np.array([place[one] for one in some], dtype=np.int64)

        facts = read_columns(self._catalogue.fact_rows(ids), find, len(ids), self._coder)
        facts = _comparable(facts, state)
        return Layer(slots[order].astype(np.int32), ids, facts, Selector(facts))


def _comparable(facts: FactColumns, state: LayeredFacts) -> FactColumns:
    """Facts of a layer with the codes of groups, designs and words that all layers share."""

    def shared(column: Int32, code: Callable[[int], int]) -> Int32:
        known = {NO_CODE: NO_CODE} | {one: code(one) for one in set(column.tolist()) - {NO_CODE}}
        return np.array([known[one] for one in column.tolist()], dtype=np.int32)

    def of_key(place: int) -> int:
        return state.keys.code(facts.postings.key(place))

    def of_word(field: str) -> Callable[[int], int]:
        ours, theirs = facts.words[field], state.words[field]
        return lambda code: theirs.code(ours.word(code))

    return replace(
        facts,
        group=shared(facts.group, of_key),
        design=shared(facts.design, of_key),
        colour=shared(facts.colour, of_word("colour")),
        pattern=shared(facts.pattern, of_word("pattern")),
        category=shared(facts.category, of_word("category")),
    )
