"""Magento 2's product export.

A configurable product is a row, and lists the SKUs of its variants, which have rows of their own.
Rows with a store view only translate others.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from catalog.errors import RecordError
from catalog.records import ProductRecord, Rejection
from catalog.sources.colourways.item import Item, Variant, records_of
from catalog.sources.colourways.look_option import has_colour_name
from catalog.sources.shops.cells import (
    NamedRow,
    categories_of,
    category_values,
    cell,
    is_no,
    list_of,
    sale_window,
)
from catalog.vocabulary.sale_dates import SALE_DATES, on_sale

REQUIRED = frozenset({"sku", "store_view_code", "attribute_set_code", "product_type"})
PAIR = re.compile(r",(?=[\w.-]+=)")
BRANDS = ("manufacturer", "brand")


def recognises(names: frozenset[str]) -> bool:
    """Whether these are the columns of this export."""
    return names >= REQUIRED


def unknown(names: frozenset[str]) -> str | None:
    """The version of an export that is not read."""
    return "Magento 1" if names >= {"sku", "store", "attribute_set", "type", "category"} else None


def read(rows: Iterator[tuple[int, NamedRow]], at: datetime) -> Iterator[ProductRecord | Rejection]:
    """Our products of the rows of an export; ``at`` decides which sales are on."""
    products: dict[str, tuple[int, NamedRow]] = {}
    for line, row in rows:
        sku = cell(row, "sku")
        if cell(row, "store_view_code") or sku is None:
            continue
        if sku in products:
            reason = f"the id {sku!r} is already on line {products[sku][0]}; ids must be unique"
            yield Rejection(line, sku, "row", "duplicate_id", reason)
            continue
        products[sku] = line, row
    children = {
        child for _, row in products.values() for child in _variations(row) if child in products
    }
    for sku, (line, row) in products.items():
        if sku in children and _is_invisible(row):
            continue  # its parent shows it
        yield from records_of(_item(line, sku, row, products, at))


def _item(
    line: int,
    sku: str,
    row: NamedRow,
    products: dict[str, tuple[int, NamedRow]],
    at: datetime,
) -> Item:
    item = Item(line, sku, cell(row, "name") or sku)
    if is_no(cell(row, "product_online")):
        item.not_sold = "disabled"
    elif _is_invisible(row):
        item.not_sold = "not visible individually"
    paths = [
        path[1:] if len(path) > 1 else path  # the first name is the root of the catalogue
        for path in categories_of(cell(row, "categories"), ",", "/")
    ]
    category, item.attributes = category_values(paths)
    attributes = _attributes(row)
    item.values = {"category": category, "brand": cell(row, *BRANDS)}
    item.photos = _photos(row)
    for name, value in attributes.items():
        if name in BRANDS:
            item.values["brand"] = item.values["brand"] or value
        elif name in ("gender", "age_group"):
            item.values[name] = value
        elif not has_colour_name(name):
            item.attributes.setdefault(name, value)
    if description := cell(row, "description", "short_description"):
        item.attributes["description"] = description
    variations = _variations(row)
    for child, options in variations.items():
        if (found := products.get(child)) and not is_no(cell(found[1], "product_online")):
            item.variants.append(_variant(*found, options, at))
    if not variations:
        item.variants.append(_variant(line, row, {}, at))
        colours = [value for name, value in attributes.items() if has_colour_name(name)]
        if colours:
            item.values["colour"] = list_of(colours[0], "|")
    if dates := _dates(row):
        item.attributes[SALE_DATES] = dates
    if not item.variants and not item.not_sold:
        item.not_sold = "without variants that are enabled"
    return item


def _variations(row: NamedRow) -> dict[str, dict[str, str]]:
    """SKU -> options, of the variants of a configurable product."""
    found = {}
    for variation in (cell(row, "configurable_variations") or "").split("|"):
        options = _pairs(variation)
        if sku := options.pop("sku", None):
            found[sku] = options
    return found


def _attributes(row: NamedRow) -> dict[str, str]:
    found = _pairs(cell(row, "additional_attributes") or "")
    for name in ("color", "colour", "gender"):
        if value := cell(row, name):
            found.setdefault(name, value)
    return found


def _pairs(text: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in PAIR.split(text))
    return {name.strip(): value.strip().strip('"') for name, sign, value in pairs if sign and value}


def _photos(row: NamedRow) -> list[str]:
    listed = [cell(row, "base_image"), *list_of(cell(row, "additional_images"))]
    # Below Magento's folder of photos, so the slash in front means that one.
    photos = (photo if "://" in photo else photo.lstrip("/") for photo in listed if photo)
    return [photo for photo in dict.fromkeys(photos) if photo != "no_selection"]


def _variant(line: int, row: NamedRow, options: dict[str, str], at: datetime) -> Variant:
    price, sale = cell(row, "price"), cell(row, "special_price")
    try:
        is_on_sale = sale is not None and on_sale(_dates(row), at)
    except RecordError:  # the product is kept, at its regular price
        is_on_sale = False
    return Variant(
        line=line,
        options=options,
        price=sale if is_on_sale else price,
        old_price=price if is_on_sale else None,
        pieces="0" if is_no(cell(row, "is_in_stock")) else None,
        sold_without_stock=cell(row, "allow_backorders") in ("1", "2"),
        sku=cell(row, "sku"),
        photos=tuple(_photos(row)) if options else (),
    )


def _is_invisible(row: NamedRow) -> bool:
    return (cell(row, "visibility") or "").casefold() == "not visible individually"


def _dates(row: NamedRow) -> str | None:
    return sale_window(
        cell(row, "special_price_from_date", "special_from_date"),
        cell(row, "special_price_to_date", "special_to_date"),
    )
