"""Converts Shopify products, from the CSV export or from JSON, to ours.

The variants of one colour become one product, since sizes look alike; several colours become
several products of one variant group. The product id is the handle, followed by ``~colour`` if the
product has a colour option. Draft, archived and unpublished products are rejected as not sold, so
that a sync retires them. Other rejections have a product id only if the colour is certain: without
an id, a sync retires nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from catalog.errors import RecordError
from catalog.records import Availability, ProductRecord, Rejection
from catalog.sources.rows.columns import Columns, normal_name
from catalog.sources.rows.record import checked_id, to_record
from catalog.text import search_form
from catalog.vocabulary.prices import price
from catalog.vocabulary.values import clean

COLOUR_OPTIONS = frozenset(
    {"color", "colour", "colors", "colours", "farbe", "couleur", "kleur", "colore", "cor", "renk"}
)
BEST_FIRST = (Availability.IN_STOCK, Availability.BACKORDER, Availability.OUT_OF_STOCK)
FIELD_NAMES = (
    "id", "title", "brand", "category", "gender", "age_group", "colour", "price", "old_price",
    "availability", "group_id", "photos",
)  # fmt: skip
FIELDS = Columns({name: name for name in FIELD_NAMES}, ())


def is_shopify(header: Sequence[str]) -> bool:
    """Whether these are the column names of Shopify's product export."""
    names = {normal_name(column) for column in header}
    return not names.isdisjoint(("handle", "url_handle")) and "option1_name" in names


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant of a Shopify product, such as a colour in a size.

    Attributes:
        line: where it is in the source, for messages.
        options: option name -> value, such as "Size" -> "M".
        price: what a customer pays, as written.
        old_price: the price before, as written, if it is reduced.
        pieces: the stock as written; None if the shop does not track it.
        sold_without_stock: whether it can be bought when the stock is 0.
        sku: the stock keeping unit.
        photos: the addresses of its own photos.
    """

    line: int
    options: Mapping[str, str]
    price: object = None
    old_price: object = None
    pieces: str | None = None
    sold_without_stock: bool = False
    sku: str | None = None
    photos: tuple[str, ...] = ()

    @property
    def availability(self) -> Availability:
        """Whether it can be bought now.

        Raises:
            RecordError: the stock is not a number.
        """
        try:
            if self.pieces is None or float(self.pieces) > 0:
                return Availability.IN_STOCK
        except ValueError:
            raise RecordError(f"the stock {self.pieces!r} is not a number of pieces") from None
        return Availability.BACKORDER if self.sold_without_stock else Availability.OUT_OF_STOCK


@dataclass(slots=True)
class Item:
    """One Shopify product with all its variants, as a reader collects it."""

    line: int
    handle: str
    title: str | None = None
    not_sold: str | None = None  # why it is not sold, such as "draft"
    values: dict[str, object] = field(default_factory=dict)  # by our field names
    attributes: dict[str, str] = field(default_factory=dict)
    photos: list[str] = field(default_factory=list)  # by position
    variants: list[Variant] = field(default_factory=list)


def records_of(item: Item) -> Iterator[ProductRecord | Rejection]:
    """Our products of one Shopify product, or their rejections."""
    try:
        checked_id(item.handle)
    except RecordError as error:
        yield Rejection(item.line, None, "row", "value", str(error))
        return
    if item.not_sold:
        reason = f"{item.handle} is {item.not_sold}, so it is not sold"
        yield Rejection(item.line, item.handle, "row", "not_sold", reason)
        return
    if clean(item.title) is None or not item.variants:
        what = "title; its first row may be missing" if clean(item.title) is None else "variants"
        yield Rejection(item.line, None, "row", "value", f"{item.handle} has no {what}")
        return
    colours: dict[str, list[Variant]] = {}
    for variant in item.variants:
        colours.setdefault(_slug(_colour(variant)), []).append(variant)
    claimed = {photo for variant in item.variants for photo in variant.photos}
    for slug, variants in colours.items():
        product_id = f"{item.handle}~{slug}" if slug else item.handle
        try:
            photos = item.photos
            if len(colours) > 1:
                own = [photo for variant in variants for photo in variant.photos]
                photos = own or [photo for photo in item.photos if photo not in claimed]
            yield _record(item, product_id, variants, photos)
        except RecordError as error:
            line = variants[0].line
            yield Rejection(line, product_id[:200], "row", "value", str(error))


def _record(
    item: Item, product_id: str, variants: list[Variant], photos: list[str]
) -> ProductRecord:
    """One product, with the best availability of its variants, and the cheapest price with it."""
    states = [variant.availability for variant in variants]
    best = next(state for state in BEST_FIRST if state in states)
    candidates = [v for v, state in zip(variants, states, strict=True) if state == best]
    cheapest = min(candidates, key=_amount)
    colour = _colour(cheapest)
    row = item.values | {
        "id": product_id,
        "title": item.title,
        "price": cheapest.price,
        "old_price": cheapest.old_price,
        "availability": best,
        "group_id": item.handle if colour else None,
        "photos": list(dict.fromkeys(photos)),
    }
    if colour:
        row["colour"] = colour
    row["attributes"] = item.attributes | _options(variants)
    return to_record(row, variants[0].line, FIELDS, decimal_sign=".")


def _amount(variant: Variant) -> Decimal:
    amount = price(variant.price, ".")[0]
    return Decimal("Infinity") if amount is None else amount


def _options(variants: list[Variant]) -> dict[str, str]:
    """The values of the options other than colour, and the SKUs; each joined by commas."""
    values: dict[str, dict[str, None]] = {}
    for variant in variants:
        for name, value in variant.options.items():
            if normal_name(name) not in COLOUR_OPTIONS and value != "Default Title":
                values.setdefault(normal_name(name) or name, {})[value] = None
        if variant.sku:
            values.setdefault("sku", {})[variant.sku] = None
    return {name: ", ".join(found) for name, found in values.items()}


def _colour(variant: Variant) -> str | None:
    for name, value in variant.options.items():
        if normal_name(name) in COLOUR_OPTIONS:
            return clean(value)
    return None


def _slug(colour: str | None) -> str:
    return re.sub(r"[\W_]+", "-", search_form(colour or "")).strip("-")
