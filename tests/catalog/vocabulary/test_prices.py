"""Amounts and currencies as shops write them, and what is refused rather than guessed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import RecordError
from catalog.vocabulary.prices import contradicts, currency, decimal_sign_of, price


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
    assert price(text) == (Decimal(amount), code)


@pytest.mark.parametrize("text", ["", None, "N/A", "  -  "])
def test_a_missing_price_is_not_an_error(text: object):
    assert price(text) == (None, None)


@pytest.mark.parametrize("text", ["-3", "cheap", "12-15", "1e400", "9" * 20, float("inf"), True])
def test_an_invalid_price(text: object):
    with pytest.raises(RecordError, match="price"):
        price(text)


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_every_price_is_parsed_in_both_notations(amount: Decimal):
    english = f"{amount:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert price(english)[0] == amount
    assert price(f"{german} EUR")[0] == amount


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("R$ 129,90", "BRL"),
        ("C$25.00", "CAD"),
        ("CA$25.00", "CAD"),
        ("A$25", "AUD"),
        ("HK$ 250", "HKD"),
        ("NT$1,290", "TWD"),
        ("25.00 $ CA", "CAD"),
        ("US$25", "USD"),
        ("$25", "USD"),
        ("Q$25", None),  # nobody knows this one, so it is not the US dollar
        ("CN¥ 99", "CNY"),
        ("E£ 99", "EGP"),
        ("19.90 zł", "PLN"),
        ("1 290 Kč", "CZK"),
        ("₽ 990", "RUB"),
        ("19.90 Euro", "EUR"),
        ("19.90 per pair", None),
        ("19.90 for all", None),
        ("19.90 FOR ALL", None),
        ("19.90 all", "ALL"),  # alone beside the amount it is the Albanian lek
        ("from EUR 19.90 incl. VAT", "EUR"),
        ("19.90 XYZ", None),
        ("99 kr", None),  # Swedish, Danish or Norwegian
    ],
)
def test_a_currency_is_the_one_that_is_written(text: str, code: str | None):
    assert price(text)[1] == code


@pytest.mark.parametrize(
    ("text", "point", "comma", "unknown"),
    [
        ("24.995", "24.995", "24995", "24995"),
        ("24,995", "24995", "24.995", "24995"),
        ("24.99", "24.99", "24.99", "24.99"),
        ("1234.567", "1234.567", "1234.567", "1234.567"),
        ("1.299.000", "1299000", "1299000", "1299000"),
        ("1.299 JPY", "1299", "1299", "1299"),  # yen have no decimals
        ("1.299 KWD", "1.299", "1299", "1.299"),
        ("1.299,-", "1299", "1299", "1299"),
        (".50", "0.50", "0.50", "0.50"),
    ],
)
def test_the_feeds_decimal_sign_decides_between_two_readings(text, point, comma, unknown):
    found = [str(price(text, sign)[0]) for sign in (".", ",", "")]
    assert found == [point, comma, unknown]


@pytest.mark.parametrize(
    "text",
    [
        "12.00.00 EUR", "1,2,3", "12.34,56.7", "1.29.900", "12 50", "1..5", "1,,500", "12.3,45,6",
        "-€5", "€-5", "(5.00)", "20%", "12k", "1.2M", "5 EUR 10", "2 for 30", "19 EUR / 21 USD",
        "R$ 20 USD", "1" * 200,
    ],
)  # fmt: skip
def test_a_malformed_price_is_refused(text: str):
    with pytest.raises(RecordError, match="price"):
        price(text)


@pytest.mark.parametrize(
    ("prices", "sign"),
    [
        (["24.995", "19.95 EUR"], "."),
        (["24.995", "€ 1.299,00"], ","),
        (["24.995", "1.299.000"], ","),
        (["24.995"], ""),
        (["19.95", "19,95"], ""),
        ([19.95, None, ["19,95"]], ""),
    ],
)
def test_prices_show_the_decimal_sign_of_a_feed(prices, sign):
    assert decimal_sign_of(prices) == sign


def test_currencies_of_a_column():
    found = [currency(text) for text in ("eur", "€", "HK$", "Euro", "XYZ", "", None)]
    assert found == ["EUR", "EUR", "HKD", "EUR", None, None, None]


def test_a_price_that_names_another_currency_than_the_column():
    assert contradicts("R$ 20", "EUR") and not contradicts("$20", "CAD")
    assert not contradicts("20", "EUR") and not contradicts(20.0, "EUR")
