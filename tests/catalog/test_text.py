import pytest

from catalog import text


@pytest.mark.parametrize(
    ("given", "expected"), [("a\tb\n c ", "a b c"), ("a\x00b", "a b"), (12, "12"), ("  ", "")]
)
def test_one_line_keeps_printable_characters_only(given, expected):
    assert text.one_line(given) == expected


def test_search_form_drops_case_and_accents():
    assert text.search_form("Étoile ÇA Straße") == "etoile ca strasse"


@pytest.mark.parametrize("spelling", ["T-Shirts", "tshirts", "T shirts!", "T_SHÎRTS"])
def test_spellings_of_a_word_have_one_key(spelling):
    assert text.word_key(spelling) == "tshirts"


@pytest.mark.parametrize(
    ("count", "expected"), [(0, "0 rules"), (1, "1 rule"), (2, "2 rules"), (2000, "2,000 rules")]
)
def test_one_is_no_plural(count, expected):
    assert text.counted(count, "rule") == expected
