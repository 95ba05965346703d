"""PrestaShop's lists of products: the export of its back office, and the file of its import."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation

from catalog.errors import RecordError
from catalog.records import ProductRecord, Rejection
from catalog.sources.colourways.item import Item, Variant, records_of
from catalog.sources.shops.cells import (
    NamedRow,
    category_values,
    cell,
    is_no,
    list_of,
    sale_window,
)
from catalog.vocabulary.prices import price
from catalog.vocabulary.sale_dates import SALE_DATES, on_sale

PRICES = ("price_tax_incl", "price_tax_included", "price_tax_excl", "price_tax_excluded")
TRANSLATIONS = {
    "product_id": "id id_produit id_product id_artikel produkt_id id_del_producto id_prodotto",
    "name": "nom nombre nome naam name_",
    "image": "bild imagen immagine afbeelding foto",
    "reference": "référence referencia riferimento artikel_nr referentie reference_ bestellnummer",
    "category": "catégorie categoría categoria kategorie categorie",
    "price_tax_excl": "prix_ht prix_hors_taxes preis_zzgl_mwst preis_ohne_steuern "
    "precio_imp_excl precio_sin_impuestos prezzo_tasse_escl prijs_excl_btw",
    "price_tax_incl": "prix_ttc preis_inkl_mwst preis_mit_steuern precio_imp_incl "
    "precio_con_impuestos prezzo_tasse_incl prijs_incl_btw",
    "quantity": "quantité menge cantidad quantità aantal",
    "status": "état statut estado stato zustand",
}
_ENGLISH = {name: english for english, names in TRANSLATIONS.items() for name in names.split()}
TOP = "home"  # the category above all others


def english(name: str) -> str:
    """The English name of a column, both as normal names."""
    return _ENGLISH.get(name, name)


def recognises(names: frozenset[str]) -> bool:
    """Whether these are the columns of the export, or of the import file."""
    if names >= {"active_0_1", "name"} and any(name.startswith("categories") for name in names):
        return True
    return names >= {"product_id", "name", "reference", "status"} and not names.isdisjoint(PRICES)


def read(rows: Iterator[tuple[int, NamedRow]], at: datetime) -> Iterator[ProductRecord | Rejection]:
    """Our products of the rows; ``at`` decides which discounts count."""
    seen: dict[str, int] = {}
    for line, row in rows:
        product_id = cell(row, "product_id", "reference")
        if product_id is None:
            yield Rejection(line, None, "row", "value", "the Product ID is empty")
        elif product_id in seen:
            reason = f"the id {product_id!r} is already on line {seen[product_id]}"
            yield Rejection(line, product_id, "row", "duplicate_id", reason)
        else:
            seen[product_id] = line
            yield from records_of(_item(line, product_id, row, at))


def _item(line: int, product_id: str, row: NamedRow, at: datetime) -> Item:
    item = Item(line, product_id, cell(row, "name"))
    if is_no(cell(row, "status", "active_0_1")):
        item.not_sold = "disabled"
    path = list_of(cell(row, "category", "categories_x_y_z", "categories"))
    path = [name for name in path if name.casefold() != TOP] or path
    category, item.attributes = category_values([path] if path else [])
    item.values = {"category": category, "brand": cell(row, "brand", "manufacturer")}
    item.photos = list_of(cell(row, "image_urls_x_y_z", "image_urls", "image"))
    for name in ("reference", "description", "tags_x_y_z"):
        if text := cell(row, name):
            item.attributes[name] = text
    now, before = _prices(row, at)
    pieces = cell(row, "quantity")
    item.variants.append(
        Variant(
            line=line,
            options={},
            price=now,
            old_price=before,
            pieces=pieces,
            sold_without_stock=cell(row, "out_of_stock", "action_when_out_of_stock") == "1",
        )
    )
    if dates := _dates(row):
        item.attributes[SALE_DATES] = dates
    return item


def _prices(row: NamedRow, at: datetime) -> tuple[str | None, str | None]:
    """What a product costs now, and before a discount."""
    full = cell(row, *PRICES)
    off, share = cell(row, "discount_amount"), cell(row, "discount_percent")
    try:
        amount = price(full)[0]
        if amount is None or not (off or share) or not on_sale(_dates(row), at):
            return full, None
        cut = Decimal(off) if off else amount * Decimal((share or "0").rstrip(" %")) / 100
    except (RecordError, InvalidOperation):
        return full, None
    return (str(round(amount - cut, 2)), str(amount)) if 0 < cut < amount else (full, None)


def _dates(row: NamedRow) -> str | None:
    return sale_window(
        cell(row, "discount_from_yyyy_mm_dd", "discount_from"),
        cell(row, "discount_to_yyyy_mm_dd", "discount_to"),
    )
