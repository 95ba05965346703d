"""A catalogue that is already in memory: a pandas DataFrame, one row a product."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from catalog.errors import RecordError, SourceError
from catalog.records import ProductRecord, Rejection
from catalog.settings import CatalogSettings
from catalog.sources.base import Row, Source
from catalog.sources.opened import Feed
from catalog.sources.rows.columns import Columns, match_columns
from catalog.sources.rows.record import checked_id, to_record
from catalog.vocabulary.synonyms import Synonyms


def open_frame(
    frame: pd.DataFrame,
    name: str,
    columns: Mapping[str, str] | None = None,
    *,
    root: Path | str = ".",
) -> Source:
    """A source of a DataFrame's rows, for `catalog.ingest.run.ingest`.

    Args:
        frame: one row a product. Columns are recognised by name, as in a CSV file; the index is
            not read. Missing values (None, NaN, NaT, NA) are empty.
        name: what products are tagged with; a later frame of the same name replaces this one.
        columns: our field -> the frame's column, where the names don't tell.
        root: the folder that photo paths start from, and may not leave.

    Raises:
        SourceError: two columns of one name, or none that holds the ids.

    Example:
        >>> import pandas as pd
        >>> from catalog.sources.frame import open_frame
        >>> frame = pd.DataFrame({"SKU": ["10001"], "Name": ["Red dress"], "price": [59.9]})
        >>> source = open_frame(frame, "spring", columns={"id": "SKU", "title": "Name"})
        >>> [product.title for product in source.records()]
        ['Red dress']
    """
    labels = [str(label) for label in frame.columns]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise SourceError(
            f"The DataFrame has more than one column {', '.join(map(repr, twice))}. "
            "Rename or drop one of them."
        )
    matched = match_columns(labels, columns, "The DataFrame")
    source = FrameSource(frame, name, Path(root).expanduser().resolve(), matched)
    return Feed(source, Synonyms.load(CatalogSettings().words))


@dataclass(frozen=True)
class FrameSource:
    """Rows of a DataFrame; open it with `open_frame`. Lines count from 1."""

    frame: pd.DataFrame
    name: str
    root: Path
    columns: Columns
    format: str = "dataframe"

    def records(self) -> Iterator[ProductRecord | Rejection]:
        """See `catalog.sources.base.Source`."""
        labels = [str(label) for label in self.frame.columns]
        for line, values in enumerate(self.frame.itertuples(index=False, name=None), start=1):
            row = {label: _plain(value) for label, value in zip(labels, values, strict=True)}
            try:
                yield to_record(row, line, self.columns)
            except RecordError as error:
                yield Rejection(line, self._id_in(row), "row", "value", str(error))

    def size_hint(self) -> int | None:
        """See `catalog.sources.base.Source`."""
        return len(self.frame)

    def describe(self) -> str:
        """See `catalog.sources.base.Source`."""
        return f"DataFrame of {len(self.frame):,} rows: {self.columns.describe()}"

    def _id_in(self, row: Row) -> str | None:
        try:
            return checked_id(row.get(self.columns.fields["id"]))
        except RecordError:
            return None


def _plain(value: Any) -> object:  # noqa: ANN401 - a cell holds anything
    """A cell as a file would have it: missing values are None; lists and dicts stay."""
    return None if pd.api.types.is_scalar(value) and pd.isna(value) else value
