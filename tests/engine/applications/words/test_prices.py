from decimal import Decimal

import pytest

from engine.applications.words.prices import PriceWish, read_price


@pytest.mark.parametrize(
    ("text", "low", "high", "rest"),
    [
        ("red dress under 50", None, "50", "red dress"),
        ("red dress below €49.90", None, "49.90", "red dress"),
        ("coat over 1,000 euros", "1000", None, "coat"),
        ("coat over 1.000 €", "1000", None, "coat"),
        ("between 20 and 40 shoes", "20", "40", "shoes"),
        ("shoes from 40 to 20", "20", "40", "shoes"),
        ("hat over 5 under 9,5", "5", "9.5", "hat"),
        ("Kleid unter 50 Euro", None, "50", "Kleid"),
        ("robe moins de 50 €", None, "50", "robe"),
        ("under 50", None, "50", ""),
        ("saree under 1,00,000", None, "100000", "saree"),
        ("bag under 12,34,567.50", None, "1234567.50", "bag"),
        ("coat under 1.000,50", None, "1000.50", "coat"),
        ("dress under fifty euros", None, "50", "dress"),
        ("coat over a hundred", "100", None, "coat"),
        ("Kleid unter Fünfzig", None, "50", "Kleid"),
        ("robe moins de deux cents", None, "200", "robe"),
        ("shoes between twenty and 40", "20", "40", "shoes"),
    ],
)
def test_a_price_is_read_and_taken_out_of_the_text(text, low, high, rest):
    wish, left = read_price(text)
    assert wish == PriceWish(low and Decimal(low), high and Decimal(high))
    assert left == rest


@pytest.mark.parametrize(
    "text",
    [
        "red dress",
        "size under",
        "overalls 50",
        "under 20% off",
        "over 50 under 20 hat",
        "under 1.1.1",
        "from 12.11.24 to 13.11.24",
        "under 1,5,5",
        "over " + "1." * 90 + "1",
        "",
    ],
)
def test_what_is_no_price_stays_in_the_text_as_far_as_it_can_be_meant(text):
    wish, left = read_price(text)
    assert wish is None
    assert left in (text, "hat")  # bounds that no price meets are nobody's wish
