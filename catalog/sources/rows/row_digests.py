"""Rows that need not be parsed when they are unchanged, which a digest of each row shows."""

import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import catalog
from catalog.records import ProductRecord, Rejection
from catalog.sources.base import Row, Source

SEPARATOR = "\x1f"  # between values; a row that has one in a value gets no digest
MAX_LAYOUTS = 1_000  # tuples of column names whose digest is kept
DIGEST_LENGTH = 32  # hexadecimal digits
# The code that turns rows into stored products. It is part of every digest.
READERS = ("sources/**/*.py", "vocabulary/*.py", "records.py", "text.py", "ingest/stored.py")

Parse = Callable[[Row, int], ProductRecord | Rejection]


class UnparsedRow:
    """One row as the source has it, of which only the product id is known.

    Two rows with the same digest parse to the same product, save for the line.
    """

    __slots__ = ("_changes", "_parse", "_row", "line", "product_id", "row_digest")

    def __init__(self, line: int, product_id: str, row_digest: str, row: Row, parse: Parse) -> None:
        self.line = line
        self.product_id = product_id
        self.row_digest = row_digest
        self._row = row
        self._parse = parse
        self._changes: tuple[Callable[[ProductRecord], ProductRecord], ...] = ()

    def then(self, change: Callable[[ProductRecord], ProductRecord]) -> "UnparsedRow":
        """Apply one more function to the record when the row is parsed."""
        self._changes += (change,)
        return self

    def parse(self) -> ProductRecord | Rejection:
        """The product, or why the row is rejected."""
        entry = self._parse(self._row, self.line)
        if isinstance(entry, ProductRecord):
            for change in self._changes:
                entry = change(entry)
        return entry


SourceEntry = ProductRecord | Rejection | UnparsedRow


@runtime_checkable
class LazySource(Protocol):
    """A source that can hand out its rows unparsed."""

    def entries(self, context: tuple[str, ...] = ()) -> Iterator[SourceEntry]:
        """The entries of ``records`` in the same order, some of them unparsed.

        Args:
            context: what else decides how a row is parsed, such as a table of synonyms; it becomes
                part of every digest.
        """


def entries_of(source: Source, context: tuple[str, ...] = ()) -> Iterator[SourceEntry]:
    """The rows of any source, unparsed if the source supports it; see `LazySource.entries`."""
    if isinstance(source, LazySource):
        return source.entries(context)
    return source.records()


def parse_all(entries: Iterator[SourceEntry]) -> Iterator[ProductRecord | Rejection]:
    """The same entries, parsed."""
    for entry in entries:
        yield entry.parse() if isinstance(entry, UnparsedRow) else entry


def with_change(
    entries: Iterator[SourceEntry], change: Callable[[ProductRecord], ProductRecord]
) -> Iterator[SourceEntry]:
    """The same entries, whose records are changed by a function once they are parsed."""
    for entry in entries:
        if isinstance(entry, ProductRecord):
            yield change(entry)
        else:
            yield entry.then(change) if isinstance(entry, UnparsedRow) else entry


class RowDigests:
    """Computes the digests of one source's rows.

    Args:
        context: everything that decides how a row is parsed, beside its column names, its values
            and our code.
    """

    def __init__(self, *context: str) -> None:
        self._start = hashlib.blake2b(digest_size=DIGEST_LENGTH // 2)
        self._add(self._start, repr((_code_digest(), *context)))
        self._by_names: dict[tuple[str, ...], hashlib.blake2b] = {}

    def of(self, row: Mapping[str, object]) -> str | None:
        """The digest of a row, or None where two different rows could have the same."""
        names = tuple(row)
        start = self._by_names.get(names)
        if start is None:
            if len(self._by_names) > MAX_LAYOUTS:
                self._by_names.clear()
            start = self._by_names[names] = self._start.copy()
            self._add(start, repr(names))
        values: Any = row.values()
        try:
            text = SEPARATOR.join(values)
            if text.count(SEPARATOR) >= len(names):
                return None
        except TypeError:  # not all are texts; no joined row begins with as many separators
            text = SEPARATOR * (len(names) + 1) + repr(tuple(values))
        digest = start.copy()
        self._add(digest, text)
        return digest.hexdigest()

    def entry(self, line: int, row: Row, product_id: str | None, parse: Parse) -> SourceEntry:
        """A row that has an id and a digest unparsed, any other one parsed."""
        row_digest = self.of(row) if product_id else None
        if product_id and row_digest:
            return UnparsedRow(line, product_id, row_digest, row, parse)
        return parse(row, line)

    def _add(self, digest: "hashlib.blake2b", text: str) -> None:
        digest.update(text.encode("utf-8", "surrogatepass"))


@functools.cache
def _code_digest() -> str:
    """Changes with the code that parses rows: rows that another version stored are parsed again."""
    folder = Path(catalog.__file__).parent
    digest = hashlib.sha256()
    for pattern in READERS:
        for path in sorted(folder.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()
