"""Google Merchant feeds: RSS, Atom, and tab or comma separated files with the same names."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from catalog.errors import RecordError, SourceError
from catalog.records import FieldNote, ProductRecord, Rejection
from catalog.sources.base import Row, RowError
from catalog.sources.google.xml_items import read_items
from catalog.sources.rows.columns import Columns, normal_name
from catalog.sources.rows.record import id_or_none, to_record
from catalog.sources.rows.row_digests import RowDigests, SourceEntry, parse_all
from catalog.sources.rows.text_file import NumberedRow, detect_delimiter, read_csv, scan
from catalog.vocabulary.sale_dates import SALE_DATES, on_sale
from catalog.vocabulary.values import clean

FIELDS = {
    "id": "id",
    "title": "title",
    "brand": "brand",
    "category": "product_type",
    "gender": "gender",
    "age_group": "age_group",
    "colour": "color",
    "pattern": "pattern",
    "price": "price",
    "sale_price": "sale_price",
    "availability": "availability",
    "group_id": "item_group_id",
    "link": "link",
    "photos": "image_link",
    "more_photos": "additional_image_link",
}
# Every Google Merchant feed has these; a file with these columns is recognised as one.
REQUIRED = frozenset({"id", "title", "link", "image_link"})
# Other names of the same fields, in Atom feeds and in practice.
OTHER_NAMES = {"colour": "color", "summary": "description", "content": "description"}


def is_google(header: Sequence[str]) -> bool:
    """Whether these are the column names of a Google Merchant feed."""
    return {normal_name(name) for name in header} >= REQUIRED


@dataclass(frozen=True)
class GoogleFeed:
    """A Google Merchant feed in the format ``google-xml``, ``google-tsv`` or ``google-csv``.

    A sale price counts if its ``sale_price_effective_date`` includes ``at``, the time of reading;
    so the feed is to be read again when a sale begins or ends. In XML, ``line`` is the item's
    number.
    """

    path: Path
    name: str
    format: str
    root: Path
    encoding: str = ""
    rows: int | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def records(self) -> Iterator[ProductRecord | Rejection]:
        """See `catalog.sources.base.Source`."""
        return parse_all(self.entries())

    def entries(self, context: tuple[str, ...] = ()) -> Iterator[SourceEntry]:
        """See `catalog.sources.rows.row_digests.LazySource`.

        A row with the dates of a sale is always parsed: what it means changes with time.
        """
        digests = RowDigests(self.format, *context)
        for line, row in self._rows():
            if isinstance(row, RowError):
                product_id = id_or_none(_standard_names(row.row).get("id"))
                yield Rejection(line, product_id, "row", row.code, str(row))
                continue
            yield digests.entry(line, row, _timeless_id(row), self._parse)

    def _parse(self, row: Row, line: int) -> ProductRecord | Rejection:
        named = _standard_names(row)
        try:
            return google_record(named, line, self.at)
        except RecordError as error:
            return Rejection(line, id_or_none(named.get("id")), "row", "value", str(error))

    def size_hint(self) -> int | None:
        """See `catalog.sources.base.Source`."""
        return self.rows

    def describe(self) -> str:
        """See `catalog.sources.base.Source`."""
        return f"{self.format} file {self.path}: a Google Merchant feed"

    def _rows(self) -> Iterator[NumberedRow]:
        if self.format == "google-xml":
            yield from read_items(self.path, self.encoding or None)
            return
        try:
            delimiter = (
                "\t" if self.format == "google-tsv" else detect_delimiter(self.path, self.encoding)
            )
            yield from read_csv(self.path, self.encoding, delimiter)[1]
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f"{self.path} cannot be read to its end: {error}.") from error


def open_google(path: Path, format: str, *, name: str, encoding: str | None = None) -> GoogleFeed:
    """Opens a Google Merchant feed.

    Raises:
        SourceError: it cannot be read, is empty, or has no column for the id.
    """
    root = path.resolve().parent
    if format == "google-xml":
        return GoogleFeed(path, name, format, root, encoding or "")
    encoding, lines = scan(path, encoding)
    delimiter = "\t" if format == "google-tsv" else detect_delimiter(path, encoding)
    header = read_csv(path, encoding, delimiter)[0]
    if "id" not in {normal_name(column) for column in header}:
        raise SourceError(f"{path} has no column id, which every Google Merchant feed has.")
    return GoogleFeed(path, name, format, root, encoding, max(0, lines - 1))


def google_record(row: Row, line: int, at: datetime) -> ProductRecord:
    """Builds a product from a row with Google's field names.

    The category is the first ``product_type``, or else Google's own category if it is a path. Other
    fields are kept as attributes.

    Raises:
        RecordError: the id is missing, or a value is invalid.
    """
    values = dict(row)
    for one in ("title", "link", "product_type"):
        if isinstance(listed := values.get(one), list):
            values[one] = listed[0]
    notes = []
    google_category = clean(values.get("google_product_category"))
    is_path = google_category is not None and not google_category.isdigit()  # else an id
    if is_path and clean(values.get("product_type")) is None:
        values["product_type"] = values.pop("google_product_category")
    if clean(values.get("sale_price")):
        dates = clean(values.get(SALE_DATES))
        try:
            sold = on_sale(dates, at)
        except RecordError as error:
            notes.append(FieldNote("sale_price", "sale_dates", str(dates), f"{error}"))
            sold = False
        if not sold:
            values["announced_sale_price"] = values.pop("sale_price")
    fields = {ours: theirs for ours, theirs in FIELDS.items() if theirs in values}
    others = tuple(name for name in values if name not in FIELDS.values())
    return to_record(values, line, Columns(fields, others), decimal_sign=".", notes=notes)


def _standard_names(row: Mapping[str, object]) -> dict[str, object]:
    """The non-empty values by Google's field names, which files spell in several ways."""
    named: dict[str, object] = {}
    for column, value in row.items():
        name = _name(column)
        if value not in (None, "") and name:
            named.setdefault(name, value)
    return named


@functools.lru_cache(maxsize=1024)
def _name(column: str) -> str:
    name = column if ":" in column.removeprefix("g:") else normal_name(column)
    return OTHER_NAMES.get(name, name)


@functools.lru_cache(maxsize=256)
def _id_and_date_columns(columns: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns that may hold the id, and those that may hold the dates of a sale."""
    ids, dates = ([c for c in columns if _name(c) == name] for name in ("id", SALE_DATES))
    return tuple(ids), tuple(dates)


def _timeless_id(row: Row) -> str | None:
    """The id of a row whose meaning does not change with time; None for others, and without one."""
    ids, dates = _id_and_date_columns(tuple(row))
    if any(row[column] not in (None, "") for column in dates):
        return None
    given = next((row[column] for column in ids if row[column] not in (None, "")), None)
    return id_or_none(given) if isinstance(given, str) else None
