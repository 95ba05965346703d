"""Detects the format of a source by its content, and opens it."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from catalog.errors import SourceError
from catalog.fetching.addresses import is_address
from catalog.settings import CatalogSettings
from catalog.sources.base import Source
from catalog.sources.file_format import BY_SUFFIX, format_of
from catalog.sources.folders.datasets import (
    CLOTHING_HEADER,
    STYLES_HEADER,
    ClothingDataset,
    FashionProductImages,
    header_of,
)
from catalog.sources.folders.photo_folder import PhotoFolder, has_photos
from catalog.sources.google.feed import open_google
from catalog.sources.opened import OpenedSource
from catalog.sources.shopify.csv_export import open_shopify_csv
from catalog.sources.shopify.json_products import open_shopify_json
from catalog.sources.shops.export import SYSTEMS, open_shop_export
from catalog.sources.tables import open_table
from catalog.sources.unpacking import STDIN, PlainFile, unpack
from catalog.vocabulary.synonyms import Synonyms

TABLES = ("csv", "tsv", "jsonl", "parquet")
FOLDERS = ("fashion-product-images", "clothing-dataset", "photos")
FEEDS = ("google-xml", "google-tsv", "google-csv", "shopify-csv", "shopify-json", *SYSTEMS)
FILES = (*TABLES, *FEEDS)
FORMATS = ("auto", *FILES, *FOLDERS)
MAYBE_FEEDS = frozenset({".xml", ".json", ".txt"})  # suffixes of files whose content decides


def open_source(
    path: Path | str,
    format: str = "auto",
    columns: Mapping[str, str] | None = None,
    *,
    encoding: str | None = None,
    name: str | None = None,
    shown: str | None = None,
    root: Path | None = None,
) -> Source:
    """Opens a catalogue.

    Args:
        path: a file of rows or a feed, also in gzip or zip; a folder with one of these, a public
            data set, or photos; or "-" for standard input.
        format: one of `FORMATS`; "auto" detects it by the content.
        columns: our field -> the file's column, where the names are not recognised; for files of
            rows only.
        encoding: of a CSV, TSV or JSON Lines file; by default UTF-8, or as its byte order mark.
        name: the source's name; by default that of the file or folder. Products are tagged with
            it, so that a sync of one source does not touch the products of others.
        shown: where the file comes from, for messages, if this is a temporary copy.
        root: the folder that photo paths are relative to, if it is not the file's own.

    Raises:
        SourceError: it does not exist, is not recognised, or cannot be read.

    Example:
        >>> from catalog.settings import CatalogSettings
        >>> from catalog.sources import open_source
        >>> source = open_source(CatalogSettings().resolved_home / "sample")
        >>> source.name, source.format
        ('sample', 'csv')
        >>> next(source.records()).product_id
        'LK000001'
    """
    settings = CatalogSettings()
    if format not in FORMATS:
        raise SourceError(f"There is no format {format!r}; there are {', '.join(FORMATS)}.")
    if is_address(str(path)):
        raise SourceError(
            f"{path} is an address; only `catalog.ingest.open_and_ingest` downloads feeds."
        )
    path = Path(path).expanduser()
    if str(path) != STDIN and not path.exists():
        raise SourceError(f"There is no file or folder {path}. Check the path.")
    with ExitStack() as stack:
        plain = unpack(PlainFile(path, name, shown, root), stack, settings)
        given = path if plain.shown is None else plain.path
        source = _open(plain.path, given, format, columns, encoding, plain.name, settings)
        if source.format in FOLDERS:  # their categories and colours are not a shop's words
            return source
        synonyms = Synonyms.load(settings.words)
        return OpenedSource(
            source, synonyms, shown=plain.shown, root=plain.root, scratch=stack.pop_all()
        )


def _open(
    path: Path,
    given: Path,
    format: str,
    columns: Mapping[str, str] | None,
    encoding: str | None,
    name: str | None,
    settings: CatalogSettings,
) -> Source:
    if format == "auto":
        path, format = _detect(path, encoding)
        if columns and format in ("google-tsv", "google-csv", "shopify-csv", *SYSTEMS):
            format = "tsv" if format == "google-tsv" else "csv"  # the user names the columns
    # A file of rows that was found in a folder has the folder's name.
    named = given if format in FILES else path
    name = name or named.resolve().name or "catalogue"
    if format in FILES:
        table = _table_in(path) if path.is_dir() else path
        if table is None:
            raise SourceError(f"The folder {path} has no {format} file. Give the file itself.")
        return _open_file(table, format, columns, encoding, name)
    _no_options(format, columns, encoding)
    if not path.is_dir():
        raise SourceError(f"{path} is a file, and the format {format} needs a folder.")
    if format == "fashion-product-images":
        return FashionProductImages(path, name)
    if format == "clothing-dataset":
        return ClothingDataset(path, name)
    return PhotoFolder(path, name, settings.photo_names)


def _open_file(
    path: Path,
    format: str,
    columns: Mapping[str, str] | None,
    encoding: str | None,
    name: str,
) -> Source:
    if format in TABLES:
        return open_table(path, format, name=name, columns=columns, encoding=encoding)
    _no_options(format, columns, encoding if format == "shopify-json" else None)
    if format == "shopify-csv":
        return open_shopify_csv(path, name=name, encoding=encoding)
    if format == "shopify-json":
        return open_shopify_json(path, name=name)
    if format in SYSTEMS:
        return open_shop_export(path, format, name=name, encoding=encoding)
    return open_google(path, format, name=name, encoding=encoding)


def _no_options(format: str, columns: Mapping[str, str] | None, encoding: str | None) -> None:
    if columns or encoding:
        raise SourceError(
            f"A {format} source takes no columns or encoding. "
            "Omit --columns and --encoding, or give the CSV file inside of it."
        )


def _detect(path: Path, encoding: str | None) -> tuple[Path, str]:
    """The file or folder that holds the catalogue, and its format."""
    if path.is_file():
        format = format_of(path, encoding)
        if format is None:
            raise SourceError(
                f"The format of {path} is not recognised ({', '.join(BY_SUFFIX)}, or a feed of "
                "Google Merchant or a shop system). "
                f"Name it with --format, one of {', '.join(FILES)}."
            )
        known = _data_set(path.parent) if path.name in ("styles.csv", "images.csv") else None
        return (path.parent, known) if known else (path, format)
    if known := _data_set(path):
        return path, known
    table = _table_in(path)
    if table is not None and (format := format_of(table, encoding)) is not None:
        return table, format
    if has_photos(path):
        return path, "photos"
    raise SourceError(
        f"No catalogue is recognised in the folder {path}: no catalogue.csv (or one other "
        "CSV, TSV, JSON Lines or Parquet file, or feed), no styles.csv or images.csv data set, no "
        "photos. Give the file itself."
    )


def _data_set(folder: Path) -> str | None:
    if header_of(folder / "styles.csv") == STYLES_HEADER:
        return "fashion-product-images"
    return "clothing-dataset" if header_of(folder / "images.csv") == CLOTHING_HEADER else None


def _table_in(folder: Path) -> Path | None:
    """The folder's ``catalogue.*`` file, or its only file of rows."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    tables = [path for path in files if path.suffix.lower() in BY_SUFFIX] or [
        path for path in files if path.suffix.lower() in MAYBE_FEEDS and format_of(path)
    ]
    named = [path for path in tables if path.stem.lower() in ("catalogue", "catalog", "products")]
    if named:
        return named[0]
    if len(tables) > 1:
        raise SourceError(
            f"The folder {folder} has several files of rows: "
            f"{', '.join(path.name for path in tables)}. Give the one you mean."
        )
    return tables[0] if tables else None
