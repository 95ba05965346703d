"""BigCommerce's product export: below each product stand the rows of its SKUs and price rules."""

import re
from collections.abc import Iterator
from datetime import datetime

from catalog.records import ProductRecord, Rejection
from catalog.sources.colourways.item import Item, Variant, records_of
from catalog.sources.colourways.look_option import has_colour_name
from catalog.sources.shops.cells import NamedRow, categories_of, category_values, cell, is_no
from catalog.vocabulary.values import clean

REQUIRED = frozenset({"item_type", "product_id", "product_name"})
NEWER = frozenset({"item", "id", "name", "type", "options", "inventory_tracking"})
OPTION = re.compile(r"(?:\[[A-Z]+\])?([^=,\[\]]+)=([^,]*)")
PHOTO = re.compile(r"product_image_(?:file|url)_(\d+)")


def recognises(names: frozenset[str]) -> bool:
    """Whether these are the columns of this export."""
    return names >= REQUIRED


def unknown(names: frozenset[str]) -> str | None:
    """The version of an export that is not read."""
    return "BigCommerce's newer format (Item, ID, Name, …)" if names >= NEWER else None


def read(rows: Iterator[tuple[int, NamedRow]], _: datetime) -> Iterator[ProductRecord | Rejection]:
    """Our products of the rows of an export."""
    item: Item | None = None
    for line, row in rows:
        kind = (cell(row, "item_type") or "").casefold()
        if kind == "product":
            if item is not None:
                yield from records_of(item)
            item = _item(line, row)
        elif kind == "sku" and item is not None:
            _add_sku(item, row)
    if item is not None:
        yield from records_of(item)


def _item(line: int, row: NamedRow) -> Item:
    item = Item(line, cell(row, "product_id", "product_code_sku") or "", cell(row, "product_name"))
    if is_no(cell(row, "product_visible")):
        item.not_sold = "hidden"
    category, item.attributes = category_values(categories_of(cell(row, "category"), ";", "/"))
    item.values = {"category": category, "brand": cell(row, "brand_name")}
    photos = sorted(
        (int(match.group(1)), text)
        for column in row
        if (match := PHOTO.fullmatch(column)) and (text := cell(row, column))
    )
    item.photos = [photo for _, photo in photos]
    for name, column in (("sku", "product_code_sku"), ("description", "product_description")):
        if text := cell(row, column):
            item.attributes[name] = text
    price, sale = cell(row, "price"), cell(row, "sale_price")
    is_on_sale = sale is not None and sale.strip("0.") != ""
    tracked = (cell(row, "track_inventory") or "").casefold() == "by product"
    cannot_be_bought = is_no(cell(row, "allow_purchases"))
    pieces = cell(row, "current_stock_level") if tracked else None
    item.variants.append(
        Variant(
            line=line,
            options={},
            price=sale if is_on_sale else price,
            old_price=price if is_on_sale else None,
            pieces="0" if cannot_be_bought else pieces,
        )
    )
    return item


def _add_sku(item: Item, row: NamedRow) -> None:
    """Adds the colours and other options of a SKU: all SKUs have the product's photos."""
    for name, value in OPTION.findall(cell(row, "product_name") or ""):
        option, text = name.strip(), clean(value)
        if not text:
            continue
        if has_colour_name(option):
            colours = item.values.setdefault("colour", [])
            if isinstance(colours, list) and text not in colours:
                colours.append(text)
        else:
            before = item.attributes.get(option)
            parts = before.split(", ") if before else []
            item.attributes[option] = ", ".join(dict.fromkeys([*parts, text]))
