"""A catalogue of random facts over rows made by hand: no photos, no encoder, quick to change."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, insert, select, update

from catalog.database.database import Database
from catalog.database.models import ProductRow, SourceRow, StateRow
from catalog.products.catalogue import Catalogue
from catalog.rules.book import RuleBook
from catalog.settings import CatalogSettings
from engine.calibration.calibration import FILE, Calibration
from engine.calibration.curve import Curve
from engine.calibration.detail import Detail
from engine.calibration.same_product import SameProduct
from engine.facts import reading
from engine.recommendation import fine_order, panel_search
from engine.recommendation.clusters import diversity
from engine.recommendation.recommender import Recommender
from engine.search import search
from engine.settings import EngineSettings
from tests.engine import generations
from tests.engine.fake_encoder import FakeEncoder

COUNT = 120
BRANDS = ("Acme", "Børk", None)
CATEGORIES = ("Tops", "Tops > T-shirts", "Tops > Shirts", "Shoes", None)
GENDERS = ("male", "female", "unisex", None)
AGES = ("adult", "kids", None)
COLOURS = ("red", "blue", None)
STOCK = ("in_stock", "in_stock", "preorder", "out_of_stock")
DESIGNS = ("Breton wool cable jumper", "Paisley silk wrap blouse")
SLEEVES = ("long", "kurz & bündig", None)


def ids(count: int = COUNT) -> list[str]:
    """The products, in the order of their rows."""
    return [f"r{row:04}" for row in range(count)]


def facts(random: np.random.Generator, product_id: str) -> dict[str, Any]:
    """One product's columns, every field in every state now and then."""

    def one(values: tuple) -> Any:
        return values[random.integers(len(values))]

    price = Decimal(int(random.integers(1, 40))) / 4 if random.random() < 0.8 else None
    sale = price * Decimal("0.8") if price and random.random() < 0.3 else None
    colour = one(COLOURS)
    design = one((*DESIGNS, *DESIGNS, None))
    title = product_id if design is None else f"{colour or ''} {design}".strip()
    sleeve, quote = one(SLEEVES), one(('6"', None))
    attributes = {"sleeve": sleeve, 'größe "in"': quote}
    return {
        "product_id": product_id,
        "digest": "",
        "title": title,
        "search_text": product_id,
        "brand": one(BRANDS),
        "category": one(CATEGORIES),
        "gender": one(GENDERS),
        "age_group": one(AGES),
        "colour": colour,
        "pattern": one(("striped", None)),
        "price": price,
        "sale_price": sale,
        "currency": None,
        "availability": one(STOCK),
        "group_id": f"g{random.integers(30)}" if random.random() < 0.6 else None,
        "link": None,
        "attributes": {name: value for name, value in attributes.items() if value},
        "retired": bool(random.random() < 0.05),
    }


def open_random_shop(
    folder: Path, count: int = COUNT, address: str | None = None
) -> SimpleNamespace:
    """An empty catalogue, and two indexes of its products: ``db``, ``catalogue``, ``homes``."""
    settings = CatalogSettings(home=folder, database_url=address)
    Database.migrate(settings)
    db = Database.open(settings)
    with db.write() as connection, connection.begin():
        source = {"name": "hand", "format": "hand", "root": "/"}
        connection.execute(insert(SourceRow).values(source))
    homes = []
    for seed in (0, 1):
        home = folder / f"rows{seed}"
        with_copies(home, count, seed)
        homes.append(home)
    return SimpleNamespace(
        db=db, catalogue=Catalogue(db), rules=RuleBook(db), homes=homes, count=count
    )


def calibration() -> Calibration:
    """A match that means something else in "Tops"."""
    shirts = Curve(cosines=(-0.5, 0.9), probabilities=(0.1, 0.9), products=9)
    others = Curve(cosines=(-1.0, 0.2, 1.0), probabilities=(0.001, 0.2, 0.99), products=9)
    return Calibration(
        fingerprint=FakeEncoder().fingerprint,
        encoder="fake",
        alike="the same clump",
        fitted_on=9,
        floor=25.0,
        one_design=0.3,
        detail=Detail(
            saturation=0.5,
            weights={"shape": 0.2, "colour": 0.2, "pattern": 0.6},
            fine=(-1.0, 0.3, 1.0),
            scores=(0.5, 0.7, 1.0),
        ),
        same_product=same_product(),
        everything=others,
        categories={"Tops": shirts},
    )


def same_product() -> SameProduct:
    """Thresholds from a cosine of 0.5 on."""
    return SameProduct(
        learned_from="photos",
        products=9,
        rates=(0.1, 1e-3, 1e-5),
        cosines=(0.5, 0.8, 0.9),
        accepted=(1.0, 0.9, 0.5),
        curve=Curve(cosines=(0.0, 1.0), probabilities=(0.01, 0.99), products=9),
    )


def with_copies(home: Path, count: int, seed: int) -> None:
    """Publish rows in clumps, every seventh one a copy of another."""
    fresh = generations.random_rows

    def rows(layout, count: int, seed: int) -> np.ndarray:
        made = fresh(layout, count, seed)
        made[6::7] = made[5::7][: len(made[6::7])]
        return made

    generations.random_rows = rows
    try:
        made = generations.publish(home, count, seed, search_k=10 * count)
        calibration().save(EngineSettings(home=home).index_dir / made.name / FILE)
    finally:
        generations.random_rows = fresh


def recommender(shop: SimpleNamespace, home: Path, **options: Any) -> Recommender:
    """What answers from one of the indexes."""
    return Recommender(EngineSettings(home=home), shop.catalogue, **options)


def fill(shop: SimpleNamespace, seed: int) -> None:
    """Give every product new facts."""
    random = np.random.default_rng(seed)
    rows = [facts(random, product_id) for product_id in ids(shop.count)]
    with shop.db.write() as connection, connection.begin():
        version = _next(connection)
        connection.execute(delete(ProductRow))
        connection.execute(
            insert(ProductRow), [row | {"source_id": 1, "changed": version} for row in rows]
        )


def change(shop: SimpleNamespace, seed: int, share: float) -> None:
    """Give some products new facts, as an ingest of a changed source does."""
    random = np.random.default_rng(seed)
    with shop.db.write() as connection, connection.begin():
        version = _next(connection)
        for product_id in ids(shop.count):
            if random.random() < share:
                values = facts(random, product_id) | {"changed": version}
                mine = ProductRow.product_id == product_id
                connection.execute(update(ProductRow).where(mine).values(values))


def _next(connection: Any) -> int:
    version = connection.execute(select(StateRow.version)).scalar_one() + 1
    connection.execute(update(StateRow).values(version=version))
    return version


@contextmanager
def searching(path: str) -> Iterator[None]:
    """Search by ``scan`` or by ``index``, the latter with so few candidates that it must go on.

    By index, few changed products are kept as layers of facts; more are read as a whole again.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "SCAN_CELLS", 10**9 if path == "scan" else 0)
        patch.setattr(search, "FETCH", 10)
        patch.setattr(search, "FETCH_PER_RESULT", 2)
        patch.setattr(search, "SPARE", 3)
        patch.setattr(fine_order, "WINDOW", 5)
        if path == "index":
            patch.setattr(reading, "SMALL", 8)
            patch.setattr(reading, "MERGED", 30)
            patch.setattr(panel_search, "FIRST_BLOCK", 2)
            patch.setattr(diversity, "FIRST_OF_LINES", 0)
        yield
