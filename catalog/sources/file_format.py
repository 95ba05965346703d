"""What a file is, by what stands in it; its suffix counts where the content does not tell."""

import codecs
import csv
import json
import re
from pathlib import Path

from catalog.errors import SourceError
from catalog.sources.google.feed import is_google
from catalog.sources.rows.columns import SYNONYMS, plain
from catalog.sources.shopify.product import is_shopify

BY_SUFFIX = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
START = 1 << 18  # bytes that are looked at


def format_of(path: Path, encoding: str | None = None) -> str | None:
    """One of the formats of files, or None where nothing tells.

    Raises:
        SourceError: it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(START)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error
    by_suffix = BY_SUFFIX.get(path.suffix.lower())
    if start.startswith(b"PAR1"):
        return "parquet"
    if by_suffix in ("parquet", "jsonl"):
        return by_suffix
    text = _text(start, encoding).lstrip()
    if text.startswith("<"):
        return "google-xml" if re.search(r"<(?:\w+:)?(rss|feed|RDF|channel)\b", text) else None
    if re.match(r'\{\s*"products"\s*:\s*\[', text):
        return "shopify-json"
    if text.startswith("{") and _is_object(text.partition("\n")[0]):
        return "jsonl"
    line = text.partition("\n")[0]
    sign = "\t" if by_suffix == "tsv" else max(",;\t|", key=line.count)
    header = _cells(line, sign)
    if is_shopify(header):
        return "shopify-csv"
    if is_google(header):
        return "google-tsv" if sign == "\t" else "google-csv"
    if by_suffix is None and len(header) > 1:
        ids = SYNONYMS["id"].split()
        if any(plain(column) in ids for column in header):
            return "tsv" if sign == "\t" else "csv"
    return by_suffix


def _text(start: bytes, encoding: str | None) -> str:
    if encoding is None:
        wide = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        encoding = "utf-16" if wide else "utf-8-sig"
    try:
        return start.decode(encoding, errors="replace").removeprefix("\ufeff")
    except (LookupError, UnicodeError):  # reading it will say so
        return ""


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _cells(line: str, sign: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=sign), [])
    except csv.Error:
        return []
