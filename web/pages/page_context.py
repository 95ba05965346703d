"""What every page knows: the visitor's wishlist and how to build the shop's own links.

A grid has hundreds of links, so the commonest are put together by hand: ``url_for`` would take
most of the page's time. A test holds them to what ``url_for`` says.
"""

from functools import cache
from typing import Any
from urllib.parse import urlencode

from flask import Flask, request

from catalog.records import Product
from web.app.context import shop
from web.app.links import photo_set, photo_url, product_url
from web.app.params import Filters
from web.pages import wishlist
from web.pages.tuning import MOST, Tuning


def grid_url(filters: Filters, **changes: str | int | None) -> str:
    """The address of the grid under these filters with some of them changed."""
    query = urlencode(filters.but(**changes).query())
    return f"{request.script_root}/?{query}" if query else f"{request.script_root}/"


def panel_url(product: Product, facet: str) -> str:
    """The address of what looks like a product in one facet most of all."""
    return f"{product_url(product)}?{most(facet)}#similar"


@cache
def most(facet: str) -> str:
    """The parameters that ask for one facet most of all."""
    return urlencode(Tuning(mix={facet: MOST}).query())


def here() -> str:
    """The path of the page being shown, to come back to after a form."""
    path = request.full_path.rstrip("?") if request.method == "GET" else request.path
    return f"{request.script_root}{path}"


def facts() -> dict[str, Any]:
    """The template variables of every page."""
    saved = wishlist.saved()
    logged = shop().events is not None
    return {"logged": logged, "saved": frozenset(saved), "saved_count": len(saved)}


def register(app: Flask) -> None:
    """Give the templates these helpers and variables."""
    for helper in (grid_url, product_url, photo_url, photo_set, here, panel_url):
        app.jinja_env.globals[helper.__name__] = helper
    app.context_processor(facts)
