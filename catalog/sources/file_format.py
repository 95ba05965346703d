"""Detects the format of a file by its content, or else by its suffix."""

import csv
import json
import re
from pathlib import Path

from catalog.errors import SourceError
from catalog.sources.google.feed import is_google
from catalog.sources.google.xml_text import START
from catalog.sources.rows.columns import SYNONYMS, normal_name
from catalog.sources.rows.delimited import SEP_LINE, is_preamble
from catalog.sources.rows.text_file import delimiter_of, wide_encoding
from catalog.sources.shopify.csv_export import is_shopify
from catalog.sources.shopify.json_products import shape_of
from catalog.sources.shops.export import shop_format

BY_SUFFIX = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
PROBE_BYTES = 1 << 18  # at the start of the file


def format_of(path: Path, encoding: str | None = None) -> str | None:
    """One of `catalog.sources.detect.FILES`, or None if neither content nor suffix is recognised.

    Raises:
        SourceError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(PROBE_BYTES)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error
    by_suffix = BY_SUFFIX.get(path.suffix.lower())
    if start.startswith(b"PAR1"):
        return "parquet"
    if by_suffix == "parquet":
        return by_suffix
    text = _text(start, encoding).lstrip()
    if by_suffix == "jsonl":
        shape_of(text)  # a bulk export of Shopify is refused
        return by_suffix
    if text.startswith("<") or START.search(text):
        return "google-xml" if re.search(r"<(?:\w+:)?(rss|feed|RDF|channel)\b", text) else None
    if text.startswith(("{", "[")) and shape_of(text):
        return "shopify-json"
    if text.startswith("{") and _is_object(text.partition("\n")[0]):
        return "jsonl"
    line, delimiter = _header(text)
    delimiter = "\t" if by_suffix == "tsv" else delimiter
    header = _cells(line, delimiter)
    if is_shopify(header):
        return "shopify-csv"
    if shop := shop_format(header):
        return shop
    if is_google(header):
        return "google-tsv" if delimiter == "\t" else "google-csv"
    if by_suffix is None and len(header) > 1:
        ids = SYNONYMS["id"].split()
        if any(normal_name(column) in ids for column in header):
            return "tsv" if delimiter == "\t" else "csv"
    return by_suffix


def _header(text: str) -> tuple[str, str]:
    """The line with column names, and the delimiter of the columns."""
    for line in text.splitlines():
        if found := SEP_LINE.match(line):
            below = text.partition("\n")[2].lstrip().partition("\n")[0]
            return below, found.group(1)
        if line.strip() and not is_preamble(line):
            return line, delimiter_of(line)
    return "", ","


def _text(start: bytes, encoding: str | None) -> str:
    if encoding is None:
        encoding = wide_encoding(start) or "utf-8-sig"
    try:
        return start.decode(encoding, errors="replace").lstrip("\ufeff")
    except (LookupError, UnicodeError):  # the reader will report it
        return ""


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
