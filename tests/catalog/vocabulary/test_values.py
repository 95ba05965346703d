"""Values of real feeds and their parsed forms."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import RecordError
from catalog.records import Availability
from catalog.vocabulary import values


@pytest.mark.parametrize(
    ("text", "amount", "code"),
    [
        ("€1.299,00", "1299.00", "EUR"),
        ("12.50 EUR", "12.50", "EUR"),
        ("1,299.00", "1299.00", None),
        ("1'299.00 CHF", "1299.00", "CHF"),
        ("1 299,00 €", "1299.00", "EUR"),
        ("1.299", "1299", None),
        ("1.299.000", "1299000", None),
        ("0.999", "0.999", None),
        ("12.500 KWD", "12.500", "KWD"),
        ("12,5", "12.5", None),
        ("usd 12", "12", "USD"),
        ("19.99 US$", "19.99", "USD"),
        ("Rs. 1,49,900", "149900", None),
        ("£ 5.-", "5", "GBP"),
        (12.5, "12.5", None),
        (1.299, "1.299", None),
        (Decimal("7.10"), "7.10", None),
        (0, "0", None),
    ],
)
def test_price_is_parsed(text: object, amount: str, code: str | None):
    assert values.price(text) == (Decimal(amount), code)


@pytest.mark.parametrize("text", ["", None, "N/A", "  -  "])
def test_a_missing_price_is_not_an_error(text: object):
    assert values.price(text) == (None, None)


@pytest.mark.parametrize("text", ["-3", "cheap", "12-15", "1e400", "9" * 20, float("inf"), True])
def test_an_invalid_price(text: object):
    with pytest.raises(RecordError, match="price"):
        values.price(text)


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_every_price_is_parsed_in_both_notations(amount: Decimal):
    english = f"{amount:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert values.price(english)[0] == amount
    assert values.price(f"{german} EUR")[0] == amount


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


def test_category_paths():
    assert values.category("Tops >  T-shirts > ") == ("Tops", "T-shirts")
    assert values.category(["Tops > all", None, "N/A"]) == ("Tops all",)
    assert values.category(None) == ()


def test_clean_removes_control_characters_and_blanks():
    assert values.clean(" a\x00b\n\tc ") == "a b c"
    assert values.clean("n/a") is None
