"""Protects CSV cells from spreadsheets, which run text that looks like a formula."""

import re

# The start of a formula, after any quotes that `escape_formula` put in front.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def escape_formula(cell: str) -> str:
    """The cell with a quote in front if a spreadsheet would run it; otherwise unchanged."""
    return "'" + cell if _FORMULA.match(cell) else cell


def unescape_formula(cell: str) -> str:
    """The inverse of `escape_formula`; a quote that it would not have added stays."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
