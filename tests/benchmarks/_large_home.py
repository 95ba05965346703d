"""A home of any number of products that are like those of a real shop, or of a drawn one.

Rows are those of real products with noise, so that each has neighbours as near as in a large shop.
Categories, genders, age groups, colours, words and attributes are those of the same real products;
brands, prices, stock and variant groups are drawn, since the real data has none.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from sqlalchemy import insert, update

from catalog.database.bulk import insert_rows
from catalog.database.database import Database
from catalog.database.models import PhotoRow, ProductRow, SourceRow, StateRow
from catalog.products.catalogue import Catalogue
from catalog.records import Product
from catalog.settings import CatalogSettings
from engine.arrays import Float32
from engine.embedding.caches.sqlite import SqliteCache
from engine.encoders.facets import FacetLayout
from engine.index.generation import open_live
from engine.settings import EngineSettings
from tests.benchmarks.index import clusters

CHUNK = 10_000
RARE = 80  # brands of a 400th of all products each, 20% together
WORDS = ("soft", "light", "warm", "classic", "slim", "wide", "long", "short", "cropped", "washed")
SIZES = ("XS", "S", "M", "L", "XL", "38", "40", "42")
DIMS = {"shape": 128, "colour": 80, "pattern": 32}
WEIGHTS = {"shape": 0.65, "colour": 0.32, "pattern": 0.03}
CATEGORIES = (
    "Apparel > Topwear > Tshirts",
    "Apparel > Topwear > Shirts",
    "Footwear > Shoes > Casual Shoes",
    "Accessories > Watches > Watches",
    "Apparel > Bottomwear > Jeans",
)


@dataclass(frozen=True)
class Bases:
    """The products that others are made like, and what embeds photos of them."""

    products: list[dict[str, Any]]
    vectors: Float32
    encoder: SimpleNamespace

    @classmethod
    def of(cls, home: Path | None) -> "Bases":
        """Those of an indexed home; without one, drawn ones."""
        if home is None:
            return _drawn()
        live = open_live(home / "index")
        with Database.open(CatalogSettings(home=home)) as database:
            found = Catalogue(database).products(live.ids.tolist())
        rows = [row for row, one in enumerate(live.ids) if one in found]
        made = _encoder(live.manifest.encoder, live.manifest.fingerprint, live.layout)
        listed = [_values(found[live.ids[row]]) for row in rows]
        return cls(listed, np.asarray(live.vectors[rows]), made)


def make_home(home: Path, count: int, bases: Bases) -> None:
    """Write the catalogue and the cache of photo vectors of ``count`` products; not an index."""
    settings = CatalogSettings(home=home)
    Database.migrate(settings)
    random = np.random.default_rng(5)
    with (
        Database.open(settings) as database,
        SqliteCache(EngineSettings(home=home).vectors_file) as cache,
        database.write() as connection,
    ):
        with connection.begin():
            source = {"name": "large", "format": "large", "root": "/nowhere"}
            connection.execute(insert(SourceRow).values(source))
        for start in range(0, count, CHUNK):
            numbers = np.arange(start, min(count, start + CHUNK))
            chosen = random.integers(len(bases.products), size=len(numbers))
            products = list(_products(numbers, chosen, bases, random))
            photos = [_photo(int(number)) for number in numbers]
            with connection.begin():
                insert_rows(connection, ProductRow, products)
                insert_rows(connection, PhotoRow, photos)
                connection.execute(update(StateRow).values(version=start // CHUNK + 1))
            rows = near(bases.vectors[chosen], bases.encoder.layout, random)
            hashes = [photo["content_hash"] for photo in photos]
            cache.put(bases.encoder.fingerprint, dict(zip(hashes, rows, strict=True)))


def near(rows: Float32, layout: FacetLayout, random: np.random.Generator) -> Float32:
    """Rows near some rows, at a distance that differs from row to row."""
    far = random.uniform(0.1, 0.6, size=(len(rows), 1))
    blocks = {}
    for name in layout.names:
        block = layout.block(rows, name) / layout.weights[name] ** 0.5
        noise = random.normal(size=block.shape) / block.shape[1] ** 0.5
        blocks[name] = block + far * noise
    return layout.compose(blocks)


def _products(
    numbers: np.ndarray, chosen: np.ndarray, bases: Bases, random: np.random.Generator
) -> Iterator[dict[str, Any]]:
    prices = np.exp(random.normal(3.5, 0.8, len(numbers))).round(2) + 1
    luck = random.random((len(numbers), 4))
    words = random.choice(WORDS, (len(numbers), 2))
    for place, number in enumerate(numbers.tolist()):
        base = bases.products[chosen[place]]
        price = Decimal(str(prices[place])).quantize(Decimal("0.01"))
        brand = base["title"].split()[0]
        if luck[place, 0] < RARE / 400:
            brand = f"House {int(luck[place, 0] * 400):02}"
        stock = "in_stock" if luck[place, 1] < 0.85 else "preorder"
        title = f"{brand} {' '.join(words[place])} {base['title']}"
        yield base | {
            "number": number + 1,
            "product_id": f"LK{number:07}",
            "source_id": 1,
            "digest": "",
            "row_digest": None,
            "title": title,
            "search_text": title.lower(),
            "brand": brand,
            "price": price,
            "sale_price": price / 2 if luck[place, 2] < 0.2 else None,
            "currency": "EUR",
            "availability": "out_of_stock" if luck[place, 1] > 0.95 else stock,
            "group_id": f"G{number // 3}" if luck[place, 3] < 0.5 else None,
            "link": None,
            "attributes": base["attributes"] | {"size": SIZES[number % len(SIZES)]},
            "retired": bool(luck[place, 3] > 0.99),
            "changed": 1,
        }


def _photo(number: int) -> dict[str, Any]:
    return {
        "product_number": number + 1,
        "position": 0,
        "given": f"{number}.jpg",
        "path": f"{number}.jpg",
        "state": "ready",
        "content_hash": hashlib.sha256(str(number).encode()).hexdigest(),
        "width": 300,
        "height": 400,
        "bytes": 1,
        "mtime_ns": 1,
        "code": None,
        "reason": None,
        "fetch_key": None,
    }


def _values(product: Product) -> dict[str, Any]:
    return {
        "title": product.title,
        "category": " > ".join(product.category) or None,
        "gender": product.gender,
        "age_group": product.age_group,
        "colour": product.colour,
        "pattern": product.pattern,
        "attributes": dict(product.attributes),
    }


def _drawn() -> Bases:
    layout = FacetLayout.of(DIMS, WEIGHTS, {})
    rows = clusters(2_000, layout.dim)
    vectors = layout.compose({name: layout.block(rows, name) for name in layout.names})
    products = [
        {
            "title": f"Maker{number % 60} piece {number}",
            "category": CATEGORIES[number % len(CATEGORIES)],
            "gender": ("male", "male", "female", "unisex")[number % 4],
            "age_group": "kids" if number % 25 == 0 else "adult",
            "colour": ("Black", "Blue", "White", "Grey", "Red")[number % 5],
            "pattern": None,
            "attributes": {"season": ("Summer", "Winter")[number % 2], "usage": "Casual"},
        }
        for number in range(len(vectors))
    ]
    return Bases(products, vectors, _encoder("drawn", "0" * 64, layout))


def _encoder(name: str, fingerprint: str, layout: FacetLayout) -> SimpleNamespace:
    """Names the encoder of the rows; nothing is encoded, as all rows are in the cache."""
    return SimpleNamespace(name=name, fingerprint=fingerprint, layout=layout, image_size=256)
