"""The caches of vectors, one beside the other: seconds, disk and memory.

Run ``python -m tests.benchmarks.vector_caches [--rows 100000]``. Rows of 240 numbers are put in
batches of 64, as embedding does, then looked up as a reindex does: which are missing, and all rows
into one mapped file. A delta's look-up is of 500 photos, half of them unknown. Memory is the peak
of a process of its own above what it had before. The named alternative is the SQLite file.
"""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from engine.embedding.caches.choose import open_cache
from engine.embedding.product_rows import PhotoRows
from engine.settings import EngineSettings

DIM, BATCH = 240, 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.step:
        print(json.dumps(measure(args.step, args.folder, args.rows)))
        return
    print(f"{args.rows:,} rows of {DIM} numbers, load {os.getloadavg()[0]:.1f}")
    columns = ("put s", "MB peak", "MB disk", "files", "missing s", "rows s", "MB peak", "delta s")
    print(f"{'':<8}" + "".join(f"{name:>10}" for name in columns))
    for name in ("sqlite", "parquet"):
        with tempfile.TemporaryDirectory() as folder:
            found = [of_process(name, step, folder, args.rows) for step in ("put", "read", "delta")]
            print(f"{name:<8}" + "".join(f"{value:>10,.1f}" for one in found for value in one))


def of_process(name: str, step: str, folder: str, rows: int) -> list[float]:
    command = [sys.executable, "-m", "tests.benchmarks.vector_caches", "--rows", str(rows)]
    given = {"LOOKALIKE_HOME": folder}
    given["LOOKALIKE_VECTOR_CACHE"] = f"{folder}/shared" if name == "parquet" else ""
    ran = subprocess.run(
        [*command, "--step", step, "--folder", folder],
        env=os.environ | given,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: list[float] = json.loads(ran.stdout)
    return found


def measure(step: str, folder: Path, count: int) -> list[float]:
    photos = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(count)]
    settings = EngineSettings()
    with open_cache(settings) as cache:
        cache.get("none", photos[:1], DIM)
        wanted = set(photos)
        before = peak()
        if step == "put":
            with timed() as took:
                random = np.random.default_rng(0)
                for start in range(0, count, BATCH):
                    some = photos[start : start + BATCH]
                    rows = random.normal(size=(len(some), DIM)).astype(np.float32)
                    cache.put("e", dict(zip(some, rows, strict=True)))
                cache.close()
            files = [one for one in folder.rglob("*") if one.is_file()]
            size = sum(one.stat().st_size for one in files) / 1e6
            return [took[0], peak() - before, size, len(files)]
        if step == "read":
            with timed() as missing:
                for found in cache.stream("e", wanted, DIM):
                    wanted.difference_update(found)
            assert not wanted
            wanted = set(photos)
            with timed() as copied:
                rows = PhotoRows(folder, wanted, cache, "e", DIM)
            assert len(rows) == count
            return [missing[0], copied[0], peak() - before]
        some = photos[:: count // 250][:250]
        with timed() as looked_up:
            known = cache.get("e", [*some, *(one[::-1] for one in some)], DIM)
        assert len(known) == len(some)
        return [looked_up[0]]


@contextmanager
def timed() -> Iterator[list[float]]:
    took = [0.0]
    started = time.perf_counter()
    yield took
    took[0] = time.perf_counter() - started


def peak() -> float:
    """The most memory that this process had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    main()
