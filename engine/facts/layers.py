"""Facts at one moment: columns of one version of the catalogue, and layers of what changed since.

The columns are mapped from a file that processes share. A layer holds the facts of a few products
that changed later; where several have a product, the last one counts. Each is immutable, so a
request sees one moment throughout.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.arrays import Bool, Int32, Int64
from engine.facts.columns import DesignColumns, FactColumns
from engine.facts.guard_columns import COLUMNS, GuardColumns
from engine.facts.keys import Terms
from engine.facts.selection import Selector
from engine.facts.words import WordCodes
from engine.labels.audience import NO_CODE


class KeyCodes:
    """Codes of variant groups and designs by their keys: those of columns, and further ones."""

    def __init__(self, columns: FactColumns) -> None:
        self._postings = columns.postings
        self._count = len(columns.postings.first)
        self._more: dict[bytes, int] = {}

    def code(self, key: bytes) -> int:
        """The code of a key; a new key gets a new one."""
        place = self._postings.find(key)
        return place if place >= 0 else self._more.setdefault(key, self._count + len(self._more))


@dataclass(frozen=True)
class Layer:
    """The facts of products that changed.

    Attributes:
        slots: ``(m,)`` int32, theirs, ascending.
        product_ids: theirs.
        facts: theirs; ``group`` and ``design`` have codes of `KeyCodes`, the fields of `WORDED`
            those of `WordCodes`.
        selector: of ``facts``.
    """

    slots: Int32
    product_ids: tuple[str, ...]
    facts: FactColumns
    selector: Selector

    def locate(self, slots: Int32) -> tuple[Bool, Int64]:
        """Which of some slots are here ``(n,)``, and the places of those."""
        at = np.searchsorted(self.slots, slots)
        at[at == len(self.slots)] = 0
        here = self.slots[at] == slots
        return here, at[here]


@dataclass(frozen=True)
class LayeredFacts:
    """The facts of a generation's products at one moment: columns, and layers of later changes.

    Attributes:
        mark: the version of the catalogue, at least.
        base: the columns, of slots from 0 on.
        selector: of ``base``.
        layers: what changed since, the oldest first, none empty.
        keys: codes of groups and designs that ``base`` does not know.
        words: those of each field of `WORDED`.
    """

    mark: str
    base: FactColumns
    selector: Selector
    layers: tuple[Layer, ...]
    keys: KeyCodes
    words: Mapping[str, WordCodes]

    @cached_property
    def changed(self) -> Int32:
        """The slots of all layers, ascending."""
        slots = [layer.slots for layer in self.layers]
        return np.unique(np.concatenate([np.empty(0, np.int32), *slots]))

    @cached_property
    def _replaced(self) -> Bool:
        mask = np.zeros(len(self.base), dtype=bool)
        mask[self.changed[self.changed < len(self.base)]] = True
        return mask

    def guards(self, slots: Int32) -> GuardColumns:
        """The facts that guards check, of some slots."""
        found = self.base.guards(self._in_base(slots))
        for layer in self.layers:
            here, at = layer.locate(slots)
            if len(at):
                theirs = layer.facts.guards(at)
                for name in COLUMNS:
                    getattr(found, name)[here] = getattr(theirs, name)
        return found

    def matches(self, terms: Terms, slots: Int32) -> Bool:
        """``(n,)`` bool: which of some slots match a filter."""
        found = self.selector.matches(terms, self._in_base(slots))
        for layer in self.layers:
            here, at = layer.locate(slots)
            if len(at):
                found[here] = layer.selector.matches(terms, at.astype(np.int32))
        return found

    def select(self, terms: Terms) -> Int32:
        """The slots that match a filter: those of the columns ascending, then later ones."""
        slots = self.selector.select(terms)
        if not self.layers:
            return slots
        slots = slots[~self._replaced[slots]]
        changed = self.changed
        return np.concatenate([slots, changed[self.matches(terms, changed)]])

    def variants(self, slots: Int32) -> Int32:
        """The slots of the variant groups of some slots, each once."""
        codes = np.unique(self.designs(slots).group)
        found = [np.empty(0, np.int32)]
        found += [self._of_code("group", one) for one in codes[codes != NO_CODE].tolist()]
        return np.unique(np.concatenate(found))

    def one_name(self, slot: int) -> Int32:
        """The slots of the products whose design has the name of one's; none if it has no name."""
        code = int(self.designs(np.array([slot], dtype=np.int32)).name[0])
        return np.empty(0, np.int32) if code == NO_CODE else self._of_code("name", code)

    def designs(self, slots: Int32) -> DesignColumns:
        """What tells designs apart, of some slots."""
        found = self.base.designs(self._in_base(slots))
        for layer in self.layers:
            here, at = layer.locate(slots)
            if len(at):
                for ours, theirs in zip(found, layer.facts.designs(at), strict=True):
                    ours[here] = theirs
        return found

    def stated(self, field: str, slots: Int32) -> list[str | None]:
        """The words of a field of `WORDED`, of some slots."""
        codes: Int32 = getattr(self.base, field)[self._in_base(slots)]
        for layer in self.layers:
            here, at = layer.locate(slots)
            if len(at):
                codes[here] = getattr(layer.facts, field)[at]
        word = self.words[field].word
        return [None if code == NO_CODE else word(code) for code in codes.tolist()]

    @cached_property
    def _changed_designs(self) -> DesignColumns:
        return self.designs(self.changed)

    def _of_code(self, column: str, code: int) -> Int32:
        """The slots that have a code of a group or a design's name."""
        of_base = code < len(self.base.postings.first)
        slots = self.base.postings.at(code) if of_base else np.empty(0, np.int32)
        if not self.layers:
            return slots
        slots = slots[~self._replaced[slots]]
        changed = self.changed[getattr(self._changed_designs, column) == code]
        return np.concatenate([slots, changed])

    def _in_base(self, slots: Int32) -> Int32:
        return np.minimum(slots, np.int32(len(self.base) - 1))
