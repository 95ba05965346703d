"""Values of real feeds and their parsed forms."""

import pytest

from catalog.errors import RecordError
from catalog.records import Availability
from catalog.vocabulary import values


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("In stock", Availability.IN_STOCK),
        ("in_stock", Availability.IN_STOCK),
        ("https://schema.org/OutOfStock", Availability.OUT_OF_STOCK),
        ("Sold out!", Availability.OUT_OF_STOCK),
        ("pre-order", Availability.PREORDER),
        ("Available on backorder", Availability.BACKORDER),
        ("0", Availability.OUT_OF_STOCK),
        ("7", Availability.IN_STOCK),
        ("False", Availability.OUT_OF_STOCK),
    ],
)
def test_availability(text: str, meaning: Availability):
    assert values.availability(text) is meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("available for order", Availability.IN_STOCK),
        ("auf Lager", Availability.IN_STOCK),
        ("En stock", Availability.IN_STOCK),
        ("In stock online", Availability.IN_STOCK),
        ("In stock (3 left)", Availability.IN_STOCK),
        ("in stock: 0", Availability.OUT_OF_STOCK),
        ("nicht auf Lager", Availability.OUT_OF_STOCK),
        ("Agotado", Availability.OUT_OF_STOCK),
        ("1,200", Availability.IN_STOCK),
        (">10", Availability.IN_STOCK),
        ("5 Stk.", Availability.IN_STOCK),
        ("0.00", Availability.OUT_OF_STOCK),
        ("-3", Availability.OUT_OF_STOCK),
    ],
)
def test_availability_in_the_words_of_shops(text: str, meaning: Availability):
    assert values.availability(text) is meaning


@pytest.mark.parametrize("text", ["in stock soon", "available?!x", "nicht", "1-3"])
def test_words_that_are_not_known(text: str):
    with pytest.raises(RecordError, match="is not understood"):
        values.availability(text)


def test_an_unknown_availability():
    with pytest.raises(RecordError, match="'perhaps' is not understood"):
        values.availability("perhaps")


def test_stock_that_is_not_a_number():
    with pytest.raises(RecordError, match="'many' is not a number"):
        values.stock("many")


def test_gender_and_age():
    assert [values.gender(w) for w in ("Women", "BOYS", "Uni-Sex", "robot", None)] == [
        "female",
        "male",
        "unisex",
        None,
        None,
    ]
    assert [values.age_group(w) for w in ("Girls", "toddler", "Adult", "50+")] == [
        "kids",
        "kids",
        "adult",
        None,
    ]


def test_clean_removes_control_characters_and_blanks():
    assert values.clean(" a\x00b\n\tc ") == "a b c"
    assert values.clean("n/a") is None
