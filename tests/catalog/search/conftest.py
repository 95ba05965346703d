"""A small shop to search in, on both databases."""

import pytest

from catalog.ingest import ingest
from catalog.products.catalogue import Catalogue
from catalog.sources.detect import open_source

COLUMNS = ("id", "title", "brand", "category", "gender", "age_group", "colour")
PRODUCTS = [
    ("tee", "Grey T-shirt", "Nord", "Tops > T-shirts", "male", "adult", "grey"),
    ("tee2", "Plain tee shirt", "Nord", "Tops > T-shirts", "male", "adult", "grey"),
    ("shirt", "Oxford shirt", "Nord", "Tops > Shirts", "male", "adult", "Gray"),
    ("shirt2", "Grey linen shirts", "Sud", "Tops > Shirts", "female", "adult", "grey"),
    ("sweat", "Grey sweat-shirt", "Sud", "Tops > Sweatshirts", "male", "adult", "grey"),
    ("heels", "Patent heels", "Sud", "Shoes > Heels", "female", "adult", "black"),
    ("sneaker", "Canvas sneaker", "Sud", "Shoes > Casual", "unisex", "adult", "white"),
    ("run", "Road runner sports shoes", "Nord", "Shoes > Sports", "male", "adult", "blue"),
    ("watch", "Analogue Watch", "Tick", "Accessories > Watches", "unisex", "adult", "gold"),
    ("kid", "Striped dress", "Klein", "Dresses", "female", "kids", "red"),
    ("down", "Down jacket", "Nord", "Coats", "male", "adult", "navy"),
    ("étoile", "Robe d'Étoile", "Sud", "Dresses", "female", "adult", "blue"),
    ("jp", "赤いドレス", "Sud", "Dresses", "female", "adult", "red"),
]


@pytest.fixture
def put(tmp_path, write_csv, make_photo, db, catalog_settings):
    """Ingests rows of `COLUMNS`, all with the same photo."""

    def rows(products, **options):
        folder = tmp_path / "searched"
        make_photo(folder / "one.jpg", "grey")
        listed = [dict(zip(COLUMNS, row, strict=True)) | {"photos": "one.jpg"} for row in products]
        feed = write_csv(folder / "feed.csv", listed)
        return ingest(db, open_source(feed), settings=catalog_settings, **options)

    return rows


@pytest.fixture
def catalogue(db, put):
    put(PRODUCTS)
    return Catalogue(db)
