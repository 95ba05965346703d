"""What a webhook of Shopify's says: its bytes made into values, or why they make no sense."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.errors import HookError
from catalog.utc import in_utc

Product = Mapping[str, Any]

PRODUCT_TOPICS = ("products/create", "products/update")
DELETE_TOPIC = "products/delete"
LEVEL_TOPIC = "inventory_levels/update"
TOPICS = (*PRODUCT_TOPICS, DELETE_TOPIC, LEVEL_TOPIC)
MAX_NUMBER = 2**63 - 1  # what a column holds; Shopify's ids are 64 bits

# What the catalogue uses of a product; the rest is not kept.
OF_PRODUCT = (
    "id", "handle", "title", "vendor", "product_type", "tags", "body_html", "status",
    "published_at", "updated_at",
)  # fmt: skip
OF_VARIANT = (
    "id", "option1", "option2", "option3", "price", "compare_at_price", "sku", "image_id",
    "available", "inventory_item_id", "inventory_management", "inventory_policy",
    "inventory_quantity",
)  # fmt: skip
OF_IMAGE = ("id", "position", "src", "variant_ids")
LISTS = {"variants": OF_VARIANT, "images": OF_IMAGE, "options": ("name",)}


@dataclass(frozen=True, slots=True)
class ProductTold:
    """A product as it was at ``updated_at``, UTC; ``items`` is inventory item -> variant."""

    shopify_id: int
    updated_at: datetime
    product: Product
    items: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class ProductGone:
    """A product was deleted."""

    shopify_id: int


@dataclass(frozen=True, slots=True)
class LevelTold:
    """The pieces of an inventory item at one location, as they were at ``updated_at``, UTC."""

    item_id: int
    location_id: int
    pieces: int
    updated_at: datetime


def read(topic: str, body: bytes) -> ProductTold | ProductGone | LevelTold:
    """What a delivery of a topic says.

    Raises:
        HookError: it is no JSON, misses something, or is not what the topic says.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HookError(f"the payload is no JSON that can be read: {error}") from error
    if not isinstance(told, dict):
        raise HookError("the payload is no JSON object")
    if topic == LEVEL_TOPIC:
        pieces = told.get("available")
        return LevelTold(
            item_id=_number(told, "inventory_item_id"),
            location_id=_number(told, "location_id"),
            pieces=0 if pieces is None else _number(told, "available", low=-MAX_NUMBER),
            updated_at=_moment(told),
        )
    if topic == DELETE_TOPIC:
        if not told.keys().isdisjoint(("handle", "title", "variants")):
            # The topic is a header, which nobody signed: a product's payload never deletes it.
            raise HookError(f"{topic} came with the payload of another topic")
        return ProductGone(_number(told, "id"))
    if topic in PRODUCT_TOPICS:
        product = _cut(told)
        return ProductTold(_number(told, "id"), _moment(told), product, items_of(product))
    raise HookError(f"the topic {topic!r} is not one of {', '.join(TOPICS)}")


def items_of(product: Product) -> dict[int, int]:
    """Inventory item -> variant, of those that have both."""
    return {
        variant["inventory_item_id"]: variant["id"]
        for variant in product["variants"]
        if _is_number(variant.get("inventory_item_id")) and _is_number(variant.get("id"))
    }


def with_pieces(product: Product, pieces: Mapping[int, int]) -> Product:
    """The product with the pieces of some of its inventory items changed."""

    def changed(variant: Product) -> Product:
        item: Any = variant.get("inventory_item_id")
        known = _is_number(item) and item in pieces
        return {**variant, "inventory_quantity": pieces[item]} if known else variant

    return {**product, "variants": [changed(variant) for variant in product["variants"]]}


def moment_of(text: str | None) -> datetime | None:
    """A moment in ISO 8601 in UTC, or None if it is none."""
    try:
        return in_utc(datetime.fromisoformat(text or ""))
    except (ValueError, OverflowError):
        return None


def _cut(product: Product) -> Product:
    """A product with only what is used of it; lists are lists of objects."""
    kept = {name: product[name] for name in OF_PRODUCT if name in product}
    for name, fields in LISTS.items():
        listed = product.get(name)
        parts = (
            [part for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []
        )
        kept[name] = [{field: part[field] for field in fields if field in part} for part in parts]
    return kept


def _moment(told: Mapping[str, Any]) -> datetime:
    text = told.get("updated_at")
    found = moment_of(text) if isinstance(text, str) else None
    if found is None:
        raise HookError(f"updated_at is {_shown(text)}, which is no moment")
    return found


def _number(told: Mapping[str, Any], name: str, low: int = 1) -> int:
    value: Any = told.get(name)
    if not _is_number(value, low):
        raise HookError(f"{name} is {_shown(value)}, which is no whole number that it can be")
    return int(value)


def _is_number(value: object, low: int = 1) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and low <= value <= MAX_NUMBER  # type: ignore[operator]  # it is an int


def _shown(value: object) -> str:
    return "missing" if value is None else ascii(value)[:60]
