"""Styles: how well groups agree with what is known of products, and seconds and memory by size.

    python -m tests.benchmarks.styles HOME [--start ROWS.npz]  # real products of an indexed home
    python -m tests.benchmarks.styles HOME --rows 1000000      # rows near those, for the time

Agreement is adjusted mutual information (AMI: 0 by chance, 1 for the same groups) among products
that training held out, with type and colour together and with design families, and its 95% interval
(jackknife over 20 parts; a family is in one part). Stability is the AMI of two groupings, the
second without one product in twenty. ``--start``: an .npz with ``ids`` and ``rows`` of another
encoder, such as the ImageNet start, for k-means beside.
"""

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.cluster import HDBSCAN, AgglomerativeClustering, KMeans
from sklearn.metrics import adjusted_mutual_info_score

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.applications.styles.graph import neighbour_graph
from engine.applications.styles.grouping import group_rows, usual_number
from engine.arrays import Float32, Int64
from engine.index.merged import open_merged
from engine.labels.design_families import design_families
from engine.labels.labels import label_products
from engine.labels.splits import held_out
from tests.benchmarks._large_home import CHUNK, near

PARTS = 20
Method = Callable[[Float32], Int64]


def methods(count: int) -> dict[str, Method]:
    """What is compared, each for about ``count`` groups."""

    def ward(rows: Float32) -> Int64:
        graph = neighbour_graph(rows)
        return AgglomerativeClustering(count, connectivity=graph, linkage="ward").fit_predict(rows)

    return {
        "styles (Louvain on the neighbour graph)": lambda rows: group_rows(rows, count)[0],
        "Ward on the neighbour graph": ward,
        "k-means": lambda rows: KMeans(count, n_init=1, random_state=0).fit_predict(rows),
        "HDBSCAN, 5 or more": lambda rows: HDBSCAN(5, copy=True).fit_predict(rows),
    }


def agreement(known: Int64, groups: Int64, parts: Int64) -> str:
    """AMI of the products whose code is known, and its interval."""
    use = known >= 0
    whole = adjusted_mutual_info_score(known[use], groups[use])
    without = np.array(
        [
            adjusted_mutual_info_score(known[use & (parts != one)], groups[use & (parts != one)])
            for one in range(PARTS)
        ]
    )
    error = np.sqrt((PARTS - 1) / PARTS * ((without - without.mean()) ** 2).sum())
    return f"{whole:.3f} ({whole - 1.96 * error:.3f} to {whole + 1.96 * error:.3f})"


def compare(home: Path, start: Path | None) -> None:
    """Print the table of a home's own products."""
    live = open_merged(home / "index")
    ids, rows = live.ids.tolist(), np.asarray(live.vectors)
    with Database.open(CatalogSettings(home=home)) as database:
        found = Catalogue(database).products(ids)
    products = [found[one] for one in ids]
    labels = label_products(products)
    families = design_families(products, labels)
    kinds = labels.columns["type_colour"]
    held = held_out(products, "v1")
    random = np.random.default_rng(0)
    # Members of a family go to one part.
    alone = families < 0
    names = np.where(alone, len(ids) + np.arange(len(ids)), families)
    parts = random.integers(PARTS, size=2 * len(ids))[names]
    kept = np.sort(random.permutation(len(ids))[len(ids) // 20 :])
    count = usual_number(len(ids))
    print(f"{len(ids):,} products, {held.sum():,} held out; about {count} groups")
    known_kinds, known_families = np.where(held, kinds, -1), np.where(held, families, -1)
    contenders = {name: (one, rows) for name, one in methods(count).items()}
    if start is not None:
        with np.load(start) as other:
            place = {one: at for at, one in enumerate(other["ids"].tolist())}
            first = other["rows"][[place[one] for one in ids]]
        contenders["k-means on the ImageNet start"] = (methods(count)["k-means"], first)
    for name, (method, of) in contenders.items():
        started = time.perf_counter()
        groups = method(of)
        took = time.perf_counter() - started
        again = method(of[kept])
        print(
            f"{name}: {len(np.unique(groups))} groups, type and colour "
            f"{agreement(known_kinds, groups, parts)}, design families "
            f"{agreement(known_families, groups, parts)}, stability "
            f"{adjusted_mutual_info_score(groups[kept], again):.3f}, {took:.1f} s",
            flush=True,
        )


def scale(home: Path, count: int) -> None:
    """Print seconds and memory for rows near those of a home."""
    live = open_merged(home / "index")
    random = np.random.default_rng(5)
    base = np.asarray(live.vectors)
    rows = np.empty((count, base.shape[1]), dtype=np.float32)
    for at in range(0, count, CHUNK):
        chosen = random.integers(len(base), size=min(CHUNK, count - at))
        rows[at : at + len(chosen)] = near(base[chosen], live.layout, random)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    graphs: list[tuple[csr_matrix, float]] = []

    def linking(of: Float32) -> csr_matrix:
        made = neighbour_graph(of)
        graphs.append((made, time.perf_counter() - started))
        return made

    started, cpu = time.perf_counter(), time.process_time()
    with patch("engine.applications.styles.grouping.neighbour_graph", linking):
        groups, _ = group_rows(rows, usual_number(count))
    took, cpu = time.perf_counter() - started, time.process_time() - cpu
    graph, linked = graphs[0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sample = random.choice(count, 300, replace=False)
    scores = rows[sample] @ rows.T
    scores[np.arange(300), sample] = -np.inf
    exact = np.argpartition(scores, -12, axis=1)[:, -12:]
    shared = np.mean(
        [
            len(set(graph.indices[graph.indptr[one] : graph.indptr[one + 1]]) & set(best)) / 12
            for one, best in zip(sample, exact.tolist(), strict=True)
        ]
    )
    print(
        f"{count:,} rows: graph {linked:.1f} s ({shared:.1%} of the exact neighbours), "
        f"with its groups {took:.1f} s ({cpu:.1f} s of CPU, {groups.max() + 1:,} groups), "
        f"peak {peak:,.0f} MB, of which {before:,.0f} MB were the rows and Python before",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--start", type=Path)
    parser.add_argument("--rows", type=int)
    given = parser.parse_args()
    if given.rows:
        scale(given.home, given.rows)
    else:
        compare(given.home, given.start)
