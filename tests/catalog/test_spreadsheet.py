"""Cells are escaped for spreadsheets, and unescaped to the same text."""

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog.spreadsheet import SpreadsheetWriter, escape_formula, unescape_formula


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "'=1", "''-"])
def test_a_formula_gets_a_quote(cell):
    assert escape_formula(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "1", "it's", "'tis", "a=b", '{"a": 1}', "''x"])
def test_other_cells_are_unchanged(cell):
    assert escape_formula(cell) == unescape_formula(cell) == cell


@given(st.text(st.sampled_from("'=-@x\t ＋"), max_size=6))
@example("'=")
def test_unescaping_inverts_escaping(cell):
    written = escape_formula(cell)
    assert unescape_formula(written) == cell
    assert not written.startswith(tuple("=+-@\t\r＝＋－＠"))


def test_unescaped_input_is_unchanged():
    assert unescape_formula("-7") == "-7"
    assert unescape_formula("'tis") == "'tis"


def test_rows_are_written_with_escaped_cells():
    stream = io.StringIO()
    writer = SpreadsheetWriter(stream, ("id", "reason"), line_end="\n")
    writer.write([1, "=A1"])
    assert stream.getvalue() == "id,reason\n1,'=A1\n"
