"""``GET /api/v1/search``: products for words, or like a product but for what words change."""

from flask import Blueprint, Response

from engine.recommendation.request import Request
from web.answering.answers import data_version
from web.answering.costs import costly_listing, values
from web.answering.shop_ids import our_id
from web.answering.tracking import log_search
from web.api import engine_requests, etags
from web.api.openapi import Operation, describes
from web.api.parsing import parse_query
from web.api.request_models import WordParams
from web.api.searches.schemas import WordResults
from web.app.context import shop
from web.word_search.asking import changed_by_words, search_in_words

blueprint = Blueprint("word_search", __name__, url_prefix="/api/v1")
COMPARED = 6  # values with which each product is compared, beside those of the filter


@blueprint.get("/search")
@describes(
    Operation("Similar items", WordResults, query=WordParams, errors=(400, 404, 503), cached=True)
)
def search() -> Response:
    """Products for words, by look, name and wishes.

    `q` may name types, colours, patterns, attributes, people and a price: "red floral dress under
    50". With `like`, it changes the look of a product: "in green", "longer", "as a skirt".
    """
    params = parse_query(WordParams)
    etag = etags.tag(*data_version(shop(), None))
    if unchanged := etags.not_modified(etag, etags.PRIVATE):
        return unchanged
    wanted = engine_requests.filter_of(params)
    with costly_listing(shop(), values(wanted) + COMPARED):
        if params.like is None:
            found = search_in_words(shop(), params.q, wanted, params.k)
            ids = [one.product_id for one in found.results]
            query_id = log_search(shop(), params.q, ids)
            made = WordResults.of(found, shop().catalogue.products(ids), query_id)
        else:
            seed = our_id(shop(), params.like)
            request = Request((seed,), k=params.k, filter=wanted)
            changed = changed_by_words(shop(), request, params.q)
            ids = [one.product_id for one in changed.panel.results]
            query_id = log_search(shop(), params.q, ids, (seed,))
            made = WordResults.of_changed(changed, shop().catalogue.products(ids), query_id)
    return etags.tagged(made.response(), etag, etags.PRIVATE)
