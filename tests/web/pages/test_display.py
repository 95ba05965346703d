from decimal import Decimal

import pytest

from catalog.records import Availability, Product
from web.pages import display
from web.pages.swatches import SWATCHES, swatch


def product(**changes):
    plain = {
        "product_id": "p1", "title": "A shirt", "brand": None, "category": ("Tops", "T-shirts"),
        "gender": None, "age_group": None, "colour": None, "pattern": None, "price": None,
        "currency": None, "availability": Availability.IN_STOCK, "group_id": None, "link": None,
        "attributes": {}, "photos": (),
    }  # fmt: skip
    return Product(**{**plain, **changes})


@pytest.mark.parametrize(
    ("price", "currency", "shown"),
    [
        ("29.9", "EUR", "€29.90"),
        ("1299", "gbp", "£1,299.00"),
        ("5", "SEK", "5.00 SEK"),
        ("5", None, "5.00"),
    ],
)
def test_a_price_reads_as_shops_write_it(price, currency, shown):
    assert display.price(product(price=Decimal(price), currency=currency)) == shown


@pytest.mark.parametrize(
    ("title", "brand", "shown"),
    [
        ("Acme Blue Shirt", "ACME", "Blue Shirt"),
        ("Acmeland Shirt", "Acme", "Acmeland Shirt"),
        ("Acme", "Acme", "Acme"),
        ("Blue Shirt", None, "Blue Shirt"),
    ],
)
def test_a_name_does_not_say_the_brand_twice(title, brand, shown):
    assert display.name(product(title=title, brand=brand)) == shown


def test_no_price_is_no_text():
    assert display.price(product(currency="EUR")) == ""


def test_details_leave_out_what_is_not_known():
    item = product(gender="female", colour="navy", attributes={"sleeve_length": "short", "x": ""})
    assert display.details(item) == [
        ("Colour", "Navy"), ("For", "Women"), ("Sleeve length", "Short"), ("Item", "p1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("original", "shown"),
    [("Navy", False), (" NAVY ", False), ("Midnight", True), ("Navy blue", True)],
)
def test_the_shop_s_word_for_a_colour_is_shown_if_it_says_more(original, shown):
    item = product(colour="navy", attributes={"original_colour": original})
    assert (("Original colour", original) in display.details(item)) == shown


def test_the_item_number_is_shown_as_it_is():
    assert display.details(product(product_id="a_b"))[-1] == ("Item", "a_b")


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "//shop.example", "shop", "http://", None]
)
def test_only_web_addresses_become_links(link):
    assert display.shop_link(product(link=link)) is None


def test_a_web_address_is_linked():
    assert display.shop_link(product(link="https://shop.example/p1")) == "https://shop.example/p1"


def test_stock_and_whether_it_can_be_bought():
    assert display.stock(product()) == "In stock"
    sold_out = product(availability=Availability.OUT_OF_STOCK)
    assert display.stock(sold_out) == "Sold out"
    assert not display.buyable(sold_out)
    retired = product(retired=True)
    assert display.stock(retired) == "No longer sold"
    assert not display.buyable(retired)
    assert display.buyable(product(availability=Availability.PREORDER))


def test_a_swatch_is_found_by_name_or_by_its_last_known_word():
    assert swatch("Navy Blue") == SWATCHES["navy blue"]
    assert swatch("Deep-Red") == SWATCHES["red"]
    assert swatch("Multi") is None
