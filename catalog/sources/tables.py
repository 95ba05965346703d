"""Files whose rows are products: CSV, TSV, JSON Lines, Parquet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import pyarrow as pa

from catalog.errors import RecordError, SourceError
from catalog.records import ProductRecord, Rejection
from catalog.settings import CatalogSettings
from catalog.sources.base import Row, RowError
from catalog.sources.rows.columns import Columns, columns_of, match_columns
from catalog.sources.rows.parquet_file import check_parquet, parquet_rows, parquet_shape
from catalog.sources.rows.price_fields import PRICES
from catalog.sources.rows.record import id_or_none, to_record
from catalog.sources.rows.row_digests import RowDigests, SourceEntry, parse_all
from catalog.sources.rows.text_file import (
    NumberedRow,
    detect_delimiter,
    read_csv,
    read_json_lines,
    scan,
)
from catalog.vocabulary.prices import DecimalSign, decimal_sign_of

PRICE_PROBE = 5_000  # rows whose prices may show the decimal sign
JSON_PROBE = 50  # JSON Lines has no header: the names are taken from that many rows
MAX_LAYOUTS = 1_000  # tuples of names whose columns are kept


@dataclass(frozen=True)
class TableSource:
    """A file whose rows are products. Use `open_table`."""

    path: Path
    name: str
    format: str
    root: Path
    columns: Columns
    rows: int | None
    encoding: str
    delimiter: str
    given_columns: Mapping[str, str] | None = None
    decimal_sign: DecimalSign = ""
    _by_names: dict[tuple[str, ...], Columns] = field(default_factory=dict, compare=False)

    def records(self) -> Iterator[ProductRecord | Rejection]:
        """See `catalog.sources.base.Source`."""
        return parse_all(self.entries())

    def entries(self, context: tuple[str, ...] = ()) -> Iterator[SourceEntry]:
        """See `catalog.sources.rows.row_digests.LazySource`."""
        digests = RowDigests(
            self.format, repr(self.columns), repr(self.given_columns), self.decimal_sign, *context
        )
        for line, row in self._rows():
            if isinstance(row, RowError):
                yield Rejection(line, self._id_in(row.row), "row", row.code, str(row))
                continue
            yield digests.entry(line, row, self._id_in(row), self._parse)

    def _parse(self, row: Row, line: int) -> ProductRecord | Rejection:
        try:
            return to_record(row, line, self._columns_of(row), self.decimal_sign)
        except RecordError as error:
            return Rejection(line, self._id_in(row), "row", "value", str(error))

    def _columns_of(self, row: Row) -> Columns:
        if self.format != "jsonl":
            return self.columns
        names = tuple(row)  # objects of one file need not have the same names
        if names not in self._by_names:
            if len(self._by_names) > MAX_LAYOUTS:
                self._by_names.clear()
            self._by_names[names] = columns_of(names, self.given_columns)
        return self._by_names[names]

    def with_conventions(self) -> "TableSource":
        """The same source, with the decimal sign that the prices of its first rows show."""
        names = {self.columns.fields[field] for field in PRICES if field in self.columns.fields}
        if not names:
            return self
        rows = (
            row for _, row in islice(self._rows(), PRICE_PROBE) if not isinstance(row, RowError)
        )
        sign = decimal_sign_of(row.get(name) for row in rows for name in names)
        return replace(self, decimal_sign=sign)

    def _id_in(self, row: Row) -> str | None:
        column = self._columns_of(row).fields.get("id")
        return id_or_none(row.get(column)) if column else None

    def size_hint(self) -> int | None:
        """See `catalog.sources.base.Source`."""
        return self.rows

    def describe(self) -> str:
        """See `catalog.sources.base.Source`."""
        return f"{self.format} file {self.path}: {self.columns.describe()}"

    def _rows(self) -> Iterator[NumberedRow]:
        try:
            if self.format == "parquet":
                yield from parquet_rows(self.path)
            elif self.format == "jsonl":
                yield from read_json_lines(self.path, self.encoding)
            else:
                yield from read_csv(self.path, self.encoding, self.delimiter)[1]
        except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
            raise SourceError(f"{self.path} cannot be read to its end: {error}.") from error


def open_table(
    path: Path,
    format: str,
    *,
    name: str,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
) -> TableSource:
    """Opens a file of rows: reads all of it once as text or Parquet, and matches its columns.

    Raises:
        SourceError: it cannot be read, is empty, or has no id column.
    """
    root = path.resolve().parent
    if format == "parquet":
        found, rows = parquet_shape(path)
        matched = match_columns(found, columns, str(path))
        check_parquet(path, CatalogSettings().max_feed_bytes)
        table = TableSource(path, name, format, root, matched, rows, "", "")
    else:
        encoding, lines = scan(path, encoding)
        if format == "jsonl":
            matched = match_columns(_json_names(path, encoding, columns), columns, str(path))
            table = TableSource(path, name, format, root, matched, lines, encoding, "", columns)
        else:
            delimiter = "\t" if format == "tsv" else detect_delimiter(path, encoding)
            found = read_csv(path, encoding, delimiter)[0]
            matched = match_columns(found, columns, str(path))
            rows = max(0, lines - 1)
            table = TableSource(path, name, format, root, matched, rows, encoding, delimiter)
    return table.with_conventions()


def _json_names(path: Path, encoding: str, columns: Mapping[str, str] | None) -> list[str]:
    names: dict[str, None] = dict.fromkeys((columns or {}).values())
    for number, (_, row) in enumerate(read_json_lines(path, encoding)):
        if isinstance(row, RowError) and number == 0:
            raise SourceError(
                f"{path} does not start with a JSON object: {row}. JSON Lines has one object per "
                "line, without a list around them."
            )
        if number >= JSON_PROBE:
            break
        names |= dict.fromkeys(() if isinstance(row, RowError) else row)
    return list(names)
