"""Shopify's CSV product export: a row per variant or photo, the rows of a product in sequence."""

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from catalog.errors import SourceError
from catalog.records import ProductRecord, Rejection
from catalog.sources.base import Row, RowError
from catalog.sources.colourways.item import Item, Variant, records_of
from catalog.sources.colourways.look_option import COLOUR_METAFIELD
from catalog.sources.rows.columns import normal_name
from catalog.sources.rows.text_file import detect_delimiter, read_csv, scan
from catalog.vocabulary.markup import plain_text
from catalog.vocabulary.values import clean

MAX_ROWS = 5_000  # of one product; Shopify allows 2,048 variants and 250 photos
# The column names in both templates of Shopify; the first one with a value is used.
HANDLE = ("handle", "url_handle")
PRICE = ("variant_price", "price")
OLD_PRICE = ("variant_compare_at_price", "compare_at_price")
PIECES = ("variant_inventory_qty", "inventory_quantity")
TRACKER = ("variant_inventory_tracker", "inventory_tracker")
POLICY = ("variant_inventory_policy", "continue_selling_when_out_of_stock")
SKU = ("variant_sku", "sku")
PHOTO = ("image_src", "product_image_url")
POSITION = ("image_position",)
VARIANT_PHOTO = ("variant_image", "variant_image_url")
PUBLISHED = ("published", "published_on_online_store")
PRODUCT_FIELDS = {
    "brand": ("vendor",),
    "category": ("type", "product_category"),
    "gender": ("google_shopping_gender",),
    "age_group": ("google_shopping_age_group",),
    "colour": ("color_product_metafields_shopify_color_pattern",),
}
DESCRIPTION = ("body_html", "description")
KEPT_COLUMNS = re.compile(  # as attributes
    r"tags|product_category|.*_product_metafields_.*|google_shopping_(?!gender|age_).*"
)


def is_shopify(header: Sequence[str]) -> bool:
    """Whether these are the column names of Shopify's product export."""
    names = {normal_name(column) for column in header}
    return not names.isdisjoint(("handle", "url_handle")) and "option1_name" in names


@dataclass(frozen=True)
class ShopifyCsv:
    """A Shopify product export. Use `open_shopify_csv`."""

    path: Path
    name: str
    root: Path
    encoding: str
    delimiter: str
    rows: int
    format: str = field(default="shopify-csv")

    def records(self) -> Iterator[ProductRecord | Rejection]:
        """See `catalog.sources.base.Source`."""
        try:
            yield from self._records()
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f"{self.path} cannot be read to its end: {error}.") from error

    def _records(self) -> Iterator[ProductRecord | Rejection]:
        runs = self._runs_left()
        kept: dict[str, list[tuple[int, Row]]] = {}  # of handles whose rows go on further below
        handle, rows = "", list[tuple[int, Row]]()
        for line, raw in read_csv(self.path, self.encoding, self.delimiter)[1]:
            row = _normal_names(raw.row if isinstance(raw, RowError) else raw)
            found = _first(row, HANDLE)
            if isinstance(raw, RowError):
                shown = f"{raw} (handle {found})" if found else str(raw)
                yield Rejection(line, None, "row", raw.code, shown)
                continue
            if found is None:
                yield Rejection(line, None, "row", "value", "the handle is empty")
                continue
            if found != handle:
                yield from _ended(handle, rows, runs, kept)
                handle, rows = found, kept.pop(found, [])
            if len(rows) < MAX_ROWS:
                rows.append((line, row))
            else:
                reason = f"{handle} has more than {MAX_ROWS:,} rows"
                yield Rejection(line, None, "row", "too_large", reason)
        yield from _ended(handle, rows, runs, kept)

    def _runs_left(self) -> dict[str, int]:
        """Handle -> in how many places its rows stand, for those in more than one."""
        seen: set[int] = set()  # hashes, as a feed may have a million handles
        runs: dict[str, int] = {}
        last = None
        for _, raw in read_csv(self.path, self.encoding, self.delimiter)[1]:
            if isinstance(raw, RowError):
                continue
            names = _handle_columns(tuple(raw))
            found = next((text for name in names if (text := clean(raw[name]))), None)
            if found is None or found == last:
                continue
            last = found
            if hash(found) in seen:
                runs[found] = runs.get(found, 1) + 1
            seen.add(hash(found))
        return runs

    def size_hint(self) -> int | None:
        """See `catalog.sources.base.Source`; an upper bound, as a product may have several rows."""
        return self.rows

    def describe(self) -> str:
        """See `catalog.sources.base.Source`."""
        return f"shopify-csv file {self.path}: a product export, one product for each colour"


def open_shopify_csv(path: Path, *, name: str, encoding: str | None = None) -> ShopifyCsv:
    """Opens a Shopify product export.

    Raises:
        SourceError: it cannot be read, is empty, or has no column for the handle.
    """
    encoding, lines = scan(path, encoding)
    delimiter = detect_delimiter(path, encoding)
    header = read_csv(path, encoding, delimiter)[0]
    if not {normal_name(column) for column in header} & set(HANDLE):
        raise SourceError(f"{path} has no column Handle, which every Shopify export has.")
    return ShopifyCsv(path, name, path.resolve().parent, encoding, delimiter, max(0, lines - 1))


def _ended(
    handle: str,
    rows: list[tuple[int, Row]],
    runs: dict[str, int],
    kept: dict[str, list[tuple[int, Row]]],
) -> Iterator[ProductRecord | Rejection]:
    """Our products of some rows, unless more rows of the handle follow further below."""
    if runs.get(handle, 1) > 1:
        runs[handle] -= 1
        kept[handle] = rows
    elif rows:
        yield from _records(Item(rows[0][0], handle), rows)


@functools.lru_cache(maxsize=16)
def _handle_columns(columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(column for column in columns if normal_name(column) in HANDLE)


def _records(item: Item, rows: list[tuple[int, Row]]) -> Iterator[ProductRecord | Rejection]:
    """Our products of the rows of one Shopify product."""
    photos: list[tuple[float, int, str]] = []
    names: dict[int, str] = {}  # only a product's first row names its options
    linked: set[str] = set()
    for line, row in rows:
        if item.title is None and _first(row, ("title",)):
            _set_product(item, row)
        for number in (1, 2, 3):
            if name := _first(row, (f"option{number}_name",)):
                names[number] = name
            if COLOUR_METAFIELD in (_first(row, (f"option{number}_linked_to",)) or ""):
                linked.add(names.get(number, ""))
        if photo := _first(row, PHOTO):
            photos.append((_number(_first(row, POSITION)), line, photo))
        if (variant := _variant(line, row, names)) is not None:
            item.variants.append(variant)
    item.photos = [photo for *_, photo in sorted(photos)]
    item.colour_options = frozenset(linked)
    yield from records_of(item)


def _set_product(item: Item, row: Row) -> None:
    """Sets the fields of a product from its first row with a title."""
    item.title = _first(row, ("title",))
    status = _first(row, ("status",))
    if status is not None and status.casefold() != "active":
        item.not_sold = status.casefold()
    elif (_first(row, PUBLISHED) or "true").casefold() in ("false", "no", "0"):
        item.not_sold = "unpublished"
    fields = ((ours, _first(row, names)) for ours, names in PRODUCT_FIELDS.items())
    item.values = {ours: value for ours, value in fields if value}
    kept = (name for name in row if KEPT_COLUMNS.fullmatch(name))
    item.attributes = {name: value for name in kept if (value := clean(row[name]))}
    if description := _first(row, DESCRIPTION):
        item.attributes["description"] = without_tags(description)


def _variant(line: int, row: Row, option_names: dict[int, str]) -> Variant | None:
    """The variant of a row; None for a row that only adds a photo."""
    values = ((name, _first(row, (f"option{n}_value",))) for n, name in option_names.items())
    options = {name: value for name, value in values if value}
    if not options and _first(row, PRICE) is None:
        return None
    photo = _first(row, VARIANT_PHOTO)
    tracked = (TRACKER[0] not in row and TRACKER[1] not in row) or _first(row, TRACKER) is not None
    return Variant(
        line=line,
        options=options,
        price=_first(row, PRICE),
        old_price=_first(row, OLD_PRICE),
        pieces=_first(row, PIECES) if tracked else None,
        sold_without_stock=(_first(row, POLICY) or "deny").casefold() in ("continue", "true"),
        sku=_first(row, SKU),
        photos=(photo,) if photo else (),
    )


def without_tags(text: str) -> str:
    """The text of a piece of HTML, on one line."""
    return clean(plain_text(text)) or ""


def _normal_names(row: Row) -> dict[str, object]:
    return {normal_name(column): value for column, value in row.items()}


def _first(row: Row, names: tuple[str, ...]) -> str | None:
    """The first value that is not empty among some columns."""
    return next((value for name in names if (value := clean(row.get(name)))), None)


def _number(text: str | None) -> float:
    try:
        return float(text) if text and text.isascii() and text.isdigit() else float("inf")
    except ValueError:
        return float("inf")
