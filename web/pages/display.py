"""Values as text on a page: prices, names, stock, and a product's details."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from flask import Flask, has_app_context

from catalog.desk.shop_settings import ShopSettings
from catalog.records import Availability, Page, Product
from catalog.vocabulary import category_path
from web.app.context import shop
from web.app.links import shop_link
from web.pages.report_access import is_staff
from web.pages.swatches import swatch

CURRENCY_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$", "INR": "₹", "JPY": "¥"}
SHOP_IDS = frozenset({"shop_id", "variant_id"})  # attributes that tell a shopper nothing
PEOPLE = {"female": "Women", "male": "Men", "unisex": "Unisex"}
STOCK = {
    Availability.IN_STOCK: "In stock",
    Availability.OUT_OF_STOCK: "Sold out",
    Availability.PREORDER: "Pre-order",
    Availability.BACKORDER: "On back-order",
}


def name(product: Product) -> str:
    """A product's title without a leading brand, for places that show the brand above it."""
    brand, title = product.brand or "", product.title
    if brand and title.casefold().startswith(f"{brand} ".casefold()):
        return title[len(brand) :].strip() or title
    return title


def own_settings() -> ShopSettings:
    """The settings of the shop that is being shown; the defaults outside of an app."""
    return shop().own if has_app_context() else ShopSettings()


def money(amount: Decimal, currency: str | None, own: ShopSettings | None = None) -> str:
    """An amount with its currency, by the shop's settings or those that are given."""
    own = own or own_settings()
    name = (currency or own.currency).upper()
    if own.locale and name:
        return format_currency(amount, name, locale=own.locale)
    if own.locale:
        return format_decimal(amount, "#,##0.00", locale=own.locale)
    text = f"{amount.quantize(Decimal('0.01')):,}"
    return f"{CURRENCY_SIGNS[name]}{text}" if name in CURRENCY_SIGNS else f"{text} {name}".strip()


def price(product: Product, own: ShopSettings | None = None) -> str:
    """The current price, written as `money` does; empty if unknown."""
    current = product.effective_price
    return "" if current is None else money(current, product.currency, own)


def old_price(product: Product, own: ShopSettings | None = None) -> str:
    """The regular price of a product on sale; empty for other products."""
    before, now = product.price, product.sale_price
    if before is None or now is None or now >= before:
        return ""
    return money(before, product.currency, own)


def people(gender: str) -> str:
    """A gender as shops name it."""
    return PEOPLE.get(gender, gender.capitalize())


def kids_people(gender: str) -> str:
    """The same for clothes of children."""
    return {"female": "Girls", "male": "Boys", "unisex": "Girls and boys"}.get(gender, gender)


def words(name: str) -> str:
    """An attribute's or category's name with a capital letter, and spaces for underscores."""
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def stock(product: Product) -> str:
    """The availability of a product, in words."""
    return "No longer sold" if product.retired else STOCK[product.availability]


def buyable(product: Product) -> bool:
    """Whether a product can still be bought."""
    return not product.retired and product.availability is not Availability.OUT_OF_STOCK


def match_shown() -> bool:
    """Whether the current visitor sees the match of similar items in per cent."""
    return shop().settings.show_match or shop().own.show_match or is_staff()


def details(product: Product) -> list[tuple[str, str]]:
    """The names and values in a product page's list of details, without empty ones."""
    hidden = set(SHOP_IDS)
    given = product.attributes.get("original_colour")
    if given and product.colour and given.strip().casefold() == product.colour.casefold():
        hidden.add("original_colour")  # says the same
    known = [
        ("Colour", product.colour),
        ("Pattern", product.pattern),
        ("For", people(product.gender) if product.gender else None),
        ("Age group", product.age_group),
        *((name, value) for name, value in product.attributes.items() if name not in hidden),
    ]
    facts = [(words(label), words(str(value))) for label, value in known if value]
    return [*facts, ("Item", product.product_id)]


def shown_sliders(weights: Mapping[str, float]) -> Mapping[str, float]:
    """The facets that the shop lets shoppers weigh, with their default weights."""
    own = shop().own
    return {name: weight for name, weight in weights.items() if own.shows(name)}


def has_slider(name: str) -> bool:
    """Whether the shop lets shoppers move the slider of a facet, or of the variety."""
    return shop().own.shows(name)


def long_date(moment: datetime) -> str:
    """A day as the shop's locale writes it: 27 November 2026."""
    locale = own_settings().locale
    if locale:
        return format_date(moment, "long", locale=locale)
    return f"{moment.day:02} {moment:%B %Y}"


def number(value: int) -> str:
    """A whole number as the shop's locale writes it: 1,234."""
    locale = own_settings().locale
    return format_decimal(value, "#,##0", locale=locale) if locale else f"{value:,}"


def tally(page: Page) -> str:
    """How many products a listing has: 50,000 or more."""
    return number(page.total) if page.exact else f"{number(page.total)} or more"


def register(app: Flask) -> None:
    """Add these helpers to an app's templates."""
    helpers = (
        name,
        price,
        old_price,
        people,
        kids_people,
        words,
        shown_sliders,
        has_slider,
        long_date,
        number,
        tally,
        stock,
        buyable,
        shop_link,
        details,
        match_shown,
        swatch,
    )
    app.jinja_env.globals.update({helper.__name__: helper for helper in helpers})
    app.jinja_env.globals["category_path"] = category_path
