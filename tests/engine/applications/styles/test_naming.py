"""Names of styles from what most of their products share."""

import numpy as np
import pytest

from catalog.records import Facts
from engine.applications.styles.naming import name_styles
from engine.applications.styles.words import PRIOR, WordCounts, most_frequent, title_tokens


def facts_of(rows: list[dict[str, str | None]]) -> Facts:
    def column(name: str) -> np.ndarray:
        return np.array([row.get(name) for row in rows], dtype=object)

    no = np.zeros(len(rows), dtype=bool)
    names = ("gender", "age_group", "group_id", "category", "colour", "pattern")
    return Facts(
        ids=np.array([f"p{row}" for row in range(len(rows))], dtype=object),
        known=~no, available=~no, retired=no, sold_out=no,
        **{name: column(name) for name in names},
    )  # fmt: skip


def names(*groups: list[dict[str, str | None]], titles: list[str] | None = None) -> list[str]:
    rows = [row for group in groups for row in group]
    sizes = np.cumsum([len(group) for group in groups])[:-1]
    members = np.split(np.arange(len(rows)), sizes)
    return [one.name for one in name_styles(members, facts_of(rows), titles or [""] * len(rows))]


SHIRT = {"category": "Tops > Shirts", "colour": "blue", "pattern": "checked", "gender": "male"}


def test_a_name_has_colour_pattern_type_and_people():
    assert names([SHIRT] * 4) == ["Blue checked Shirts for men"]


def test_what_most_do_not_share_is_left_out():
    odd = [SHIRT | {"colour": one, "gender": one} for one in ("red", "green", "white")]
    assert names([SHIRT, *odd]) == ["Checked Shirts"]


def test_a_plain_pattern_is_not_worth_a_word_and_children_are_named():
    assert names([SHIRT | {"pattern": "solid", "age_group": "kids"}] * 2) == [
        "Blue Shirts for boys"
    ]


def test_two_types_or_colours_that_most_have_are_named_together():
    other = SHIRT | {"category": "Tops > Tunics", "colour": "navy"}
    third = SHIRT | {"category": "Shoes", "colour": "red", "pattern": None}
    found = names([SHIRT] * 4 + [other] * 4 + [third] * 1)
    assert found == ["Blue and navy checked Shirts and Tunics for men"]


def test_a_mixture_is_called_by_what_the_types_are_kinds_of():
    kinds = [SHIRT | {"category": f"Tops > {one}"} for one in ("Shirts", "Tunics", "Vests", "Tees")]
    assert names(kinds) == ["Blue checked Tops for men"]
    assert names([{"category": one} for one in ("A", "B", "C", "D")]) == ["Mixed"]
    assert names([{}]) == ["Mixed"]


def test_equal_names_are_told_apart_by_words_of_titles():
    titles = ["Arrow linen shirt"] * 30 + ["Arrow denim shirt"] * 30
    found = names([SHIRT] * 30, [SHIRT] * 30, titles=titles)
    assert found == ["Blue checked Shirts for men: linen", "Blue checked Shirts for men: denim"]


def test_a_word_is_added_in_one_form_only():
    titles = ["Arrow check checked shirt"] * 30 + ["Arrow denim shirts"] * 30
    found = names([SHIRT | {"pattern": None}] * 30, [SHIRT | {"pattern": None}] * 30, titles=titles)
    assert found == ["Blue Shirts for men: check", "Blue Shirts for men: denim"]


def test_equal_names_without_words_get_a_number():
    assert names([SHIRT], [SHIRT]) == [
        "Blue checked Shirts for men",
        "Blue checked Shirts for men (2)",
    ]


def test_telling_words_are_frequent_here_and_rare_elsewhere():
    counts = WordCounts(2)
    for number in range(40):
        counts.add(0, f"Soft linen shirt {'rare' if number == 0 else ''}")
        counts.add(1, "Soft denim shirt")
    assert counts.telling(3) == [("linen",), ("denim",)]


def test_the_log_odds_are_those_of_the_formula(monkeypatch):
    counts = WordCounts(2)
    for word, here, there in (("linen", 300, 50), ("shirt", 300, 600), ("soft", 200, 50)):
        for group, times in ((0, here), (1, there)):
            for _ in range(times):
                counts.add(group, word)

    def z(here: float, there: float) -> float:
        every, total = here + there, 1500
        own, other = 800 + PRIOR + 1, 700 + PRIOR + 1
        a, b = here + PRIOR * every / total, there + PRIOR * every / total
        odds = np.log(a / (own - a)) - np.log(b / (other - b))
        return float(odds / np.sqrt(1 / a + 1 / b))

    expected = {"linen": z(300, 50), "shirt": z(300, 600), "soft": z(200, 50)}
    wanted = sorted((one for one in expected if expected[one] > 2), key=lambda one: -expected[one])
    assert counts.telling(5)[0] == tuple(wanted) and "linen" in wanted


@pytest.mark.parametrize(
    ("title", "words"),
    [("Levi's Men Blue 501 JEANS", ["levi", "blue", "jeans"]), ("", []), ("×× 12", [])],
)
def test_title_tokens(title, words):
    assert list(title_tokens(title)) == words


def test_unknown_values_count_in_the_shares():
    assert most_frequent(["a", "b"], np.array([1, 1, 0, -1])) == [("b", 0.5), ("a", 0.25)]
    assert most_frequent([], np.zeros(0, np.int64)) == []
