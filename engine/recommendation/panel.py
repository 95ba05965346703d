"""A whole answer: the hits of a panel with their reasons, matches, variants and rules."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from catalog.filters.filter import Filter
from catalog.products.catalogue import Catalogue
from catalog.rules.book import RuleBook
from engine.labels.audience import NO_CODE
from engine.recommendation.explanations import explain
from engine.recommendation.fallback import BestSellers, find
from engine.recommendation.panel_search import PanelSearch
from engine.recommendation.request_context import RequestContext
from engine.recommendation.results import Panel, Recommendation, Taste
from engine.recommendation.rules.merchandising import NO_EFFECTS
from engine.recommendation.rules_applied import acting_rules, rules_by_hit, rules_in_force
from engine.search.duplicates import distinct
from engine.search.scoring import DECIMALS, exact_hits
from engine.search.search import scans
from engine.search.search_query import Hit


def answer(
    context: RequestContext,
    catalogue: Catalogue,
    book: RuleBook,
    best_sellers: BestSellers | None = None,
) -> Panel:
    """The panel of a request; where nothing can be shown, what a fallback offers.

    Args:
        context: what the request is answered from.
        catalogue: where the seeds, and the facts for reasons, come from.
        book: the merchandising rules.
        best_sellers: for the last fallback; None if the shop has no numbers.
    """
    rules = rules_in_force(context, catalogue, book)
    effects = rules.effects(all_rows=scans(context.generation)) if rules else NO_EFFECTS
    search = PanelSearch(context, effects)
    found = find(search, best_sellers)
    by_hit = rules_by_hit(rules, search, found.hits)
    variants = _folded_variants(search, found.hits, found.filter)
    results = _results(context, catalogue, found.hits, by_hit, variants)
    return Panel(
        seeds=context.request.seeds,
        generation=context.generation.name,
        results=results,
        fallback=found.fallback,
        relaxed=found.dropped,
        tastes=_tastes(context),
        rules=acting_rules(rules, search, found.hits, by_hit, found.filter),
    )


def _results(
    context: RequestContext,
    catalogue: Catalogue,
    hits: Sequence[Hit],
    rules: Sequence[tuple[str, ...]],
    variants: Sequence[int],
) -> tuple[Recommendation, ...]:
    generation, seeds = context.generation, context.request.seeds
    ids = [generation.ids[hit.row] for hit in hits]
    facts = catalogue.facts([*seeds, *ids])
    explained = explain(generation, context.unweighted, hits, facts)
    return tuple(
        replace(
            result,
            seed=seeds[hit.query] if seeds else None,
            match=match,
            variants=more,
            rule=by[0] if by else None,
        )
        for result, hit, match, more, by in zip(
            explained, hits, _matches(context, hits), variants, rules, strict=True
        )
    )


def _matches(context: RequestContext, hits: Sequence[Hit]) -> Sequence[float | None]:
    """The match of each hit with its seed in per cent; None without a calibration."""
    calibration = context.live.calibration
    if calibration is None or not hits:
        return [None] * len(hits)
    queries = [hit.query for hit in hits]
    cosines = np.array([hit.score for hit in hits])
    if context.detail is None:  # else scores are those of the default weights already
        rows = context.generation.vectors[[hit.row for hit in hits]].astype(np.float64)
        cosines = np.einsum("nd,nd->n", context.unweighted[queries].astype(np.float64), rows)
    categories = [context.categories[query] for query in queries]
    matches = calibration.match(cosines.round(DECIMALS), categories)
    return [round(float(one), DECIMALS) for one in matches]


def _folded_variants(search: PanelSearch, hits: Sequence[Hit], wanted: Filter) -> list[int]:
    """For each hit, how many more variants of it could have been shown.

    Args:
        search: the panel's.
        hits: what the panel shows.
        wanted: the filter that they match.
    """
    context = search.context
    shown = np.array([hit.row for hit in hits], dtype=np.int64)
    none = [0] * len(hits)
    if context.groups is None or not hits:
        return none
    rows = np.setdiff1d(context.facts.variants(shown), shown)
    rows = rows[context.facts.matching(wanted, rows)] if len(rows) else rows
    if not len(rows):
        return none
    vectors = context.generation.vectors
    query = search.query(wanted, 1)
    others = exact_hits(vectors, query, rows, query.eligible(rows))
    rows = np.concatenate([shown, np.array([hit.row for hit in others], dtype=np.int64)])
    groups = context.groups.take(rows)
    counts = []
    for place, group in enumerate(groups[: len(shown)]):
        same = np.flatnonzero((groups[len(shown) :] == group) & (group != NO_CODE))
        of_group = rows[np.concatenate([[place], len(shown) + same])]
        kept = distinct(vectors, of_group, None, context.near_duplicates, shown=1)
        counts.append(len(kept))
    return counts


def _tastes(context: RequestContext) -> tuple[Taste, ...]:
    seeds = context.request.seeds
    return tuple(
        Taste(seeds[cluster.medoid], tuple(seeds[member] for member in cluster.members))
        for cluster in context.clusters
        if seeds
    )
