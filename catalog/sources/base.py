"""What a source is: a stream of product records, read once from start to end."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from catalog.records import ProductRecord, Rejection

# A row of any file: column name -> value as the file has it (text, number, list, None).
Row = Mapping[str, object]


class Source(Protocol):
    """A catalogue as somebody keeps it."""

    @property
    def name(self) -> str:
        """A short name that stays the same from one reading to the next."""

    @property
    def format(self) -> str:
        """One of `catalog.sources.FORMATS`."""

    @property
    def root(self) -> Path:
        """The folder that photo paths start from, and may not leave; absolute, links resolved."""

    def records(self) -> Iterator[ProductRecord | Rejection]:
        """Every product, or why a row is none, one at a time in the source's order.

        Raises:
            SourceError: the source turns out to be unreadable midway.
        """

    def size_hint(self) -> int | None:
        """About how many rows there are, for a progress bar; None if that is not cheap."""

    def describe(self) -> str:
        """One line for people: what was recognised, and which column became which field."""


class RowError(Exception):
    """What is wrong with a row that cannot be read; readers of rows yield it in the row's place.

    ``code`` is ``cut_off`` when the file seems to end in the middle of this row. ``row`` is what
    could be made out of it.
    """

    def __init__(self, code: str, reason: str, row: Row | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.row: Row = row or {}
