"""The hits of a panel: a request's context and the effects of rules, turned into a search."""

from dataclasses import dataclass, replace

import numpy as np

from catalog.filters.filter import Filter
from engine.arrays import Int64
from engine.recommendation.clusters.diversity import diversify, pool_size, take_turns
from engine.recommendation.request_context import RequestContext
from engine.recommendation.rules.merchandising import NO_EFFECTS, RuleEffects
from engine.recommendation.rules.pins import assign_positions, merge
from engine.search.duplicates import distinct
from engine.search.row_facts import FilterMask
from engine.search.row_values import NO_ROWS
from engine.search.scoring import exact_hits
from engine.search.search import search
from engine.search.search_query import Hit, SearchQuery


@dataclass(frozen=True)
class PanelSearch:
    """Searches for one request.

    Attributes:
        context: what the request is answered from.
        effects: what merchandising rules do.
    """

    context: RequestContext
    effects: RuleEffects = NO_EFFECTS

    def hits(self, wanted: Filter) -> list[Hit]:
        """What the panel shows under a filter, in its order."""
        context, request = self.context, self.context.request
        vectors = context.generation.vectors
        pinned = self.pinned(wanted)
        shown = np.array([hit.row for hit in pinned.values()], dtype=np.int64)
        k = pool_size(request.k, request.diversity, len(context.clusters))
        found = search(context.generation, self.query(wanted, k, shown))
        most = request.k if len(found) == 1 else 2 * request.k
        varied = [
            diversify(vectors, context.scale, hits, request.diversity, most, shown)
            for hits in found
        ]
        weights = [cluster.weight for cluster in context.clusters]
        line = take_turns(
            vectors, varied, weights, context.groups, context.near_duplicates, request.k
        )
        return merge(line, pinned, request.k)

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

        They need no minimum match.
        """
        context = self.context
        rows = rows[context.facts.matching(wanted, rows)]
        query = replace(self.query(wanted, 1), floor=None)
        vectors = context.generation.vectors
        hits = {hit.row: hit for hit in exact_hits(vectors, query, rows, query.eligible(rows))}
        rows = np.array([row for row in rows.tolist() if row in hits], dtype=np.int64)
        groups = None if context.groups is None else context.groups.take(rows)
        kept = distinct(vectors, rows, groups, context.near_duplicates)
        return [hits[int(rows[place])] for place in kept]

    def query(self, wanted: Filter, k: int, shown: Int64 = NO_ROWS) -> SearchQuery:
        """The search for ``k`` hits of each cluster, beside rows that are shown already."""
        context, kept = self.context, self.effects.kept
        return SearchQuery(
            vectors=context.vectors,
            k=k,
            masks=(context.guards,) if kept is None else (context.guards, kept),
            filter=FilterMask(context.facts, wanted) if wanted else None,
            clusters=context.cluster_of,
            bonus=self.effects.bonus,
            less=context.less,
            floor=context.floor,
            groups=context.groups,
            near_duplicates=context.near_duplicates,
            cosines=context.cosines,
            shown=shown,
        )
