"""CSV files for spreadsheets, which run text that looks like a formula: such cells are escaped."""

import csv
import re
from collections.abc import Iterable
from typing import TextIO

# The start of a formula, after any quotes that `escape_formula` put in front.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


class SpreadsheetWriter:
    """Writes CSV rows whose cells a spreadsheet does not run.

    Args:
        stream: an open file; open it with ``newline=""``.
        header: the names of the columns, which are written first.
        line_end: written after each row.
    """

    def __init__(self, stream: TextIO, header: Iterable[str], line_end: str = "\r\n") -> None:
        self._writer = csv.writer(stream, lineterminator=line_end)
        self._writer.writerow(header)

    def write(self, cells: Iterable[object]) -> None:
        """Writes one row, with the text of each cell escaped."""
        self._writer.writerow([escape_formula(str(cell)) for cell in cells])


def escape_formula(cell: str) -> str:
    """The cell with a quote in front if a spreadsheet would run it; otherwise unchanged."""
    return "'" + cell if _FORMULA.match(cell) else cell


def unescape_formula(cell: str) -> str:
    """The inverse of `escape_formula`; a quote that it would not have added stays."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
