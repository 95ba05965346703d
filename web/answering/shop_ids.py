"""Products by what a shop calls them: by a handle, a SKU, or ids of Shopify, as by our own ids."""

from collections.abc import Sequence
from dataclasses import replace

from catalog.products.shop_ids import products_named
from engine.recommendation.request import Request
from web.app.context import Shop


def our_id(shop: Shop, given: str) -> str:
    """Our id of a product; what was given, if it is ours or nobody's."""
    return our_ids(shop, [given])[given]


def our_ids(shop: Shop, given: Sequence[str]) -> dict[str, str]:
    """What was given -> our id of the product; the same, if it is ours or nobody's."""
    known = shop.catalogue.products(given)
    others = [one for one in given if one not in known]
    named = products_named(shop.catalogue.db, others) if others else {}
    return {one: named.get(one, one) for one in given}


def with_our_ids(shop: Shop, request: Request) -> Request:
    """A request with our own ids of its seeds; those that no product has stay.

    Raises:
        engine.errors.GenerationError: there is no usable index.
    """
    rows = shop.recommender.live().row_of
    unknown = [one for one in request.seeds if one not in rows]
    named = our_ids(shop, unknown) if unknown else {}
    if all(given == ours for given, ours in named.items()):
        return request
    weights = {named.get(one, one): weight for one, weight in request.weights.items()}
    seeds = tuple(dict.fromkeys(named.get(one, one) for one in request.seeds))
    return replace(request, seeds=seeds, weights=weights)
