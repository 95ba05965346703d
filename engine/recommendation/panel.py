"""A whole answer: the panel, a fallback where it is empty, and what is said of each result."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from catalog.filters.filter import Filter
from engine.recommendation.explanations import explain
from engine.recommendation.fallback import ASKED_PER_RESULT, BestSellers, relaxations
from engine.recommendation.request_context import RequestContext
from engine.recommendation.results import Fallback, Panel, Recommendation, Taste
from engine.search.duplicates import distinct
from engine.search.guards import NOTHING
from engine.search.search import rescore
from engine.search.search_query import Hit


def answer(asked: RequestContext, best_sellers: BestSellers | None = None) -> Panel:
    """The panel of a request; where nothing can be shown, what a fallback offers."""
    request = asked.request
    relaxed: tuple[str, ...] = ()
    fallback = Fallback.NONE
    hits = asked.hits(request.filter)
    if not hits and request.fallback:
        hits, relaxed = _relaxed(asked)
        fallback = Fallback.RELAXED_FILTER
        if not hits:
            hits, fallback = _best(asked, best_sellers), Fallback.BEST_SELLERS
    if not hits:
        fallback = Fallback.NOTHING
    wanted = request.filter.without(relaxed)
    ruled = _rules_of(asked, hits)
    results = _told(asked, hits, wanted, ruled)
    seeds = request.seeds
    return Panel(
        seeds=seeds,
        generation=asked.live.generation.name,
        results=results,
        fallback=fallback,
        relaxed=relaxed,
        tastes=tuple(
            Taste(seeds[taste.medoid], tuple(seeds[place] for place in taste.members))
            for taste in asked.tastes
            if seeds
        ),
        rules=_acted(asked, hits, wanted, ruled),
    )


def _relaxed(asked: RequestContext) -> tuple[list[Hit], tuple[str, ...]]:
    """The panel with as little of the filter dropped as helps, and what was dropped."""
    fits = None
    everything = np.arange(len(asked.live.generation.ids))
    for wanted, dropped in relaxations(asked.request.filter):
        if fits is None:
            fits = asked.allowed(everything).any(axis=0)
        if (asked.now.mask(wanted) & fits).any() and (hits := asked.hits(wanted)):
            return hits, dropped
    return [], ()


def _best(asked: RequestContext, best_sellers: BestSellers | None) -> list[Hit]:
    """The best sellers of the first seed's category that guards, rules and filter let through."""
    request = asked.request
    if best_sellers is None or not request.seeds:
        return []
    category = asked.categories[0]
    if category is None:
        return []
    named = dict.fromkeys(best_sellers(category, ASKED_PER_RESULT * request.k))
    return asked.scored(asked.known(list(named)), request.filter)[: request.k]


def _told(
    asked: RequestContext, hits: Sequence[Hit], wanted: Filter, ruled: Sequence[tuple[str, ...]]
) -> tuple[Recommendation, ...]:
    """Hits as results, with reasons, numbers, variants and rules."""
    generation, seeds = asked.live.generation, asked.request.seeds
    ids = [generation.ids[hit.row] for hit in hits]
    facts = asked.catalogue.facts([*seeds, *ids])
    results = []
    for result, hit, match, more, rules in zip(
        explain(generation, asked.rows, hits, facts),
        hits,
        asked.matches(hits),
        _folded(asked, hits, wanted),
        ruled,
        strict=True,
    ):
        results.append(
            replace(
                result,
                seed=seeds[hit.query] if seeds else None,
                match=match,
                variants=more,
                rule=rules[0] if rules else None,
            )
        )
    return tuple(results)


def _folded(asked: RequestContext, hits: Sequence[Hit], wanted: Filter) -> list[int]:
    """Of each hit, how many more variants could have been shown, had all been asked for."""
    shown = np.array([hit.row for hit in hits], dtype=np.int64)
    none = [0] * len(hits)
    if asked.group is None or not hits:
        return none
    rows = np.setdiff1d(asked.now.variants(shown), shown)
    rows = rows[asked.now.passes(wanted, rows)] if len(rows) else rows
    if not len(rows):
        return none
    vectors = asked.live.generation.vectors
    others = rescore(vectors, asked.question(wanted, 1), rows, asked.allowed(rows))
    rows = np.concatenate([shown, np.array([hit.row for hit in others], dtype=np.int64)])
    codes = asked.group(rows)
    more = []
    for at, code in enumerate(codes[: len(shown)]):
        behind = np.flatnonzero((codes[len(shown) :] == code) & (code != NOTHING))
        mine = rows[np.concatenate([[at], len(shown) + behind])]
        more.append(len(distinct(vectors, mine, None, asked.twins, first=1)))
    return more


def _rules_of(asked: RequestContext, hits: Sequence[Hit]) -> list[tuple[str, ...]]:
    """The rules that gave each hit its place, or moved it."""
    return [
        moved if (pin := asked.pins.get(hit.row)) is None else (pin.rule_id, *moved)
        for hit, moved in zip(hits, _moved_by(asked, hits), strict=True)
    ]


def _moved_by(asked: RequestContext, hits: Sequence[Hit]) -> list[tuple[str, ...]]:
    """The rules that boost or bury each hit; those that make up for one another do not."""
    if asked.shop is None or not asked.shop.bonuses or not hits:
        return [()] * len(hits)
    rows = np.array([hit.row for hit in hits])
    bonus = asked.bonus(rows)[[hit.query for hit in hits], np.arange(len(hits))].tolist()
    return [
        asked.shop.moved_by(hit.row, hit.query) if moved else ()
        for hit, moved in zip(hits, bonus, strict=True)
    ]


def _acted(
    asked: RequestContext, hits: Sequence[Hit], wanted: Filter, ruled: Sequence[tuple[str, ...]]
) -> tuple[str, ...]:
    """The rules that made the panel what it is: of what it shows, and of what it would without."""
    shop = asked.shop
    if shop is None:
        return ()
    ids = {rule for rules in ruled for rule in rules}
    if shop.narrows or shop.bonuses:
        shown = {hit.row for hit in hits}
        missed = [hit for hit in asked.without_rules().hits(wanted) if hit.row not in shown]
        rows = np.array([hit.row for hit in missed], dtype=np.int64)
        by_seed = np.array([hit.query for hit in missed]) == np.arange(len(asked.rows))[:, None]
        ids |= shop.blamed(rows, by_seed)
        ids.update(rule for rules in _moved_by(asked, missed) for rule in rules)
    return shop.in_order(ids)
