"""Embeds by Ray on two cores, for tests. Arguments: folder of photos and results, number of kills.

In a process of its own, as Ray starts threads and its own code gives warnings.
"""

import hashlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import ray

from catalog.photos.decode_squares import PhotoFile, SquareLimits
from engine.embedding.embedders import ray_data
from engine.embedding.embedders.local import LocalEmbedder
from engine.embedding.embedders.ray_data import RayEmbedder, Work
from engine.errors import EngineError
from tests.engine.fake_encoder import SIDE, FakeEncoder

LIMITS = SquareLimits(side=SIDE, max_pixels=10_000, max_bytes=100_000)
BLOCK = 10


class NotingEncoder(FakeEncoder):
    """Notes in a file of its process how many photos it was given."""

    def __init__(self, folder: Path, version: int = 1) -> None:
        super().__init__(version)
        self.file = folder / f"worker-{os.getpid()}"
        self.file.touch()

    def encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        with self.file.open("a") as stream:
            stream.write(f"{len(pixels)}\n")
        return super().encode_pixels(pixels)


class BrokenEncoder(FakeEncoder):
    """Returns rows that are no unit rows."""

    def encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        return 2 * super().encode_pixels(pixels)


def main() -> None:
    folder, kills = Path(sys.argv[1]), int(sys.argv[2])
    ray_data.BLOCK = BLOCK
    paths = sorted((folder / "photos").iterdir())
    photos = [PhotoFile(one, hashlib.sha256(one.read_bytes()).hexdigest()) for one in paths]
    photos[3] = PhotoFile(photos[3].path, "0" * 64)  # it changed since it was ingested
    photos[8] = PhotoFile(folder / "photos" / "gone.png", "1" * 64)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    found = embedded(folder, photos, kills)
    ray.shutdown()
    errors = {
        "other": refusal(partial(FakeEncoder, 2), photos),
        "broken": refusal(partial(BrokenEncoder), photos),
    }
    (folder / "found.json").write_text(json.dumps({**found, "errors": errors}))


def embedded(folder: Path, photos: Sequence[PhotoFile], kills: int) -> dict:
    """Both embedders' answers, a worker being killed after each of the first batches."""
    (notes := folder / "notes").mkdir()
    work = Work(FakeEncoder().fingerprint, partial(NotingEncoder, notes), LIMITS, workers=1)
    rows, failures, killed = {}, [], []
    for batch in RayEmbedder(work).embed(photos):
        assert not rows.keys() & batch.rows.keys()
        rows |= batch.rows
        failures += batch.failures
        alive = [name for name in sorted(notes.iterdir()) if name not in killed]
        if len(killed) < kills and alive:
            killed.append(alive[0])
            os.kill(int(alive[0].name.removeprefix("worker-")), signal.SIGKILL)
    local = list(LocalEmbedder(FakeEncoder(), LIMITS).embed(photos))
    expected = {photo: row for batch in local for photo, row in batch.rows.items()}
    return {
        "photos": len(photos),
        "rows": len(rows),
        "same": rows.keys() == expected.keys()
        and all(rows[one].tobytes() == row.tobytes() for one, row in expected.items()),
        "failures": sorted([Path(one.path).name, one.reason] for one in failures),
        "expected_failures": sorted(
            [Path(one.path).name, one.reason] for batch in local for one in batch.failures
        ),
        "killed": len(killed),
        "encoded": sum(int(line) for file in notes.iterdir() for line in file.open()),
    }


def refusal(load: partial[FakeEncoder], photos: Sequence[PhotoFile]) -> str:
    """The error that comes of a worker with this encoder."""
    try:
        work = Work(FakeEncoder().fingerprint, load, LIMITS, workers=1)
        ray_data.batch_of(ray_data.Worker(work, 1)(ray_data.block_of(photos[:BLOCK])))
    except EngineError as error:
        return f"{type(error).__name__}: {error}"
    return ""


if __name__ == "__main__":
    main()
