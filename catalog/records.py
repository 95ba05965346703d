"""The immutable values that enter and leave the catalogue.

A source yields `ProductRecord` and `Rejection`; queries return `Product`, `Photo`, `Page` and
`Facts`. ORM objects never leave this package.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catalog.text import one_line


class Availability(StrEnum):
    """Whether a product can be bought now."""

    IN_STOCK = "in_stock"
    OUT_OF_STOCK = "out_of_stock"
    PREORDER = "preorder"
    BACKORDER = "backorder"


class PhotoState(StrEnum):
    """Whether a photo can be shown and embedded.

    A waiting photo has an address but is not downloaded yet, or its download has failed so far.
    """

    READY = "ready"
    REJECTED = "rejected"
    WAITING = "waiting"


# NUL and lone surrogates, which databases do not store in text.
UNSTORABLE = {0: "\N{REPLACEMENT CHARACTER}"} | dict.fromkeys(
    range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}"
)


@dataclass(frozen=True, slots=True)
class FieldNote:
    """A value of a source that was left out, while its product was kept.

    ``code`` is a short stable word, such as ``sale_dates`` or ``availability``; ``value`` is as in
    the source.
    """

    field: str
    code: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProductRecord:
    """One product of a source, mapped to our field names.

    ``sale_price``, if any, is below ``price`` and is what a customer pays now. ``photos`` are
    addresses, or paths relative to the source's root, as the source wrote them; ingest checks them.
    ``line`` is the 1-based line, row or entry in the source, for messages. ``notes`` are the values
    that were left out.

    Characters that databases do not store are replaced in ``photos`` and ``attributes``; the
    parsers of the other fields have removed them already.
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
    notes: tuple[FieldNote, ...] = ()

    def __post_init__(self) -> None:
        if not all(map(str.isprintable, self.photos)):
            photos = (photo.translate(UNSTORABLE) for photo in self.photos)
            object.__setattr__(self, "photos", tuple(dict.fromkeys(photos)))
        given = self.attributes
        if not (all(map(str.isprintable, given)) and all(map(str.isprintable, given.values()))):
            printable = {one_line(name): one_line(value) for name, value in given.items()}
            printable.pop("", None)
            object.__setattr__(self, "attributes", printable)


NOT_SOLD = "not_sold"  # code of a rejected row whose product a sync retires


@dataclass(frozen=True, slots=True)
class Rejection:
    """A rejected row or photo, with the reason; it is written to the rejects file."""

    line: int
    product_id: str | None
    kind: str  # "row" or "photo"
    code: str
    reason: str
    photo: str | None = None


@dataclass(frozen=True, slots=True)
class Photo:
    """A valid photo of a product. ``content_hash`` is the SHA-256 of the file's bytes."""

    product_id: str
    position: int
    path: Path
    content_hash: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the catalogue. On sale, ``sale_price`` is below ``price``."""

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
        """Whether the sale price is below the price."""
        if self.price is None or self.sale_price is None:
            return False
        return self.sale_price < self.price


@dataclass(frozen=True, slots=True)
class SearchNote:
    """What was changed of a search text, as no product has all of its words.

    Attributes:
        corrected: the words that were searched for, if a spelling was corrected.
        ignored: words that no product has, nor similar ones.
        some: the products have some of the words, as none has all.
    """

    corrected: str | None = None
    ignored: tuple[str, ...] = ()
    some: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing.

    ``total`` is the number of matches on all pages; unless it is ``exact``, there may be more.
    """

    products: tuple[Product, ...]
    total: int
    page: int
    per_page: int
    note: SearchNote | None = None  # of the search text, if there was one
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Facts:
    """The fields of N products that guards check, as columns in the requested order.

    Object arrays hold ``str`` or ``None``. Where the catalogue has no such product, ``known`` is
    False and the other columns are ``None`` or False.
    """

    ids: NDArray[np.object_]  # (N,)
    known: NDArray[np.bool_]  # (N,)
    available: NDArray[np.bool_]  # (N,) in stock, preorder or backorder, and not retired
    gender: NDArray[np.object_]  # (N,)
    age_group: NDArray[np.object_]  # (N,)
    group_id: NDArray[np.object_]  # (N,)
    category: NDArray[np.object_]  # (N,) the joined path, such as "Tops > T-shirts"
    colour: NDArray[np.object_]  # (N,)
    pattern: NDArray[np.object_]  # (N,)
    retired: NDArray[np.bool_]  # (N,)
    sold_out: NDArray[np.bool_]  # (N,) out of stock, retired or not


@dataclass(frozen=True, slots=True)
class IngestReport:
    """The result of one ingest. Counts are products, ``photos_*`` photos, ``rejected`` rows."""

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
    moved: int = 0  # updated products that came from another source before
    sync_note: str | None = None  # why a requested sync retired nothing
    photos_waiting: int = 0  # addresses that are not downloaded yet
    not_modified: bool = False  # the feed has not changed since it was last read
    left_out: int = 0  # values that were left out of products that were kept
    unknown_words: Mapping[str, int] = field(default_factory=dict)  # of availability -> products


@dataclass(frozen=True, slots=True)
class IngestProgress:
    """Progress of an ingest: rows read, photos checked, and an estimate of all rows."""

    rows: int
    photos: int
    rows_hint: int | None


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """An ingested source; ``products`` counts those that are not retired."""

    name: str
    format: str
    root: Path
    products: int
    completed_at: datetime | None
