"""A shop of coloured things with prices and lengths, and an encoder that draws what texts say."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from catalog.database.database import Database
from catalog.ingest.run import ingest
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from catalog.sources import open_source
from engine.arrays import Float32
from engine.index.reindex import reindex
from engine.recommendation.recommender import Recommender
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder
from tests.engine.shop import COLOURS, draw_photo

KINDS = {"Dresses": "Clothing > Dresses", "Shirts": "Clothing > Shirts", "Bags": "Bags"}
WEIGHTS = {"shape": 0.1, "colour": 0.8, "pattern": 0.1}
LENGTHS = ("mini", "knee", "maxi")


class TextEncoder(FakeEncoder):
    """The fake encoder, for which a text is many photos in the first colour that it names."""

    has_texts = True

    def __init__(self, weights: dict[str, float] | None = WEIGHTS) -> None:
        super().__init__(weights=weights)

    def encode_texts(self, texts) -> Float32:
        return np.stack([self.layout.pool(self.encode(photos_of(text))) for text in texts])


def photos_of(text: str) -> list[Image.Image]:
    random = np.random.default_rng(0)
    shade = next((COLOURS[colour] for colour in COLOURS if colour in text), (128, 128, 128))
    return [draw_photo(random, shade) for _ in range(12)]


class TextShop:
    """A home with an index, and what is opened on it."""

    def __init__(self, folder: Path) -> None:
        draw_source(folder / "source")
        caps = CatalogSettings(home=folder / "home")
        Database.migrate(caps)
        self.db = Database.open(caps)
        ingest(self.db, open_source(folder / "source" / "catalogue.csv"), settings=caps)
        self.catalogue = Catalogue(self.db)
        self.settings = EngineSettings(home=folder / "home", workers=1, trees=5, batch_size=32)
        reindex(self.catalogue, TextEncoder(), self.settings)

    def recommender(self, encoder: FakeEncoder | None = None) -> Recommender:
        return Recommender(self.settings, self.catalogue, lambda *_: encoder or TextEncoder())


def draw_source(folder: Path) -> None:
    """Three products of each kind and colour: t000 ... t035, one of each length, 10 to 45 euros.

    Of every ninth nothing but the photo says the colour.
    """
    folder.mkdir(parents=True)
    random = np.random.default_rng(1)
    rows = []
    for kind, path in KINDS.items():
        for colour in COLOURS:
            for length in LENGTHS:
                number = len(rows)
                name = f"t{number:03}"
                draw_photo(random, COLOURS[colour]).save(folder / f"{name}.png")
                told = "" if number % 9 == 0 else colour
                rows.append(
                    {
                        "id": name,
                        "title": f"Model {number} {told} {kind}",
                        "category": path,
                        "colour": told,
                        "gender": "female" if number % 2 else "male",
                        "price": f"{10 + number} EUR",
                        "length": length if kind != "Bags" else "",
                        "photos": f"{name}.png",
                    }
                )
    with (folder / "catalogue.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
