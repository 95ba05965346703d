"""Which merchandising rules hold for a request, and which of them made a panel what it is."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from catalog.filters.filter import Filter
from catalog.products.catalogue import Catalogue
from catalog.rules.book import RuleBook
from catalog.rules.rule import Action
from engine.recommendation.panel_search import PanelSearch
from engine.recommendation.request import page_of
from engine.recommendation.request_context import RequestContext
from engine.recommendation.rules.merchandising import Merchandising
from engine.search.search_query import Hit


def rules_in_force(
    context: RequestContext, catalogue: Catalogue, book: RuleBook
) -> Merchandising | None:
    """The rules for a request's seeds; None if there are none, or they are not to be followed."""
    request, generation = context.request, context.generation
    current = book.current() if request.rules else None
    if current is None or not current.rules:
        return None
    moment = request.at or datetime.now(UTC)
    known = context.facts.columns(context.seed_rows).known.tolist()
    named = zip(request.seeds, context.categories, known, strict=True) if request.seeds else ()
    in_force = [
        current.active(seed, category, moment) if known else current.active(None, None, moment)
        for seed, category, known in named
    ] or [current.active(None, None, moment)]
    page = page_of(request)
    in_force = [tuple(rule for rule in each if rule.page in (None, page)) for each in in_force]
    if not any(in_force):
        return None
    # Only these rules ask what a seed is like.
    same = any(rule.action is Action.SAME for each in in_force for rule in each)
    products = catalogue.products(request.seeds) if same else {}
    seeds = [products.get(seed) for seed in request.seeds] or [None]
    return Merchandising.of(in_force, seeds, generation.row_of, len(generation.ids), context.facts)


def rules_by_hit(
    rules: Merchandising | None, search: PanelSearch, hits: Sequence[Hit]
) -> list[tuple[str, ...]]:
    """For each hit, the rules that pinned, boosted or buried it."""
    if rules is None:
        return [()] * len(hits)
    pins = {pin.row: pin.rule_id for pin in rules.pins}
    return [
        (pins[hit.row], *moved) if hit.row in pins else moved
        for hit, moved in zip(hits, _moved_by(rules, search, hits), strict=True)
    ]


def acting_rules(
    rules: Merchandising | None,
    search: PanelSearch,
    hits: Sequence[Hit],
    by_hit: Sequence[tuple[str, ...]],
    wanted: Filter,
) -> tuple[str, ...]:
    """The rules that made a panel what it is, the narrowest scope first.

    They are those of the hits that it shows, and those of what it would show without rules.

    Args:
        rules: in force.
        search: the panel's.
        hits: what the panel shows.
        by_hit: the rules of each hit; see `rules_by_hit`.
        wanted: the filter that the hits match.
    """
    if rules is None:
        return ()
    ids = {*rules.off, *(rule for each in by_hit for rule in each)}
    if rules.restricts or rules.moves:
        shown = {hit.row for hit in hits}
        without_rules = PanelSearch(search.context, designs=search.designs).hits(wanted)
        missing = [hit for hit in without_rules if hit.row not in shown]
        rows = np.array([hit.row for hit in missing], dtype=np.int64)
        queries = np.array([hit.query for hit in missing])
        by_seed = queries == np.arange(len(search.context.vectors))[:, np.newaxis]
        ids |= rules.excluded_by(rows, by_seed)
        ids.update(rule for moved in _moved_by(rules, search, missing) for rule in moved)
    return rules.in_order(ids)


def _moved_by(
    rules: Merchandising, search: PanelSearch, hits: Sequence[Hit]
) -> list[tuple[str, ...]]:
    """For each hit, the rules that boost or bury it; none if they cancel out."""
    bonus = search.effects.bonus
    if bonus is None or not hits:
        return [()] * len(hits)
    rows = np.array([hit.row for hit in hits])
    amounts = bonus.take(rows)[[hit.query for hit in hits], np.arange(len(hits))].tolist()
    return [
        rules.moved_by(hit.row, hit.query) if amount else ()
        for hit, amount in zip(hits, amounts, strict=True)
    ]
