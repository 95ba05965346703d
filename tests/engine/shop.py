"""A small shop for tests of the engine: drawn photos, a CSV source, a real catalogue."""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from catalog.database.database import Database
from catalog.ingest.run import ingest
from catalog.products.catalogue import Catalogue
from catalog.rules.book import RuleBook
from catalog.settings import CatalogSettings
from catalog.sources import open_source
from engine.index.reindex import reindex
from engine.index.reports import ReindexReport
from engine.recommendation.recommender import Recommender
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder

COLOURS = {"red": (200, 30, 40), "blue": (30, 60, 200), "green": (20, 140, 60), "black": (20,) * 3}
GENDERS = ("male", "female", "unisex", "")
AGES = ("adult", "adult", "kids", "")
STOCK = ("in_stock", "in_stock", "in_stock", "preorder", "out_of_stock")


@dataclass
class Shop:
    """A source, the home that it is ingested into, and what is opened on it."""

    source: Path
    settings: EngineSettings
    db: Database
    catalogue: Catalogue

    @property
    def rules(self) -> RuleBook:
        return RuleBook(self.db)

    def reindex(self, encoder: FakeEncoder | None = None, **options) -> ReindexReport:
        settings = options.pop("settings", self.settings)
        encoder = encoder or FakeEncoder()
        return reindex(self.catalogue, encoder, settings, **options)

    def recommender(self) -> Recommender:
        return Recommender(self.settings, self.catalogue, lambda settings, name: FakeEncoder())

    def ingest(self, sync: bool = False) -> None:
        settings = CatalogSettings(home=self.settings.home)
        ingest(self.db, open_source(self.source), sync=sync, settings=settings)

    def rows(self) -> list[dict[str, str]]:
        with self.source.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    def write(self, rows: list[dict[str, str]]) -> None:
        with self.source.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def change(self, product_id: str, **values: str) -> None:
        """Change a product in the source and ingest it again."""
        self.write([row | values if row["id"] == product_id else row for row in self.rows()])
        self.ingest()


def open_shop(folder: Path, products: int = 60, **settings) -> Shop:
    """Draw and ingest a shop below a folder."""
    draw_source(folder / "source", products)
    home = folder / "home"
    caps = CatalogSettings(home=home)
    Database.migrate(caps)
    db = Database.open(caps)
    shop = Shop(
        folder / "source" / "catalogue.csv",
        EngineSettings(home=home, workers=1, trees=10, batch_size=16, **settings),
        db,
        Catalogue(db),
    )
    shop.ingest()
    return shop


def draw_source(folder: Path, products: int, seed: int = 0) -> None:
    """Products p000 ... with one or two photos each, all guards' facts in every combination."""
    random = np.random.default_rng(seed)
    (folder / "photos").mkdir(parents=True)
    rows = []
    for number in range(products):
        product_id = f"p{number:03}"
        colour = list(COLOURS)[number % len(COLOURS)]
        names = [f"photos/{product_id}-{view}.png" for view in range(1 + number % 2)]
        for name in names:
            draw_photo(random, COLOURS[colour]).save(folder / name)
        rows.append(
            {
                "id": product_id,
                "title": f"Thing {number}",
                "category": ("Tops > T-shirts", "Tops > Shirts", "Shoes")[number % 3],
                "colour": colour,
                "gender": GENDERS[random.integers(len(GENDERS))],
                "age_group": AGES[random.integers(len(AGES))],
                "availability": STOCK[random.integers(len(STOCK))],
                "group_id": f"g{number // 3}" if number % 5 else "",
                "photos": ";".join(names),
            }
        )
    with (folder / "catalogue.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def draw_photo(random: np.random.Generator, colour: tuple[int, ...]) -> Image.Image:
    """A rectangle of about one colour on white, striped or plain, somewhere in the picture."""
    image = Image.new("RGB", (48, 64), "white")
    pen = ImageDraw.Draw(image)
    left, top = random.integers(0, 20, 2).tolist()
    right, bottom = random.integers(28, 48, 2).tolist()
    shade = tuple(np.clip(np.array(colour) + random.integers(-20, 60, 3), 0, 255).tolist())
    pen.rectangle((left, top, right, bottom + 12), fill=shade)
    for y in range(top, bottom, int(random.integers(3, 20))):
        pen.line((left, y, right, y), fill=tuple(random.integers(0, 256, 3).tolist()))
    return image


def content_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
