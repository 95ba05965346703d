"""Cells of CSV files that people open in a spreadsheet, which runs what looks like a formula."""

import re

# What a spreadsheet may take for a formula, after any quotes that were put there against it.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def harmless(cell: str) -> str:
    """The cell as a spreadsheet leaves it alone: with a quote in front, if it needs one."""
    return "'" + cell if _FORMULA.match(cell) else cell


def original(cell: str) -> str:
    """The cell as it was: ``original(harmless(cell)) == cell``; what needed no quote is kept."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
