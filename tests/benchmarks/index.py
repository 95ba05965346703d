"""The Annoy index against an exact NumPy scan, on the same rows in the same run.

Run ``python -m tests.benchmarks.index [HOME]``: on the live generation of a home, or on random rows
in clusters, as those of products are. It shows up to how many numbers a scan is the faster of the
two, for `engine.search.search.SCAN_CELLS`.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.arrays import Float32
from engine.encoders.facets import unit_rows
from engine.index import annoy_index
from engine.index.generation import open_live
from engine.index.recall import measure_recall, sample_rows
from engine.search.search import FETCH, SCAN_CELLS

SIZES = ((2_000, 256), (8_000, 256), (16_000, 256), (48_000, 256))
TREES = 50
SEARCH_K = 5_000
QUERIES = 200


def main(home: str | None) -> int:
    """Measure and print a line for each set of rows; fail if the index misses its recall."""
    print(f"{'rows':>16} {'scan ms':>8} {'Annoy ms':>9} {'scan/Annoy':>11} {'recall@10':>10}")
    worst = 1.0
    if home:
        live = open_live(Path(home) / "index")
        return int(measure(np.asarray(live.vectors), live.index, live.manifest.search_k) < 0.99)
    for count, dim in SIZES:
        vectors = clusters(count, dim)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "index.ann"
            trees = annoy_index.build(path, vectors, TREES, seed=1)
            rows = annoy_index.RowIndex(path, dim=dim, count=count, trees=trees)
            worst = min(worst, measure(vectors, rows, SEARCH_K))
    print(f"a generation of up to {SCAN_CELLS:,} numbers is scanned")
    return int(worst < 0.99)


def measure(vectors: Float32, rows: annoy_index.RowIndex, search_k: int) -> float:
    """Print one line; returns the recall."""
    queries = vectors[sample_rows(len(vectors), seed=2, size=QUERIES)]
    scan = median_ms(lambda query: np.argpartition(vectors @ query, -FETCH)[-FETCH:], queries)
    annoy = median_ms(lambda query: rows.nearest(query, FETCH, search_k), queries)
    recall = measure_recall(vectors, rows, sample_rows(len(vectors), seed=3), search_k)
    size = f"{len(vectors):,} x {vectors.shape[1]}"
    print(f"{size:>16} {scan:8.2f} {annoy:9.2f} {scan / annoy:11.2f} {recall:10.4f}")
    return recall


def median_ms(search: Callable[[Float32], object], queries: Float32) -> float:
    """The median time of one query, warm."""
    times = []
    for query in (*queries[:10], *queries):
        start = time.perf_counter()
        search(query)
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times[10:])


def clusters(count: int, dim: int, seed: int = 0) -> Float32:
    """Unit rows ``(count, dim)``: clusters of about 40 rows, in a subspace of 40 dimensions."""
    random = np.random.default_rng(seed)
    directions = random.normal(size=(40, dim))
    centres = random.normal(size=(max(1, count // 40), 40))
    places = centres[random.integers(len(centres), size=count)]
    places = places + 0.5 * random.normal(size=places.shape)
    return unit_rows((places @ directions).astype(np.float32))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else None))
