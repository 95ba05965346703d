"""Lists of look-alikes as CSV, JSON Lines or Parquet; each file is written in one step."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.files import replacing
from catalog.spreadsheet import SpreadsheetWriter
from engine.operations.export.lists import LookAlikes

COLUMNS = ("product_id", "rank", "similar_id", "score", "match", "reasons", "fallback")
TYPES = (
    pa.string(), pa.int32(), pa.string(), pa.float64(), pa.float64(), pa.string(), pa.string(),
)  # fmt: skip
BATCH = 20_000  # rows of a Parquet row group

Write = Callable[[Iterable[LookAlikes], Path], None]


def rows_of(lists: Iterable[LookAlikes]) -> Iterator[tuple[Any, ...]]:
    """One row for each product of a list: `COLUMNS`."""
    for one in lists:
        for rank, other in enumerate(one.similar, start=1):
            reasons = "; ".join(other.reasons)
            yield (
                one.product_id, rank, other.product_id, other.score, other.match, reasons,
                one.fallback,
            )  # fmt: skip


def write_csv(lists: Iterable[LookAlikes], path: Path) -> None:
    """A row for each product of a list."""
    with replacing(path) as draft, draft.open("w", newline="", encoding="utf-8") as stream:
        writer = SpreadsheetWriter(stream, COLUMNS, line_end="\n")
        for row in rows_of(lists):
            writer.write("" if cell is None else cell for cell in row)


def write_json_lines(lists: Iterable[LookAlikes], path: Path) -> None:
    """A line for each product, also for those with an empty list."""
    with replacing(path) as draft, draft.open("w", encoding="utf-8") as stream:
        for one in lists:
            similar = [
                {**other._asdict(), "rank": rank} for rank, other in enumerate(one.similar, start=1)
            ]
            line = {"product_id": one.product_id, "fallback": one.fallback, "similar": similar}
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")


def write_parquet(lists: Iterable[LookAlikes], path: Path) -> None:
    """A row for each product of a list."""
    schema = pa.schema(list(zip(COLUMNS, TYPES, strict=True)))
    rows = rows_of(lists)
    with replacing(path) as draft, pq.ParquetWriter(draft, schema) as writer:
        while batch := list(islice(rows, BATCH)):
            cells = zip(*batch, strict=True)
            columns = [pa.array(one, kind) for one, kind in zip(cells, TYPES, strict=True)]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


FORMATS: dict[str, Write] = {
    ".csv": write_csv,
    ".jsonl": write_json_lines,
    ".parquet": write_parquet,
}
