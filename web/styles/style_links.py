"""Links to styles from other pages: whether there are any, and the one of a product."""

from collections.abc import Callable
from functools import partial

from flask import Flask, url_for

from catalog.records import Product
from engine.applications.styles.styles import Style, Styles
from engine.errors import EngineError
from web.app.context import shop


def current_styles() -> Styles | None:
    """The styles that `lookalike clusters` found last."""
    return shop().styles.current()


def has_styles() -> bool:
    """Whether styles were found."""
    return current_styles() is not None


def style_url(style: Style, page: int = 1) -> str:
    """The address of a style's page."""
    return url_for("styles.show_style", number=style.number, page=page if page > 1 else None)


def style_list_url(page: int = 1) -> str:
    """The address of a page of all styles."""
    return url_for("styles.show", page=page if page > 1 else None)


def style_pages_of(style: Style) -> Callable[[int], str]:
    """The addresses of a style's pages by their number."""
    return partial(style_url, style)


def style_of(product: Product) -> Style | None:
    """The style of a product; of one that came since, the one whose centre is nearest."""
    styles = current_styles()
    if styles is None or product.retired:
        return None
    return styles.of_product(product.product_id) or _nearest(styles, product.product_id)


def _nearest(styles: Styles, product_id: str) -> Style | None:
    try:
        live = shop().recommender.live()
    except EngineError:
        return None
    row = live.ids.find(product_id)
    if row < 0 or live.manifest.fingerprint != styles.fingerprint:
        return None
    return styles.nearest(live.vectors[[row]][0])


def register(app: Flask) -> None:
    """Add these helpers to an app's templates."""
    for helper in (has_styles, style_list_url, style_of, style_pages_of, style_url):
        app.jinja_env.globals[helper.__name__] = helper
