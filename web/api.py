"""The JSON API under ``/api/v1``: the catalogue and its look-alikes, without pages or cookies."""

from flask import Blueprint, Response, jsonify, request

from engine.results import Panel
from web import params, schemas
from web.context import shop
from web.panels import indexed
from web.upload import turn, uploaded_photo

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


@blueprint.get("/products")
def products() -> Response:
    """A page of products, narrowed as the shop's grid is."""
    filters = params.filters(request.args)
    page = shop().browse(filters)
    return jsonify(schemas.listing(page, filters))


@blueprint.get("/products/<path:product_id>")
def product(product_id: str) -> Response:
    """One product."""
    return jsonify(schemas.product(shop().catalogue.product(product_id)))


@blueprint.get("/products/<path:product_id>/similar")
def similar(product_id: str) -> Response:
    """What looks like a product: ``k`` results, facets reweighed by ``facets=colour:2``."""
    count, weights = params.result_count(request.args), params.facets(request.args)
    return answer(shop().recommender.panel(product_id, k=count, facets=weights))


@blueprint.get("/wishlist/similar")
def wishlist_similar() -> Response:
    """What looks like the products of a wishlist, given as ``ids``; none of them is returned.

    Products that are not indexed (yet) are passed by, unless none is.
    """
    ids = params.product_ids(request.args)
    count, weights = params.result_count(request.args), params.facets(request.args)
    seeds = indexed(shop(), ids) or ids
    return answer(shop().recommender.panel(*seeds, k=count, facets=weights, exclude=ids))


@blueprint.post("/search/photo")
def photo_search() -> Response:
    """What looks like an uploaded photo: the multipart field ``photo``."""
    count, weights = params.result_count(request.args), params.facets(request.args)
    image = uploaded_photo(request, shop())
    with turn(shop()):
        return answer(shop().recommender.panel_of_image(image, count, weights))


def answer(panel: Panel) -> Response:
    """A panel as JSON, each result with its product."""
    ids = [result.product_id for result in panel.results]
    return jsonify(schemas.panel(panel, shop().catalogue.products(ids)))
