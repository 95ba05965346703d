"""The stores side by side: `python -m tests.benchmarks.stores HOME [PRODUCTS] [--stores NAMES]`.

Rows are those of an indexed home; more are made of them with noise, as in `_large_home`. Each store
builds the same rows in one run; queries take turns, so that both meet the same load.
"""

import argparse
import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import psutil

from catalog.database.connections import engine_for, url_of
from catalog.database.database import Database
from catalog.database.postgres import PostgresServer
from catalog.settings import CatalogSettings
from engine.index.build import GenerationInputs, build_generation
from engine.index.generation import Generation, building, open_live, publish
from engine.index.stores.annoy import ANNOY
from engine.index.stores.milvus import MilvusStore
from engine.index.stores.pgvector import PgVectorStore
from engine.index.stores.recall import facet_alone
from engine.index.stores.store import VectorStore
from engine.search.search import search
from engine.search.search_query import SearchQuery
from engine.settings import EngineSettings
from tests import milvus
from tests.benchmarks._large_home import Bases, near
from tests.engine.search.test_search import Counting
from tests.postgres import start

QUERIES = 150
SHARES = (1.0, 0.05, 0.005)
PIECE = 20_000
PROGRAMS = {"annoy": "", "pgvector": "postgres", "milvus": "milvus"}


def rows_like(home: Path, count: int) -> tuple[Bases, np.ndarray]:
    """Rows of a home, and near ones, ``count`` in all."""
    bases = Bases.of(home)
    random = np.random.default_rng(1)
    rows = np.empty((count, bases.encoder.layout.dim), dtype=np.float32)
    real = min(count, len(bases.vectors))
    rows[:real] = bases.vectors[:real]
    for at in range(real, count, PIECE):
        chosen = random.integers(len(bases.vectors), size=min(PIECE, count - at))
        rows[at : at + PIECE] = near(bases.vectors[chosen], bases.encoder.layout, random)
    return bases, rows


def held(name: str) -> str:
    """What processes hold of the memory that is theirs and not shared, in MB."""
    sizes = {"this process": psutil.Process().memory_info().rss}
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == name:
            sizes[name] = sizes.get(name, 0) + process.memory_full_info().pss
    return ", ".join(f"{what} {size / 1e6:.0f} MB" for what, size in sizes.items())


def megabytes(store: VectorStore, generation: Generation, home: Path) -> float:
    """What rows and index take on disk."""
    folder = home / "index" / generation.name
    size = sum((folder / name).stat().st_size for name in store.files)
    if isinstance(store, MilvusStore):
        for data in Path(tempfile.gettempdir()).glob(f"{milvus.FOLDER}*/data"):
            size += sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
    if isinstance(store, PgVectorStore):
        with store._server.pooled() as connection:
            table = f'lookalike_index."rows_{generation.name}"'
            found = connection.execute("SELECT pg_total_relation_size(%s::regclass)", [table])
            size += found.fetchone()[0]
    return size / 1e6


def seconds(generation: Generation, query: np.ndarray, fits: np.ndarray) -> float:
    """How long one search takes: 12 of the products that match a filter."""
    filters = None if fits.all() else Counting(fits)
    started = time.perf_counter()
    search(generation, SearchQuery(query[np.newaxis], 12, filter=filters))
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
    opened = []
    for store in stores:
        started = time.perf_counter()
        mine = home / store.name
        made = published(store, mine, bases, rows)
        took = time.perf_counter() - started
        facts = made.manifest
        facets = ", ".join(
            f"{name} {recall:.3f} at {(facts.search_k_by_facet | facts.search_k_by_own)[name]:,}"
            for name, recall in facts.recall_by_facet.items()
        )
        print(
            f"{store.name}: built and measured in {took:.0f} s, "
            f"{megabytes(store, made, mine):.0f} MB, recall@10 {facts.recall_at_10:.4f} at "
            f"search_k {facts.search_k:,}; by one facet: {facets}; memory: "
            f"{held(PROGRAMS[store.name])}",
            flush=True,
        )
        opened.append(made)
    layout = opened[0].layout
    random = np.random.default_rng(2)
    everything = np.ones(len(rows), dtype=bool)
    for share in SHARES:
        fits = everything if share == 1 else random.random(len(rows)) < share
        take_turns(f"{share:.1%} match", stores, opened, rows, fits, np.ones(layout.dim), random)
    for name in layout.names:
        scale = facet_alone(layout, name)
        take_turns(f"{name} alone", stores, opened, rows, everything, scale, random)


def take_turns(
    what: str,
    stores: list[VectorStore],
    opened: list[Generation],
    rows: np.ndarray,
    fits: np.ndarray,
    scale: np.ndarray,
    random: np.random.Generator,
) -> None:
    """Time the same queries on each store, one after the other."""
    queries = rows[random.integers(len(rows), size=QUERIES)] * scale.astype(np.float32)
    times = 1_000 * np.array([[seconds(made, one, fits) for made in opened] for one in queries]).T
    for store, mine in zip(stores, times, strict=True):
        median, late = np.percentile(mine, [50, 99])
        print(f"{store.name}: {what}: median {median:.1f} ms, p99 {late:.1f} ms", flush=True)


def main() -> None:
    """Start the servers, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("home", type=Path, help="an indexed home, whose rows are taken")
    parser.add_argument("products", type=int, nargs="?", default=20_000)
    parser.add_argument("--stores", default="annoy,pgvector,milvus", help="some of these")
    given = parser.parse_args()
    bases, rows = rows_like(given.home, given.products)
    print(f"{len(rows):,} rows of {rows.shape[1]}; load {os.getloadavg()[0]:.0f}", flush=True)
    server = start()
    names = given.stores.split(",")
    with ExitStack() as ending:
        ending.callback(server.stop)
        url = url_of(CatalogSettings(database_url=server.create()))
        postgres = PostgresServer(Database(engine_for(url)))
        stores: dict[str, VectorStore] = {"annoy": ANNOY, "pgvector": PgVectorStore(postgres)}
        if "milvus" in names:
            address = ending.enter_context(milvus.real())
            settings = EngineSettings(store="milvus", milvus_address=address)
            stores["milvus"] = MilvusStore(postgres, settings)
        folder = ending.enter_context(tempfile.TemporaryDirectory())
        compare(Path(folder), [stores[name] for name in names], bases, rows)
    print(f"load at the end {os.getloadavg()[0]:.0f}")


if __name__ == "__main__":
    main()
