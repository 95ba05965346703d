"""A whole answer: the hits of a panel with their reasons, matches, variants and rules."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Self

import numpy as np

from catalog.filters.filter import Filter
from catalog.products.catalogue import Catalogue
from catalog.rules.book import RuleBook
from engine.labels.audience import NO_CODE
from engine.recommendation.explanations import explain
from engine.recommendation.fallback import BestSellers, find
from engine.recommendation.offers import (
    designs_of,
    folded_colours,
    of_seeds,
    seed_offers,
)
from engine.recommendation.panel_search import PanelSearch
from engine.recommendation.photo import looks_like_nothing
from engine.recommendation.request import has_own_terms
from engine.recommendation.request_context import RequestContext
from engine.recommendation.results import Panel, Recommendation, Taste
from engine.recommendation.rules.merchandising import NO_EFFECTS
from engine.recommendation.rules_applied import acting_rules, rules_by_hit, rules_in_force
from engine.search.designs import Designs
from engine.search.duplicates import distinct
from engine.search.scoring import DECIMALS, exact_hits
from engine.search.search import scans
from engine.search.search_query import Hit
from engine.settings import Colourways, EngineSettings

NO_PRODUCT = "The photo looks like no product here: it may show no garment, or only a part of one."


class Sources(NamedTuple):
    """What answers are made of, beside the index.

    Attributes:
        catalogue: where the seeds that rules ask for come from.
        book: the merchandising rules.
        colourways: what panels do with other colours of one, if the request does not say.
        best_sellers: for the last fallback; None if the shop has no numbers.
    """

    catalogue: Catalogue
    book: RuleBook
    colourways: Colourways = Colourways.FOLD
    best_sellers: BestSellers | None = None

    @classmethod
    def of(
        cls,
        settings: EngineSettings,
        catalogue: Catalogue,
        book: RuleBook | None,
        best_sellers: BestSellers | None,
    ) -> Self:
        """Those of a home; ``book`` None: the rules of the catalogue's database."""
        return cls(
            catalogue,
            RuleBook(catalogue.db) if book is None else book,
            settings.colourways,
            best_sellers,
        )


def answer(context: RequestContext, sources: Sources, *, counts: bool = True) -> Panel:
    """The panel of a request; where nothing can be shown, what a fallback offers.

    Args:
        context: what the request is answered from.
        sources: what else it is made of.
        counts: whether to count variants and to look for other colours of the seed, which a third
            of the time goes into.
    """
    request, catalogue = context.request, sources.catalogue
    rules = rules_in_force(context, catalogue, sources.book)
    effects = rules.effects(all_rows=scans(context.generation)) if rules else NO_EFFECTS
    colourways = request.colourways or sources.colourways
    designs = None if colourways is Colourways.OFF else designs_of(context)
    folds = colourways is Colourways.FOLD and not request.variants and not has_own_terms(request)
    search = PanelSearch(context, effects, designs if folds else None)
    found = find(search, sources.best_sellers)
    by_hit = rules_by_hit(rules, search, found.hits)
    variants = [0] * len(found.hits)
    if counts:
        variants = _folded_variants(search, found.hits, found.filter)
    results = _results(context, found.hits, by_hit, variants, designs)
    nothing = not request.seeds and looks_like_nothing(context.live, context.unweighted)
    return Panel(
        seeds=context.request.seeds,
        generation=context.generation.name,
        results=results,
        fallback=found.fallback,
        relaxed=found.dropped,
        tastes=_tastes(context),
        rules=acting_rules(rules, search, found.hits, by_hit, found.filter),
        also_in=seed_offers(search, designs) if counts and designs is not None else (),
        switched_off=rules is not None and bool(rules.off),
        nothing_similar=nothing,
        nothing_similar_reason=NO_PRODUCT if nothing else None,
    )


def _results(
    context: RequestContext,
    hits: Sequence[Hit],
    rules: Sequence[tuple[str, ...]],
    variants: Sequence[int],
    designs: Designs | None,
) -> tuple[Recommendation, ...]:
    generation, seeds = context.generation, context.request.seeds
    rows = np.array([hit.row for hit in hits], dtype=np.int64)
    ids = generation.ids[rows].tolist()
    facts = context.facts.stated(np.concatenate([context.seed_rows, rows]))
    same = [False] * len(hits) if designs is None else of_seeds(designs, context.seed_rows, hits)
    explained = explain(generation, context.unweighted, hits, ids, facts, same)
    return tuple(
        replace(
            result,
            seed=seeds[hit.query] if seeds else None,
            match=match,
            variants=more,
            rule=by[0] if by else None,
            also_in=() if designs is None else folded_colours(designs, hit),
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
        if not len(same):
            counts.append(0)
            continue
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
