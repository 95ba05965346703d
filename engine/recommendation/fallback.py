"""What a panel shows when nothing is left: less of the filter, best sellers, or nothing."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import NamedTuple

from catalog.filters.filter import ATTRIBUTE, Filter
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


def droppable(wanted: Filter) -> list[str]:
    """The fields of a filter that may be dropped, those that are dropped first first.

    Attributes are dropped first, by name, and then fields in the order of `ORDER`.
    """
    present = wanted.as_json()
    attributes = [name for name in present if name.startswith(ATTRIBUTE)]
    return attributes + [name for name in ORDER if name in present]


def _relaxed(search: PanelSearch) -> Found | None:
    """The panel with as few fields of the filter dropped as possible; None if none helps.

    A filter with fewer fields shows something if one with more does, so the number of fields to
    drop is found by bisection: at first of what the guards leave of the rows that match, which
    takes no search. Then the panel is searched, most often once.
    """
    wanted = search.context.request.filter
    names = droppable(wanted)

    def without(count: int) -> Filter:
        return wanted.without(names[:count])

    least = bisect_left(range(1, len(names) + 1), True, key=lambda n: search.leaves_any(without(n)))
    best: Found | None = None
    low, high = least + 1, len(names)
    middle = low
    while low <= high:
        hits = search.hits(without(middle))
        if hits:
            dropped = tuple(names[:middle])
            best = Found(hits, without(middle), Fallback.RELAXED_FILTER, dropped)
            high = middle - 1
        else:
            low = middle + 1
        middle = (low + high) // 2
    return best


def _best_sellers(search: PanelSearch, best_sellers: BestSellers | None) -> list[Hit]:
    """The best sellers of the first seed's category that guards, rules and filter let through."""
    context, request = search.context, search.context.request
    category = context.categories[0]
    if best_sellers is None or category is None:
        return []
    ids = list(dict.fromkeys(best_sellers(category, FETCHED_PER_RESULT * request.k)))
    return search.scored(known_rows(context.generation, ids), request.filter)[: request.k]
