"""Photo files to rows: photos a second, beside the loop that a user of open_clip would write.

Run ``python -m tests.benchmarks.encode [--photos 300] [--encoder default] [--tower ViT-B-32]``. The
named alternative is the naive open_clip loop: it opens one photo at a time with Pillow, applies the
model's transform and calls `encode_image` (the tower alone, without facet heads). Our ways are
those of `lookalike reindex`, decoding in processes included, by each runtime; the limit is what
ONNX Runtime takes for the network alone, on pixels that are ready. OpenVINO, if it is installed,
and lower precisions compute the same network; "cosine" is the least between their rows and ours.
All of them use the same cores. ``--folder`` encodes JPEG files of your own; ``--tower`` measures a
tower of random weights in place of a model.
"""

import argparse
import hashlib
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import open_clip
import torch
from PIL import Image

from catalog.photos.decode_squares import PhotoFile
from catalog.photos.preprocess import to_squares
from catalog.settings import CatalogSettings
from engine.embedding.caches.sqlite import SqliteCache
from engine.embedding.embed import fill_cache
from engine.embedding.embedders.local import LocalEmbedder, square_limits
from engine.encoders import loading
from engine.encoders.encoder import Encoder
from engine.encoders.towers import find_folder, save_folder
from engine.models import resolved
from engine.settings import EngineSettings
from tests.benchmarks._other_runtimes import OPENVINO, PRECISIONS, Rows, others
from tests.benchmarks._table import Case, Row

SIZE = (600, 800)  # of the photos, in pixels
OURS = "lookalike, ONNX Runtime"


class Way(NamedTuple):
    """Photos a second, CPU ms a photo, and the least cosine between its rows and ours."""

    title: str
    rate: float
    cpu: float
    cosine: float | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=300)
    parser.add_argument("--encoder", default="default")
    parser.add_argument("--tower", help="an open_clip architecture, with random weights")
    parser.add_argument("--folder", type=Path, help="of JPEG files, in place of drawn ones")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        name = random_tower(home / "tower", args.tower) if args.tower else args.encoder
        if args.folder:
            photos = listed(sorted(args.folder.rglob("*.jpg"))[: args.photos])
        else:
            photos = draw_photos(home / "photos", args.photos)
        size = "" if args.folder else f" of {SIZE[0]} x {SIZE[1]}"
        load = f"load {os.getloadavg()[0]:.1f}"
        print(f"{len(photos)} photos{size}, {args.threads} threads, {load}")
        print(f"{'':<34}{'photos/s':>9}{'ratio':>7}{'CPU ms a photo':>16}{'cosine':>9}")
        first = 0.0
        for way in measured(photos, home, EngineSettings(home=home, encoder=name), args.threads):
            first = first or way.rate
            row = f"{way.rate:>9.1f}{way.rate / first:>7.2f}{way.cpu:>16.1f}"
            cosine = "" if way.cosine is None else f"{way.cosine:>9.4f}"
            print(f"{way.title:<34}{row}{cosine}", flush=True)


def compared(case: Case) -> Iterator[Row]:
    """Our encoding beside the naive loop and the network alone, for `make bench`."""
    torch.set_num_threads(case.threads)
    settings = EngineSettings(home=case.home)
    with tempfile.TemporaryDirectory() as folder:
        photos = draw_photos(Path(folder) / "photos", case.of(2, 192, 2_000))
        what = f"encode {len(photos):,} JPEGs of {SIZE[0]} x {SIZE[1]}, photos/s"
        found = measured(photos, Path(folder), settings, case.threads)
        ways: dict[str, float | None] = {way.title: way.rate for way in found}
        if not find_spec("openvino"):
            ways |= dict.fromkeys(OPENVINO.format(one) for one in PRECISIONS)
        ours = ways.pop(OURS)
        for peer, rate in ways.items():
            yield Row(what, ours, peer, rate)


def measured(
    photos: list[PhotoFile], folder: Path, given: EngineSettings, threads: int
) -> Iterator[Way]:
    """Measure one way after the other, the naive loop first; caches of rows are in the folder."""
    settings = {
        one: given.model_copy(update={"runtime": one, "device": "cpu", "threads": threads})
        for one in ("auto", "torch")
    }
    fast, slow = loading.load(settings["auto"]), loading.load(settings["torch"])
    ways = {
        "naive open_clip loop": lambda: naive(given, photos),
        "lookalike, torch": lambda: ours(slow, photos, folder / "torch.db", threads),
        OURS: lambda: ours(fast, photos, folder / "onnx.db", threads),
        "limit: ONNX Runtime, network alone": lambda: network(fast, len(photos)),
    }
    cosines = {}
    sample = to_squares([Image.open(one.path) for one in photos[:32]], fast.image_size)
    for title, rows in others(fast, given.models_dir, threads).items():
        cosines[title] = float((rows(sample) * fast.encode_pixels(sample)).sum(axis=1).min())
        ways[title] = partial(repeated, rows, fast.image_size, len(photos))
    for title, way in ways.items():
        seconds, cpu = timed(way)
        yield Way(title, len(photos) / seconds, 1e3 * cpu / len(photos), cosines.get(title))


def timed(way: Callable[[], float | None]) -> tuple[float, float]:
    """Wall and CPU seconds, with those of child processes; a way may return its own wall time."""
    started, cpu = time.perf_counter(), cpu_seconds()
    own = way()
    return own or time.perf_counter() - started, cpu_seconds() - cpu


def cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def naive(settings: EngineSettings, photos: list[PhotoFile]) -> float:
    name = resolved(settings.encoder)
    folder = find_folder(name, settings.models_dir)
    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    model.eval()
    started = time.perf_counter()
    with torch.inference_mode():
        for photo in photos:
            image = transform(Image.open(photo.path).convert("RGB")).unsqueeze(0)
            torch.nn.functional.normalize(model.encode_image(image), dim=-1).numpy()
    return time.perf_counter() - started


def ours(encoder: Encoder, photos: list[PhotoFile], path: Path, workers: int) -> None:
    limits = square_limits(encoder.image_size, CatalogSettings())
    with SqliteCache(path) as cache:
        assert not fill_cache(photos, LocalEmbedder(encoder, limits, workers=workers), cache)


def network(encoder: Encoder, count: int) -> None:
    repeated(encoder.encode_pixels, encoder.image_size, count)


def repeated(rows: Rows, side: int, count: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, side, side, 3), dtype=np.uint8)
    for at in range(0, count, len(pixels)):
        rows(pixels[: min(len(pixels), count - at)])


def draw_photos(folder: Path, count: int) -> list[PhotoFile]:
    """JPEG files of soft patches and noise, of about the size of a shop's photos."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for n in range(count):
        patches = Image.fromarray(rng.integers(0, 256, (12, 9, 3), dtype=np.uint8))
        pixels = np.asarray(patches.resize(SIZE, Image.Resampling.BICUBIC)).astype(np.int16)
        pixels = np.clip(pixels + rng.integers(-12, 13, pixels.shape), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{n}.jpg", quality=88)
    return listed(sorted(folder.iterdir()))


def listed(paths: list[Path]) -> list[PhotoFile]:
    return [PhotoFile(path, hashlib.sha256(path.read_bytes()).hexdigest()) for path in paths]


def random_tower(folder: Path, name: str) -> str:
    """The setting that names a tower of random weights."""
    torch.manual_seed(0)
    mean, std = open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD
    preprocess = {"mean": list(mean), "std": list(std)}
    config = open_clip.get_model_config(name)
    save_folder(folder, open_clip.create_model(name), config, preprocess)
    return f"local-dir:{folder}"


if __name__ == "__main__":
    main()
