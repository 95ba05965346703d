"""Reindex a home with the fake encoder, from a process of its own: python -m ... HOME [SLOWLY]."""

import sys
import time

import numpy as np

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.index.reindex import reindex
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder


class SlowEncoder(FakeEncoder):
    """Takes its time, so that a kill can hit any step of a run."""

    def encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        time.sleep(0.01)
        return super().encode_pixels(pixels)


def main(home: str, version: str) -> None:
    settings = EngineSettings(home=home, workers=1, trees=10, batch_size=4)
    caps = CatalogSettings(home=home)
    with Database.open(caps) as db:
        print("started", flush=True)
        report = reindex(Catalogue(db), SlowEncoder(int(version)), settings, caps=caps)
        print(report.generation, report.photos_embedded, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
