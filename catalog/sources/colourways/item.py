"""Converts products with variants, as shop systems have them, to ours.

The variants of one colour become one product, since sizes look alike; several colours become
several products of one variant group. The product id is the handle, followed by ``~colour`` if the
product has a colour option. Products that are drafts, archived, hidden or not published are
rejected as not sold, so that a sync retires them. Other rejections have a product id only if the
colour is certain: without an id, a sync retires nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from catalog.errors import RecordError
from catalog.records import Availability, FieldNote, ProductRecord, Rejection
from catalog.sources.colourways.look_option import has_colour_name, look_option, slug_of
from catalog.sources.rows.columns import Columns, normal_name
from catalog.sources.rows.record import checked_id, to_record
from catalog.vocabulary.colours import is_colour
from catalog.vocabulary.prices import price
from catalog.vocabulary.values import clean, stock

BEST_FIRST = (Availability.IN_STOCK, Availability.BACKORDER, Availability.OUT_OF_STOCK)
FIELD_NAMES = (
    "id", "title", "brand", "category", "gender", "age_group", "colour", "price", "old_price",
    "availability", "group_id", "link", "photos",
)  # fmt: skip
FIELDS = Columns({name: name for name in FIELD_NAMES}, ())


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant of a product, such as a colour in a size.

    Attributes:
        line: where it is in the source, for messages.
        options: option name -> value, such as "Size" -> "M".
        price: what a customer pays, as written.
        old_price: the price before, as written, if it is reduced.
        pieces: the stock as written; None if the shop does not track it.
        sold_without_stock: whether it can be bought when the stock is 0.
        sku: the stock keeping unit.
        variant_id: the shop's own id of it.
        photos: the addresses of its own photos.
    """

    line: int
    options: Mapping[str, str]
    price: object = None
    old_price: object = None
    pieces: str | None = None
    sold_without_stock: bool = False
    sku: str | None = None
    variant_id: str | None = None
    photos: tuple[str, ...] = ()

    @property
    def availability(self) -> Availability:
        """Whether it can be bought now.

        Raises:
            RecordError: the stock is not a number.
        """
        if self.pieces is None or stock(self.pieces) is Availability.IN_STOCK:
            return Availability.IN_STOCK
        return Availability.BACKORDER if self.sold_without_stock else Availability.OUT_OF_STOCK


@dataclass(slots=True)
class Item:
    """One product with all its variants, as a reader collects it."""

    line: int
    handle: str
    title: str | None = None
    not_sold: str | None = None  # why it is not sold, such as "draft"
    values: dict[str, object] = field(default_factory=dict)  # by our field names
    attributes: dict[str, str] = field(default_factory=dict)
    photos: list[str] = field(default_factory=list)  # by position
    variants: list[Variant] = field(default_factory=list)
    colour_options: frozenset[str] = frozenset()  # options that are linked to the shop's colours


def records_of(item: Item) -> Iterator[ProductRecord | Rejection]:
    """Our products of one product with variants, or their rejections."""
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
    look = look_option(item.variants, item.colour_options)
    colours: dict[str, list[Variant]] = {}
    for variant in item.variants:
        colours.setdefault(slug_of(_value(variant, look)), []).append(variant)
    claimed = {photo for variant in item.variants for photo in variant.photos}
    for slug, variants in colours.items():
        product_id = f"{item.handle}~{slug}" if slug else item.handle
        try:
            photos = item.photos
            own = [photo for variant in variants for photo in variant.photos]
            if len(colours) > 1 or not set(own) <= set(photos):
                photos = own or [photo for photo in item.photos if photo not in claimed]
            yield _record(item, product_id, variants, photos, look)
        except RecordError as error:
            line = variants[0].line
            yield Rejection(line, product_id[:200], "row", "value", str(error))


def _record(
    item: Item, product_id: str, variants: list[Variant], photos: list[str], look: str | None
) -> ProductRecord:
    """One product, with the best availability of its variants, and the cheapest price with it."""
    states = [variant.availability for variant in variants]
    best = next(state for state in BEST_FIRST if state in states)
    candidates = [v for v, state in zip(variants, states, strict=True) if state == best]
    cheapest = min(candidates, key=_amount)
    value = _value(cheapest, look)
    row = item.values | {
        "id": product_id,
        "title": item.title,
        "price": cheapest.price,
        "old_price": cheapest.old_price,
        "availability": best,
        "group_id": item.handle if value else None,
        "photos": list(dict.fromkeys(photos)),
    }
    named = look is not None and (
        look in item.colour_options or has_colour_name(look) or is_colour(value or "")
    )
    if value and named:
        row["colour"] = value
    row["attributes"] = item.attributes | _options(variants, look if named else None)
    notes = _merged_colours(item, variants, look)
    return to_record(row, variants[0].line, FIELDS, decimal_sign=".", notes=notes)


def _amount(variant: Variant) -> Decimal:
    amount = price(variant.price, ".")[0]
    return Decimal("Infinity") if amount is None else amount


def _options(variants: list[Variant], colour: str | None) -> dict[str, str]:
    """The values of the options other than the colour, SKUs and ids; each joined by commas."""
    values: dict[str, dict[str, None]] = {}
    for variant in variants:
        for name, value in variant.options.items():
            if name != colour and value != "Default Title":
                values.setdefault(normal_name(name) or name, {})[value] = None
        if variant.sku:
            values.setdefault("sku", {})[variant.sku] = None
        if variant.variant_id:
            values.setdefault("variant_id", {})[variant.variant_id] = None
    return {name: ", ".join(found) for name, found in values.items()}


def _value(variant: Variant, look: str | None) -> str | None:
    return clean(variant.options.get(look)) if look is not None else None


def _merged_colours(item: Item, variants: list[Variant], look: str | None) -> list[FieldNote]:
    """A note about colours that are written differently and became one product."""
    values = dict.fromkeys(_value(variant, look) or "" for variant in variants)
    if len({value.casefold() for value in values}) < 2:
        return []
    named = ", ".join(map(repr, values))
    reason = f"the colours {named} of {item.handle} are one product, as they make the same id"
    return [FieldNote("colour", "same_id", named, reason)]
