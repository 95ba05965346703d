"""From a changed feed to a product that is found: by a delta and by a full rebuild, in one run.

Run ``python -m tests.benchmarks.delta [PRODUCTS]``. It draws a feed with a small photo for each of
10,000 products and embeds them with an encoder without weights. Then it adds one product at a time
and measures the time until it is found, by a delta and by a rebuild in turns. After that, it sends
the same requests to an index of all products and to one with the last twentieth in a delta. It
fails if a product is not found, if exact answers of the two differ, or if the approximate answers
of the second miss more.
"""

import csv
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.arrays import Float32, UInt8
from engine.encoders.facets import FacetLayout
from engine.index.merged import MergedGeneration
from engine.index.reindex import reindex
from engine.index.update import Updater
from engine.operations.watch import Watch
from engine.operations.watch_stages import Feed
from engine.recommendation.recommender import Recommender
from engine.search import search
from engine.settings import EngineSettings
from tests.engine.fake_encoder import WEIGHTS, FakeEncoder

PRODUCTS = 10_000
SHARE = 0.05
ROUNDS = 3
QUERIES = 300
SLACK = 0.005  # by which the recall of two indexes may differ by chance
Answer = list[tuple[str, float]]
DIMS = {"shape": 192, "colour": 192, "pattern": 128}


class WideEncoder(FakeEncoder):
    """The fake encoder, with rows of the usual length."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow, self.layout = self.layout, FacetLayout.of(DIMS, WEIGHTS)
        random = np.random.default_rng(0)
        self.wider = {
            name: random.normal(size=(stop - start, DIMS[name])).astype(np.float32)
            for name, (start, stop) in self.narrow.slices.items()
        }

    def encode_pixels(self, pixels: UInt8) -> Float32:
        wide, self.layout = self.layout, self.narrow
        rows = super().encode_pixels(pixels)
        self.layout = wide
        blocks = {name: self.narrow.block(rows, name) @ self.wider[name] for name in DIMS}
        return self.layout.compose(blocks)


class Shop:
    """A feed that grows, and the homes that are filled from it."""

    def __init__(self, folder: Path) -> None:
        self.feed = folder / "feed" / "products.csv"
        (self.feed.parent / "photos").mkdir(parents=True)
        self.caps = CatalogSettings(home=folder / "home")
        self.random = np.random.default_rng(1)
        self.rows: list[dict[str, str]] = []

    def add(self, count: int) -> str:
        """Draw more products; the id of the last."""
        for _ in range(count):
            name = f"p{len(self.rows):06}"
            pixels = self.random.integers(0, 256, (4, 4, 3), dtype=np.uint8)
            photo = f"photos/{name}.png"
            Image.fromarray(pixels).resize((32, 32)).save(self.feed.parent / photo)
            self.rows.append({"id": name, "title": name, "category": "All", "photos": photo})
        with self.feed.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(self.rows[0]))
            writer.writeheader()
            writer.writerows(self.rows)
        return name

    def settings(self, home: str, delta_share: float = 0.05) -> EngineSettings:
        folder = self.caps.home.parent / home
        return EngineSettings(home=folder, workers=1, delta_share=delta_share)

    def watch(self, settings: EngineSettings) -> Watch:
        return Watch(Feed(str(self.feed)), WideEncoder, settings=settings, caps=self.caps)


def main(products: int) -> int:
    """Measure and print; the exit status is 0 if all was found and equal."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        first = int(products * (1 - SHARE))
        shop.add(first)
        watch = shop.watch(shop.settings("home"))
        print(watch.cycle().summary)
        watch.close()
        with Database.open(shop.caps) as database:
            catalogue = Catalogue(database)
            found = arrivals(shop, catalogue)
            shop.add(products - len(shop.rows))
            fine = compare_answers(shop, catalogue)
    return int(not (found and fine))


def arrivals(shop: Shop, catalogue: Catalogue) -> bool:
    """Print the time until one new product is found; whether each was."""
    seconds: dict[str, list[float]] = {"delta": [], "rebuild": []}
    recommender = Recommender(shop.settings("home"), catalogue)
    recommender.similar_to("p000000")
    fine = True
    watches = {"delta": shop.watch(shop.settings("home"))}
    watches["rebuild"] = shop.watch(shop.settings("home", delta_share=0))
    for _ in range(ROUNDS):
        for way, watch in watches.items():
            name = shop.add(1)
            start = time.perf_counter()
            summary = watch.cycle().summary
            fine &= bool(recommender.similar_to(name, 3)) and name in recommender.live().row_of
            seconds[way].append(time.perf_counter() - start)
            print(f"{way:8} {summary}")
    for watch in watches.values():
        watch.close()
    for way, times in seconds.items():
        print(f"{way:8} 1 new of {len(shop.rows):,}: found after {statistics.median(times):.2f} s")
    return fine


def compare_answers(shop: Shop, catalogue: Catalogue) -> bool:
    """Print the time of an answer with and without a delta; whether both are right."""
    whole, beside = shop.settings("home"), shop.settings("beside")
    reindex(catalogue, WideEncoder(), whole)  # of what is ingested so far
    shutil.copytree(whole.index_dir, beside.index_dir)
    watch = shop.watch(whole.model_copy(update={"delta_share": 0}))
    watch.cycle()
    watch.close()
    shutil.copy(whole.vectors_file, beside.vectors_file)
    report = Updater(catalogue, WideEncoder, beside, shop.caps).update(delta_only=True)
    recommenders = {
        "whole index": Recommender(whole, catalogue),
        f"delta of {report.delta_products:,}": Recommender(beside, catalogue),
    }
    kinds = [isinstance(one.live(), MergedGeneration) for one in recommenders.values()]
    assert kinds == [False, True]
    seeds = shop.random.choice([row["id"] for row in shop.rows], QUERIES).tolist()
    exact: list[Answer] = []
    fine = True
    cells = search.SCAN_CELLS
    for path, limit in (("scan", 10**12), ("index", 0)):
        search.SCAN_CELLS = limit
        answers: dict[str, list[Answer]] = {}
        times: dict[str, list[float]] = {name: [] for name in recommenders}
        for name, recommender in recommenders.items():  # files are read before times are measured
            answers[name] = [shown(recommender, seed) for seed in seeds]
        for seed in seeds:
            for name, recommender in recommenders.items():
                start = time.perf_counter()
                recommender.similar_to(seed, 12)
                times[name].append((time.perf_counter() - start) * 1e3)
        exact = exact or next(iter(answers.values()))
        recalls = [recall(mine, exact) for mine in answers.values()]
        for (name, taken), share in zip(times.items(), recalls, strict=True):
            print(
                f"{path:6} {name:14} median {statistics.median(taken):6.2f} ms, "
                f"p99 {np.quantile(taken, 0.99):6.2f} ms, {share:.2%} of the exact answers"
            )
        fine &= recalls[1] == 1.0 if path == "scan" else recalls[1] >= recalls[0] - SLACK
    search.SCAN_CELLS = cells
    return fine


def recall(mine: list[Answer], exact: list[Answer]) -> float:
    """The share of the exact answers that was found."""
    shares = [len(set(a) & set(b)) / len(b) for a, b in zip(mine, exact, strict=True)]
    return float(np.mean(shares))


def shown(recommender: Recommender, seed: str) -> Answer:
    """The ids and scores of an answer."""
    return [(one.product_id, one.score) for one in recommender.similar_to(seed, 12)]


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else PRODUCTS))
