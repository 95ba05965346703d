"""The interface of a source: a stream of product records, read once from start to end."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from catalog.records import ProductRecord, Rejection

# A row of any file: column name -> value as in the file (text, number, list, None).
Row = Mapping[str, object]


class Source(Protocol):
    """A catalogue in one of the supported formats."""

    @property
    def name(self) -> str:
        """A short name, the same at every import: products are tagged with it."""

    @property
    def format(self) -> str:
        """One of `catalog.sources.FORMATS`."""

    @property
    def root(self) -> Path:
        """The folder that photo paths are relative to, and may not leave; absolute, resolved."""

    def records(self) -> Iterator[ProductRecord | Rejection]:
        """Yields every product, or the rejection of its row, in the source's order.

        Raises:
            SourceError: the source cannot be read to its end.
        """

    def size_hint(self) -> int | None:
        """The approximate number of rows, for a progress bar; None if counting is not cheap."""

    def describe(self) -> str:
        """One line for the user: the detected format, and which column became which field."""


class RowError(Exception):
    """A row that cannot be read; readers yield it in the place of the row.

    ``code`` is a short stable word, such as ``cut_off`` if the file seems to end in the middle of
    the row. ``row`` has the values that could be read.
    """

    def __init__(self, code: str, reason: str, row: Row | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.row: Row = row or {}
