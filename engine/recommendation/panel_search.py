"""The hits of a panel: a request's context and the effects of rules, turned into a search."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from catalog.filters.filter import Filter
from engine.arrays import Int64
from engine.recommendation.clusters.diversity import depths, diversify, take_turns
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
from engine.search.row_facts import FilterRows
from engine.search.row_values import NO_ROWS, ByQuery, RowValues
from engine.search.scoring import exact_hits
from engine.search.search import Lines, scans
from engine.search.search_query import Floor, Hit, SearchQuery

FIRST_BLOCK = 2_048  # rows whose guards are looked at first
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
        ranked = Lines(context.generation, self.query(wanted, 1, shown))
        varied = [self._line(ranked, number, shown) for number in range(len(lines))]
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

    def _line(self, ranked: Lines, number: int, shown: Int64) -> Iterator[Hit]:
        """The hits of a line, looked for as far as they are asked for."""
        context, request = self.context, self.context.request
        vectors, diversity = context.generation.vectors, request.diversity
        beside, most, dealt = shown, request.k, 0
        for depth in depths(request.k, diversity, len(context.lines)):
            hits = self._folded(ranked, number, depth, shown)[dealt:]
            if len(context.lines) > 1:
                most = len(hits)
            yield from diversify(vectors, context.scale, hits, diversity, most, beside)
            rows = [hit.row for hit in hits]
            beside, dealt = np.append(beside, rows).astype(np.int64), dealt + len(hits)

    def _folded(self, ranked: Lines, number: int, k: int, shown: Int64) -> list[Hit]:
        """The first ``k`` hits of a line, of each design one."""
        if self.designs is None:
            return self._found(ranked, number, k)
        kept: list[Hit] = []
        for more in MORE_TO_FOLD:
            hits = self._found(ranked, number, more * k)
            stays = set(self.designs.fold([hit.row for hit in hits], shown.tolist(), number))
            kept = [hit for hit in hits if hit.row in stays]
            if len(kept) >= k or len(hits) < more * k:
                break
        return kept[:k]

    def _found(self, ranked: Lines, number: int, k: int) -> list[Hit]:
        """The first ``k`` hits of a line, those that are very near in their finer order."""
        context, detail = self.context, self.context.detail
        moved = self.effects.bonus is not None or context.less is not None
        # In a large generation there is most often a window of hits that are very near.
        all_in_window = detail is not None and (moved or not scans(context.generation))
        found = ranked.hits(number, window_end(k) if all_in_window else k)
        if detail is None:
            return found
        if not all_in_window and reaches_on(found, k, detail):
            found = ranked.hits(number, window_end(k))
        return in_fine_order(fine_scores(context.generation, context.unweighted, found, detail))[:k]

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

    def leaves_any(self, wanted: Filter) -> bool:
        """Whether guards, rules and a filter leave any row, whatever its match; without a search.

        Rows are looked at in blocks, as most often one of the first may be shown.
        """
        if not wanted:
            return True
        rows, query = self.context.facts.rows(wanted), self.query(wanted, 1)
        start, size = 0, FIRST_BLOCK
        while start < len(rows):
            if query.eligible(rows[start : start + size]).any():
                return True
            start, size = start + size, 8 * size
        return False

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
            filter=FilterRows(context.facts, wanted) if wanted else None,
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
