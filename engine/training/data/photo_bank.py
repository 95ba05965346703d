"""Photos for training: decoded once into one array on disk, and the records that explain them.

Decoding and shrinking a photo costs more than a training step spends on it, so it is done once
for a run, in worker processes, into a memory map that every epoch augments from.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from catalog.errors import DecoderDied
from catalog.files import write_whole
from catalog.lock import waiting_lock
from catalog.photos.decode_squares import PhotoFile, SquareLimits, decode_squares
from catalog.photos.preprocess import VERSION
from catalog.records import ProductRecord
from catalog.settings import CatalogSettings
from catalog.sources import open_source
from engine.errors import DecodeError, NotEnoughData
from engine.storage import create_memmap, storage_errors

OnProgress = Callable[[int, int], None]
FORMAT = 2  # of the cached files


@dataclass(frozen=True)
class PhotoBank:
    """N photos of M products.

    Attributes:
        pixels: ``(N, S, S, 3)`` uint8 RGB, mapped from disk.
        product: ``(N,)`` int64, the row in ``records`` of each photo's product.
        records: the M products that have at least one photo; their ids begin with their
            source's name, so that two sources may use the same ones.
        source: ``(M,)`` int64, which of the sources each product is from.
        left_out: what could not be read, a line each.
    """

    pixels: np.ndarray
    product: np.ndarray
    records: tuple[ProductRecord, ...]
    source: np.ndarray
    skipped: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.product)

    def of_products(self, chosen: np.ndarray) -> np.ndarray:
        """Rows ``(n,)`` of the photos whose product is chosen by a mask ``(M,)`` bool."""
        return np.flatnonzero(chosen[self.product])


def open_bank(
    sources: Sequence[Path | str],
    side: int,
    cache_dir: Path,
    *,
    workers: int = 1,
    on_progress: OnProgress | None = None,
) -> PhotoBank:
    """Read sources and decode their photos, or take them from the cache of an earlier run.

    Args:
        sources: anything that `catalog.sources.open_source` opens.
        side: pixels of the squares' edge.
        cache_dir: where the decoded photos are kept; one file for each set of photos.
        workers: processes that decode.
        on_progress: called with photos done and photos in all.

    Raises:
        SourceError: a source is missing or unreadable.
        NotEnoughData: there is no readable photo in any of them.
        StorageError: the disk is full.
    """
    records: list[ProductRecord] = []
    paths: list[Path] = []
    product: list[int] = []
    skipped: list[str] = []
    origin: list[int] = []
    for number, given in enumerate(sources):
        source = open_source(given)
        for record in source.records():
            if not isinstance(record, ProductRecord):
                skipped.append(f"{given}, line {record.line}: {record.reason}")
                continue
            for photo in record.photos:
                path = (source.root / photo).resolve()
                if path.is_relative_to(source.root) and path.is_file():
                    paths.append(path)
                    product.append(len(records))
                else:
                    skipped.append(f"{path} of product {record.product_id} is not there")
            named = f"{source.name}/{record.product_id}"
            records.append(dataclasses.replace(record, product_id=named))
            origin.append(number)
    pixels, broken = _decoded(paths, side, cache_dir, workers, on_progress)
    rows = np.delete(np.asarray(product, dtype=np.int64), list(broken))
    if not len(rows):
        named = ", ".join(map(str, sources))
        raise NotEnoughData(
            f"There is no readable photo in {named}. Give --data a folder of photos or a "
            "catalogue whose photos lie beside it."
        )
    skipped += [f"{paths[row]}: {reason}" for row, reason in sorted(broken.items())]
    kept, rows = np.unique(rows, return_inverse=True)
    return PhotoBank(
        pixels,
        rows,
        tuple(records[row] for row in kept.tolist()),
        np.asarray(origin, dtype=np.int64)[kept],
        tuple(skipped),
    )


def _decoded(
    paths: list[Path], side: int, cache_dir: Path, workers: int, on_progress: OnProgress | None
) -> tuple[np.ndarray, dict[int, str]]:
    """Pixels ``(N, S, S, 3)`` of the readable paths, and why the others are not."""
    if not paths:
        return np.zeros((0, side, side, 3), dtype=np.uint8), {}
    facts = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    digest = hashlib.sha256(json.dumps([FORMAT, VERSION, side, facts]).encode()).hexdigest()[:16]
    array, broken_file = cache_dir / f"photos-{digest}.npy", cache_dir / f"photos-{digest}.json"
    if not broken_file.exists():  # written last, so the array beside it is whole
        next_step = "Free some space there, and run it again."
        with (
            storage_errors(cache_dir, "The decoded photos", next_step),
            # Two that write one file would cut it off under each other's feet.
            waiting_lock(array.with_suffix(".lock"), "decodes the same photos"),
        ):
            if not broken_file.exists():  # nor did the one that we waited for
                broken = _decode(paths, side, array, workers, on_progress)
                write_whole(broken_file, json.dumps(broken))
    broken = {int(row): reason for row, reason in json.loads(broken_file.read_text()).items()}
    return np.load(array, mmap_mode="r")[: len(paths) - len(broken)], broken


def _decode(
    paths: list[Path], side: int, target: Path, workers: int, on_progress: OnProgress | None
) -> dict[int, str]:
    shape = (len(paths), side, side, 3)
    pixels = create_memmap(target, np.uint8, shape)
    broken: dict[int, str] = {}
    caps = CatalogSettings()
    limits = SquareLimits(side, caps.max_photo_pixels, caps.max_photo_bytes)
    try:
        for row, photo in enumerate(decode_squares(list(map(PhotoFile, paths)), limits, workers)):
            if photo.pixels is None:
                broken[row] = photo.reason
            else:
                pixels[row - len(broken)] = photo.pixels
            if on_progress and (row % 64 == 63 or row + 1 == len(paths)):
                on_progress(row + 1, len(paths))
    except DecoderDied as error:
        raise DecodeError(
            "A process that decodes photos died, most likely for lack of memory. Run again with "
            "fewer --workers."
        ) from error
    pixels.flush()
    return broken
