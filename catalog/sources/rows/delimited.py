"""Rows of delimited text (CSV, TSV), of which a stray quote costs one at most.

A quote begins a quoted cell only if it closes. In TSV it must close before the next tab or line
end, since many tools write no quotes there at all: the 32" of an inseam is text. A row of several
lines is taken apart again where its quotes do not fit, so that no row swallows another.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator
from typing import IO

from catalog.sources.base import RowError
from catalog.sources.rows.columns import KNOWN_NAMES, normal_name

CHUNK = 1 << 20
MAX_ROW = 10_000_000  # characters of one row, which is held in memory
MAX_LINES = 100  # of a row in TSV
MAX_JOINS = 5  # quotes that are tried as the end of such a row
CLOSING = re.compile(r'"[\t\r\n]|"$')
SEP_LINE = re.compile(r'\ufeff*"?sep=([,;\t|])')  # Excel's line above the header
NumberedCells = tuple[int, int, list[str] | RowError]  # first line, last line, cells

csv.field_size_limit(MAX_ROW)


class BoundedLines(Iterator[str]):
    """The lines of a text file, of which no row may have more than `MAX_ROW` characters.

    ``number`` is that of the last line, from 1, and ``row`` holds the lines of the current row.
    Raises `csv.Error` for a longer row, and goes on with the next line.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._left = MAX_ROW
        self._again: deque[str] = deque()
        self.number = 0
        self.row: list[str] = []

    def begin_row(self) -> int:
        """Call before each row; the number of its first line."""
        self._left = MAX_ROW
        self.row = []
        return self.number + 1

    def put_back(self, count: int) -> None:
        """Makes the last lines of this row the next ones."""
        for _ in range(count):
            self._again.appendleft(self.row.pop())
            self.number -= 1

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._stream.readline(self._left + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self._left -= len(line)
        if self._left < 0:
            while line and not line.endswith(("\n", "\r")):
                line = self._stream.readline(CHUNK)
            raise csv.Error(f"a row of more than {MAX_ROW:,} characters")
        self.row.append(line)
        return line


class DelimitedRows(Iterator[NumberedCells]):
    """The rows of an open text file, header included; blank ones are left out.

    Set ``width``, the number of columns, once the header is read.
    """

    def __init__(self, stream: IO[str], delimiter: str) -> None:
        self.width = 0
        self._delimiter = delimiter
        self._lines = BoundedLines(stream)
        self._reader = csv.reader(self._lines, delimiter=delimiter)
        self._ready: deque[NumberedCells] = deque()

    def __next__(self) -> NumberedCells:
        while not self._ready:
            line = self._lines.begin_row()
            try:
                cells = self._next_cells()
            except csv.Error as error:  # the reader goes on with the next line
                if not self._take_apart(line):
                    where = lines_text(line, self._lines.number)
                    wrong = RowError("csv", f"{error} in {where}; is a quote missing?")
                    self._ready.append((line, self._lines.number, wrong))
                continue
            if cells is None:
                raise StopIteration
            if len(self._lines.row) > 1 and self._delimiter != "\t":
                cells = self._checked(cells, line)
            elif self.width and len(cells) != self.width and '"' in self._lines.row[0]:
                alone = cells_of_line(self._lines.row[0], self._delimiter)
                cells = alone if len(alone) == self.width else cells
            if cells and any(cell.strip() for cell in cells):
                self._ready.append((line, self._lines.number, cells))
        return self._ready.popleft()

    def _next_cells(self) -> list[str] | None:
        if self._delimiter != "\t":
            return next(self._reader, None)
        line = next(self._lines, None)
        if line is None:
            return None
        cells = cells_of_line(line, "\t")
        if len(cells) < self.width and cells[-1].startswith('"'):
            return self._joined() or cells
        return cells

    def _joined(self) -> list[str] | None:
        """A TSV row whose quoted cell has line ends in it, unless it would contain other rows."""
        tries = 0
        for line in self._lines:
            if line.count("\t") + 1 == self.width or len(self._lines.row) > MAX_LINES:
                break
            if CLOSING.search(line):
                tries += 1
                cells = _strict(self._lines.row, "\t")
                if cells is not None and len(cells) == self.width:
                    return cells
                if tries == MAX_JOINS:
                    break
        self._lines.put_back(len(self._lines.row) - 1)
        return None

    def _checked(self, cells: list[str], line: int) -> list[str]:
        """The cells of a row of several lines; none if its lines became rows of their own."""
        rows = self._lines.row
        each = all(text.count(self._delimiter) + 1 == self.width for text in rows)
        fits = not each and _strict(rows, self._delimiter) is not None
        if fits or not self.width or not self._take_apart(line):
            return cells
        return []

    def _take_apart(self, line: int) -> bool:
        """Makes each line of the current row a row, if most of them are rows by themselves."""
        lines = self._lines.row
        whole = sum(len(_strict([text], self._delimiter) or ()) == self.width for text in lines)
        if len(lines) < 2 or not self.width or (whole + 1) * 2 < len(lines):
            return False
        rows = [cells_of_line(text, self._delimiter) for text in lines]
        self._ready.extend((line + at, line + at, cells) for at, cells in enumerate(rows))
        return True


def cells_of_line(line: str, delimiter: str) -> list[str]:
    """The cells of one line, in which a quote counts only if it closes before a delimiter."""
    line = line.rstrip("\r\n")
    if '"' not in line:
        return line.split(delimiter)
    if delimiter == "\t":
        return [_unquoted(cell) for cell in line.split("\t")]
    sign = re.escape(delimiter)
    cells = re.findall(rf'(?:^|{sign})("(?:[^"]|"")*"(?={sign}|$)|[^{sign}]*)', line)
    return [_unquoted(cell) for cell in cells]


def is_preamble(line: str) -> bool:
    """Whether a line above the header is none: Excel's ``sep=;``, or a comment of a template."""
    start = line.lstrip('\ufeff" ')
    if SEP_LINE.match(start):
        return True
    first = re.split(r"[,;\t|]", start, maxsplit=1)[0]
    return start.startswith("#") and normal_name(first) not in KNOWN_NAMES


def lines_text(first: int, last: int) -> str:
    """How messages name the lines of a row."""
    return f"line {first}" if first == last else f"a row from line {first} to {last}"


def _strict(lines: list[str], delimiter: str) -> list[str] | None:
    """The only row of some lines; None if its quotes are wrong."""
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _unquoted(cell: str) -> str:
    if len(cell) < 2 or cell[0] != '"' or cell[-1] != '"':
        return cell
    inner = cell[1:-1]
    return cell if '"' in inner.replace('""', "") else inner.replace('""', '"')
