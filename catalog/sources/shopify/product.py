"""Shopify's products, as its CSV export and its JSON have them, made into ours.

Variants of one colour are one product, since sizes look the same; several colours are several
products of one group. The id is the handle, with ``~colour`` where there is an option for colour.
Draft, archived and unpublished products are left out, and gone to a sync. A rejected row has an id
only where its colour is sure: without one, a sync retires nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from catalog.errors import RecordError
from catalog.records import Availability, ProductRecord, Rejection
from catalog.sources.rows.columns import Columns, plain
from catalog.sources.rows.record import checked_id, to_record
from catalog.text import search_form
from catalog.vocabulary.values import clean, price

COLOUR_OPTIONS = frozenset(
    {"color", "colour", "colors", "colours", "farbe", "couleur", "kleur", "colore", "cor", "renk"}
)
LIKELIEST = (Availability.IN_STOCK, Availability.BACKORDER, Availability.OUT_OF_STOCK)
NAMES = ("id", "title", "brand", "category", "gender", "age_group", "colour", "price")
MORE_NAMES = ("old_price", "availability", "group_id", "photos")
FIELDS = Columns({name: name for name in (*NAMES, *MORE_NAMES)}, ())


def is_shopify(header: Sequence[str]) -> bool:
    """Whether these column names are those of Shopify's product export."""
    names = {plain(column) for column in header}
    return not names.isdisjoint(("handle", "url_handle")) and "option1_name" in names


@dataclass(frozen=True, slots=True)
class Variant:
    """What can be bought: one colour in one size, say."""

    line: int
    options: Mapping[str, str]
    price: object = None
    old_price: object = None
    pieces: str | None = None  # None: nobody counts them
    oversold: bool = False  # whether it can be bought when there are none left
    sku: str | None = None
    photos: tuple[str, ...] = ()

    @property
    def availability(self) -> Availability:
        """Whether it can be bought now.

        Raises:
            RecordError: the number of pieces is none.
        """
        try:
            if self.pieces is None or float(self.pieces) > 0:
                return Availability.IN_STOCK
        except ValueError:
            raise RecordError(f"the stock {self.pieces!r} is no number of pieces") from None
        return Availability.BACKORDER if self.oversold else Availability.OUT_OF_STOCK


@dataclass(slots=True)
class Item:
    """One product of Shopify's with all its variants, as a reader puts it together."""

    line: int
    handle: str
    title: str | None = None
    not_sold: str | None = None  # why, if so
    values: dict[str, object] = field(default_factory=dict)  # under our field names
    attributes: dict[str, str] = field(default_factory=dict)
    photos: list[str] = field(default_factory=list)  # in the order of their positions
    variants: list[Variant] = field(default_factory=list)


def records_of(item: Item) -> Iterator[ProductRecord | Rejection]:
    """The products that one of Shopify's is for us, or why it is none."""
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
    """One product: the price is that of the cheapest variant of the best availability."""
    states = [variant.availability for variant in variants]
    state = next(state for state in LIKELIEST if state in states)
    sold = [variant for variant, had in zip(variants, states, strict=True) if had == state]
    cheapest = min(sold, key=_amount)
    colour = _colour(cheapest)
    row = item.values | {
        "id": product_id,
        "title": item.title,
        "price": cheapest.price,
        "old_price": cheapest.old_price,
        "availability": state,
        "group_id": item.handle if colour else None,
        "photos": list(dict.fromkeys(photos)),
    }
    if colour:
        row["colour"] = colour
    row["attributes"] = item.attributes | _options(variants)
    return to_record(row, variants[0].line, FIELDS)


def _amount(variant: Variant) -> Decimal:
    amount = price(variant.price)[0]
    return Decimal("Infinity") if amount is None else amount


def _options(variants: list[Variant]) -> dict[str, str]:
    """The values of each other option that these variants have, such as their sizes."""
    values: dict[str, dict[str, None]] = {}
    for variant in variants:
        for name, value in variant.options.items():
            if plain(name) not in COLOUR_OPTIONS and value != "Default Title":
                values.setdefault(plain(name) or name, {})[value] = None
        if variant.sku:
            values.setdefault("sku", {})[variant.sku] = None
    return {name: ", ".join(found) for name, found in values.items()}


def _colour(variant: Variant) -> str | None:
    for name, value in variant.options.items():
        if plain(name) in COLOUR_OPTIONS:
            return clean(value)
    return None


def _slug(colour: str | None) -> str:
    return re.sub(r"[\W_]+", "-", search_form(colour or "")).strip("-")
