"""WooCommerce's product export, in several languages.

A variable product is a row, and each of its variations another one, which names its parent.
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
from catalog.vocabulary.values import clean

REQUIRED = frozenset({"id", "type", "name", "published", "regular_price"})
# English column name -> its translations (German, French, Spanish, Italian, Dutch, Portuguese).
TRANSLATIONS = {
    "type": "typ tipo",
    "sku": "artikelnummer ugs",
    "name": "nom nombre nome naam",
    "published": "veröffentlicht publié publicado pubblicato gepubliceerd",
    "visibility_in_catalog": "sichtbarkeit_im_katalog visibilité_dans_le_catalogue "
    "visibilidad_en_el_catálogo visibilità_nel_catalogo zichtbaarheid_in_catalogus "
    "visibilidade_no_catálogo",
    "description": "beschreibung descripción descrizione beschrijving descrição",
    "date_sale_price_starts": "datum_an_dem_angebotspreis_beginnt date_de_début_de_promo "
    "día_en_que_empieza_el_precio_rebajado data_di_inizio_del_prezzo_in_offerta "
    "datum_actieprijs_begint",
    "date_sale_price_ends": "datum_an_dem_angebotspreis_endet date_de_fin_de_promo "
    "día_en_que_termina_el_precio_rebajado data_di_fine_del_prezzo_in_offerta "
    "datum_actieprijs_eindigt",
    "in_stock": "vorrätig en_stock existencias disponibile op_voorraad em_estoque",
    "stock": "lager lagerbestand inventario magazzino voorraad estoque",
    "backorders_allowed": "lieferrückstände_erlaubt rückstände_erlaubt",
    "sale_price": "angebotspreis tarif_promo precio_rebajado prezzo_in_offerta actieprijs "
    "preço_promocional",
    "regular_price": "regulärer_preis tarif_régulier precio_normal prezzo_di_listino "
    "reguliere_prijs normale_prijs preço",
    "categories": "kategorien catégories categorías categorie categorieën categorias",
    "tags": "schlagwörter étiquettes etiquetas tag",
    "images": "bilder imágenes immagini afbeeldingen imagens",
    "brands": "marken marques marcas marchi merken",
    "parent": "übergeordnetes_produkt superior genitore hoofd ascendente",
}
_ENGLISH = {name: english for english, names in TRANSLATIONS.items() for name in names.split()}
_NAME_WORDS = frozenset({"name", "nom", "nombre", "nome", "naam"})
_VALUE_WORDS = re.compile(r"value|wert|valeur|valor|waarde")
_ATTRIBUTE = re.compile(r"attribut|atribut|eigenschap")


def english(name: str) -> str:
    """The English name of a column, both as normal names."""
    number = re.search(r"\d+", name)
    if number and _ATTRIBUTE.search(name):
        if not _NAME_WORDS.isdisjoint(name.split("_")):
            return f"attribute_{number.group()}_name"
        if _VALUE_WORDS.search(name):
            return f"attribute_{number.group()}_value_s"
    return _ENGLISH.get(name, name)


def recognises(names: frozenset[str]) -> bool:
    """Whether these are the columns of this export."""
    return names >= REQUIRED and not names.isdisjoint(("sku", "categories", "images"))


def read(rows: Iterator[tuple[int, NamedRow]], at: datetime) -> Iterator[ProductRecord | Rejection]:
    """Our products of the rows of an export; ``at`` decides which sales are on."""
    items: dict[str, Item] = {}
    by_sku: dict[str, str] = {}
    variations: list[tuple[int, NamedRow]] = []
    for line, row in rows:
        product_id = cell(row, "id") or cell(row, "sku")
        kinds = (cell(row, "type") or "simple").casefold()
        if "variation" in kinds:
            variations.append((line, row))
        elif product_id is None:
            yield Rejection(line, None, "row", "value", "the ID is empty")
        elif product_id in items:
            reason = f"the id {product_id!r} is already on line {items[product_id].line}"
            yield Rejection(line, product_id, "row", "duplicate_id", reason)
        else:
            items[product_id] = _item(line, product_id, row, variable="variable" in kinds, at=at)
            if sku := cell(row, "sku"):
                by_sku.setdefault(sku, product_id)
    for line, row in variations:
        parent = (cell(row, "parent") or "").removeprefix("id:").strip()
        item = items.get(by_sku.get(parent, parent))
        if item is None:
            reason = f"its parent {parent!r} is not in the export"
            yield Rejection(line, cell(row, "id"), "row", "value", reason)
        elif not is_no(cell(row, "published")):
            item.variants.append(_variant(line, row, _attributes(row), at))
    for item in items.values():
        if not item.variants and not item.not_sold:
            item.not_sold = "without variations"
        yield from records_of(item)


def _item(line: int, product_id: str, row: NamedRow, *, variable: bool, at: datetime) -> Item:
    item = Item(line, product_id, cell(row, "name") or cell(row, "sku"))
    published = cell(row, "published")
    if published == "-1":
        item.not_sold = "a draft"
    elif is_no(published):
        item.not_sold = "private"
    elif (cell(row, "visibility_in_catalog") or "").casefold() == "hidden":
        item.not_sold = "hidden"
    category, item.attributes = category_values(categories_of(cell(row, "categories"), ",", ">"))
    item.values = {"category": category, "brand": cell(row, "brands")}
    item.photos = list_of(cell(row, "images"))
    for name in ("sku", "tags", "description"):
        if text := cell(row, name):
            item.attributes[name] = text
    attributes = _attributes(row)
    if not variable:
        item.variants.append(_variant(line, row, {}, at))
        for name, value in attributes.items():
            if has_colour_name(name):
                item.values["colour"] = list_of(value)
            else:
                item.attributes.setdefault(name, value)
    if dates := _dates(row):
        item.attributes[SALE_DATES] = dates
    return item


def _attributes(row: NamedRow) -> dict[str, str]:
    found = {}
    for column in row:
        if match := re.fullmatch(r"attribute_(\d+)_name", column):
            name, value = cell(row, column), cell(row, f"attribute_{match.group(1)}_value_s")
            if name and value:
                found[name] = value
    return found


def _variant(line: int, row: NamedRow, options: dict[str, str], at: datetime) -> Variant:
    price, sale = cell(row, "regular_price"), cell(row, "sale_price")
    try:
        is_on_sale = sale is not None and on_sale(_dates(row), at)
    except RecordError:  # the product is kept, at its regular price
        is_on_sale = False
    stock = (cell(row, "in_stock") or "1").casefold()
    pieces = "0" if is_no(stock) or stock in ("backorder", "outofstock") else None
    return Variant(
        line=line,
        options=options,
        price=sale if is_on_sale else price,
        old_price=price if is_on_sale else None,
        pieces=pieces,
        sold_without_stock=stock in ("backorder", "onbackorder"),
        sku=cell(row, "sku"),
        variant_id=cell(row, "id") if options else None,
        photos=tuple(list_of(cell(row, "images"))) if options else (),
    )


def _dates(row: NamedRow) -> str | None:
    return sale_window(
        clean(row.get("date_sale_price_starts")), clean(row.get("date_sale_price_ends"))
    )
