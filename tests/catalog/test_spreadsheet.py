"""Cells are harmless in a spreadsheet, and come back as they were."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog.spreadsheet import harmless, original


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "'=1", "''-"])
def test_a_formula_gets_a_quote(cell):
    assert harmless(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "1", "it's", "'tis", "a=b", '{"a": 1}', "''x"])
def test_what_is_none_is_left_alone(cell):
    assert harmless(cell) == original(cell) == cell


@given(st.text(st.sampled_from("'=-@x\t ＋"), max_size=6))
@example("'=")
def test_there_and_back(cell):
    written = harmless(cell)
    assert original(written) == cell
    assert not written.startswith(tuple("=+-@\t\r＝＋－＠"))


def test_what_people_type_is_taken_as_it_is():
    assert original("-7") == "-7"
    assert original("'tis") == "'tis"
