"""URLs of products and photos, and the URL that a form returns to.

The grid has hundreds of links, and ``url_for`` would take most of the page's time, so these are
built by hand. A test compares them with ``url_for``.
"""

from urllib.parse import quote, urlsplit

from flask import g, request, url_for
from werkzeug.routing import PathConverter

from catalog.records import Product
from web.app.thumbnails import WIDTHS


class ProductIdConverter(PathConverter):
    """A product id in a URL: like a path, but it may begin with a slash."""

    regex = ".+?"
    part_isolating = False  # it may have slashes in it


SAFE = "!$&'()*+,/:;=@"  # characters that a path may contain unquoted


def use_absolute_links() -> None:
    """Give all URLs of the current response with scheme and host, for pages elsewhere."""
    g.link_root = request.root_url.rstrip("/")


def link_root() -> str:
    """What all URLs of the current response start with."""
    root: str = g.get("link_root", request.script_root)
    return root


def product_url(product: Product) -> str:
    """The URL of a product's page."""
    return f"{link_root()}/products/{quote(product.product_id, SAFE)}"


def photo_url(content_hash: str, width: int) -> str:
    """The URL of a photo's thumbnail."""
    return f"{link_root()}/media/{content_hash}/{width}.jpg"


def photo_set(content_hash: str) -> str:
    """All widths of a photo, for a browser to choose from (``srcset``)."""
    return ", ".join(f"{photo_url(content_hash, width)} {width}w" for width in WIDTHS[1:])


def shop_link(product: Product) -> str | None:
    """The product's page in the shop, if it is an http(s) URL (never a script)."""
    parts = urlsplit(product.link or "")
    return product.link if parts.scheme in ("http", "https") and parts.netloc else None


def return_url(url: str) -> str:
    """Where a form sends its visitor back to: a path of this app, else the wishlist."""
    # Browsers read // and /\ as the start of another host, and drop control characters first.
    ours = url.startswith("/") and not url.startswith(("//", "/\\"))
    return url if ours and url.isprintable() else url_for("wishlist.show")
