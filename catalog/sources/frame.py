"""A catalogue in memory: a pandas DataFrame, one row per product."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from catalog.errors import RecordError, SourceError
from catalog.records import ProductRecord, Rejection
from catalog.settings import CatalogSettings
from catalog.sources.base import Source
from catalog.sources.opened import OpenedSource
from catalog.sources.rows.columns import Columns, listed, match_columns
from catalog.sources.rows.price_fields import PRICES
from catalog.sources.rows.record import id_or_none, to_record
from catalog.text import counted
from catalog.vocabulary.prices import DecimalSign, decimal_sign_of
from catalog.vocabulary.synonyms import Synonyms


def open_frame(
    frame: pd.DataFrame,
    name: str,
    columns: Mapping[str, str] | None = None,
    *,
    root: Path | str = ".",
) -> Source:
    """Opens a DataFrame as a source, for `catalog.ingest.run.ingest`.

    Args:
        frame: one row per product. Columns are recognised by name, as in a CSV file; the index is
            ignored. Missing values (None, NaN, NaT, NA) are empty.
        name: the source's name, which products are tagged with; a later frame of the same name
            replaces this one.
        columns: our field -> the frame's column, where the names are not recognised.
        root: the folder that photo paths are relative to, and may not leave.

    Raises:
        SourceError: two columns have one name, or none has the product ids.

    Example:
        >>> import pandas as pd
        >>> from catalog.sources.frame import open_frame
        >>> frame = pd.DataFrame({"SKU": ["10001"], "Name": ["Red dress"], "price": [59.9]})
        >>> source = open_frame(frame, "spring", columns={"id": "SKU", "title": "Name"})
        >>> [product.title for product in source.records()]
        ['Red dress']
    """
    labels = [str(label) for label in frame.columns]
    twice = sorted(label for label, count in Counter(labels).items() if count > 1)
    if twice:
        raise SourceError(
            f"The DataFrame has several columns named {listed(twice)}. Rename or drop one of them."
        )
    matched = match_columns(labels, columns, "The DataFrame")
    prices = (
        frame.iloc[:, labels.index(matched.fields[field])].tolist()
        for field in PRICES
        if field in matched.fields
    )
    sign = decimal_sign_of(chain.from_iterable(prices))
    source = FrameSource(frame, name, Path(root).expanduser().resolve(), matched, decimal_sign=sign)
    return OpenedSource(source, Synonyms.load(CatalogSettings().words))


@dataclass(frozen=True)
class FrameSource:
    """The rows of a DataFrame, numbered from 1. Use `open_frame`."""

    frame: pd.DataFrame
    name: str
    root: Path
    columns: Columns
    format: str = "dataframe"
    decimal_sign: DecimalSign = ""

    def records(self) -> Iterator[ProductRecord | Rejection]:
        """See `catalog.sources.base.Source`."""
        labels = [str(label) for label in self.frame.columns]
        for line, values in enumerate(self.frame.itertuples(index=False, name=None), start=1):
            row = {label: _cell(value) for label, value in zip(labels, values, strict=True)}
            try:
                yield to_record(row, line, self.columns, self.decimal_sign)
            except RecordError as error:
                product_id = id_or_none(row.get(self.columns.fields["id"]))
                yield Rejection(line, product_id, "row", "value", str(error))

    def size_hint(self) -> int | None:
        """See `catalog.sources.base.Source`."""
        return len(self.frame)

    def describe(self) -> str:
        """See `catalog.sources.base.Source`."""
        return f"DataFrame of {counted(len(self.frame), 'row')}: {self.columns.describe()}"


def _cell(value: object) -> object:
    """A cell as a file reader would return it: missing values are None; lists and dicts stay."""
    cell: Any = value  # a frame may hold anything, and pandas' types list scalars only
    return None if pd.api.types.is_scalar(cell) and pd.isna(cell) else value
