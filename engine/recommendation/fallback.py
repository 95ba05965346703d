"""What a panel shows when nothing is left: less of the filter, best sellers, or nothing."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from catalog.filters.filter import Filter
from engine.recommendation.panel_search import PanelSearch
from engine.recommendation.request_context import known_rows
from engine.recommendation.results import Fallback
from engine.search.search_query import Hit

FETCHED_PER_RESULT = 10  # best sellers, because guards exclude some of them
BestSellers = Callable[[str | None, int], Sequence[str]]
"""``(category path, n)`` -> up to ``n`` product ids, the best seller first."""
# What is dropped first comes first: attributes before these, in the order of their names. Gender
# and age group are never dropped: who they are not for has no use for the results.
ORDER = (
    "on_sale",
    "pattern",
    "brand",
    "colour",
    "price_from",
    "price_to",
    "availability",
    "category",
)


class Found(NamedTuple):
    """Hits, and how they were found: under which filter, and what was dropped of the request's."""

    hits: list[Hit]
    filter: Filter
    fallback: Fallback = Fallback.NONE
    dropped: tuple[str, ...] = ()


def find(search: PanelSearch, best_sellers: BestSellers | None) -> Found:
    """The hits of a request, or what a fallback offers where there are none."""
    request = search.context.request
    if hits := search.hits(request.filter):
        return Found(hits, request.filter)
    if request.fallback:
        if found := _relaxed(search):
            return found
        if hits := _best_sellers(search, best_sellers):
            return Found(hits, request.filter, Fallback.BEST_SELLERS)
    return Found([], request.filter, Fallback.NOTHING)


def relaxations(wanted: Filter) -> Iterator[tuple[Filter, tuple[str, ...]]]:
    """The filter with one field fewer each time, and all fields dropped so far.

    Attributes are dropped first, by name, and then fields in the order of `ORDER`.
    """
    present = wanted.as_json()
    dropped: tuple[str, ...] = ()
    for name in (*(name for name in present if name.startswith("attributes.")), *ORDER):
        if name in present:
            dropped = (*dropped, name)
            yield wanted.without(dropped), dropped


def _relaxed(search: PanelSearch) -> Found | None:
    """The panel with as few fields of the filter dropped as possible; None if none helps."""
    context = search.context
    eligible = None
    for wanted, dropped in relaxations(context.request.filter):
        if eligible is None:
            eligible = search.eligible(np.arange(len(context.generation.ids))).any(axis=0)
        if (context.facts.mask(wanted) & eligible).any() and (hits := search.hits(wanted)):
            return Found(hits, wanted, Fallback.RELAXED_FILTER, dropped)
    return None


def _best_sellers(search: PanelSearch, best_sellers: BestSellers | None) -> list[Hit]:
    """The best sellers of the first seed's category that guards, rules and filter let through."""
    context, request = search.context, search.context.request
    category = context.categories[0]
    if best_sellers is None or category is None:
        return []
    ids = list(dict.fromkeys(best_sellers(category, FETCHED_PER_RESULT * request.k)))
    return search.scored(known_rows(context.generation, ids), request.filter)[: request.k]
