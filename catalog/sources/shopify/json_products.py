"""Shopify's products as JSON, ``{"products": [...]}``, from its API or a shop's address."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalog.errors import SourceError
from catalog.records import ProductRecord, Rejection
from catalog.sources.shopify.csv_export import without_tags
from catalog.sources.shopify.product import Item, Variant, records_of
from catalog.vocabulary.values import clean

MAX_BYTES = 100_000_000  # it is read whole; Shopify gives at most 250 products at once


@dataclass(frozen=True)
class ShopifyJson:
    """Products of Shopify's that are JSON. Open it with `open_shopify_json`."""

    path: Path
    name: str
    root: Path
    products: list[object] = field(repr=False)
    format: str = field(default="shopify-json")

    def records(self) -> Iterator[ProductRecord | Rejection]:
        """See `catalog.sources.base.Source`; ``line`` is the product's number in the list."""
        for number, product in enumerate(self.products, 1):
            if not isinstance(product, dict):
                reason = f"product {number} is no object with named fields"
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
    """Open products of Shopify's that are JSON.

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
            f"{path} is no JSON that can be read: {error}. Is it cut off? Nothing of it was used."
        ) from error
    products = found.get("products") if isinstance(found, dict) else None
    if not isinstance(products, list):
        raise SourceError(f'{path} has no list of products: {{"products": [...]}}.')
    return ShopifyJson(path, name, path.resolve().parent, products)


def item_of(number: int, product: Mapping[str, Any]) -> Item:
    """What one product of Shopify's JSON says; ``number`` is its place, for messages."""
    item = Item(number, clean(product.get("handle")) or "", clean(product.get("title")))
    status = clean(product.get("status"))
    if status is not None and status.casefold() != "active":
        item.not_sold = status.casefold()
    elif "published_at" in product and product["published_at"] is None:
        item.not_sold = "unpublished"
    named = {"brand": "vendor", "category": "product_type"}
    item.values = {ours: said for ours, name in named.items() if (said := clean(product.get(name)))}
    if said := _tags(product.get("tags")):
        item.attributes["tags"] = said
    if said := clean(product.get("body_html")):
        item.attributes["description"] = without_tags(said)
    images = [image for image in _listed(product.get("images")) if clean(image.get("src"))]
    images.sort(key=lambda image: _place(image.get("position")))
    item.photos = [str(image["src"]).strip() for image in images]
    names = [clean(option.get("name")) or "" for option in _listed(product.get("options"))]
    for variant in _listed(product.get("variants")):
        item.variants.append(_variant(number, variant, names, images))
    return item


def _variant(
    number: int, variant: Mapping[str, Any], names: list[str], images: list[Mapping[str, Any]]
) -> Variant:
    options = {
        name: said
        for place, name in enumerate(names, 1)
        if name and (said := clean(variant.get(f"option{place}")))
    }
    mine, at = variant.get("id"), variant.get("image_id")
    photos = [
        str(image["src"]).strip()
        for image in images
        if _among(mine, image.get("variant_ids")) or (at is not None and image.get("id") == at)
    ]
    # Since API version 2024-07, webhooks tell the pieces without saying who counts them.
    counter = variant.get("inventory_management", "shopify")
    counted = counter is not None and variant.get("inventory_quantity") is not None
    pieces = clean(variant.get("inventory_quantity")) if counted else None
    if variant.get("available") is not None and pieces is None:  # all that a shop's address tells
        pieces = "1" if variant["available"] is True else "0"
    return Variant(
        line=number,
        options=options,
        price=clean(variant.get("price")),
        old_price=clean(variant.get("compare_at_price")),
        pieces=pieces,
        oversold=variant.get("inventory_policy") == "continue",
        sku=clean(variant.get("sku")),
        photos=tuple(photos),
    )


def _listed(value: object) -> list[Mapping[str, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _among(mine: object, ids: object) -> bool:
    return mine is not None and isinstance(ids, list) and mine in ids


def _tags(value: object) -> str | None:
    return ", ".join(map(str, value)) if isinstance(value, list) else clean(value)


def _place(value: object) -> int:
    return value if isinstance(value, int) else 1_000_000
