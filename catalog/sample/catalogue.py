"""Writes the sample shop's source file, ``catalogue.csv``, one row per planned product."""

import csv
from collections.abc import Iterable
from pathlib import Path

from catalog.files import replacing
from catalog.sample.painting.fabric import FABRICS
from catalog.sample.plan import PlannedProduct
from catalog.vocabulary import category_path

FILE = "catalogue.csv"
COLUMNS = (
    "id", "title", "brand", "category", "gender", "age_group", "colour", "pattern", "price",
    "sale_price", "currency", "availability", "group_id", "link", "photos", "type", "sleeve",
    "neck", "length", "cut", "fabric",
)  # fmt: skip


def row(product: PlannedProduct, photos: bool = True) -> dict[str, str]:
    """The row of a product; attributes that its type does not have are empty."""
    style = product.style
    return {
        "id": product.product_id,
        "title": product.title,
        "brand": product.brand,
        "category": category_path.join(product.category),
        "gender": product.gender,
        "age_group": product.age_group,
        "colour": product.colour,
        "pattern": product.pattern,
        "price": product.price,
        "sale_price": product.sale_price,
        "currency": "EUR",
        "availability": product.availability,
        "group_id": product.group_id,
        "link": f"https://shop.example/products/{product.product_id}",
        "photos": ";".join(product.photos) if photos else "",
        "type": style.type,
        "sleeve": style.sleeve,
        "neck": style.neck,
        "length": style.length,
        "cut": style.cut,
        "fabric": FABRICS[product.fabric].word.lower(),
    }


def write(folder: Path, products: Iterable[PlannedProduct], photos: bool = True) -> int:
    """Writes the file, whole or not at all; returns the number of rows."""
    count = 0
    with (
        replacing(folder / FILE) as draft,
        draft.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for product in products:
            writer.writerow(row(product, photos))
            count += 1
    return count
