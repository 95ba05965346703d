"""The pages of styles: all of them, and the products of one."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from catalog.records import Page, Product
from engine.applications.styles.styles import Style, Styles
from web.app.context import shop
from web.app.params import PER_PAGE, int_param
from web.pages.grid import page_links
from web.styles.style_links import current_styles

blueprint = Blueprint("styles", __name__)

PHOTOS = 4  # products that stand for a style
SPARE = 4  # more of them, in case some are no longer sold
MOST = 5_000  # products of a style that are listed, the most typical
LIKE = 8  # styles that a style's page leads to
MAX_PAGE = 1_000_000
GONE = "That style is no longer there. These are the styles now."


@dataclass(frozen=True, slots=True)
class StyleCard:
    """A style with the products that stand for it."""

    style: Style
    products: tuple[Product, ...]


@blueprint.get("/styles")
def show() -> str:
    """One page of styles, the largest first."""
    styles = current_styles()
    page = int_param(request.args, "page", default=1, low=1, high=MAX_PAGE)
    listed = styles.listed if styles else ()
    first = (page - 1) * PER_PAGE
    cards = cards_of(styles, listed[first : first + PER_PAGE]) if styles else []
    place = Page((), len(listed), page, PER_PAGE)
    return render_template("styles.html", cards=cards, page=place, pages=page_links(place))


@blueprint.get("/styles/<int:number>")
def show_style(number: int) -> str | BaseResponse:
    """The products of one style, the most typical first.

    The address of a style that is gone, which others may have kept, leads to all styles.
    """
    styles = current_styles()
    style = styles.find(number) if styles else None
    if styles is None or (style is None and not 0 < number < styles.next_number):
        abort(404)
    if style is None:
        flash(GONE)
        return redirect(url_for("styles.show"))
    page = int_param(request.args, "page", default=1, low=1, high=MAX_PAGE)
    place = products_page(styles, style, page, PER_PAGE)
    return render_template(
        "style.html",
        style=style,
        page=place,
        pages=page_links(place),
        like=styles.like(style, LIKE),
    )


def products_page(styles: Styles, style: Style, page: int, per_page: int) -> Page:
    """One page of the products of a style that the shop still sells, the most typical first."""
    members = sold(styles.members(style, most=MOST))
    first = (page - 1) * per_page
    wanted = members[first : first + per_page]
    found = shop().catalogue.products(wanted)
    return Page(tuple(found[one] for one in wanted if one in found), len(members), page, per_page)


def sold(product_ids: Sequence[str]) -> list[str]:
    """Those products that the shop still sells, sold out or not, in the same order."""
    facts = shop().catalogue.facts(product_ids)
    there = (facts.known & ~facts.retired).tolist()
    return [one for one, is_there in zip(product_ids, there, strict=True) if is_there]


def cards_of(styles: Styles, listed: Sequence[Style]) -> list[StyleCard]:
    """Styles with the most typical of their products that are still sold and have a photo."""
    typical = {style.number: styles.members(style, most=PHOTOS + SPARE) for style in listed}
    found = shop().catalogue.products([one for ids in typical.values() for one in ids])
    cards = []
    for style in listed:
        products = [found[one] for one in typical[style.number] if one in found]
        shown = [one for one in products if one.photos and not one.retired]
        cards.append(StyleCard(style, tuple(shown[:PHOTOS])))
    return cards
