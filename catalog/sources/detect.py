"""Recognise a source by what it holds, and open it."""

from collections.abc import Mapping
from pathlib import Path

from catalog.errors import SourceError
from catalog.settings import CatalogSettings
from catalog.sources.base import Source
from catalog.sources.datasets import (
    CLOTHING_HEADER,
    STYLES_HEADER,
    ClothingDataset,
    FashionProductImages,
    header_of,
)
from catalog.sources.photos import PhotoFolder, has_photos
from catalog.sources.tables import open_table

BY_SUFFIX = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
TABLES = ("csv", "tsv", "jsonl", "parquet")
FOLDERS = ("fashion-product-images", "clothing-dataset", "photos")
FORMATS = ("auto", *TABLES, *FOLDERS)


def open_source(
    path: Path | str,
    format: str = "auto",
    columns: Mapping[str, str] | None = None,
    *,
    encoding: str | None = None,
    name: str | None = None,
) -> Source:
    """Open a catalogue.

    Args:
        path: a file of rows, or a folder that holds one, a known data set, or photos.
        format: one of `FORMATS`; "auto" looks at what is there.
        columns: our field -> the file's column, where the names don't tell; files of rows only.
        encoding: of a CSV, TSV or JSON Lines file; UTF-8 unless the file says otherwise.
        name: what to call it; the name of the file or folder unless given. Products are tagged
            with it, so that a sync of one source leaves those of others alone.

    Raises:
        SourceError: it is not there, not recognised, or cannot be read.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise SourceError(f"There is no file or folder {path}. Check the path.")
    if format not in FORMATS:
        raise SourceError(f"There is no format {format!r}; there are {', '.join(FORMATS)}.")
    asked = path
    if format == "auto":
        path, format = _recognise(path)
    # A file of rows that was found in a folder goes by the folder's name.
    named = asked if format in TABLES else path
    name = name or named.resolve().name or "catalogue"
    if format in TABLES:
        table = _table_in(path) if path.is_dir() else path
        if table is None:
            raise SourceError(f"The folder {path} has no {format} file. Give the file itself.")
        return open_table(table, format, name=name, columns=columns, encoding=encoding)
    if columns or encoding:
        raise SourceError(
            f"A {format} source has no columns or encoding to choose. "
            "Leave --columns and --encoding out, or give the CSV file inside of it."
        )
    if not path.is_dir():
        raise SourceError(f"{path} is a file, and the format {format} needs a folder.")
    if format == "fashion-product-images":
        return FashionProductImages(path, name)
    if format == "clothing-dataset":
        return ClothingDataset(path, name)
    return PhotoFolder(path, name, CatalogSettings().photo_names)


def _recognise(path: Path) -> tuple[Path, str]:
    if path.is_file():
        format = BY_SUFFIX.get(path.suffix.lower())
        if format is None:
            raise SourceError(
                f"{path} is not of a known kind ({', '.join(BY_SUFFIX)}). "
                f"Say what it is with --format, one of {', '.join(TABLES)}."
            )
        known = _data_set(path.parent) if path.name in ("styles.csv", "images.csv") else None
        return (path.parent, known) if known else (path, format)
    if known := _data_set(path):
        return path, known
    table = _table_in(path)
    if table is not None:
        return table, BY_SUFFIX[table.suffix.lower()]
    if has_photos(path):
        return path, "photos"
    raise SourceError(
        f"The folder {path} holds no catalogue that is recognised: no catalogue.csv (or one other "
        "CSV, TSV, JSON Lines or Parquet file), no styles.csv or images.csv data set, no photos."
    )


def _data_set(folder: Path) -> str | None:
    if header_of(folder / "styles.csv") == STYLES_HEADER:
        return "fashion-product-images"
    return "clothing-dataset" if header_of(folder / "images.csv") == CLOTHING_HEADER else None


def _table_in(folder: Path) -> Path | None:
    """The folder's ``catalogue.*`` file, or its only file of rows."""
    tables = sorted(p for p in folder.iterdir() if p.is_file() and p.suffix.lower() in BY_SUFFIX)
    named = [path for path in tables if path.stem.lower() in ("catalogue", "catalog", "products")]
    if named:
        return named[0]
    if len(tables) > 1:
        raise SourceError(
            f"The folder {folder} has several files of rows: "
            f"{', '.join(path.name for path in tables)}. Give the one you mean."
        )
    return tables[0] if tables else None
