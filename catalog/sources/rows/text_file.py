"""Readers of text files: encoding, delimiter, CSV and JSON Lines; one row in memory at a time."""

import codecs
import csv
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from catalog.errors import SourceError
from catalog.sources.base import Row, RowError
from catalog.sources.rows.delimited import (
    SEP_LINE,
    BoundedLines,
    DelimitedRows,
    NumberedCells,
    is_preamble,
    lines_text,
)

CHUNK = 1 << 20
NumberedRow = tuple[int, Row | RowError]


def scan(path: Path, encoding: str | None = None) -> tuple[str, int]:
    """Checks that a whole file is text, and detects its encoding.

    Returns:
        The encoding's name for `open`, and the number of lines.

    Raises:
        SourceError: the file is missing, empty, or has bytes that are not of this encoding.
    """
    try:
        with path.open("rb") as stream:
            encoding = _checked(encoding) or wide_encoding(stream.read(4)) or "utf-8-sig"
            stream.seek(0)
            lines, blank = _decode_all(stream, encoding, path)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error
    if blank:
        raise SourceError(f"{path} is empty. Export the catalogue again.")
    return encoding, lines


def _checked(encoding: str | None) -> str | None:
    if encoding is None:
        return None
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    except LookupError as error:
        raise SourceError(
            f"There is no text encoding {encoding!r}. Try utf-8 or cp1252."
        ) from error
    return "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding


def wide_encoding(start: bytes) -> str | None:
    """UTF-16, if the first bytes of a text file are that, with a byte order mark or without."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if len(start) >= 4 and start[1] == start[3] == 0 and start[0] and start[2]:
        return "utf-16-le"
    if len(start) >= 4 and start[0] == start[2] == 0 and start[1] and start[3]:
        return "utf-16-be"
    return None


def _decode_all(stream: IO[bytes], encoding: str, path: Path) -> tuple[int, bool]:
    """The number of lines, and whether all of them are blank."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    lines, blank = 0, True
    while chunk := stream.read(CHUNK):
        try:
            text = decoder.decode(chunk)
        except UnicodeDecodeError as error:
            line = lines + error.object[: error.start].count(b"\n") + 1
            raise SourceError(
                f"Line {line} of {path} is not {encoding.removesuffix('-sig')} text (byte "
                f"0x{error.object[error.start]:02x}). Save the file as UTF-8, or name its "
                "encoding with --encoding, such as --encoding cp1252."
            ) from error
        blank = blank and not text.strip()
        lines += chunk.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{path} ends in the middle of a character. It may be cut off (copy it again) or not "
            f"{encoding.removesuffix('-sig')} (name its encoding with --encoding)."
        ) from error
    return lines, blank


def detect_delimiter(path: Path, encoding: str) -> str:
    """The delimiter of a file's columns, by its header, or by Excel's line ``sep=;`` above it."""
    with path.open(encoding=encoding, newline="") as stream:
        lines = BoundedLines(stream)
        try:
            for line in lines:
                if found := SEP_LINE.match(line):
                    return found.group(1)
                if line.strip() and not is_preamble(line):
                    return delimiter_of(line)
            return ","
        except csv.Error as error:
            raise SourceError(f"{path} starts with {error}. Is it a file of rows?") from error


def delimiter_of(header: str) -> str:
    """The delimiter of a header: whichever of , ; tab | occurs most often."""
    return max(",;\t|", key=header.count)


def read_csv(path: Path, encoding: str, delimiter: str) -> tuple[list[str], Iterator[NumberedRow]]:
    """The column names, each once, and an iterator over (line, row or its error).

    A column that occurs several times has a list as its value where the cells differ.

    Raises:
        SourceError: there is no header.
    """
    rows = _rows_after_header(path, encoding, delimiter)
    header = next(rows)
    assert isinstance(header, list)
    return list(dict.fromkeys(header)), cast(Iterator[NumberedRow], rows)


def _rows_after_header(
    path: Path, encoding: str, delimiter: str
) -> Iterator[list[str] | NumberedRow]:
    """The column names as they stand in the file, then each row."""
    cut = not _ends_with_newline(path, encoding)
    with path.open(encoding=encoding, newline="") as stream:
        cells = DelimitedRows(stream, delimiter)
        first = next(cells, None)
        while (
            first and not isinstance(first[2], RowError) and is_preamble(delimiter.join(first[2]))
        ):
            first = next(cells, None)
        if first is None or isinstance(first[2], RowError):
            raise SourceError(f"{path} has no readable first line with column names.")
        header = [cell.strip().strip("\ufeff") for cell in first[2]]
        while header and not header[-1]:
            header.pop()
        cells.width = len(header)
        yield header
        yield from _as_rows(cells, header, cut)


def read_json_lines(path: Path, encoding: str) -> Iterator[NumberedRow]:
    """An iterator over (line, object or its error)."""
    cut = not _ends_with_newline(path, encoding)
    with path.open(encoding=encoding) as stream:
        lines = BoundedLines(stream)
        while True:
            lines.begin_row()
            try:
                text = next(lines, None)
            except csv.Error as error:
                yield lines.number, RowError("too_large", str(error))
                continue
            if text is None:
                return
            if text.strip():
                yield lines.number, _json_object(text, cut and not text.endswith("\n"))


def _json_object(text: str, cut_off: bool) -> Row | RowError:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "the file ends in the middle of it" if cut_off else "it is not valid JSON"
        return RowError("cut_off" if cut_off else "json", f"{reason}: {error}")
    if isinstance(value, dict):
        return value
    return RowError("json", "it is JSON, but not an object with named fields")


def csv_rows(path: Path, encoding: str, delimiter: str = ",") -> Iterator[NumberedCells]:
    """An iterator over (first line, last line, cells or their error), header included."""
    with path.open(encoding=encoding, newline="") as stream:
        yield from DelimitedRows(stream, delimiter)


def _as_rows(
    stream: Iterator[tuple[int, int, list[str] | RowError]], header: list[str], cut: bool
) -> Iterator[NumberedRow]:
    joined = _Joined(header) if len(set(header)) < len(header) else None
    following = next(stream, None)
    while following is not None:
        (line, end, cells), following = following, next(stream, None)
        if isinstance(cells, RowError):
            yield line, cells
            continue
        if len(cells) > len(header):
            cells = _without_more_cells(cells, header)
        if len(cells) == len(header):
            yield line, joined(cells) if joined else dict(zip(header, cells, strict=True))
        elif len(cells) < len(header) and following is None and cut:
            yield line, RowError("cut_off", "the file ends in the middle of it")
        else:
            # A row of several lines may contain other rows, so its cells mean nothing.
            row = dict(zip(header, cells, strict=False)) if line == end else None
            yield line, RowError("columns", _wrong_count(line, end, cells, header), row)


def _without_more_cells(cells: list[str], header: list[str]) -> list[str]:
    """The cells without blank ones behind the header, and embedded images in one cell again."""
    found: list[str] = []
    for cell in cells:
        if found and found[-1].endswith(";base64"):  # "data:image/png;base64,AAAA" without quotes
            found[-1] += f",{cell}"
        else:
            found.append(cell)
    while len(found) > len(header) and not found[-1].strip():
        found.pop()
    return found


class _Joined:
    """Makes rows of cells under a header with repeated names."""

    def __init__(self, header: list[str]) -> None:
        self._places: dict[str, list[int]] = {}
        for place, name in enumerate(header):
            self._places.setdefault(name, []).append(place)

    def __call__(self, cells: list[str]) -> Row:
        row: dict[str, object] = {}
        for name, places in self._places.items():
            values = [cells[place] for place in places]
            given = list(dict.fromkeys(value for value in values if value.strip()))
            row[name] = given if len(given) > 1 else (given or values)[0]
        return row


def _wrong_count(line: int, end: int, cells: list[str], header: list[str]) -> str:
    return (
        f"{lines_text(line, end)} has {len(cells)} columns and the header has {len(header)}; "
        "a text that contains the separator or a quote must be in quotes"
    )


def _ends_with_newline(path: Path, encoding: str) -> bool:
    width = 2 if "16" in encoding else 1
    with path.open("rb") as stream:
        stream.seek(-min(width, path.stat().st_size), os.SEEK_END)
        return stream.read().strip(b"\0") in (b"\n", b"\r")
