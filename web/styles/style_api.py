"""Styles under ``/api/v1``: all of them, the products of one, and more of a product's style."""

from typing import Annotated, NoReturn

from flask import Blueprint, Response, abort
from pydantic import Field

from engine.applications.styles.styles import Style, Styles
from web.answering.shop_ids import our_id
from web.api import etags
from web.api.openapi import Operation, describes
from web.api.parsing import parse_query
from web.api.request_models import AnswerParams, Number
from web.api.routes import next_page
from web.app.context import shop
from web.app.params import MAX_PER_PAGE, PER_PAGE
from web.styles.schemas import Style as StyleAnswer
from web.styles.schemas import StyleListing, StyleProducts
from web.styles.style_links import current_styles, style_of
from web.styles.style_pages import LIKE, products_page

blueprint = Blueprint("style_api", __name__, url_prefix="/api/v1")

TAG = "Styles"
MAX_PAGE = 1_000_000
NO_STYLES = "No styles were found yet. Run `lookalike clusters` on the server."
NO_STYLE = "There is no such style any more. GET /api/v1/styles lists those that there are."
OF_NONE = "This product is in no style: it is not indexed, or no longer sold."


class PageParams(AnswerParams):
    """Which page is wanted."""

    page: Annotated[int, Number] = Field(1, ge=1, le=MAX_PAGE)
    per_page: Annotated[int, Number] = Field(PER_PAGE, ge=1, le=MAX_PER_PAGE)


@blueprint.get("/styles")
@describes(Operation(TAG, StyleListing, query=PageParams, errors=(400, 404, 503), cached=True))
def styles() -> Response:
    """Styles: groups of products that look alike, the largest first."""
    params = parse_query(PageParams)
    found = known_styles()
    etag = version(found)
    if unchanged := etags.not_modified(etag, etags.SHARED):
        return unchanged
    end = params.page * params.per_page
    listing = StyleListing(
        styles=tuple(StyleAnswer.of(one) for one in found.listed[end - params.per_page : end]),
        total=len(found),
        page=params.page,
        per_page=params.per_page,
        next=next_page(end < len(found), params.page),
    )
    return etags.tagged(listing.response(), etag, etags.SHARED)


@blueprint.get("/styles/<int:number>")
@describes(Operation(TAG, StyleProducts, query=PageParams, errors=(400, 404, 503), cached=True))
def style(number: int) -> Response:
    """A style and its products, the most typical first."""
    params = parse_query(PageParams)
    found = known_styles()
    wanted = found.find(number)
    if wanted is None:
        abort(404, description=NO_STYLE)
    return answer(found, wanted, params)


@blueprint.get("/products/<product_id:product_id>/style")
@describes(Operation(TAG, StyleProducts, query=PageParams, errors=(400, 404, 503), cached=True))
def more_of_style(product_id: str) -> Response:
    """More of a product's style: the style that it is in, and its products.

    A product that came after the styles were found is in the one whose centre is nearest.
    """
    params = parse_query(PageParams)
    item = shop().catalogue.product(our_id(shop(), product_id))
    found, wanted = known_styles(), style_of(item)
    if wanted is None or found.find(wanted.number) != wanted:
        abort(404, description=OF_NONE)
    return answer(found, wanted, params)


def known_styles() -> Styles:
    """The styles of the shop; 404 if there are none."""
    found = current_styles()
    return found if found is not None else none_yet()


def none_yet() -> NoReturn:
    """Answer that no styles were found."""
    abort(404, description=NO_STYLES)


def answer(found: Styles, wanted: Style, params: PageParams) -> Response:
    """A page of the products of a style."""
    etag = version(found)
    if unchanged := etags.not_modified(etag, etags.SHARED):
        return unchanged
    page = products_page(found, wanted, params.page, params.per_page)
    following = next_page(params.page * params.per_page < page.total, params.page)
    made = StyleProducts.of(wanted, found.like(wanted, LIKE), page, following)
    return etags.tagged(made.response(), etag, etags.SHARED)


def version(found: Styles) -> str:
    """The tag of what an answer depends on."""
    return etags.tag(found.made, found.generation, shop().catalogue.watermark())
