from types import SimpleNamespace

import pytest

from catalog.filters.filter import Filter
from web.photo_search.kinds import SAME, Choice, Chosen, Kinds


def products(*pairs):
    """As many products of a category and a gender as each pair of them says."""
    return [
        SimpleNamespace(category=tuple(path.split(" > ")) if path else (), gender=gender)
        for path, gender, count in pairs
        for _ in range(count)
    ]


def test_nearer_products_have_more_votes():
    kinds = Kinds.of(products(("Dresses", "female", 1), ("Tunics", "male", 2), ("", "unisex", 9)))
    first, others = 1, 1 / 2 + 1 / 3
    share = first / (first + others)
    assert [kind.value for kind in kinds.types] == ["Dresses", "Tunics"]
    assert [kind.share for kind in kinds.types] == pytest.approx([share, 1 - share])
    assert [kind.share for kind in kinds.genders] == pytest.approx([share, 1 - share])
    assert Kinds.of([]) == Kinds()


def test_few_kinds_are_named_and_no_rare_one():
    many = products(*((f"Type {number}", "male", 3) for number in range(20)))
    assert len(Kinds.of(many).types) == 6
    rare = products(("Dresses", "female", 39), ("Skirts", "female", 1))
    assert Kinds.of(rare).types[0].value == "Dresses" and len(Kinds.of(rare).types) == 1


SOME = [("Ties", None, 4), ("Socks", None, 11)]


@pytest.mark.parametrize(
    ("nearest", "guess"),
    [
        ([("Dresses", "female", 12)], Chosen("Dresses", "female")),
        ([("Dresses", "female", 1), ("Shirts", "male", 2), ("Caps", None, 6), *SOME], Chosen()),
        ([("Dresses", "female", 1), ("Shirts", "male", 2), ("Ties", None, 3)], Chosen("Dresses")),
        ([("Dresses", "female", 8), ("Shirts", "male", 4)], Chosen("Dresses", "female")),
        ([("Dresses", "female", 2), ("Ties", None, 5)], Chosen("Dresses", "female")),
        ([("", None, 4)], Chosen()),
        ([], Chosen()),
    ],
)
def test_a_kind_is_guessed_where_it_is_clear(nearest, guess):
    assert Kinds.of(products(*nearest)).guess() == guess


@pytest.mark.parametrize(
    ("similarity", "guess"),
    [(SAME, Chosen("Kurtas", "male")), (SAME - 0.01, Chosen("Dresses"))],
)
def test_a_product_s_own_photo_is_of_its_type_whatever_the_others_are(similarity, guess):
    nearest = products(("Kurtas", "male", 1), ("Dresses", "female", 23))
    kinds = Kinds.of(nearest, similarity)
    assert kinds.types[0].value == "Dresses" and kinds.guess() == guess


def test_a_product_s_own_photo_without_type_or_gender_narrows_nothing():
    nearest = products(("", "unisex", 1), ("Dresses", "female", 23))
    assert Kinds.of(nearest, 1.0).guess() == Chosen()


def test_what_the_visitor_names_wins_over_the_guess():
    kinds = Kinds.of(products(("Dresses", "female", 12)))
    assert Choice().among(kinds) == Chosen("Dresses", "female")
    assert Choice({"category": "Skirts"}).among(kinds) == Chosen("Skirts", "female")
    assert Choice({"category": "", "gender": ""}).among(kinds) == Chosen()
    assert Choice(guess=False).among(kinds) == Chosen()
    assert Choice({"gender": "male"}, guess=False).among(kinds) == Chosen(None, "male")


def test_a_filter_is_narrowed_where_it_says_nothing_itself():
    chosen = Chosen("Dresses", "female")
    narrowed = chosen.narrow(Filter.of({"price_to": 50}))
    expected = {"price_to": 50, "category": ["Dresses"], "gender": ["female", "unisex"]}
    assert narrowed == Filter.of(expected)
    own = Filter.of({"category": "Skirts", "gender": "male"})
    assert chosen.narrow(own) == own
    assert Chosen().narrow(own) == own
