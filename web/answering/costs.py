"""Which requests are expensive to answer: their number at once is limited."""

from collections.abc import Iterator
from contextlib import contextmanager

from catalog.filters.filter import Filter
from engine.recommendation.request import Request
from web.app.context import Shop

COSTLY = 500_000  # values that are read or computed in about 50 ms
SCORED_ROWS = 20_000
SEED_VALUES = 3  # a seed takes as long as three values of a filter, at least
BUSY = "Too many expensive requests are being answered right now. Try again in a few seconds."


def cost(request: Request, rows: int) -> int:
    """About how many values of products are compared to answer a request.

    Args:
        request: what is requested.
        rows: products in the index. Only `SCORED_ROWS` count: in a larger catalogue the index
            proposes candidates, and the engine itself limits how many filters it evaluates for all
            products, as most have been used before.
    """
    seeds = len(request.seeds) + len(request.less)
    return min(rows, SCORED_ROWS) * (values(request.filter) + SEED_VALUES * seeds)


def values(wanted: Filter) -> int:
    """How many values a filter has."""
    return sum(len(one) if isinstance(one, list) else 1 for one in wanted.as_json().values())


@contextmanager
def costly_slot(shop: Shop, request: Request) -> Iterator[None]:
    """Hold one of the few slots for expensive requests, if this is one.

    Raises:
        web.app.errors.Busy: no slot became free in time.
    """
    if cost(request, len(shop.recommender.live().ids)) <= COSTLY:
        yield
        return
    with shop.heavy.slot(shop.costly_answers, BUSY):
        yield
