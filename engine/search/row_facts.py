"""Guards, filter and variant groups of a search, read from a snapshot for the rows asked for."""

from dataclasses import dataclass

import numpy as np

from catalog.filters.filter import Filter
from engine.arrays import Bool, Int32, Int64
from engine.search.catalogue_facts import FactsSnapshot
from engine.search.guards import Lifts, guard_mask
from engine.search.row_values import among


@dataclass(frozen=True)
class GuardMask:
    """``(S, n)`` bool: which rows the guards let through for which query.

    Attributes:
        facts: the catalogue's.
        seed_rows: ``(S,)`` rows of the seeds; empty for a photo, which is one query.
        excluded: ``(m,)`` rows that are never shown.
        lifts: guards that are lifted.
        kinds: also keep to the seeds' kinds.
    """

    facts: FactsSnapshot
    seed_rows: Int64
    excluded: Int64
    lifts: Lifts
    kinds: bool = False

    def take(self, rows: Int64) -> Bool:
        """See `engine.search.row_values.RowValues`."""
        # Codes of some products can be compared within one reading only, so seeds are read along.
        columns = self.facts.columns(np.concatenate([self.seed_rows, rows]))
        seeds, products = columns.split(len(self.seed_rows))
        own = among(rows, self.seed_rows)
        mask = guard_mask(seeds, products, self.lifts, own, kinds=self.kinds)
        return mask & ~among(rows, self.excluded)


@dataclass(frozen=True)
class FilterRows:
    """The rows that match a request's filter."""

    facts: FactsSnapshot
    filter: Filter

    def take(self, rows: Int64) -> Bool:
        """``(n,)`` bool; see `engine.search.row_values.RowValues`."""
        return self.facts.matching(self.filter, rows)

    @property
    def all(self) -> Int64:
        """See `engine.search.row_values.RowSet`."""
        return self.facts.rows(self.filter)


@dataclass(frozen=True)
class VariantGroups:
    """``(n,)`` int32 codes of the variant groups of rows, below 0 for none."""

    facts: FactsSnapshot

    def take(self, rows: Int64) -> Int32:
        """See `engine.search.row_values.RowValues`."""
        return self.facts.columns(rows).group
