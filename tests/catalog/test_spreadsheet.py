"""Cells are harmless in a spreadsheet, and come back as they were."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog.spreadsheet import escape_formula, unescape_formula


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "'=1", "''-"])
def test_a_formula_gets_a_quote(cell):
    assert escape_formula(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "1", "it's", "'tis", "a=b", '{"a": 1}', "''x"])
def test_what_is_none_is_left_alone(cell):
    assert escape_formula(cell) == unescape_formula(cell) == cell


@given(st.text(st.sampled_from("'=-@x\t ＋"), max_size=6))
@example("'=")
def test_there_and_back(cell):
    written = escape_formula(cell)
    assert unescape_formula(written) == cell
    assert not written.startswith(tuple("=+-@\t\r＝＋－＠"))


def test_what_people_type_is_taken_as_it_is():
    assert unescape_formula("-7") == "-7"
    assert unescape_formula("'tis") == "'tis"
