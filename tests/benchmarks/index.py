"""The Annoy index against an exact NumPy scan and other indexes, on the same rows in one run.

Run ``python -m tests.benchmarks.index [HOME]``: on the live generation of a home, or on random rows
in clusters, as those of products are. It shows up to how many numbers a scan is the faster of the
two, for `engine.search.search.SCAN_CELLS`. Then hnswlib, faiss and usearch at Annoy's recall or the
next above it, on the largest set of rows, or on 50,000 of those of the home.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.arrays import Float32
from engine.encoders.facets import unit_rows
from engine.index import annoy_index
from engine.index.generation import open_live
from engine.index.stores.recall import ExactNeighbours, sample_rows
from engine.search.search import FETCH, SCAN_CELLS
from tests.benchmarks._index_peers import EFFORTS, NAMES, TOP, Peer, exact_rows, peers, recall
from tests.benchmarks._table import Case, Row

SIZES = ((2_000, 256), (8_000, 256), (16_000, 256), (48_000, 256))
TREES = 50
SEARCH_K = 5_000
QUERIES = 200
PEER_ROWS = 50_000


class Index(NamedTuple):
    """Seconds to build an index; recall and milliseconds of a query at an effort."""

    name: str
    built: float
    effort: int
    recall: float
    median_ms: float


def main(home: str | None) -> int:
    """Measure and print a line for each set of rows; fail if the index misses its recall."""
    print(f"{'rows':>16} {'scan ms':>8} {'Annoy ms':>9} {'scan/Annoy':>11} {'recall@10':>10}")
    worst = 1.0
    if home:
        live = open_live(Path(home) / "index")
        reached = measure(np.asarray(live.vectors), live.index, live.manifest.search_k)
        rows = sample_rows(len(live.ids), seed=4, size=PEER_ROWS)
        beside_peers(np.asarray(live.vectors[rows]))
        return int(reached < 0.99)
    for count, dim in SIZES:
        vectors = clusters(count, dim)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "index.ann"
            trees = annoy_index.build(path, vectors, TREES, seed=1)
            rows = annoy_index.RowIndex(path, dim=dim, count=count, trees=trees)
            worst = min(worst, measure(vectors, rows, SEARCH_K))
    beside_peers(vectors)
    print(f"a generation of up to {SCAN_CELLS:,} numbers is scanned")
    return int(worst < 0.99)


def beside_peers(vectors: Float32) -> None:
    """Print how long builds and queries of Annoy and of its peers take at equal recall."""
    print(f"\n{len(vectors):,} x {vectors.shape[1]}, one thread, {TOP} nearest rows")
    print(f"{'index':12} {'build s':>8} {'effort':>7} {'recall@10':>10} {'ms':>7}")
    for one in at_equal_recall(vectors):
        print(
            f"{one.name:12} {one.built:8.1f} {one.effort:7} {one.recall:10.4f} {one.median_ms:7.2f}"
        )
    print()


def at_equal_recall(vectors: Float32) -> Iterator[Index]:
    """Annoy, then its peers at the first effort that reaches its recall."""
    sample = sample_rows(len(vectors), seed=3, size=QUERIES)
    exact = exact_rows(vectors, sample)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        path = Path(folder) / "index.ann"
        trees = annoy_index.build(path, vectors, TREES, seed=1)
        built = time.perf_counter() - start
        rows = annoy_index.RowIndex(path, dim=vectors.shape[1], count=len(vectors), trees=trees)
        annoy = Peer("Annoy", built, lambda effort, query, n: rows.nearest(query, n, effort))
        bar = recall(annoy, SEARCH_K, vectors, sample, exact)
        yield of(annoy, SEARCH_K, bar, vectors[sample])
    for peer in peers(vectors):
        for effort in EFFORTS:
            reached = recall(peer, effort, vectors, sample, exact)
            if reached >= bar:
                break
        yield of(peer, effort, reached, vectors[sample])


def of(peer: Peer, effort: int, reached: float, queries: Float32) -> Index:
    """Measure an index at one effort."""
    median = median_ms(lambda query: peer.search(effort, query, TOP + 1), queries)
    return Index(peer.name, peer.seconds, effort, reached, median)


def compared(case: Case) -> Iterator[Row]:
    """Annoy beside an exact scan and other indexes, for `make bench`."""
    vectors = clusters(case.of(500, 20_000, 200_000), 256)
    annoy, *others = at_equal_recall(vectors)
    size = f"{len(vectors):,} x 256, recall {annoy.recall:.3f}"
    queries = vectors[sample_rows(len(vectors), seed=3, size=QUERIES)]
    scan = median_ms(lambda query: np.argpartition(vectors @ query, -TOP)[-TOP:], queries)
    found = {"exact scan": scan} | {
        f"{one.name}, {one.recall:.3f}": one.median_ms for one in others
    }
    missing = dict.fromkeys(name for name in NAMES if name not in {one.name for one in others})
    for peer, median in (found | missing).items():
        yield Row(f"query of {size}, ms", annoy.median_ms, peer, median, False)
    for one in others:
        yield Row(f"build of {size}, s", annoy.built, one.name, one.built, False)


def measure(vectors: Float32, rows: annoy_index.RowIndex, search_k: int) -> float:
    """Print one line; returns the recall."""
    queries = vectors[sample_rows(len(vectors), seed=2, size=QUERIES)]
    scan = median_ms(lambda query: np.argpartition(vectors @ query, -FETCH)[-FETCH:], queries)
    annoy = median_ms(lambda query: rows.nearest(query, FETCH, search_k), queries)
    recall = ExactNeighbours.of(vectors, sample_rows(len(vectors), seed=3)).recall(rows, search_k)
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
