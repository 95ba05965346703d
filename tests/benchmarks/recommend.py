"""`Recommender` beside two naive ways, on the same generation in the same run.

Run ``python -m tests.benchmarks.recommend [HOME]`` on a home that was ingested and indexed.

over-fetch: take 200 rows from Annoy, drop what the guards exclude. Fast, and wrong where they
exclude much.
loop: score every product and look up its facts, one by one. Right, and slow.

No way folds variants or follows rules. The process is set up as a worker of the server is.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.records import Facts
from catalog.settings import CatalogSettings
from engine.index.generation import Generation
from engine.index.stores.recall import sample_rows
from engine.recommendation.recommender import Recommender
from engine.search.duplicates import NEAR_DUPLICATE
from engine.settings import EngineSettings
from tests.benchmarks._table import Case, Row
from web.server import tune_worker

SEEDS = 60
K = 12
OVERFETCH = 200
OURS = "Recommender"


class Measured(NamedTuple):
    """The size of an index; by way, median milliseconds and the share of right answers."""

    size: str
    times: dict[str, float]
    shares: dict[str, float]


def main(home: Path) -> int:
    """Measure and print one line per way; the exit status is 1 if the Recommender is wrong."""
    found = measured(home, SEEDS)
    print(f"{found.size}, k={K}")
    print(f"{'way':12} {'median ms':>10} {'loop/way':>9} {'of the right answers':>21}")
    for name, median in found.times.items():
        ratio, right = found.times["loop"] / median, found.shares[name]
        print(f"{name:12} {median:10.2f} {ratio:9.1f} {right:21.4f}")
    return int(found.shares[OURS] < 0.99)


def compared(case: Case) -> Iterator[Row]:
    """A request beside the two naive ways, for `make bench`."""
    found = measured(case.home, case.of(4, 30, SEEDS))
    what = f"12 similar items, {found.size}, ms"
    for peer in ("loop", "over-fetch"):
        right = f"{peer}, {found.shares[peer]:.0%} right"
        yield Row(what, found.times[OURS], right, found.times[peer], False)


def measured(home: Path, count: int) -> Measured:
    """Measure all ways with some seeds."""
    with Database.open(CatalogSettings(home=home)) as database:
        catalogue = Catalogue(database)
        recommender = Recommender.open(EngineSettings(home=home), catalogue)
        generation, facts = recommender.live(), catalogue.facts(recommender.live().ids.tolist())
        seeds = sample_rows(len(generation.ids), seed=1, size=count)
        everything = np.arange(len(generation.ids))
        ways: dict[str, Callable[[int], list[float]]] = {
            "loop": lambda seed: loop(generation, facts, seed, everything),
            "over-fetch": lambda seed: loop(generation, facts, seed, fetch(generation, seed)),
            OURS: lambda seed: [
                result.score
                for result in recommender.similar_to(
                    generation.ids[seed], K, variants=True, rules=False
                )
            ],
        }
        tune_worker()
        found = {name: [way(seed) for seed in seeds] for name, way in ways.items()}
        times = {name: median_ms(way, seeds) for name, way in ways.items()}
    size = f"{len(generation.ids):,} products of {generation.manifest.dim} numbers"
    return Measured(size, times, {name: share(found["loop"], each) for name, each in found.items()})


def fetch(generation: Generation, seed: int) -> np.ndarray:
    """Annoy's nearest rows, before any guard."""
    vector = generation.vectors[seed]
    return generation.index.nearest(vector, OVERFETCH, generation.manifest.search_k)


def loop(generation: Generation, facts: Facts, seed: int, rows: np.ndarray) -> list[float]:
    """Scores of the best rows that the guards let through, one product at a time."""

    def fits(column: np.ndarray, row: int) -> bool:
        free = {None, "unisex"}
        return column[row] in free or column[seed] in free or column[row] == column[seed]

    scored = []
    for row in rows:
        variant = facts.group_id[row] is not None and facts.group_id[row] == facts.group_id[seed]
        if row == seed or variant or not facts.available[row]:
            continue
        if fits(facts.gender, row) and fits(facts.age_group, row):
            scored.append((float(generation.vectors[row] @ generation.vectors[seed]), row))
    shown: list[tuple[float, int]] = []
    for score, row in sorted(scored, reverse=True):
        if all(generation.vectors[row] @ generation.vectors[o] < NEAR_DUPLICATE for _, o in shown):
            shown.append((score, row))
        if len(shown) == K:
            break
    return [score for score, _ in shown]


def share(right: list[list[float]], answers: list[list[float]]) -> float:
    """The share of the right scores that answers reach, place by place."""
    hits = total = 0
    for best, mine in zip(right, answers, strict=True):
        total += len(best)
        hits += sum(m >= b - 1e-5 for b, m in zip(best, mine, strict=False))
    return hits / max(1, total)


def median_ms(way: Callable[[int], object], seeds: np.ndarray) -> float:
    """The median time of one request."""
    times = []
    for seed in seeds:
        start = time.perf_counter()
        way(int(seed))
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else EngineSettings().resolved_home))
