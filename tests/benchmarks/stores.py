"""The stores side by side: `python -m tests.benchmarks.stores HOME [PRODUCTS]`.

Rows are those of an indexed home; more are made of them with noise, as in `_large_home`. Each store
builds the same rows in one run; queries take turns, so that both meet the same load.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from catalog.database.connections import engine_for, url_of
from catalog.database.database import Database
from catalog.database.postgres import PostgresServer
from catalog.settings import CatalogSettings
from engine.index.build import GenerationInputs, build_generation
from engine.index.generation import Generation, building, open_live, publish
from engine.index.recall import FACET_SAMPLE, recall_by_facet, sample_rows
from engine.index.stores.annoy import ANNOY
from engine.index.stores.pgvector import PgVectorStore
from engine.index.stores.store import VectorStore
from engine.search.search import search
from engine.search.search_query import SearchQuery
from engine.settings import EngineSettings
from tests.benchmarks._large_home import Bases
from tests.engine.search.test_search import Counting
from tests.postgres import start

QUERIES = 150
SHARES = (1.0, 0.05, 0.005)
NOISE = 0.02


def rows_like(home: Path, count: int) -> tuple[Bases, np.ndarray]:
    """Rows of a home, and near ones, ``count`` in all."""
    bases = Bases.of(home)
    random = np.random.default_rng(1)
    chosen = bases.vectors[np.arange(count) % len(bases.vectors)]
    noise = NOISE * random.normal(size=chosen.shape)
    noise[: len(bases.vectors)] = 0
    layout = bases.encoder.layout
    rows = chosen + noise
    return bases, layout.compose({name: layout.block(rows, name) for name in layout.names})


def megabytes(store: VectorStore, generation: Generation, home: Path) -> float:
    """What rows and index take on disk."""
    folder = home / "index" / generation.name
    size = sum((folder / name).stat().st_size for name in store.files)
    if isinstance(store, PgVectorStore):
        with store._server.pooled() as connection:
            table = f'lookalike_index."rows_{generation.name}"'
            found = connection.execute("SELECT pg_total_relation_size(%s::regclass)", [table])
            size += found.fetchone()[0]
    return size / 1e6


def seconds(generation: Generation, row: int, fits: np.ndarray) -> float:
    """How long one search takes: 12 of the products that match a filter."""
    query = np.asarray(generation.vectors[[row]])
    filters = None if fits.all() else Counting(fits)
    started = time.perf_counter()
    search(generation, SearchQuery(query, 12, filter=filters))
    return time.perf_counter() - started


def published(store: VectorStore, home: Path, bases: Bases, rows: np.ndarray) -> Generation:
    """Build, measure and publish the rows, with the usual settings."""
    settings = EngineSettings(home=home)
    ids = [f"r{row:08}" for row in range(len(rows))]
    inputs = GenerationInputs(ids, rows, bases.encoder, len(ids), 0, "watermark", "0" * 64)
    with building(settings.index_dir) as folder:
        manifest, _ = build_generation(folder, inputs, settings, store)
        publish(folder, settings.index_dir, manifest, store)
    return open_live(settings.index_dir, store)


def compare(home: Path, stores: list[VectorStore], bases: Bases, rows: np.ndarray) -> None:
    """Build and query each, and print a line for each."""
    sample = sample_rows(len(rows), 3, FACET_SAMPLE)
    opened = []
    for store in stores:
        started = time.perf_counter()
        mine = home / store.name
        made = published(store, mine, bases, rows)
        took = time.perf_counter() - started
        search_k = made.manifest.search_k
        recall = recall_by_facet(rows, made.layout, made.index, sample, search_k)
        facets = ", ".join(f"{name} {value:.3f}" for name, value in recall.items())
        print(
            f"{store.name}: built and measured in {took:.0f} s, "
            f"{megabytes(store, made, mine):.0f} MB, search_k {search_k}, recall@10 "
            f"{made.manifest.recall_at_10:.4f}; by one facet: {facets}",
            flush=True,
        )
        opened.append(made)
    random = np.random.default_rng(2)
    for share in SHARES:
        fits = random.random(len(rows)) < share
        chosen = random.integers(len(rows), size=QUERIES)
        taken = [[seconds(made, int(row), fits) for made in opened] for row in chosen]
        times = 1_000 * np.array(taken).T
        for store, mine in zip(stores, times, strict=True):
            median, late = np.percentile(mine, [50, 99])
            print(f"{store.name}: {share:.1%} match: median {median:.1f} ms, p99 {late:.1f} ms")


def main() -> None:
    """Start a PostgreSQL server, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("home", type=Path, help="an indexed home, whose rows are taken")
    parser.add_argument("products", type=int, nargs="?", default=20_000)
    given = parser.parse_args()
    bases, rows = rows_like(given.home, given.products)
    print(f"{len(rows):,} rows of {rows.shape[1]}; load {os.getloadavg()[0]:.0f}", flush=True)
    server = start()
    try:
        url = url_of(CatalogSettings(database_url=server.create()))
        pgvector = PgVectorStore(PostgresServer(Database(engine_for(url))))
        with tempfile.TemporaryDirectory() as folder:
            compare(Path(folder), [ANNOY, pgvector], bases, rows)
    finally:
        server.stop()
    print(f"load at the end {os.getloadavg()[0]:.0f}")


if __name__ == "__main__":
    main()
