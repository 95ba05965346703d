"""Shopify products as JSON, from its REST API or a shop's ``products.json``.

The products are in ``{"products": [...]}``, in a plain list, or one in ``{"product": {...}}``.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalog.errors import SourceError
from catalog.records import ProductRecord, Rejection
from catalog.sources.colourways.item import Item, Variant, records_of
from catalog.sources.shopify.csv_export import without_tags
from catalog.vocabulary.values import clean

MAX_BYTES = 100_000_000  # it is read whole; Shopify returns at most 250 products at once
WANTED = (
    'Products of Shopify are read as CSV, or as JSON in the form {"products": [...]}, as in the '
    "answers of its REST API and in a shop's /products.json."
)
LAST = 1_000_000  # the sort key of images without a position


@dataclass(frozen=True)
class ShopifyJson:
    """A JSON file of Shopify products. Use `open_shopify_json`."""

    path: Path
    name: str
    root: Path
    products: list[object] = field(repr=False)
    format: str = field(default="shopify-json")

    def records(self) -> Iterator[ProductRecord | Rejection]:
        """See `catalog.sources.base.Source`; ``line`` is the product's number in the list."""
        for number, product in enumerate(self.products, 1):
            if not isinstance(product, dict):
                reason = f"product {number} is not an object with named fields"
                yield Rejection(number, None, "row", "json", reason)
                continue
            yield from records_of(item_of(number, product))

    def size_hint(self) -> int | None:
        """See `catalog.sources.base.Source`."""
        return len(self.products)

    def describe(self) -> str:
        """See `catalog.sources.base.Source`."""
        return f"shopify-json file {self.path}: products, one for each colour"


def open_shopify_json(path: Path, *, name: str) -> ShopifyJson:
    """Opens a JSON file of Shopify products.

    Raises:
        SourceError: it is larger than the limit, cut off, or has no list of products.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SourceError(
                f"{path} has more than {MAX_BYTES:,} bytes of JSON. Export it as CSV, or in parts."
            )
        found = json.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise SourceError(
            f"{path} is not valid JSON: {error}. It may be cut off; nothing of it was used."
        ) from error
    products = _products_in(found)
    if products is None:
        raise SourceError(f"{path} has no list of products. {WANTED}")
    return ShopifyJson(path, name, path.resolve().parent, products)


def _products_in(found: object) -> list[object] | None:
    """The products in the shapes that Shopify's API and shops have; None in any other."""
    if isinstance(found, dict):
        if isinstance(one := found.get("product"), dict):
            return [one]
        found = found.get("products")
    return found if isinstance(found, list) else None


def shape_of(start: str) -> str | None:
    """The shape of a file with Shopify's products, by its beginning.

    Returns:
        ``"products"`` for what `open_shopify_json` reads, or None.

    Raises:
        SourceError: it is an answer of GraphQL, or a bulk export, which are not read.
    """
    if re.match(r'\s*\{\s*"data"\s*:\s*\{', start) and re.search(
        r'"(?:edges|nodes|node)"\s*:', start
    ):
        raise SourceError(f"This is an answer of GraphQL, which is not read. {WANTED}")
    if "gid://shopify/" in start and '"__parentId"' in start:
        raise SourceError(f"This is a bulk export of GraphQL, which is not read. {WANTED}")
    if re.match(r'\s*\{(?:[^{}\[\]]{0,500},)?\s*"products"\s*:\s*\[', start):
        return "products"
    one = re.match(r'\s*(?:\[|\{\s*"product"\s*:)\s*\{', start)
    return "products" if one and '"variants"' in start and '"handle"' in start else None


def item_of(number: int, product: Mapping[str, Any]) -> Item:
    """Converts one product of Shopify's JSON; ``number`` is its position, for messages."""
    item = Item(number, clean(product.get("handle")) or "", clean(product.get("title")))
    status = clean(product.get("status"))
    if status is not None and status.casefold() != "active":
        item.not_sold = status.casefold()
    elif "published_at" in product and product["published_at"] is None:
        item.not_sold = "unpublished"
    fields = (("brand", product.get("vendor")), ("category", product.get("product_type")))
    item.values = {name: text for name, value in fields if (text := clean(value))}
    if tags := _tags(product.get("tags")):
        item.attributes["tags"] = tags
    if description := clean(product.get("body_html")):
        item.attributes["description"] = without_tags(description)
    if shop_id := clean(product.get("id")):
        item.attributes["shop_id"] = shop_id
    images = [image for image in _objects(product.get("images")) if clean(image.get("src"))]
    images.sort(key=lambda image: _position(image.get("position")))
    item.photos = [str(image["src"]).strip() for image in images]
    names = [clean(option.get("name")) or "" for option in _objects(product.get("options"))]
    for variant in _objects(product.get("variants")):
        item.variants.append(_variant(number, variant, names, images))
    return item


def _variant(
    number: int, variant: Mapping[str, Any], names: list[str], images: list[Mapping[str, Any]]
) -> Variant:
    options = {
        name: value
        for place, name in enumerate(names, 1)
        if name and (value := clean(variant.get(f"option{place}")))
    }
    variant_id, image_id = variant.get("id"), variant.get("image_id")
    photos = [
        str(image["src"]).strip()
        for image in images
        if _contains(image.get("variant_ids"), variant_id)
        or (image_id is not None and image.get("id") == image_id)
    ]
    # Since API version 2024-07, webhooks have the stock without naming who tracks it.
    tracker = variant.get("inventory_management", "shopify")
    tracked = tracker is not None and variant.get("inventory_quantity") is not None
    pieces = clean(variant.get("inventory_quantity")) if tracked else None
    if variant.get("available") is not None and pieces is None:  # as in a shop's products.json
        pieces = "1" if variant["available"] is True else "0"
    return Variant(
        line=number,
        options=options,
        price=clean(variant.get("price")),
        old_price=clean(variant.get("compare_at_price")),
        pieces=pieces,
        sold_without_stock=variant.get("inventory_policy") == "continue",
        sku=clean(variant.get("sku")),
        variant_id=clean(variant_id),
        photos=tuple(photos),
    )


def _objects(value: object) -> list[Mapping[str, Any]]:
    """The JSON objects of a list; none if it is not a list."""
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _contains(ids: object, one: object) -> bool:
    return one is not None and isinstance(ids, list) and one in ids


def _tags(value: object) -> str | None:
    return ", ".join(map(str, value)) if isinstance(value, list) else clean(value)


def _position(value: object) -> int:
    return value if isinstance(value, int) else LAST
