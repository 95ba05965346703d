"""A source as it is handed out: its words are ours, and what was laid out for it goes with it."""

import weakref
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from catalog.records import ProductRecord, Rejection
from catalog.sources.base import Source
from catalog.sources.rows.row_digests import SourceEntry, UnparsedRow, entries_of, parse_all
from catalog.vocabulary.synonyms import Synonyms


class Feed:
    """A source in other words, from a scratch folder that is removed when nobody holds it."""

    def __init__(
        self,
        source: Source,
        words: Synonyms,
        *,
        shown: str | None = None,
        root: Path | None = None,
        scratch: ExitStack | None = None,
    ) -> None:
        self._source, self._words = source, words
        self._shown, self._root = shown, root
        if scratch is not None:
            weakref.finalize(self, scratch.close)

    @property
    def name(self) -> str:
        """See `catalog.sources.base.Source`."""
        return self._source.name

    @property
    def format(self) -> str:
        """See `catalog.sources.base.Source`."""
        return self._source.format

    @property
    def root(self) -> Path:
        """See `catalog.sources.base.Source`."""
        return self._root or self._source.root

    def records(self) -> Iterator[ProductRecord | Rejection]:
        """See `catalog.sources.base.Source`."""
        return parse_all(self.entries())

    def entries(self, context: tuple[str, ...] = ()) -> Iterator[SourceEntry]:
        """See `catalog.sources.rows.row_digests.LazySource`."""
        applied = self._words.apply
        for entry in entries_of(self._source, (*context, self._words.as_text())):
            if isinstance(entry, ProductRecord):
                yield applied(entry)
            elif isinstance(entry, UnparsedRow):
                yield entry.then(applied)
            else:
                yield entry

    def size_hint(self) -> int | None:
        """See `catalog.sources.base.Source`."""
        return self._source.size_hint()

    def describe(self) -> str:
        """See `catalog.sources.base.Source`."""
        said = self._source.describe()
        return f"{said} (from {self._shown})" if self._shown else said
