"""The products that look like a text, among those that a filter leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from catalog.filters.filter import Filter
from engine.applications.words.wishes import Wish, Wishes, joined
from engine.arrays import Bool, Float32, Float64, Int64
from engine.search.catalogue_facts import FactsSnapshot
from engine.search.guards import Lifts
from engine.search.live_index import LiveGeneration
from engine.search.row_facts import FilterRows, GuardMask
from engine.search.row_values import NO_ROWS
from engine.search.search import search
from engine.search.search_query import SearchQuery

ALIKE = 0.85  # share of the best cosine from which a product that misses a wish is found by looks
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
        wishes: the W wishes.
    """

    rows: Int64
    cosines: Float64
    met: Bool
    wishes: tuple[Wish, ...]

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
        cosines = np.array(list(found.values()), dtype=np.float64)
        return cls(rows, cosines, met, wishes.wishes)

    @property
    def near(self) -> Bool:
        """``(R,)`` which meet all wishes, or look nearly as much like the text as the nearest."""
        alike: Bool = self.cosines >= ALIKE * self.cosines.max(initial=-1.0)
        return alike | self.met.all(axis=0) if self.wishes else alike

    @property
    def of_kind(self) -> Bool:
        """``(R,)`` which meet the wishes for types and people; none where there are none."""
        kinds = [place for place, wish in enumerate(self.wishes) if wish.field in KINDS]
        meets = np.full(len(self.rows), bool(kinds))
        for place in kinds:
            meets &= self.met[place]
        return meets

    def phrases(self, place: int) -> tuple[str, ...]:
        """The phrases of the text that are true of a candidate."""
        met = zip(self.wishes, self.met[:, place].tolist(), strict=True)
        return tuple(dict.fromkeys(wish.phrase for wish, is_met in met if is_met))

    @property
    def _weights(self) -> Float64:
        return np.array([wish.weight for wish in self.wishes], dtype=np.float64)

    def by_look(self) -> Int64:
        """The rows, those that look most like the text first."""
        return self.rows[np.lexsort((self.rows, -self.cosines))]

    def by_wishes(self) -> Int64:
        """The rows, those that meet the most wishes first, and of these those that look like it."""
        return self.rows[np.lexsort((self.rows, -self.cosines, -self._weights @ self.met))]


def of_types(live: LiveGeneration, wishes: Wishes, ids: Sequence[str]) -> list[str]:
    """Of products that have some of a text's words, those of a type that it names.

    One word in common makes no dress of a wallet. All stay where the text names no type.

    Args:
        live: the generation; products that it lacks stay.
        wishes: what the text means.
        ids: of the products.
    """
    types = [wish.filter() for wish in wishes.wishes if wish.field == "category"]
    row_of, facts = live.generation.row_of, live.facts.snapshot()
    known = [one for one in ids if one in row_of]
    if not types or not known:
        return list(ids)
    rows = np.array([row_of[one] for one in known], dtype=np.int64)
    meets = np.any([facts.matching(one, rows) for one in types], axis=0)
    others = {one for one, is_of_type in zip(known, meets.tolist(), strict=True) if not is_of_type}
    return [one for one in ids if one not in others]


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
