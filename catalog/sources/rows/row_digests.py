"""Rows that need not be read, if they are what they were: told by a mark of all that they say."""

import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import catalog
from catalog.records import ProductRecord, Rejection
from catalog.sources.base import Row, Source

BETWEEN = "\x1f"  # between values; a row that has one in a value is not marked
MAX_SHAPES = 1_000
MARK_LENGTH = 32
# The code that turns rows into what is stored. It is part of every mark.
READERS = ("sources/**/*.py", "vocabulary/*.py", "records.py", "ingest/stored.py")


class Unread:
    """One row as the source has it. Its id is known, what else it says is not.

    Two rows with one mark say the same of one product, but for the line.
    """

    __slots__ = ("_passes", "_reader", "_row", "line", "mark", "product_id")

    def __init__(
        self,
        line: int,
        product_id: str,
        mark: str,
        row: Row,
        reader: Callable[[Row, int], ProductRecord | Rejection],
    ) -> None:
        self.line = line
        self.product_id = product_id
        self.mark = mark
        self._row = row
        self._reader = reader
        self._passes: tuple[Callable[[ProductRecord], ProductRecord], ...] = ()

    def then(self, change: Callable[[ProductRecord], ProductRecord]) -> "Unread":
        """Have the record changed by one more function when it is read."""
        self._passes += (change,)
        return self

    def read(self) -> ProductRecord | Rejection:
        """What the row says, or why it is rejected."""
        entry = self._reader(self._row, self.line)
        if isinstance(entry, ProductRecord):
            for change in self._passes:
                entry = change(entry)
        return entry


Entry = ProductRecord | Rejection | Unread


@runtime_checkable
class Markable(Protocol):
    """A source that can hand out its rows unread."""

    def entries(self, context: tuple[str, ...] = ()) -> Iterator[Entry]:
        """What ``records`` gives, in the same order, some of it unread.

        Args:
            context: what else decides what a row comes to, such as a table of words.
        """


def entries_of(source: Source, context: tuple[str, ...] = ()) -> Iterator[Entry]:
    """The rows of any source, unread where it can do so."""
    if isinstance(source, Markable):
        return source.entries(context)
    return source.records()


def read_all(entries: Iterator[Entry]) -> Iterator[ProductRecord | Rejection]:
    """The same, read."""
    for entry in entries:
        yield entry.read() if isinstance(entry, Unread) else entry


class Marks:
    """Marks the rows of one source.

    Args:
        context: all that decides what a row comes to, beside its names and values and our code.
    """

    def __init__(self, *context: str) -> None:
        self._start = hashlib.blake2b(digest_size=MARK_LENGTH // 2)
        self._add(self._start, repr((_code(), *context)))
        self._by_names: dict[tuple[str, ...], hashlib.blake2b] = {}

    def of(self, row: Mapping[str, object]) -> str | None:
        """The mark of a row, or None if it cannot have one."""
        names = tuple(row)
        start = self._by_names.get(names)
        if start is None:
            if len(self._by_names) > MAX_SHAPES:
                self._by_names.clear()
            start = self._by_names[names] = self._start.copy()
            self._add(start, repr(names))
        values = row.values()
        try:
            said = BETWEEN.join(values)  # type: ignore[arg-type]  # texts only, or a TypeError
            if said.count(BETWEEN) >= len(names):
                return None
        except TypeError:  # as many of these signs are in no joined row
            said = BETWEEN * (len(names) + 1) + repr(tuple(values))
        mark = start.copy()
        self._add(mark, said)
        return mark.hexdigest()

    def _add(self, digest: "hashlib.blake2b", text: str) -> None:
        digest.update(text.encode("utf-8", "surrogatepass"))


@functools.cache
def _code() -> str:
    """Changes with the code that reads rows: what another version read is read again."""
    folder = Path(catalog.__file__).parent
    digest = hashlib.sha256()
    for pattern in READERS:
        for path in sorted(folder.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()
