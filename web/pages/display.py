"""How values read on a page: prices, words, swatches, and how photos are asked for."""

from decimal import Decimal

from flask import Flask

from catalog.records import Availability, Product
from catalog.vocabulary import category_path
from web.app.links import shop_link
from web.pages.swatches import swatch

SIGNS = {"EUR": "€", "GBP": "£", "USD": "$", "INR": "₹", "JPY": "¥"}
PEOPLE = {"female": "Women", "male": "Men", "unisex": "Unisex"}
STOCK = {
    Availability.IN_STOCK: "In stock",
    Availability.OUT_OF_STOCK: "Sold out",
    Availability.PREORDER: "Pre-order",
    Availability.BACKORDER: "On back-order",
}


def name(product: Product) -> str:
    """A product's title without the brand in front, for places that show the brand above it."""
    brand, title = product.brand or "", product.title
    if brand and title.casefold().startswith(f"{brand} ".casefold()):
        return title[len(brand) :].strip() or title
    return title


def money(amount: Decimal, currency: str | None) -> str:
    """An amount with its currency."""
    text = f"{amount.quantize(Decimal('0.01')):,}"
    name = (currency or "").upper()
    return f"{SIGNS[name]}{text}" if name in SIGNS else f"{text} {name}".strip()


def price(product: Product) -> str:
    """What a product costs now, or nothing when that is not known."""
    paid = product.effective_price
    return "" if paid is None else money(paid, product.currency)


def old_price(product: Product) -> str:
    """What a product cost before it was reduced; nothing when it is not."""
    before, now = product.price, product.sale_price
    if before is None or now is None or now >= before:
        return ""
    return money(before, product.currency)


def people(gender: str) -> str:
    """Who a product is for, as shops say it."""
    return PEOPLE.get(gender, gender.capitalize())


def words(name: str) -> str:
    """An attribute's or category's name with a capital first and blanks between its words."""
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def stock(product: Product) -> str:
    """Whether a product can be bought, in words."""
    return "No longer sold" if product.retired else STOCK[product.availability]


def buyable(product: Product) -> bool:
    """Whether a product can still be bought."""
    return not product.retired and product.availability is not Availability.OUT_OF_STOCK


def details(product: Product) -> list[tuple[str, str]]:
    """The facts of a product page, in order, empty ones left out."""
    known = [
        ("Colour", product.colour),
        ("Pattern", product.pattern),
        ("For", people(product.gender) if product.gender else None),
        ("Age group", product.age_group),
        *product.attributes.items(),
    ]
    facts = [(words(label), words(str(value))) for label, value in known if value]
    return [*facts, ("Item", product.product_id)]


def register(app: Flask) -> None:
    """Give the templates these helpers."""
    helpers = (
        name,
        price,
        old_price,
        people,
        words,
        stock,
        buyable,
        shop_link,
        details,
        swatch,
    )
    app.jinja_env.globals.update({helper.__name__: helper for helper in helpers})
    app.jinja_env.globals["category_path"] = category_path
