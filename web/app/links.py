"""Addresses of products and photos, put together by hand.

A grid has hundreds of links, and ``url_for`` would take most of the page's time. A test compares
these with what ``url_for`` builds.
"""

from urllib.parse import quote, urlsplit

from flask import request

from catalog.records import Product
from web.app.thumbnails import WIDTHS

SAFE = "!$&'()*+,/:;=@"  # what a path may hold as it is


def product_url(product: Product) -> str:
    """The address of a product's page."""
    return f"{request.script_root}/products/{quote(product.product_id, SAFE)}"


def photo_url(content_hash: str, width: int) -> str:
    """The address of a photo's thumbnail."""
    return f"{request.script_root}/media/{content_hash}/{width}.jpg"


def photo_set(content_hash: str) -> str:
    """Every width of a photo for a browser to choose from (``srcset``)."""
    return ", ".join(f"{photo_url(content_hash, width)} {width}w" for width in WIDTHS[1:])


def shop_link(product: Product) -> str | None:
    """The product's own page elsewhere, when its address is a web address (never a script)."""
    parts = urlsplit(product.link or "")
    return product.link if parts.scheme in ("http", "https") and parts.netloc else None
