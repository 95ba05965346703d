"""The frozen values that cross the catalogue's border, in both directions.

A source yields `ProductRecord`; a query returns `Product`, `Photo`, `Page` and `Facts`.
No ORM object ever leaves this package.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import numpy as np


class Availability(StrEnum):
    """Whether a product can be bought now."""

    IN_STOCK = "in_stock"
    OUT_OF_STOCK = "out_of_stock"
    PREORDER = "preorder"
    BACKORDER = "backorder"


class PhotoState(StrEnum):
    """Whether a photo can be shown and embedded.

    One that is waiting has an address, and was not fetched yet or not to be had so far.
    """

    READY = "ready"
    REJECTED = "rejected"
    WAITING = "waiting"


# NUL, and halves of characters: a file whose name has one cannot be named in SQL.
UNSTORABLE = {0: "\N{REPLACEMENT CHARACTER}"} | dict.fromkeys(
    range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}"
)


@dataclass(frozen=True, slots=True)
class ProductRecord:
    """One product as a source tells it, already mapped to our field names.

    ``sale_price``, if any, is below ``price`` and is what a customer pays now.
    ``photos`` are paths as the source wrote them (relative ones are meant from the source's
    root); they are checked at ingest, not here. ``line`` is the 1-based line, row or entry of the
    source, for messages.

    Signs that no database keeps are taken out of photos and attributes here; who fills in the other
    fields has done so.
    """

    product_id: str
    title: str
    line: int
    photos: tuple[str, ...] = ()
    brand: str | None = None
    category: tuple[str, ...] = ()
    gender: str | None = None
    age_group: str | None = None
    colour: str | None = None
    pattern: str | None = None
    price: Decimal | None = None
    sale_price: Decimal | None = None
    currency: str | None = None
    availability: Availability = Availability.IN_STOCK
    group_id: str | None = None
    link: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not all(map(str.isprintable, self.photos)):
            photos = (photo.translate(UNSTORABLE) for photo in self.photos)
            object.__setattr__(self, "photos", tuple(dict.fromkeys(photos)))
        said = self.attributes
        if not (all(map(str.isprintable, said)) and all(map(str.isprintable, said.values()))):
            printable = {_printable(name): _printable(value) for name, value in said.items()}
            printable.pop("", None)
            object.__setattr__(self, "attributes", printable)


def _printable(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


NOT_SOLD = "not_sold"  # a rejection: the source says so, and to a sync the product is gone


@dataclass(frozen=True, slots=True)
class Rejection:
    """One row or photo that was left out, and why; it goes to the rejects file."""

    line: int
    product_id: str | None
    kind: str  # "row" or "photo"
    code: str
    reason: str
    photo: str | None = None


@dataclass(frozen=True, slots=True)
class Photo:
    """A checked photo of a product. ``content_hash`` is the SHA-256 of the file's bytes."""

    product_id: str
    position: int
    path: Path
    content_hash: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Product:
    """A product as pages and the API show it. On sale, ``sale_price`` is below ``price``."""

    product_id: str
    title: str
    brand: str | None
    category: tuple[str, ...]
    gender: str | None
    age_group: str | None
    colour: str | None
    pattern: str | None
    price: Decimal | None
    currency: str | None
    availability: Availability
    group_id: str | None
    link: str | None
    attributes: Mapping[str, str]
    photos: tuple[Photo, ...]
    retired: bool = False
    sale_price: Decimal | None = None

    @property
    def effective_price(self) -> Decimal | None:
        """What a customer pays now: the sale price, or else the price."""
        return self.price if self.sale_price is None else self.sale_price

    @property
    def on_sale(self) -> bool:
        """Whether that is less than the price."""
        return None not in (self.price, self.sale_price) and self.sale_price < self.price  # type: ignore[operator]  # both are there


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing. ``total`` counts all matches, not only those on the page."""

    products: tuple[Product, ...]
    total: int
    page: int
    per_page: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What guards need to know of N products, column by column, in the order asked for.

    Object arrays hold ``str`` or ``None``; ``known`` is False where the catalogue has no such
    product (any more), and then the other columns are ``None``/False.
    """

    ids: np.ndarray  # (N,) object
    known: np.ndarray  # (N,) bool
    available: np.ndarray  # (N,) bool: in stock, preorder or backorder, and not retired
    gender: np.ndarray  # (N,) object
    age_group: np.ndarray  # (N,) object
    group_id: np.ndarray  # (N,) object
    category: np.ndarray  # (N,) object: the path joined with " > ", or None
    colour: np.ndarray  # (N,) object
    pattern: np.ndarray  # (N,) object
    retired: np.ndarray  # (N,) bool
    sold_out: np.ndarray  # (N,) bool, retired or not


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one ingest did. Counts are of products, but for ``photos_*``."""

    source: str
    format: str
    inserted: int
    updated: int
    unchanged: int
    retired: int
    rejected: int
    photos_ready: int
    photos_rejected: int
    rejects_file: Path | None
    seconds: float
    moved: int = 0  # of the updated ones, those that belonged to another source before
    sync_note: str | None = None  # why a sync that was asked for retired nothing
    photos_waiting: int = 0  # addresses that `lookalike fetch` has still to fetch
    not_modified: bool = False  # the feed is the one that was read last: nothing was done


@dataclass(frozen=True, slots=True)
class IngestProgress:
    """How far an ingest is: rows read, photos checked, and about how many rows there are."""

    rows: int
    photos: int
    rows_hint: int | None


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """A source that was ingested, and its products that are not retired."""

    name: str
    format: str
    root: Path
    products: int
    completed_at: datetime | None
