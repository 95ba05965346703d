"""Records as the JSON of the API: plain dictionaries, one function a record."""

from collections.abc import Mapping
from typing import Any

from flask import url_for

from catalog.records import Page, Photo, Product
from engine.results import Panel, Recommendation
from web.display import shop_link
from web.params import Filters

Json = dict[str, Any]
PHOTO_WIDTH = 480


def product(item: Product) -> Json:
    """A product with everything that its page shows. A price is text, so that no cent is lost."""
    return {
        "product_id": item.product_id,
        "title": item.title,
        "brand": item.brand,
        "category": list(item.category),
        "gender": item.gender,
        "age_group": item.age_group,
        "colour": item.colour,
        "pattern": item.pattern,
        "price": None if item.price is None else str(item.price),
        "currency": item.currency,
        "availability": item.availability.value,
        "retired": item.retired,
        "group_id": item.group_id,
        "link": shop_link(item),
        "attributes": dict(item.attributes),
        "photos": [photo(one) for one in item.photos],
        "url": url_for("storefront.product", product_id=item.product_id),
    }


def photo(item: Photo) -> Json:
    """A photo's address at a size fit for a list, and the size of the original in pixels."""
    return {
        "url": url_for("media.thumbnail", content_hash=item.content_hash, width=PHOTO_WIDTH),
        "content_hash": item.content_hash,
        "width": item.width,
        "height": item.height,
    }


def recommendation(result: Recommendation, item: Product | None) -> Json:
    """A result with what a shop needs to draw it; ``product`` is null when it just left."""
    return {
        "product_id": result.product_id,
        "score": round(result.score, 6),
        "rank": result.rank,
        "reasons": list(result.reasons),
        "facets": {name: round(cosine, 6) for name, cosine in result.facets.items()},
        "product": None if item is None else product(item),
    }


def panel(answer: Panel, products: Mapping[str, Product]) -> Json:
    """A whole answer: as `lookalike recommend --json` gives it, with the products added."""
    return {
        "seeds": list(answer.seeds),
        "generation": answer.generation,
        "results": [
            recommendation(result, products.get(result.product_id)) for result in answer.results
        ],
    }


def listing(page: Page, filters: Filters) -> Json:
    """One page of products, and where the next one is."""
    more = page.page * page.per_page < page.total
    follow: Json | None = filters.but(page=page.page + 1).query() if more else None
    return {
        "products": [product(item) for item in page.products],
        "total": page.total,
        "page": page.page,
        "per_page": page.per_page,
        "next": url_for("api.products", **follow) if follow else None,
    }
