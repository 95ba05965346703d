"""Which requests are expensive to answer: their number at once is limited."""

from collections.abc import Iterator
from contextlib import contextmanager

from catalog.filters.filter import Filter
from engine.recommendation.request import Request
from web.app.context import Shop

COSTLY = 350_000  # values that are read or computed in about 40 ms
MOST_ROWS = 20_000
SEED_VALUES = 2  # a seed takes as long as two values of a filter, and with more results, more
RESULTS = 100  # with which it takes twice as long
BUSY = "Too many expensive requests are being answered right now. Try again in a few seconds."


def cost(request: Request, rows: int) -> int:
    """About how many values of products are compared to answer a request.

    Args:
        request: what is requested.
        rows: products in the index. Only `MOST_ROWS` count: in a larger catalogue the index
            proposes candidates, and the engine itself limits how many filters it evaluates for all
            products, as most have been used before.
    """
    seeds = len(request.seeds) + len(request.less)
    of_seeds = round(SEED_VALUES * seeds * (1 + request.k / RESULTS))
    return min(rows, MOST_ROWS) * (values(request.filter) + of_seeds)


def values(wanted: Filter) -> int:
    """How many values a filter has."""
    return sum(len(one) if isinstance(one, list) else 1 for one in wanted.as_json().values())


@contextmanager
def costly_slot(shop: Shop, request: Request) -> Iterator[None]:
    """Hold one of the few slots for expensive requests, if this is one.

    Raises:
        web.app.errors.Busy: no slot became free in time.
    """
    with _slot(shop, cost(request, len(shop.recommender.live().ids))):
        yield


@contextmanager
def costly_listing(shop: Shop, compared: int) -> Iterator[None]:
    """The same for a listing of products.

    Args:
        shop: the shop.
        compared: with how many values each product is compared.

    Raises:
        web.app.errors.Busy: no slot became free in time.
    """
    with _slot(shop, min(shop.menu().products, MOST_ROWS) * compared):
        yield


@contextmanager
def costly(shop: Shop) -> Iterator[None]:
    """Hold one of the few slots for expensive requests.

    Raises:
        web.app.errors.Busy: no slot became free in time.
    """
    with shop.heavy.slot(shop.costly_answers, BUSY):
        yield


@contextmanager
def _slot(shop: Shop, compared: int) -> Iterator[None]:
    if compared <= COSTLY:
        yield
        return
    with costly(shop):
        yield
