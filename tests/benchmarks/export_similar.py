"""``lookalike export-similar`` beside asking for one product after another, in one process.

Run ``python -m tests.benchmarks.export_similar [HOME]`` on a home that was ingested and indexed.
Times are those of the processor, which other programs on the machine do not change much.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.index.stores.recall import sample_rows
from engine.operations.export.lists import Answerer
from engine.recommendation.recommender import Recommender
from engine.recommendation.request import Request
from engine.settings import EngineSettings
from web.server import tune_worker

PRODUCTS = 300
K = 12


def main(home: Path) -> int:
    """Measure and print both; the exit status is 1 if their lists differ."""
    with Database.open(CatalogSettings(home=home)) as database:
        settings = EngineSettings(home=home)
        recommender = Recommender.open(settings, Catalogue(database))
        answerer = Answerer(settings, database)
        rows = sample_rows(len(recommender.live().ids), seed=1, size=PRODUCTS)
        ids = [str(recommender.live().ids[row]) for row in rows]
        ways: dict[str, Callable[[str], list[str]]] = {
            "one by one": lambda seed: [
                one.product_id for one in recommender.answer(Request((seed,), k=K)).results
            ],
            "export": lambda seed: [
                one.product_id for one in answerer.look_alikes(seed, K).similar
            ],
        }
        tune_worker()
        found = {name: [way(seed) for seed in ids] for name, way in ways.items()}
        costs = {name: milliseconds(way, ids) for name, way in ways.items()}
    print(f"{len(recommender.live().ids):,} products, k={K}, {PRODUCTS} of them measured")
    for name, cost in costs.items():
        print(f"{name:12} {cost:7.2f} ms a product, {costs['one by one'] / cost:.1f} times as fast")
    return int(found["one by one"] != found["export"])


def milliseconds(way: Callable[[str], list[str]], ids: list[str]) -> float:
    """Processor time for one product, in milliseconds."""
    start = time.process_time()
    for one in ids:
        way(one)
    return (time.process_time() - start) / len(ids) * 1e3


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else EngineSettings().resolved_home))
