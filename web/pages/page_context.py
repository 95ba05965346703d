"""Template variables and URL helpers of all pages."""

from collections.abc import Callable
from functools import cache
from typing import Any, Unpack
from urllib.parse import urlencode

from flask import Flask, request, url_for

from catalog.records import Product
from engine.applications.words.search import MAX_TEXT
from web.app.context import shop
from web.app.links import photo_set, photo_url, product_url
from web.pages import saved_products
from web.pages.grid_filters import Changes, GridFilters
from web.pages.product_data import absolute
from web.pages.tuning import (
    DEFAULT_POSITION,
    MAX_POSITION,
    VARIETY_LABELS,
    WEIGHT_LABELS,
    Tuning,
)
from web.words.languages import ENGLISH, words_of


def grid_url(filters: GridFilters, **changes: Unpack[Changes]) -> str:
    """The URL of the grid under these filters, with some of them changed."""
    return listing_url(filters.but(**changes))


def listing_url(filters: GridFilters) -> str:
    """The URL of the grid under these filters."""
    query = filters.url()
    return f"{request.script_root}/?{query}" if query else f"{request.script_root}/"


def grid_pages_of(filters: GridFilters) -> Callable[[int], str]:
    """The addresses of a grid's pages by their number."""
    return lambda page: grid_url(filters, page=page)


def panel_url(product: Product, facet: str, before: Product | None = None) -> str:
    """The URL of a product's similar items with most weight on one facet.

    The page links back to ``before``, the product that the visitor is looking at.
    """
    back = f"&{urlencode({'from': before.product_id})}" if before else ""
    return f"{product_url(product)}?{most_weight(facet)}{back}#similar"


@cache
def most_weight(facet: str) -> str:
    """The URL parameters that put most weight on one facet."""
    return urlencode(Tuning(mix={facet: MAX_POSITION}).query())


def here() -> str:
    """The path of the current page, for a form to return to."""
    path = request.full_path.rstrip("?") if request.method == "GET" else request.path
    return f"{request.script_root}{path}"


def events_address() -> str:
    """Where panels report what visitors do; empty if the shop keeps no log."""
    return "" if shop().events is None else url_for("events.take")


def variables() -> dict[str, Any]:
    """The template variables of every page."""
    saved = saved_products.saved()
    return {
        "logged": shop().events is not None,
        "saved": frozenset(saved),
        "saved_count": len(saved),
        "shop_name": shop().own.name,
    }


def register(app: Flask) -> None:
    """Add the helpers and variables to an app's templates."""
    helpers = (
        absolute,
        grid_url,
        listing_url,
        product_url,
        photo_url,
        photo_set,
        here,
        panel_url,
        grid_pages_of,
    )
    app.jinja_env.globals["events_address"] = events_address
    app.jinja_env.globals["english"] = words_of(ENGLISH).labels
    for helper in helpers:
        app.jinja_env.globals[helper.__name__] = helper
    app.jinja_env.globals.update(
        DEFAULT_POSITION=DEFAULT_POSITION,
        MAX_WORDS=MAX_TEXT,
        WEIGHT_LABELS=WEIGHT_LABELS,
        VARIETY_LABELS=VARIETY_LABELS,
    )
    app.context_processor(variables)
