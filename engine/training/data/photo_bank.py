"""Training photos, decoded once into a memory map on disk, with the records of their products.

Decoding and resizing a photo takes longer than a training step spends on it. So it is done once
for a run, in worker processes, and every epoch augments from the memory map.
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
from engine.arrays import Bool, Int64, UInt8
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
        source: ``(M,)`` int64, the number of the source that each product is from.
        skipped: a message for each row and photo that could not be read.
    """

    pixels: UInt8
    product: Int64
    records: tuple[ProductRecord, ...]
    source: Int64
    skipped: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.product)

    def digest(self) -> str:
        """Identifies the pixels of all photos."""
        digest = hashlib.sha256(repr(self.pixels.shape).encode())
        for at in range(0, len(self), 256):
            digest.update(np.ascontiguousarray(self.pixels[at : at + 256]).data)
        return digest.hexdigest()[:16]

    def of_products(self, chosen: Bool) -> Int64:
        """Returns the photos ``(n,)`` of the products that a mask ``(M,)`` bool selects."""
        return np.flatnonzero(chosen[self.product])


def open_bank(
    sources: Sequence[Path | str],
    side: int,
    cache_dir: Path,
    *,
    workers: int = 1,
    on_progress: OnProgress | None = None,
) -> PhotoBank:
    """Reads sources and decodes their photos, or takes them from the cache of an earlier run.

    Args:
        sources: anything that `catalog.sources.open_source` opens.
        side: edge of the square photos in pixels.
        cache_dir: where decoded photos are stored; one file for each set of photos.
        workers: processes that decode.
        on_progress: called with the number of photos done and in all.

    Raises:
        SourceError: a source is missing or unreadable.
        NotEnoughData: none of the sources has a readable photo.
        StorageError: the disk is full.
    """
    records: list[ProductRecord] = []
    paths: list[Path] = []
    product: list[int] = []
    skipped: list[str] = []
    source_of: list[int] = []
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
                    skipped.append(f"{path} of product {record.product_id} was not found")
            unique_id = f"{source.name}/{record.product_id}"
            records.append(dataclasses.replace(record, product_id=unique_id))
            source_of.append(number)
    pixels, broken = _decoded(paths, side, cache_dir, workers, on_progress)
    rows = np.delete(np.asarray(product, dtype=np.int64), list(broken))
    if not len(rows):
        raise NotEnoughData(
            f"There is no readable photo in {', '.join(map(str, sources))}. Give --data a folder "
            "of photos or a catalogue whose photos lie beside it."
        )
    skipped += [f"{paths[row]}: {reason}" for row, reason in sorted(broken.items())]
    kept, rows = np.unique(rows, return_inverse=True)
    return PhotoBank(
        pixels,
        rows,
        tuple(records[row] for row in kept.tolist()),
        np.asarray(source_of, dtype=np.int64)[kept],
        tuple(skipped),
    )


def _decoded(
    paths: list[Path], side: int, cache_dir: Path, workers: int, on_progress: OnProgress | None
) -> tuple[UInt8, dict[int, str]]:
    """Returns the pixels ``(N, S, S, 3)`` of the readable paths, and the others' errors by row."""
    if not paths:
        return np.zeros((0, side, side, 3), dtype=np.uint8), {}
    facts = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    digest = hashlib.sha256(json.dumps([FORMAT, VERSION, side, facts]).encode()).hexdigest()[:16]
    array, errors_file = cache_dir / f"photos-{digest}.npy", cache_dir / f"photos-{digest}.json"
    if not errors_file.exists():  # written last, so the array beside it is whole
        next_step = "Free some space there and run it again."
        with (
            storage_errors(cache_dir, "The decoded photos", next_step),
            # Two processes must not write one file at a time.
            waiting_lock(array.with_suffix(".lock"), "decodes the same photos"),
        ):
            if not errors_file.exists():  # nor did the process that held the lock write it
                broken = _decode(paths, side, array, workers, on_progress)
                write_whole(errors_file, json.dumps(broken))
    broken = {int(row): reason for row, reason in json.loads(errors_file.read_text()).items()}
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
