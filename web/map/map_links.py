"""Links to the map from other pages: whether there is one, and the place of a product on it."""

import hashlib
from functools import cache

from flask import Flask, url_for

from catalog.records import Product
from engine.applications.map.page import FOLDER
from engine.applications.map.stored import StoredMap
from web.app.context import shop


def current_map() -> StoredMap | None:
    """The map that `lookalike map` made last."""
    return shop().map_book.current()


def has_map() -> bool:
    """Whether a map was made."""
    return current_map() is not None


def map_url(product: Product) -> str | None:
    """The address of the map at the place of a product; None if it is not on the map."""
    found = current_map()
    if found is None or product.retired or found.row_of(product.product_id) is None:
        return None
    return url_for("map.show", product=product.product_id)


@cache
def digest(name: str) -> str:
    """A short digest of a script's bytes."""
    return hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]


def file_url(name: str) -> str:
    """The address of a script or style sheet of the map; it changes with its content."""
    return url_for("map.script", digest=digest(name), name=name)


def register(app: Flask) -> None:
    """Add these helpers to an app's templates."""
    for helper in (has_map, map_url):
        app.jinja_env.globals[helper.__name__] = helper
