"""A shop of many products: what requests, opening and reindexing take, in time and memory.

Run ``python -m tests.benchmarks.million [ROWS] [--like HOME] [--home FOLDER]``: 20,000 products
unless said otherwise; a million takes about 15 minutes and 8 GB of disk. ``--like`` names an
indexed home whose products and rows the others are made like; without, they are drawn. ``--home``
is kept, and used again if it is there: a folder that this benchmark made.

Each part is a process of its own, set up as a worker of the server is, so that its memory is its
own, and so that filters are new to it. The peers are in the same process: an exact scan of all rows
by NumPy, and the same request when its filter is asked of SQL.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import numpy as np

from catalog.database.database import Database
from catalog.filters.filter import Filter
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.index.reindex import reindex
from engine.index.stores import annoy
from engine.recommendation.recommender import Recommender
from engine.recommendation.request import Request
from engine.settings import EngineSettings
from tests.benchmarks._large_home import RARE, Bases, make_home
from tests.catalog.matching import matching
from web.server import tune_worker

ROWS = 20_000
REQUESTS = 40
COLOURS = ("Black", "Blue", "White", "Grey", "Brown", "Red", "Green", "Navy Blue")


def main() -> int:
    """Make the shop, and measure each part in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=ROWS)
    parser.add_argument("--like", type=Path)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--part", choices=("reindex", "requests"))
    asked = parser.parse_args()
    if asked.part:
        {"reindex": time_reindex, "requests": time_requests}[asked.part](asked.home, asked.like)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        home = asked.home or Path(folder)
        if not (home / "vectors.db").exists():
            home.mkdir(parents=True, exist_ok=True)
            make_home(home, asked.rows, Bases.of(asked.like))
        like = ["--like", str(asked.like)] if asked.like else []
        worst = 0
        for part in ("reindex", "requests"):
            command = [sys.executable, "-m", __spec__.name, "--home", str(home), *like]
            worst = max(worst, subprocess.run([*command, "--part", part]).returncode)
        return worst


def time_reindex(home: Path, like: Path | None) -> None:
    """Print what a reindex takes whose photo vectors are all in the cache."""
    encoder, spent, build = Bases.of(like).encoder, [], annoy.build

    def timed(*given: object) -> int:
        start, used = time.perf_counter(), time.process_time()
        found = build(*given)
        spent.append((time.perf_counter() - start, time.process_time() - used))
        return found

    annoy.build = timed
    start, used = time.perf_counter(), time.process_time()
    with Database.open(CatalogSettings(home=home)) as database, peak_memory() as peak:
        settings = EngineSettings(home=home)
        report = reindex(Catalogue(database), encoder, settings, force=True)
    whole = (time.perf_counter() - start, time.process_time() - used)
    print(f"{report.products:,} products; recall@10 {report.recall_at_10:.4f}")
    for name, took, built in zip(("reindex", "CPU of it"), whole, spent[0], strict=True):
        print(f"{name} {took:.1f} s: Annoy {built:.1f} s, beside it {took - built:.1f} s")
    file = size_of(settings, "index.ann")
    print(f"peak of own memory {peak['RssAnon']:,} MB, Annoy's {file:,} MB in it")


def time_requests(home: Path, like: Path | None) -> None:
    """Print what requests take."""
    start = time.perf_counter()
    catalogue = Catalogue(Database.open(CatalogSettings(home=home)))
    recommender = Recommender.open(EngineSettings(home=home), catalogue)
    live = recommender.live()
    print(f"opening the index {time.perf_counter() - start:.2f} s")
    random = np.random.default_rng(3)
    seeds = (str(live.ids[row]) for row in random.permutation(len(live.ids)))
    start = time.perf_counter()
    recommender.answer(Request((next(seeds),)))
    print(f"the first panel, which opens the facts {time.perf_counter() - start:.2f} s")
    tune_worker()
    vectors = np.asarray(live.vectors)
    print(f"{'ms':36} {'median':>8} {'p90':>8} {'CPU':>8} {'first':>8}")
    row("exact scan, no guards (NumPy)", lambda _: np.argpartition(vectors @ vectors[5], -12), 10)
    for name, filters in FILTERS.items():
        row(name, lambda n, of=filters: recommender.answer(Request((next(seeds),), filter=of(n))))
    row("wishlist of five", lambda _: recommender.answer(Request(tuple(islice(seeds, 5)))))
    for name in ("a brand of 0.25%", "colour and price"):
        row(f"{name}, asked of SQL", lambda n, of=FILTERS[name]: matching(catalogue, of(n)), 5)
    own = memory()
    print(f"own memory {own['RssAnon']:,} MB, mapped files {own['RssFile']:,} MB")


FILTERS: dict[str, Callable[[int], Filter]] = {
    "panel": lambda _: Filter(),
    "a brand of 0.25%": lambda n: Filter.of({"brand": f"House {n % RARE:02}"}),
    "colour and price": lambda n: Filter.of(
        {"colour": COLOURS[n % len(COLOURS)], "price_to": 20 + n % 7 * 7}
    ),
    "nothing, with fallback: one field": lambda n: Filter.of({"brand": f"Nobody {n}"}),
    "nothing, with fallback: four fields": lambda n: Filter.of(
        {
            "brand": f"None {n}",
            "colour": COLOURS[n % len(COLOURS)],
            "price_to": 50 + n,
            "attributes.season": "Summer",
        }
    ),
}


def row(name: str, ask: Callable[[int], object], count: int = REQUESTS) -> None:
    """Print the times of some requests, each new to the process."""
    walls, cpus = [], []
    for number in range(count):
        start, used = time.perf_counter(), time.thread_time()
        ask(number)
        walls.append((time.perf_counter() - start) * 1e3)
        cpus.append((time.thread_time() - used) * 1e3)
    median, late = np.quantile(walls, (0.5, 0.9))
    print(f"{name:36} {median:8.1f} {late:8.1f} {np.median(cpus):8.1f} {walls[0]:8.1f}", flush=True)


def memory() -> dict[str, int]:
    """The process's own memory and that of mapped files, in MB."""
    text = Path("/proc/self/status").read_text()
    return {name: int(kib) * 1024 // 10**6 for name, kib in re.findall(r"(Rss\w+):\s+(\d+)", text)}


@contextmanager
def peak_memory() -> Iterator[dict[str, int]]:
    """The greatest values of `memory` during the block, seen every 20 ms."""
    peak, done = memory(), threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            for name, size in memory().items():
                peak[name] = max(peak[name], size)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def size_of(settings: EngineSettings, name: str) -> int:
    """The size of a file of the live generation in MB."""
    folder = settings.index_dir / (settings.index_dir / "CURRENT").read_text().split()[0]
    return (folder / name).stat().st_size // 10**6


if __name__ == "__main__":
    sys.exit(main())
