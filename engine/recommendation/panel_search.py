"""The hits of a panel: a request's context and the effects of rules, turned into a search."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from catalog.filters.filter import Filter
from engine.arrays import Int64
from engine.recommendation.clusters.diversity import diversify, pool_size, take_turns
from engine.recommendation.fine_order import (
    fine_scores,
    in_fine_order,
    reaches_on,
    window_end,
)
from engine.recommendation.request_context import RequestContext
from engine.recommendation.rules.merchandising import NO_EFFECTS, RuleEffects
from engine.recommendation.rules.pins import assign_positions, merge
from engine.search.designs import Designs
from engine.search.duplicates import distinct
from engine.search.row_facts import FilterMask
from engine.search.row_values import NO_ROWS, ByQuery, RowValues
from engine.search.scoring import exact_hits
from engine.search.search import search
from engine.search.search_query import Floor, Hit, SearchQuery

MORE_TO_FOLD = (2, 4, 8)  # times the hits wanted that are looked at, for what folding leaves


@dataclass(frozen=True)
class PanelSearch:
    """Searches for one request.

    Attributes:
        context: what the request is answered from.
        effects: what merchandising rules do.
        designs: folds other colours of a design into one place; None: each may have its own.
    """

    context: RequestContext
    effects: RuleEffects = NO_EFFECTS
    designs: Designs | None = None

    def hits(self, wanted: Filter) -> list[Hit]:
        """What the panel shows under a filter, in its order."""
        context, request = self.context, self.context.request
        vectors = context.generation.vectors
        pinned = self.pinned(wanted)
        shown = np.array([hit.row for hit in pinned.values()], dtype=np.int64)
        lines = context.lines
        k = pool_size(request.k, request.diversity, len(lines))
        found = self._folded(wanted, k, shown)
        most = request.k if len(found) == 1 else 2 * request.k
        varied = [
            diversify(vectors, context.scale, hits, request.diversity, most, shown)
            for hits in found
        ]
        line = take_turns(
            vectors,
            varied,
            lines.weights,
            context.groups,
            context.near_duplicates,
            request.k,
            None if self.designs is None else self.designs.follows,
        )
        return merge(line, pinned, request.k)

    def _folded(self, wanted: Filter, k: int, shown: Int64) -> list[list[Hit]]:
        """The first ``k`` hits of each line, of each design one."""
        if self.designs is None:
            return self._found(wanted, k, shown)
        kept: list[list[Hit]] = []
        for more in MORE_TO_FOLD:
            found = self._found(wanted, more * k, shown)
            self.designs.read([hit.row for hits in found for hit in hits])
            kept = [self._fold(self.designs, hits, shown) for hits in found]
            if all(
                len(few) >= k or len(hits) < more * k for few, hits in zip(kept, found, strict=True)
            ):
                break
        return [hits[:k] for hits in kept]

    def _fold(self, designs: Designs, hits: Sequence[Hit], shown: Int64) -> list[Hit]:
        stays = set(designs.fold([hit.row for hit in hits], shown.tolist()))
        return [hit for hit in hits if hit.row in stays]

    def _found(self, wanted: Filter, k: int, shown: Int64) -> list[list[Hit]]:
        """The first ``k`` hits of each line, those that are very near in their finer order."""
        context, detail = self.context, self.context.detail
        found = search(context.generation, self.query(wanted, k, shown))
        if detail is None:
            return found
        moved = self.effects.bonus is not None or context.less is not None
        if moved or any(reaches_on(hits, k, detail) for hits in found):
            found = search(context.generation, self.query(wanted, window_end(k), shown))
        return [
            in_fine_order(fine_scores(context.generation, context.unweighted, hits, detail))[:k]
            for hits in found
        ]

    def pinned(self, wanted: Filter) -> dict[int, Hit]:
        """Position -> the pinned hit, of pins that guards and filter let through.

        A pin needs no minimum match.
        """
        pins = {pin.row: pin for pin in self.effects.pins}
        if not pins:
            return {}
        hits = {hit.row: hit for hit in self.scored(np.array(list(pins)), wanted)}
        positions = assign_positions(pins[row] for row in hits)
        return {at: hits[pin.row] for at, pin in positions.items() if at <= self.context.request.k}

    def scored(self, rows: Int64, wanted: Filter) -> list[Hit]:
        """Those of some rows that may be shown, in the order given, without duplicates.

        They need no minimum match, and may be of another kind than the seeds.
        """
        context = self.context
        rows = rows[context.facts.matching(wanted, rows)]
        query = replace(self.query(wanted, 1), masks=self._masks(context.guards), floor=None)
        vectors = context.generation.vectors
        exact = exact_hits(vectors, query, rows, query.eligible(rows))
        if context.detail is not None:
            exact = fine_scores(context.generation, context.unweighted, exact, context.detail)
        hits = {hit.row: hit for hit in exact}
        rows = np.array([row for row in rows.tolist() if row in hits], dtype=np.int64)
        groups = None if context.groups is None else context.groups.take(rows)
        kept = distinct(vectors, rows, groups, context.near_duplicates)
        return [hits[int(rows[place])] for place in kept]

    def query(self, wanted: Filter, k: int, shown: Int64 = NO_ROWS) -> SearchQuery:
        """The search for ``k`` hits of each line, beside rows that are shown already."""
        context, floor, guards = self.context, self.context.floor, self.context.kind_guards
        named = self.effects.own_categories
        if named is not None:
            guards = ByQuery(named, context.guards, guards)
            if floor is not None and context.request.min_match is None:
                floor = Floor(floor.vectors, np.where(named, -np.inf, floor.cosines))
        return SearchQuery(
            vectors=context.vectors,
            k=k,
            masks=self._masks(guards),
            filter=FilterMask(context.facts, wanted) if wanted else None,
            clusters=context.lines.of_seed,
            shared=context.lines.shared,
            bonus=self.effects.bonus,
            less=context.less,
            floor=floor,
            groups=context.groups,
            near_duplicates=context.near_duplicates,
            cosines=context.cosines,
            shown=shown,
            seeds=context.seed_rows,
        )

    def _masks(self, guards: RowValues[np.bool_]) -> tuple[RowValues[np.bool_], ...]:
        return (guards,) if self.effects.kept is None else (guards, self.effects.kept)
