"""Products and photos as they are stored: built from records, and read back to be compared."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from catalog.models import PhotoRow, ProductRow
from catalog.photo_checks import PhotoFacts
from catalog.records import ProductRecord
from catalog.vocabulary import search_form

PHOTO_FIELDS = tuple(PhotoFacts.__dataclass_fields__)
Photos = tuple[PhotoFacts, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """What decides whether a stored product is written again."""

    number: int
    digest: str
    source_id: int
    retired: bool


def photos_of(connection: Connection, product_ids: Sequence[str]) -> dict[str, Photos]:
    """The stored photos of products, in their order; products without any are left out."""
    columns = [getattr(PhotoRow, name) for name in PHOTO_FIELDS]
    found = connection.execute(
        select(ProductRow.product_id, *columns)
        .join(ProductRow, ProductRow.number == PhotoRow.product_number)
        .where(ProductRow.product_id.in_(product_ids))
        .order_by(PhotoRow.product_number, PhotoRow.position)
    )
    photos: dict[str, list[PhotoFacts]] = {}
    for product_id, *facts in found:
        photos.setdefault(product_id, []).append(PhotoFacts(*facts))
    return {product_id: tuple(listed) for product_id, listed in photos.items()}


def stored_of(connection: Connection, product_ids: Sequence[str]) -> dict[str, Stored]:
    """The stored products among these ids."""
    row = ProductRow
    found = connection.execute(
        select(row.product_id, row.number, row.digest, row.source_id, row.retired).where(
            row.product_id.in_(product_ids)
        )
    )
    return {row.product_id: Stored(*row[1:]) for row in found}


def row_of(record: ProductRecord, source_id: int) -> dict[str, Any]:
    """The columns of a product, with a digest of all that a source says of it."""
    values: dict[str, Any] = {
        "product_id": record.product_id,
        "title": record.title,
        "brand": record.brand,
        "category": " > ".join(record.category) or None,
        "gender": record.gender,
        "age_group": record.age_group,
        "colour": record.colour,
        "pattern": record.pattern,
        "price": record.price,
        "sale_price": record.sale_price,
        "currency": record.currency,
        "availability": str(record.availability),
        "group_id": record.group_id,
        "link": record.link,
        "attributes": dict(record.attributes),
    }
    price = None if record.price is None else str(record.price.normalize())
    said = values | {"price": price}
    if record.sale_price is None:  # so that products ingested before there was one are unchanged
        del said["sale_price"]
    else:
        said["sale_price"] = str(record.sale_price.normalize())
    canonical = json.dumps(said, sort_keys=True)
    return values | {
        "digest": hashlib.sha256(canonical.encode()).hexdigest(),
        "search_text": search_form(f"{record.brand or ''} {record.title}".strip()),
        "source_id": source_id,
        "retired": False,
    }
