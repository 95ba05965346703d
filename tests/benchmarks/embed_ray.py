"""Photos a second by Ray on this machine, beside the loop of one machine, in one run.

Run ``python -m tests.benchmarks.embed_ray [--photos 4096] [--encoder default] [--folder JPEGS]``.
The named alternative is the local embedder, that of `lookalike reindex` by default, with a decoding
process and a thread for each core; Ray has one worker, then one for each core. The rate
is that from the first batch that is done to the last, the rest is the start: of decoding processes,
and for Ray its own and that of its workers, which load encoders. Rows are compared. Workers get
``--block`` photos at a time; a rate of two needs eight blocks or more.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import ray

from catalog.photos.decode_squares import PhotoFile
from catalog.settings import CatalogSettings
from engine.embedding.embedders import ray_data
from engine.embedding.embedders.choose import open_embedder
from engine.encoders.loading import load
from engine.settings import EngineSettings, send_no_usage_to_ray
from tests.benchmarks.encode import draw_photos, listed

Rows = dict[str, np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=4096)
    parser.add_argument("--encoder", default="default")
    parser.add_argument("--folder", type=Path, help="of JPEG files, in place of drawn ones")
    parser.add_argument("--block", type=int, default=ray_data.BLOCK, help="photos at a time")
    args = parser.parse_args()
    ray_data.BLOCK = args.block
    with tempfile.TemporaryDirectory() as folder:
        if args.folder:
            photos = listed(sorted(args.folder.rglob("*.jpg"))[: args.photos])
        else:
            photos = draw_photos(Path(folder) / "photos", args.photos)
        cores, load_now = len(os.sched_getaffinity(0)), os.getloadavg()[0]
        print(f"{len(photos)} photos, {cores} cores, load {load_now:.1f}")
        print(f"{'':<12}{'photos/s':>9}{'ratio':>7}{'start s':>9}{'all s':>8}")
        expected: Rows = {}
        first = 0.0
        for workers in dict.fromkeys((0, 1, cores)):
            name = f"ray, {workers}" if workers else "local"
            kind = "ray" if workers else "local"
            given = {"home": Path(folder), "encoder": args.encoder, "embedder": kind}
            run = embedding(EngineSettings.model_validate(given), Path(folder))
            rows, rate, whole = measured(run, photos, workers)
            first = first or rate
            start = whole - len(photos) / rate
            print(
                f"{name:<12}{rate:>9.1f}{rate / first:>7.2f}{start:>9.1f}{whole:>8.1f}"
                f"   load {os.getloadavg()[0]:.1f}",
                flush=True,
            )
            if workers:
                compare(expected, rows)
            expected = expected or rows


def measured(
    run: Callable[[list[PhotoFile]], Iterator[Rows]], photos: list[PhotoFile], workers: int
) -> tuple[Rows, float, float]:
    """Rows, photos a second after the first batch, and seconds with the start of Ray."""
    started = time.perf_counter()
    rows: Rows = {}
    first, begun = 0, 0.0
    with cluster(workers):
        for batch in run(photos):
            rows |= batch
            if not begun:
                first, begun = len(rows), time.perf_counter()
        ended = time.perf_counter()
    return rows, (len(rows) - first) / (ended - begun), time.perf_counter() - started


@contextmanager
def cluster(cores: int) -> Iterator[None]:
    """A Ray of this machine with so many cores; 0: none."""
    if cores:
        send_no_usage_to_ray()
        ray.init(
            num_cpus=cores, include_dashboard=False, log_to_driver=False, logging_level="ERROR"
        )
    yield
    if cores:
        ray.shutdown()


def embedding(settings: EngineSettings, home: Path) -> Callable[[list[PhotoFile]], Iterator[Rows]]:
    """Embeds photos, and yields the rows of each batch."""
    encoder = load(settings)
    embedder = open_embedder(encoder, settings, CatalogSettings(home=home))

    def run(photos: list[PhotoFile]) -> Iterator[Rows]:
        for batch in embedder.embed(photos):
            assert not batch.failures
            yield batch.rows

    return run


def compare(local: Rows, by_ray: Rows) -> None:
    """Print how far the rows of both are apart."""
    assert local.keys() == by_ray.keys()
    one, other = (np.stack([rows[photo] for photo in local]) for rows in (local, by_ray))
    equal = int((one == other).all(axis=1).sum())
    cosine, apart = float((one * other).sum(axis=1).min()), float(np.abs(one - other).max())
    print(f"rows: {equal} of {len(one)} equal; least cosine {cosine:.7f}, most apart {apart:.1e}")


if __name__ == "__main__":
    main()
