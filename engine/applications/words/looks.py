"""The products that look like a text, among those that a filter leaves."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from catalog.filters.filter import Filter
from engine.applications.words.wishes import Wishes, joined
from engine.arrays import Bool, Float32, Float64, Int64
from engine.search.catalogue_facts import FactsSnapshot
from engine.search.guards import Lifts
from engine.search.live_index import LiveGeneration
from engine.search.row_facts import FilterRows, GuardMask
from engine.search.row_values import NO_ROWS
from engine.search.search import search
from engine.search.search_query import SearchQuery

KINDS = frozenset({"category", "gender", "age_group"})  # what is kept longest
# Search lists every product that may be bought later, too, each size and each photo twice used.
LIFTS = Lifts(sold_out=True, variants_of_seed=True, near_duplicates=True)


@dataclass(frozen=True, eq=False)
class Looks:
    """R candidates for a text.

    Attributes:
        rows: ``(R,)`` rows of the generation.
        cosines: ``(R,)`` float64, with the row of the text.
        met: ``(W, R)`` bool, which of the text's wishes each product meets.
        weights: ``(W,)`` float64, of the wishes.
    """

    rows: Int64
    cosines: Float64
    met: Bool
    weights: Float64

    @classmethod
    def of(
        cls, live: LiveGeneration, text: Float32, wishes: Wishes, strict: Filter, count: int
    ) -> Self:
        """The candidates among the products that match a filter.

        They are the ``count`` that look most like the text, of all, of those that meet the wishes
        for types and people, and of those that meet all wishes: three searches at most.

        Args:
            live: the generation.
            text: ``(D,)`` float32, the row of the text.
            wishes: what the text means.
            strict: what every product must match.
            count: of each search.
        """
        facts = live.facts.snapshot()
        filters = (wishes.filter_of(), wishes.filter_of(KINDS), Filter())
        wanted = dict.fromkeys(joined(strict, one) for one in filters)
        found: dict[int, float] = {}
        for one in wanted:
            found |= dict(_nearest(live, facts, text, one, count))
        rows = np.array(list(found), dtype=np.int64)
        met = np.zeros((len(wishes.wishes), len(rows)), dtype=bool)
        for place, wish in enumerate(wishes.wishes):
            met[place] = facts.matching(wish.filter(), rows)
        weights = np.array([wish.weight for wish in wishes.wishes], dtype=np.float64)
        return cls(rows, np.array(list(found.values()), dtype=np.float64), met, weights)

    def by_look(self) -> Int64:
        """The rows, those that look most like the text first."""
        return self.rows[np.lexsort((self.rows, -self.cosines))]

    def by_wishes(self) -> Int64:
        """The rows, those that meet the most wishes first, and of these those that look like it."""
        return self.rows[np.lexsort((self.rows, -self.cosines, -(self.weights @ self.met)))]


def _nearest(
    live: LiveGeneration, facts: FactsSnapshot, text: Float32, wanted: Filter, count: int
) -> list[tuple[int, float]]:
    """Rows and cosines of the products that look most like a text, the best first."""
    query = SearchQuery(
        vectors=text[np.newaxis],
        k=count,
        masks=(GuardMask(facts, NO_ROWS, NO_ROWS, LIFTS),),
        filter=FilterRows(facts, wanted) if wanted else None,
        near_duplicates=True,
    )
    [hits] = search(live.generation, query)
    return [(hit.row, hit.score) for hit in hits]
