"""What search engines and link previews read of a product page: canonical address, JSON-LD."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from flask import request

from catalog.records import Availability, Product
from catalog.vocabulary import category_path
from web.app.context import shop
from web.app.links import photo_url, product_url

IMAGE_WIDTH = 960
AVAILABILITY = {
    Availability.IN_STOCK: "InStock",
    Availability.OUT_OF_STOCK: "OutOfStock",
    Availability.PREORDER: "PreOrder",
    Availability.BACKORDER: "BackOrder",
}
GENDERS = {"female": "female", "male": "male", "unisex": "unisex"}


@dataclass(frozen=True, slots=True)
class ProductData:
    """A product in the terms of schema.org, with absolute addresses.

    ``offer`` is empty without a price and a currency, which an offer needs.
    """

    product: Product
    url: str
    images: tuple[str, ...] = ()
    offer: dict[str, str] = field(default_factory=dict)

    @property
    def image(self) -> str | None:
        """The first photo."""
        return self.images[0] if self.images else None

    @property
    def description(self) -> str:
        """Brand, colour and category in a line."""
        product = self.product
        parts = (product.brand, product.colour, product.category[-1] if product.category else None)
        return ", ".join(part for part in parts if part)

    def as_json_ld(self) -> dict[str, Any]:
        """The JSON-LD of the product."""
        product = self.product
        values: dict[str, Any] = {
            "@context": "https://schema.org",
            "@type": "Product",
            "@id": self.url,
            "name": product.title,
            "sku": product.product_id,
            "url": self.url,
            "image": list(self.images),
            "category": category_path.join(product.category),
            "color": product.colour,
            "pattern": product.pattern,
            "inProductGroupWithID": product.group_id,
        }
        if product.brand:
            values["brand"] = {"@type": "Brand", "name": product.brand}
        if self.offer:
            values["offers"] = self.offer
        if product.gender in GENDERS or product.age_group:
            audience = {"@type": "PeopleAudience", "suggestedGender": product.gender}
            if product.age_group == "kids":
                audience["suggestedMaxAge"] = "13"
            values["audience"] = {name: value for name, value in audience.items() if value}
        return {name: value for name, value in values.items() if value}


def product_data(product: Product) -> ProductData:
    """The data of a product's page, at the address of the current request's host."""
    url = absolute(product_url(product))
    photos = product.photos
    images = tuple(absolute(photo_url(photo.content_hash, IMAGE_WIDTH)) for photo in photos)
    price, offer = product.effective_price, {}
    currency = product.currency or shop().own.currency
    if price is not None and currency:
        word = "Discontinued" if product.retired else AVAILABILITY[product.availability]
        offer = {
            "@type": "Offer",
            "url": url,
            "price": str(price),
            "priceCurrency": currency,
            "availability": f"https://schema.org/{word}",
        }
    return ProductData(product, url, images, offer)


def absolute(path: str) -> str:
    """The whole address of one of our paths."""
    return urljoin(request.host_url, path)
