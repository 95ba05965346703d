"""The source that `catalog.sources.open_source` returns: any other one with synonyms replaced."""

import weakref
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from catalog.records import ProductRecord, Rejection
from catalog.sources.base import Source
from catalog.sources.rows.row_digests import SourceEntry, entries_of, parse_all, with_change
from catalog.vocabulary.synonyms import Synonyms


class OpenedSource:
    """A source whose colours and categories are replaced by their canonical words.

    Args:
        source: the source itself.
        synonyms: the replacements.
        shown: where the source comes from, for messages, if it was unpacked or downloaded.
        root: the root of photo paths, if it is not the source's own.
        scratch: temporary files of the source, removed once this object is garbage-collected.
    """

    def __init__(
        self,
        source: Source,
        synonyms: Synonyms,
        *,
        shown: str | None = None,
        root: Path | None = None,
        scratch: ExitStack | None = None,
    ) -> None:
        self._source, self._synonyms = source, synonyms
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
        entries = entries_of(self._source, (*context, self._synonyms.as_text()))
        return with_change(entries, self._synonyms.apply)

    def size_hint(self) -> int | None:
        """See `catalog.sources.base.Source`."""
        return self._source.size_hint()

    def describe(self) -> str:
        """See `catalog.sources.base.Source`."""
        text = self._source.describe()
        return f"{text} (from {self._shown})" if self._shown else text
