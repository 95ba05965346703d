"""Parses the payloads of Shopify's webhooks."""

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
MAX_NUMBER = 2**63 - 1  # of a column; Shopify's ids are 64 bits

# The fields that the catalogue uses; the others are not stored.
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
LISTS = {
    "variant_gids": ("admin_graphql_api_id",),
    "variants": OF_VARIANT,
    "images": OF_IMAGE,
    "options": ("name",),
}


@dataclass(frozen=True, slots=True)
class ProductUpdate:
    """A product as it was at ``updated_at`` (UTC); ``items`` is inventory item id -> variant id."""

    shopify_id: int
    updated_at: datetime
    product: Product
    items: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class ProductDeletion:
    """A product was deleted."""

    shopify_id: int


@dataclass(frozen=True, slots=True)
class StockLevel:
    """The stock of an inventory item at one location, in pieces, at ``updated_at`` (UTC)."""

    item_id: int
    location_id: int
    pieces: int
    updated_at: datetime


def parse_payload(topic: str, body: bytes) -> ProductUpdate | ProductDeletion | StockLevel:
    """Parses the body of a delivery.

    Raises:
        HookError: it is not JSON, lacks a field, or does not fit the topic.
    """
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HookError(f"the payload is not valid JSON: {error}") from error
    if not isinstance(payload, dict):
        raise HookError("the payload is not a JSON object")
    if topic == LEVEL_TOPIC:
        pieces = payload.get("available")
        return StockLevel(
            item_id=_number(payload, "inventory_item_id"),
            location_id=_number(payload, "location_id"),
            pieces=0 if pieces is None else _number(payload, "available", low=-MAX_NUMBER),
            updated_at=_updated_at(payload),
        )
    if topic == DELETE_TOPIC:
        if not payload.keys().isdisjoint(("handle", "title", "variants")):
            # The topic is a header, which is not signed: a product's payload never deletes it.
            raise HookError(f"{topic} came with the payload of another topic")
        return ProductDeletion(_number(payload, "id"))
    if topic in PRODUCT_TOPICS:
        product = _used_fields(payload)
        shopify_id = _number(payload, "id")
        return ProductUpdate(shopify_id, _updated_at(payload), product, items_of(product))
    raise HookError(f"the topic {topic!r} is not one of {', '.join(TOPICS)}")


def is_cut(product: Product) -> bool:
    """Whether the list of variants has fewer than the list of their ids: Shopify cuts long ones."""
    listed = len(product["variants"])
    return len({str(one.get("admin_graphql_api_id")) for one in _ids(product)}) > listed


def completed(product: Product, known: Product) -> Product:
    """A cut product with the variants that it only names by id, as they were in ``known``."""
    named = {str(one.get("admin_graphql_api_id")).rpartition("/")[2] for one in _ids(product)}
    named -= {str(variant.get("id")) for variant in product["variants"]}
    missing = {str(one.get("id")): one for one in known["variants"] if str(one.get("id")) in named}
    return {**product, "variants": [*product["variants"], *missing.values()]}


def _ids(product: Product) -> list[Product]:
    found = product.get("variant_gids")
    return found if isinstance(found, list) else []


def items_of(product: Product) -> dict[int, int]:
    """Inventory item id -> variant id, of the variants that have both."""
    return {
        variant["inventory_item_id"]: variant["id"]
        for variant in product["variants"]
        if _is_number(variant.get("inventory_item_id")) and _is_number(variant.get("id"))
    }


def with_pieces(product: Product, pieces: Mapping[int, int]) -> Product:
    """The product with other stock levels, given by inventory item id."""

    def changed(variant: Product) -> Product:
        item: Any = variant.get("inventory_item_id")
        known = _is_number(item) and item in pieces
        return {**variant, "inventory_quantity": pieces[item]} if known else variant

    return {**product, "variants": [changed(variant) for variant in product["variants"]]}


def moment_of(text: str | None) -> datetime | None:
    """Parses an ISO 8601 time to UTC; None if it is invalid."""
    try:
        return in_utc(datetime.fromisoformat(text or ""))
    except (ValueError, OverflowError):
        return None


def _used_fields(product: Product) -> Product:
    """A product with only the fields that are used; its lists hold objects only."""
    kept = {name: product[name] for name in OF_PRODUCT if name in product}
    for name, fields in LISTS.items():
        listed = product.get(name)
        parts = (
            [part for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []
        )
        kept[name] = [{field: part[field] for field in fields if field in part} for part in parts]
    return kept


def _updated_at(payload: Mapping[str, Any]) -> datetime:
    text = payload.get("updated_at")
    found = moment_of(text) if isinstance(text, str) else None
    if found is None:
        raise HookError(f"updated_at is {_shown(text)}, which is not an ISO 8601 time")
    return found


def _number(payload: Mapping[str, Any], name: str, low: int = 1) -> int:
    value: Any = payload.get(name)
    if not _is_number(value, low):
        raise HookError(
            f"{name} is {_shown(value)}, which is not a whole number from {low} to {MAX_NUMBER}"
        )
    return int(value)


def _is_number(value: object, low: int = 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= MAX_NUMBER


def _shown(value: object) -> str:
    return "missing" if value is None else ascii(value)[:60]
