"""``/api/v1/same`` and ``/api/v1/recognise``: are two one product, and what is it?"""

from flask import Blueprint, Response, request
from PIL import Image

from web.answering import recognising
from web.answering.answers import data_version
from web.answering.costs import costly
from web.answering.shop_ids import our_id
from web.api import etags
from web.api.openapi import Operation, describes
from web.api.parsing import parse_query
from web.api.routes import unstored
from web.api.searches.identity_params import (
    RecogniseParams,
    RecognisePhotoParams,
    SameParams,
    SamePhotoParams,
)
from web.api.searches.identity_schemas import Recognition, Same
from web.app.context import shop
from web.photo_search.crop import Crop
from web.photo_search.upload import FIELD, photo_search_slot, uploaded_photo

blueprint = Blueprint("identity", __name__, url_prefix="/api/v1")

TAG = "Same product, recognition"
PHOTO = {FIELD: "a JPEG, PNG, WebP, AVIF or HEIC"}
PHOTO_ERRORS = (400, 413, 415, 422, 503)


@blueprint.get("/same")
@describes(Operation(TAG, Same, query=SameParams, errors=(400, 404, 503), cached=True))
def same() -> Response:
    """Whether two products are one.

    They are if their cosine reaches the threshold that was learned for the false-accept rate `far`.
    """
    params = parse_query(SameParams)
    etag = etags.tag(*data_version(shop(), None))
    if unchanged := etags.not_modified(etag, etags.SHARED):
        return unchanged
    first, second = our_id(shop(), params.first), our_id(shop(), params.second)
    answer = shop().recommender.same_product(first, second, params.far)
    return etags.tagged(Same.of(first, second, answer).response(), etag, etags.SHARED)


@blueprint.post("/same/photo")
@describes(Operation(TAG, Same, query=SamePhotoParams, files=PHOTO, errors=(*PHOTO_ERRORS, 404)))
def same_photo() -> Response:
    """Whether an uploaded photo shows a product. The photo is not stored."""
    params = parse_query(SamePhotoParams)
    product_id = our_id(shop(), params.product)
    photo = _photo(params.crop)
    with photo_search_slot(shop()):
        answer = shop().recommender.same_product(photo, product_id, params.far)
    return unstored(Same.of(None, product_id, answer).response())


@blueprint.get("/recognise")
@describes(Operation(TAG, Recognition, query=RecogniseParams, errors=(400, 404, 503), cached=True))
def recognise() -> Response:
    """What a product is, by its nearest other products: category, colour, gender and so on.

    Its own words do not count; `known` has them.
    """
    params = parse_query(RecogniseParams)
    etag = etags.tag(*data_version(shop(), None), recognising.version(shop()))
    if unchanged := etags.not_modified(etag, etags.SHARED):
        return unchanged
    product_id = our_id(shop(), params.id)
    with costly(shop()):
        answer = recognising.recognise(shop(), product_id, params.least)
    made = Recognition.of(product_id, params.least, answer)
    return etags.tagged(made.response(), etag, etags.SHARED)


@blueprint.post("/recognise/photo")
@describes(
    Operation(TAG, Recognition, query=RecognisePhotoParams, files=PHOTO, errors=PHOTO_ERRORS)
)
def recognise_photo() -> Response:
    """What an uploaded photo shows, by the shop's nearest products. The photo is not stored."""
    params = parse_query(RecognisePhotoParams)
    photo = _photo(params.crop)
    with photo_search_slot(shop()):
        answer = recognising.recognise(shop(), photo, params.least)
    return unstored(Recognition.of(None, params.least, answer).response())


def _photo(crop: str) -> Image.Image:
    """The part of the uploaded photo that counts."""
    part = Crop.of_text(crop) or Crop()
    return part.of(uploaded_photo(request, shop(), part))
