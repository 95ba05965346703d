"""Similar items in the shape of Shopify's ``/recommendations/products.json``, for its themes."""

from decimal import Decimal
from typing import Annotated, Literal

from flask import Blueprint, Response
from pydantic import Field

from catalog import records
from engine.recommendation.request import Request
from web.answering import answers
from web.api import etags
from web.api.openapi import Operation, describes
from web.api.parsing import parse_query
from web.api.request_models import AnswerParams, Id, Number
from web.api.schemas import Answer
from web.app.context import shop
from web.app.links import photo_url, product_url, shop_link, use_absolute_links

blueprint = Blueprint("recommendations", __name__, url_prefix="/api/v1")

MOST = 10  # as Shopify's own
WIDTH = 960  # of photos, in pixels


class RecommendationsParams(AnswerParams):
    """As Shopify's own, and ids may be any that the shop calls the product by."""

    product_id: Id
    limit: Annotated[int, Number] = Field(MOST, ge=1, le=MOST, description="number of products")
    intent: Literal["related", "complementary"] = Field(
        "related", description="complementary: nothing, as similar items complement nothing"
    )


class RecommendedProduct(Answer):
    """A product as a theme's card reads it; prices are in hundredths of the currency."""

    id: int | str
    title: str
    handle: str
    vendor: str | None
    type: str
    tags: tuple[str, ...]
    price: int | None
    price_min: int | None
    price_max: int | None
    price_varies: bool
    compare_at_price: int | None
    available: bool
    url: str
    images: tuple[str, ...]
    featured_image: str | None

    @classmethod
    def of(cls, item: records.Product) -> "RecommendedProduct":
        """From a record of the catalogue."""
        price, photos = cents(item.effective_price), [photo.content_hash for photo in item.photos]
        reduced = item.sale_price is not None and item.price is not None
        images = tuple(photo_url(one, WIDTH) for one in photos)
        number = item.product_id.isascii() and item.product_id.isdigit()
        return cls(
            id=int(item.product_id) if number and len(item.product_id) < 19 else item.product_id,
            title=item.title,
            handle=item.group_id or item.product_id,
            vendor=item.brand,
            type=item.category[-1] if item.category else "",
            tags=tuple(value for value in (item.colour, item.pattern) if value),
            price=price,
            price_min=price,
            price_max=price,
            price_varies=False,
            compare_at_price=cents(item.price) if reduced else None,
            available=item.availability is not records.Availability.OUT_OF_STOCK,
            url=shop_link(item) or product_url(item),
            images=images,
            featured_image=images[0] if images else None,
        )


class Recommendations(Answer):
    """Similar items, best first."""

    intent: str
    query_id: str = Field(description="id of this answer, for events")
    products: tuple[RecommendedProduct, ...]


@blueprint.get("/recommendations/products.json")
@describes(
    Operation("Shopify", Recommendations, query=RecommendationsParams, errors=(400, 404, 503))
)
def products() -> Response:
    """Similar products in the shape of Shopify's own recommendations."""
    params = parse_query(RecommendationsParams)
    use_absolute_links()
    found: tuple[records.Product, ...] = ()
    query_id = ""
    if params.intent == "related":
        wanted = Request((params.product_id,), k=params.limit)
        panel = answers.answer(shop(), wanted, None)
        query_id, ids = panel.query_id, [one.product_id for one in panel.results]
        found = tuple(shop().catalogue.products(ids).values())
    answer = Recommendations(
        intent=params.intent,
        query_id=query_id,
        products=tuple(RecommendedProduct.of(item) for item in found),
    )
    response = answer.response()
    response.headers["Cache-Control"] = etags.shared_for(shop().settings.shared_seconds)
    return response


def cents(amount: Decimal | None) -> int | None:
    """An amount in hundredths, as Shopify writes all currencies."""
    return None if amount is None else int((amount * 100).to_integral_value())
