"""The JSON API under ``/api/v1``: the catalogue and its look-alikes, without pages or cookies."""

from urllib.parse import urlencode

from flask import Blueprint, Response, request, url_for

from engine.errors import NotIndexed
from engine.recommendation.request import Request
from engine.recommendation.results import Fallback, Panel
from web.answering import answers
from web.answering.answers import indexed
from web.api import engine_requests, etags, schemas
from web.api.openapi import Operation, describes
from web.api.requests import (
    ApiQuery,
    Listing,
    Similar,
    SimilarToMany,
    SimilarToManyBody,
    asked,
    told,
)
from web.app.context import shop
from web.app.upload import FIELD, turn, uploaded_photo

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

CATALOGUE, ALIKE = "Catalogue", "Look-alikes"
BEST_OF_CATALOGUE = frozenset({Fallback.NONE, Fallback.RELAXED_FILTER})
FOUND_OR_NOT = (400, 404, 503)


@blueprint.get("/products")
@describes(Operation(CATALOGUE, schemas.Listing, query=Listing, errors=(400, 503), cached=True))
def products() -> Response:
    """Products, page by page.

    The next page is at `next`, and in the `Link` header.
    """
    question = asked(Listing)
    known = etags.tag(shop().catalogue.watermark())
    if kept := etags.unchanged(known, etags.SHARED):
        return kept
    page = shop().catalogue.browse(
        text=question.q or None,
        where=engine_requests.filter_of(question),
        page=question.page,
        per_page=question.per_page,
    )
    following = next_page(page.page * page.per_page < page.total, question.page)
    response = schemas.Listing.of(page, following).response()
    if following:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return etags.tagged(response, known, etags.SHARED)


@blueprint.get("/products/<path:product_id>")
@describes(Operation(CATALOGUE, schemas.Product, query=ApiQuery, errors=FOUND_OR_NOT, cached=True))
def product(product_id: str) -> Response:
    """One product, retired or not."""
    asked(ApiQuery)
    known = etags.tag(shop().catalogue.watermark())
    if kept := etags.unchanged(known, etags.SHARED):
        return kept
    item = shop().catalogue.product(product_id)
    return etags.tagged(schemas.Product.of(item).response(), known, etags.SHARED)


@blueprint.get("/products/<path:product_id>/similar")
@describes(Operation(ALIKE, schemas.Panel, query=Similar, errors=FOUND_OR_NOT, cached=True))
def similar(product_id: str) -> Response:
    """What looks like one product."""
    return answer(engine_requests.to_one(asked(Similar), (product_id,)))


@blueprint.get("/wishlist/similar")
@blueprint.get("/history/similar")
@blueprint.get("/cart/similar")
@describes(Operation(ALIKE, schemas.Panel, query=SimilarToMany, errors=FOUND_OR_NOT, cached=True))
def similar_to_many() -> Response:
    """What looks like the products of a wishlist, a history or a cart; none of them is returned.

    Seeds are grouped by taste, and the results of the tastes take turns; a result's `seed` tells
    which it belongs to. Seeds that are not indexed (yet) are passed by, unless none is.
    """
    return answer_to_many(engine_requests.to_many(asked(SimilarToMany)))


@blueprint.post("/wishlist/similar")
@blueprint.post("/history/similar")
@blueprint.post("/cart/similar")
@describes(Operation(ALIKE, schemas.Panel, body=SimilarToManyBody, errors=(*FOUND_OR_NOT, 413)))
def similar_to_many_told() -> Response:
    """The same, asked with JSON: for long lists, and for ids that hold a comma."""
    return answer_to_many(engine_requests.to_many_told(told(SimilarToManyBody)))


@blueprint.post("/search/photo")
@describes(
    Operation(
        ALIKE,
        schemas.Panel,
        query=Similar,
        files={FIELD: "a JPEG, PNG or WebP"},
        errors=(400, 413, 415, 422, 503),
    )
)
def photo_search() -> Response:
    """What looks like an uploaded photo. The photo is not kept."""
    question = engine_requests.to_one(asked(Similar), ())
    image = uploaded_photo(request, shop())
    with turn(shop()):
        return panel_answer(answers.ask_photo(shop(), image, question))


def answer_to_many(question: Request) -> Response:
    """A panel for those of the products that have a row.

    An index without one of them may be published between the look and the answer: then both are
    done once more.
    """
    try:
        return answer(those_indexed(question))
    except NotIndexed:
        return answer(those_indexed(question))


def those_indexed(question: Request) -> Request:
    """A question about those of its products that have a row; if no seed has, all, to say so."""
    seeds = tuple(indexed(shop(), question.seeds)) or question.seeds
    return answers.about(question, seeds, tuple(indexed(shop(), question.less)))


def answer(question: Request) -> Response:
    """A panel as JSON, each result with its product; 304 when the client has it."""
    if request.method == "POST":
        return panel_answer(answers.ask(shop(), question))
    state = answers.state(shop())
    known = etags.tag(*state)
    if kept := etags.unchanged(known, etags.OWN):
        return kept
    panel = answers.ask(shop(), question)
    response = panel_answer(panel)
    # What sells best changes without a new version; and if anything was published meanwhile, the
    # answer is not that of this tag.
    if panel.fallback in BEST_OF_CATALOGUE and answers.state(shop()) == state:
        etags.tagged(response, known, etags.OWN)
    return response


def panel_answer(panel: Panel) -> Response:
    """A panel as JSON, each result with its product."""
    ids = [result.product_id for result in panel.results]
    response = schemas.Panel.of(panel, shop().catalogue.products(ids)).response()
    response.headers["Cache-Control"] = etags.UNKEPT
    return response


def next_page(more: bool, page: int) -> str | None:
    """The address of the page after this one, if there are more products."""
    if not more:
        return None
    kept = [pair for pair in request.args.items(multi=True) if pair[0] != "page"]
    return f"{url_for('api.products')}?{urlencode([*kept, ('page', page + 1)])}"
