"""Converts records to stored rows, and reads stored rows to compare with."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from catalog.database.models import PhotoRow, ProductRow
from catalog.photos.check import PhotoFacts
from catalog.records import Availability, ProductRecord
from catalog.search.documents import more_document, title_document
from catalog.vocabulary import category_path

PHOTO_FIELDS = tuple(PhotoFacts.__dataclass_fields__)
Photos = tuple[PhotoFacts, ...]


@dataclass(frozen=True, slots=True)
class StoredProduct:
    """The columns that show whether a stored product has changed."""

    number: int
    digest: str
    source_id: int
    retired: bool
    row_digest: str | None = None


# Statements are built once, as building takes longer than running.
STORED = select(
    ProductRow.product_id,
    ProductRow.number,
    ProductRow.digest,
    ProductRow.source_id,
    ProductRow.retired,
    ProductRow.row_digest,
).where(ProductRow.product_id.in_(bindparam("ids", expanding=True)))
PHOTOS = (
    select(PhotoRow.product_number, *(getattr(PhotoRow, name) for name in PHOTO_FIELDS))
    .where(PhotoRow.product_number.in_(bindparam("numbers", expanding=True)))
    .order_by(PhotoRow.product_number, PhotoRow.position)
)


def photos_of(connection: Connection, product_ids: Sequence[str]) -> dict[str, Photos]:
    """The stored photos of products, in order; products without photos are left out."""
    ids = {old.number: product_id for product_id, old in stored_of(connection, product_ids).items()}
    by_number = photos_by_number(connection, list(ids))
    return {ids[number]: photos for number, photos in by_number.items()}


def photos_by_number(connection: Connection, numbers: Sequence[int]) -> dict[int, Photos]:
    """The stored photos by product number; products without photos are left out."""
    photos: dict[int, list[PhotoFacts]] = {}
    found: Any = connection.execute(PHOTOS, {"numbers": numbers}) if numbers else ()
    for number, *facts in found:
        photos.setdefault(number, []).append(PhotoFacts(*facts))
    return {number: tuple(listed) for number, listed in photos.items()}


def stored_of(connection: Connection, product_ids: Sequence[str]) -> dict[str, StoredProduct]:
    """The stored products that have one of these ids."""
    found: Any = connection.execute(STORED, {"ids": product_ids}) if product_ids else ()
    return {product_id: StoredProduct(*row) for product_id, *row in found}


def bind_row_digest(row_digest: str, digest: str, photos: Sequence[str]) -> str:
    """The stored form of a row digest, which also depends on the product parsed from the row.

    If something else changes the product, such as a webhook, the stored row digest no longer fits
    it, and the next ingest parses the row again.

    Args:
        row_digest: the digest of the source row.
        digest: the digest of the product.
        photos: the product's photos as the source wrote them.
    """
    if photos:
        text = json.dumps([digest, *photos])
        digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    return row_digest + digest[:16]


def photo_rows(number: int, photos: Photos) -> list[dict[str, Any]]:
    """The rows of a product's photos, in their order; ``number`` is the product's."""
    return [
        {"product_number": number, "position": position} | asdict(photo)
        for position, photo in enumerate(photos)
    ]


def row_of(record: ProductRecord, source_id: int) -> dict[str, Any]:
    """The columns of a product, with a digest of all its values."""
    values: dict[str, Any] = {
        "product_id": record.product_id,
        "title": record.title,
        "brand": record.brand,
        "category": category_path.join(record.category) or None,
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
    digested = values | {"price": price}
    if record.sale_price is None:  # keeps the digests of products from before sale prices
        del digested["sale_price"]
    else:
        digested["sale_price"] = str(record.sale_price.normalize())
    canonical = json.dumps(digested, sort_keys=True)
    return values | {
        "digest": hashlib.sha256(canonical.encode()).hexdigest(),
        "search_text": title_document(record.title, record.brand),
        "search_more": more_document(
            values["category"],
            record.colour,
            record.pattern,
            record.gender,
            record.age_group,
        ),
        "source_id": source_id,
        "retired": False,
    }


def record_of(row: Row[Any]) -> ProductRecord:
    """A stored product as the record that it was written from, without its photos."""
    return ProductRecord(
        product_id=row.product_id,
        title=row.title,
        line=0,
        brand=row.brand,
        category=category_path.split(row.category),
        gender=row.gender,
        age_group=row.age_group,
        colour=row.colour,
        pattern=row.pattern,
        price=row.price,
        sale_price=row.sale_price,
        currency=row.currency,
        availability=Availability(row.availability),
        group_id=row.group_id,
        link=row.link,
        attributes=row.attributes,
    )
