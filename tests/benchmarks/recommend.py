"""`Recommender` against two naive ways, on the same generation in the same run.

Run ``python -m tests.benchmarks.recommend [HOME]`` on a home that was ingested and indexed.

over-fetch: ask Annoy for 200, drop what the guards forbid. Fast, and wrong where they forbid much.
loop: score every product, look each up in the catalogue's facts, one by one. Right, and slow.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.records import Facts
from catalog.settings import CatalogSettings
from engine.index.generation import Generation
from engine.index.recall import sample_rows
from engine.recommendation.recommender import Recommender
from engine.settings import EngineSettings

SEEDS = 60
K = 12
OVERFETCH = 200


def main(home: Path) -> int:
    """Measure and print a line a way; fail if the Recommender is wrong."""
    with Database.open(CatalogSettings(home=home)) as database:
        catalogue = Catalogue(database)
        recommender = Recommender.open(EngineSettings(home=home), catalogue)
        generation, facts = recommender.live(), catalogue.facts(recommender.live().ids.tolist())
        seeds = sample_rows(len(generation.ids), seed=1, size=SEEDS)
        everything = np.arange(len(generation.ids))
        ways: dict[str, Callable[[int], list[float]]] = {
            "loop": lambda seed: loop(generation, facts, seed, everything),
            "over-fetch": lambda seed: loop(generation, facts, seed, fetch(generation, seed)),
            "Recommender": lambda seed: [
                result.score for result in recommender.similar_to(generation.ids[seed], K)
            ],
        }
        found = {name: [ask(seed) for seed in seeds] for name, ask in ways.items()}
        times = {name: median_ms(ask, seeds) for name, ask in ways.items()}
    print(f"{len(generation.ids):,} products of {generation.manifest.dim} numbers, k={K}")
    print(f"{'way':12} {'median ms':>10} {'loop/way':>9} {'of the right answers':>21}")
    shares = {name: share(found["loop"], answers) for name, answers in found.items()}
    for name, median in times.items():
        print(f"{name:12} {median:10.2f} {times['loop'] / median:9.1f} {shares[name]:21.4f}")
    return int(shares["Recommender"] < 0.99)


def fetch(generation: Generation, seed: int) -> np.ndarray:
    """What Annoy says, before any guard."""
    vector = generation.vectors[seed]
    return generation.index.nearest(vector, OVERFETCH, generation.manifest.search_k)


def loop(generation: Generation, facts: Facts, seed: int, rows: np.ndarray) -> list[float]:
    """Scores of the best rows that keep the promise, one product at a time."""

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
        if all(generation.vectors[row] @ generation.vectors[o] < 0.995 for _, o in shown):
            shown.append((score, row))
        if len(shown) == K:
            break
    return [score for score, _ in shown]


def share(right: list[list[float]], answers: list[list[float]]) -> float:
    """How many of the right scores an answer reaches, place by place."""
    hits = total = 0
    for best, mine in zip(right, answers, strict=True):
        total += len(best)
        hits += sum(m >= b - 1e-5 for b, m in zip(best, mine, strict=False))
    return hits / max(1, total)


def median_ms(ask: Callable[[int], object], seeds: np.ndarray) -> float:
    """The median time of one question."""
    times = []
    for seed in seeds:
        start = time.perf_counter()
        ask(int(seed))
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else EngineSettings().resolved_home))
