"""The catalogue and similar items under ``/api/v1``; no cookies."""

from collections.abc import Callable, Hashable
from dataclasses import replace
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from engine.recommendation.request import Request
from web.answering import answers, repeats
from web.answering.costs import costly_listing, values
from web.answering.shop_ids import our_id
from web.answering.visitors import api_visitor
from web.answering.weights import default_weights, photo_weights
from web.api import engine_requests, etags, photo_schemas, schemas
from web.api.openapi import Operation, describes
from web.api.parsing import parse_json, parse_query
from web.api.request_models import (
    AnswerParams,
    ListingParams,
    PhotoParams,
    SimilarParams,
    SimilarToManyBody,
    SimilarToManyParams,
)
from web.app.context import shop
from web.app.links import link_root
from web.app.responses.recent import Given
from web.photo_search.crop import Crop, proposed_crop
from web.photo_search.kinds import Choice
from web.photo_search.search import search
from web.photo_search.upload import FIELD, photo_search_slot, uploaded_photo
from web.words.languages import asked_language, translated

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

CATALOGUE, SIMILAR = "Catalogue", "Similar items"
LOOKUP_ERRORS = (400, 404, 503)


@blueprint.get("/products")
@describes(
    Operation(CATALOGUE, schemas.Listing, query=ListingParams, errors=(400, 503), cached=True)
)
def products() -> Response:
    """Products, page by page.

    The URL of the next page is in `next` and in the `Link` header.
    """
    params = parse_query(ListingParams)
    etag = etags.tag(shop().catalogue.watermark())
    if unchanged := etags.not_modified(etag, etags.SHARED):
        return unchanged
    wanted = engine_requests.filter_of(params)
    with costly_listing(shop(), values(wanted)):
        page = shop().catalogue.browse(
            text=params.q or None, where=wanted, page=params.page, per_page=params.per_page
        )
    following = next_page(page.page * page.per_page < page.total, params.page)
    response = schemas.Listing.of(page, following).response()
    if following:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return etags.tagged(response, etag, etags.SHARED)


@blueprint.get("/products/<product_id:product_id>")
@describes(
    Operation(CATALOGUE, schemas.Product, query=AnswerParams, errors=LOOKUP_ERRORS, cached=True)
)
def product(product_id: str) -> Response:
    """One product, retired or not."""
    parse_query(AnswerParams)
    etag = etags.tag(shop().catalogue.watermark())
    if unchanged := etags.not_modified(etag, etags.SHARED):
        return unchanged
    item = shop().catalogue.product(our_id(shop(), product_id))
    return etags.tagged(schemas.Product.of(item).response(), etag, etags.SHARED)


@blueprint.get("/products/<product_id:product_id>/similar")
@describes(
    Operation(SIMILAR, schemas.Panel, query=SimilarParams, errors=LOOKUP_ERRORS, cached=True)
)
def similar(product_id: str) -> Response:
    """Products similar to one product."""
    return cached_answer(lambda: engine_requests.similar(parse_query(SimilarParams), (product_id,)))


@blueprint.get("/wishlist/similar")
@blueprint.get("/history/similar")
@blueprint.get("/cart/similar")
@describes(
    Operation(SIMILAR, schemas.Panel, query=SimilarToManyParams, errors=LOOKUP_ERRORS, cached=True)
)
def similar_to_many() -> Response:
    """Products similar to those of a wishlist, a history or a cart; none of them is returned.

    Seeds are grouped into tastes, and the results of the tastes alternate; the `seed` of a result
    shows which taste it belongs to. Seeds that are not indexed (yet) are ignored, unless none is
    indexed.
    """

    def wanted() -> Request:
        params = parse_query(SimilarToManyParams)
        return replace(engine_requests.similar_to_many(params), page=params.page or _list_name())

    return cached_answer(wanted)


@blueprint.post("/wishlist/similar")
@blueprint.post("/history/similar")
@blueprint.post("/cart/similar")
@describes(Operation(SIMILAR, schemas.Panel, body=SimilarToManyBody, errors=(*LOOKUP_ERRORS, 413)))
def similar_to_many_body() -> Response:
    """The same with a JSON body: for long lists, and for ids that contain a comma."""
    body = parse_json(SimilarToManyBody)
    wanted = replace(engine_requests.similar_to_many_body(body), page=body.page or _list_name())
    visitor = api_visitor(body.visitor)
    version = answers.data_version(shop(), visitor)
    language = asked_language(body.locale)
    key = (link_root(), language, answers.key_of(wanted, version))
    if known := shop().recent_bodies.get(key):
        return given_again(*known, visitor)
    return new_response(wanted, visitor, version, key, language)[0]


@blueprint.post("/search/photo")
@describes(
    Operation(
        SIMILAR,
        photo_schemas.PhotoPanel,
        query=PhotoParams,
        files={FIELD: "a JPEG, PNG, WebP, AVIF or HEIC"},
        errors=(400, 413, 415, 422, 503),
    )
)
def photo_search() -> Response:
    """Products similar to an uploaded photo. The photo is not stored.

    The answer also has the types and genders that the photo's nearest products have, to offer to
    a visitor and send back as `category` and `gender`, and a part of the photo to propose as
    `crop`.
    """
    params = parse_query(PhotoParams)
    wanted = engine_requests.similar(params)
    crop = Crop.of_text(params.crop) or Crop()
    photo = uploaded_photo(request, shop(), crop)
    choice = Choice(engine_requests.named_kinds(params), guess=params.narrow)
    with photo_search_slot(shop()):
        found = search(shop(), crop.of(photo), wanted, api_visitor(params.visitor), choice)
        proposed = proposed_crop(photo)
    products = shop().catalogue.products([one.product_id for one in found.panel.results])
    found = replace(found, panel=translated(found.panel, asked_language(params.locale)))
    panel = photo_schemas.PhotoPanel.of_photo(
        found, products, photo_weights(shop()), crop, proposed
    )
    return unstored(panel.response())


def cached_answer(parse: Callable[[], Request]) -> Response:
    """The answer to a GET request, with its ETag; 304 when the client has it.

    Args:
        parse: what is requested, checked; not called for a URL whose answer is known.
    """
    visitor_param = request.args.get("visitor")
    visitor = api_visitor(visitor_param)
    version = answers.data_version(shop(), visitor)
    language = asked_language(request.args.get("locale"))
    etag = etags.tag(*version, language)
    seconds = 0 if visitor_param else shop().settings.shared_seconds
    kept = etags.shared_for(seconds)
    if unchanged := etags.not_modified(etag, kept):
        return unchanged
    if known := shop().recent_bodies.get(etag):
        repeats.offer(version, *known)
        return etags.tagged(given_again(*known, visitor), etag, kept)
    response, lasting = new_response(parse(), visitor, version, etag, language)
    return etags.tagged(response, etag, kept) if lasting else response


def new_response(
    wanted: Request, visitor: str | None, version: answers.Version, key: Hashable, language: str
) -> tuple[Response, bool]:
    """A panel as JSON, and whether it is right as long as the version is: then it is kept.

    Args:
        wanted: what is requested.
        visitor: the visitor's id, if any.
        version: what `data_version` says now.
        key: names the response among the latest ones.
        language: of its reasons.
    """
    given = answers.answer_at(shop(), wanted, visitor, version)
    products = shop().catalogue.products([one.product_id for one in given.panel.results])
    panel = schemas.Panel.of(translated(given.panel, language), products, default_weights(shop()))
    response = unstored(panel.response())
    # If something was published meanwhile, the answer may not belong to this version.
    if not answers.is_lasting(given) or answers.data_version(shop(), visitor) != version:
        return response, False
    if answers.keep(shop(), wanted, version, given):
        body = response.get_data()
        shop().recent_bodies.put(key, (given, body), len(body))
        repeats.offer(version, given, body)
    return response, True


def given_again(known: Given, body: bytes, visitor: str | None) -> Response:
    """The response of a known answer, under a query id and a log entry of its own."""
    panel = answers.again(shop(), known, visitor).panel
    fresh = body.replace(known.panel.query_id.encode(), panel.query_id.encode())
    return unstored(Response(fresh, mimetype="application/json"))


def unstored(response: Response) -> Response:
    """A response that no cache stores."""
    response.headers["Cache-Control"] = etags.NO_STORE
    return response


def next_page(more: bool, page: int) -> str | None:
    """The URL of the next page, if there is one."""
    if not more:
        return None
    kept = [pair for pair in request.args.items(multi=True) if pair[0] != "page"]
    return f"{link_root()}{request.path}?{urlencode([*kept, ('page', page + 1)])}"


def _list_name() -> str:
    """The list of a request's route, wishlist, history or cart, as off rules name its page."""
    return request.path.rstrip("/").split("/")[-2]
