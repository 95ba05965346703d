"""Google Merchant feeds: RSS and Atom, and the tab or comma separated files of the same names."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path

from catalog.errors import RecordError, SourceError
from catalog.records import ProductRecord, Rejection
from catalog.sources.base import Row, RowError
from catalog.sources.google.xml_items import read_items
from catalog.sources.rows.columns import Columns, plain
from catalog.sources.rows.record import checked_id, to_record
from catalog.sources.rows.row_digests import RowDigests, SourceEntry, parse_all
from catalog.sources.rows.text_file import Numbered, read_csv, scan, separator
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
# What every feed of Google's has; a file with these columns is one.
TELLING = frozenset({"id", "title", "link", "image_link"})
WINDOW = "sale_price_effective_date"
# Other names for the same, Atom's and people's.
OTHER_NAMES = {"colour": "color", "summary": "description", "content": "description"}


def is_google(header: Sequence[str]) -> bool:
    """Whether these column names are those of a Google Merchant feed."""
    return {plain(name) for name in header} >= TELLING


@dataclass(frozen=True)
class GoogleFeed:
    """A Google Merchant feed of one of the formats ``google-xml``, ``google-tsv``, ``google-csv``.

    A sale price counts while its ``sale_price_effective_date`` includes ``at``, the moment of
    reading; so read the feed again when a sale begins or ends. ``line`` is the item's number in
    XML.
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
                yield Rejection(line, _id_in(_named(row.row)), "row", row.code, str(row))
                continue
            yield digests.entry(line, row, _timeless_id(row), self._parse)

    def _parse(self, row: Row, line: int) -> ProductRecord | Rejection:
        named = _named(row)
        try:
            return google_record(named, line, self.at)
        except RecordError as error:
            return Rejection(line, _id_in(named), "row", "value", str(error))

    def size_hint(self) -> int | None:
        """See `catalog.sources.base.Source`."""
        return self.rows

    def describe(self) -> str:
        """See `catalog.sources.base.Source`."""
        return f"{self.format} file {self.path}: a Google Merchant feed"

    def _rows(self) -> Iterator[Numbered]:
        if self.format == "google-xml":
            yield from read_items(self.path)
            return
        try:
            delimiter = "\t" if self.format == "google-tsv" else separator(self.path, self.encoding)
            yield from read_csv(self.path, self.encoding, delimiter)[1]
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f"{self.path} cannot be read to its end: {error}.") from error


def open_google(path: Path, format: str, *, name: str, encoding: str | None = None) -> GoogleFeed:
    """Open a Google Merchant feed.

    Raises:
        SourceError: it cannot be read, is empty, or has no column for the id.
    """
    root = path.resolve().parent
    if format == "google-xml":
        return GoogleFeed(path, name, format, root)
    encoding, lines = scan(path, encoding)
    delimiter = "\t" if format == "google-tsv" else separator(path, encoding)
    header = read_csv(path, encoding, delimiter)[0]
    if "id" not in {plain(column) for column in header}:
        raise SourceError(f"{path} has no column id, which a Google Merchant feed has.")
    return GoogleFeed(path, name, format, root, encoding, max(0, lines - 1))


def google_record(row: Row, line: int, at: datetime) -> ProductRecord:
    """Build a product from a row under Google's names.

    Of several product types the first is the category; Google's own category where there is none,
    if it is a path. The other values are kept as attributes.

    Raises:
        RecordError: no id, or a value that makes no sense.
    """
    values = dict(row)
    for one in ("id", "title", "link", "price", "sale_price", "product_type", "color"):
        if isinstance(listed := values.get(one), list):
            values[one] = listed[0]
    shops, googles = clean(values.get("product_type")), clean(values.get("google_product_category"))
    if shops is None and googles is not None and not googles.isdigit():
        values["product_type"] = values.pop("google_product_category")
    if clean(values.get("sale_price")) and not _on_sale(clean(values.get(WINDOW)), at):
        values["announced_sale_price"] = values.pop("sale_price")
    fields = {ours: theirs for ours, theirs in FIELDS.items() if theirs in values}
    others = tuple(name for name in values if name not in FIELDS.values())
    return to_record(values, line, Columns(fields, others))


def next_moment(window: str, at: datetime) -> datetime | None:
    """The next moment at which a sale with these effective dates begins or ends, if any."""
    try:
        return min((moment for moment in _span(window) if moment > at), default=None)
    except RecordError:
        return None


def _on_sale(window: str | None, at: datetime) -> bool:
    if window is None:
        return True
    starts, ends = _span(window)
    return starts <= at <= ends


def _span(window: str) -> tuple[datetime, datetime]:
    starts, sign, ends = window.partition("/")
    try:
        if not sign:
            raise ValueError
        return _moment(starts, time.min), _moment(ends, time.max)
    except (ValueError, OverflowError):
        raise RecordError(
            f"{WINDOW} {window!r} is not understood; write "
            "2026-11-27T00:00+0100/2026-11-30T23:59+0100"
        ) from None


def _moment(text: str, of_day: time) -> datetime:
    """A moment; UTC where no zone is named, and the start or end of the day where no time is."""
    text = text.strip()
    moment = datetime.fromisoformat(text)
    if len(text) <= len("2026-11-27"):
        moment = datetime.combine(moment, of_day)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _named(row: Mapping[str, object]) -> dict[str, object]:
    """The values under Google's names, where the file writes them another way."""
    named: dict[str, object] = {}
    for column, value in row.items():
        name = _name(column)
        if value not in (None, "") and name:
            named.setdefault(name, value)
    return named


@functools.lru_cache(maxsize=1024)
def _name(column: str) -> str:
    name = column if ":" in column.removeprefix("g:") else plain(column)
    return OTHER_NAMES.get(name, name)


@functools.lru_cache(maxsize=256)
def _places(columns: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which columns may hold the id, and which the dates of a sale."""
    ids, windows = ([c for c in columns if _name(c) == name] for name in ("id", WINDOW))
    return tuple(ids), tuple(windows)


def _timeless_id(row: Row) -> str | None:
    """The id of a row whose meaning does not change with time; None for others, and without one."""
    ids, windows = _places(tuple(row))
    if any(row[column] not in (None, "") for column in windows):
        return None
    given = next((row[column] for column in ids if row[column] not in (None, "")), None)
    try:
        return checked_id(given) if isinstance(given, str) else None
    except RecordError:
        return None


def _id_in(row: Row) -> str | None:
    try:
        return checked_id(row.get("id"))
    except RecordError:
        return None
