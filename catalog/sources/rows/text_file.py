"""Readers of text files: encoding, delimiter, CSV and JSON Lines; one row in memory at a time."""

import codecs
import csv
import io
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from catalog.errors import SourceError
from catalog.sources.base import Row, RowError
from catalog.sources.rows.columns import listed

CHUNK = 1 << 20
MAX_ROW = 10_000_000  # characters of one row, which is held in memory
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
            encoding = _checked(encoding) or _by_byte_order_mark(stream.read(4))
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


def _by_byte_order_mark(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig"


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
    """The delimiter of a file's columns, by its first line that is not blank."""
    with path.open(encoding=encoding, newline="") as stream:
        lines = _BoundedLines(stream)
        try:
            return delimiter_of(next((line for line in lines if line.strip()), ""))
        except csv.Error as error:
            raise SourceError(f"{path} starts with {error}. Is it a file of rows?") from error


def delimiter_of(header: str) -> str:
    """The delimiter of a header: whichever of , ; tab | occurs most often."""
    return max(",;\t|", key=header.count)


def read_csv(path: Path, encoding: str, delimiter: str) -> tuple[list[str], Iterator[NumberedRow]]:
    """The column names, and an iterator over (line, row or its error).

    Raises:
        SourceError: there is no header, or two columns have the same name.
    """
    stream = csv_rows(path, encoding, delimiter)
    first = next(stream, None)
    if first is None or isinstance(first[2], RowError):
        raise SourceError(f"{path} has no readable first line with column names.")
    header = [cell.strip() for cell in first[2]]
    while header and not header[-1]:
        header.pop()
    double = sorted(name for name, count in Counter(header).items() if name and count > 1)
    if double:
        raise SourceError(f"{path} has columns of the same name: {listed(double, quoted=False)}.")
    return header, _as_rows(stream, header, cut=not _ends_with_newline(path, encoding))


def read_json_lines(path: Path, encoding: str) -> Iterator[NumberedRow]:
    """An iterator over (line, object or its error)."""
    cut = not _ends_with_newline(path, encoding)
    with path.open(encoding=encoding) as stream:
        lines = _BoundedLines(stream)
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


def csv_rows(
    path: Path, encoding: str, delimiter: str = ","
) -> Iterator[tuple[int, int, list[str] | RowError]]:
    """An iterator over (first line, last line, cells or their error), header included."""
    with path.open(encoding=encoding, newline="") as stream:
        lines = _BoundedLines(stream)
        reader = csv.reader(lines, delimiter=delimiter)
        while True:
            line = lines.begin_row()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:  # the reader goes on with the next row
                wrong = f"{error} in {_lines(line, lines.number)}; is a quote missing?"
                yield line, lines.number, RowError("csv", wrong)
                continue
            if any(cell.strip() for cell in cells):
                yield line, lines.number, cells


class _BoundedLines(Iterator[str]):
    """The lines of a text file, of which no row may have more than `MAX_ROW` characters.

    ``number`` is that of the last line, from 1. Raises `csv.Error` for a longer row, and goes on
    with the next line.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._left = MAX_ROW
        self.number = 0

    def begin_row(self) -> int:
        """Call before each row; the number of its first line."""
        self._left = MAX_ROW
        return self.number + 1

    def __next__(self) -> str:
        line = self._stream.readline(self._left + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self._left -= len(line)
        if self._left < 0:
            while line and not line.endswith(("\n", "\r")):
                line = self._stream.readline(CHUNK)
            raise csv.Error(f"a row of more than {MAX_ROW:,} characters")
        return line


def _as_rows(
    stream: Iterator[tuple[int, int, list[str] | RowError]], header: list[str], cut: bool
) -> Iterator[NumberedRow]:
    following = next(stream, None)
    while following is not None:
        (line, end, cells), following = following, next(stream, None)
        if isinstance(cells, RowError):
            yield line, cells
            continue
        while len(cells) > len(header) and not cells[-1].strip():
            cells.pop()
        if len(cells) == len(header):
            yield line, dict(zip(header, cells, strict=True))
        elif len(cells) < len(header) and following is None and cut:
            yield line, RowError("cut_off", "the file ends in the middle of it")
        else:
            # A row of several lines may contain other rows, so its cells mean nothing.
            row = dict(zip(header, cells, strict=False)) if line == end else None
            yield line, RowError("columns", _wrong_count(line, end, cells, header), row)


def _wrong_count(line: int, end: int, cells: list[str], header: list[str]) -> str:
    return (
        f"{_lines(line, end)} has {len(cells)} columns and the header has {len(header)}; "
        "a text that contains the separator or a quote must be in quotes"
    )


def _lines(first: int, last: int) -> str:
    return f"line {first}" if first == last else f"a row from line {first} to {last}"


def _ends_with_newline(path: Path, encoding: str) -> bool:
    width = 2 if "16" in encoding else 1
    with path.open("rb") as stream:
        stream.seek(-min(width, path.stat().st_size), os.SEEK_END)
        return stream.read().strip(b"\0") in (b"\n", b"\r")
