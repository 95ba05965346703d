"""Embeds photos into the vector cache: decoded by processes, encoded and saved batch by batch."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np

from catalog.errors import DecoderDied
from catalog.photos.decode_squares import DecodedPhoto, PhotoFile, SquareLimits, decode_squares
from catalog.settings import CatalogSettings
from engine.arrays import Float32
from engine.embedding.caches.cache import VectorCache
from engine.embedding.reports import PhotoFailure
from engine.encoders.encoder import Encoder
from engine.encoders.facets import check_rows
from engine.errors import DecodeError, EncoderError

T = TypeVar("T")
SHARP = 2  # a JPEG is decoded at this many times the encoder's image size or more, to save time


@dataclass(frozen=True, slots=True)
class EmbedProgress:
    """Progress of an embedding, in photos: done (``failed`` ones included), and all."""

    done: int
    total: int
    failed: int


def fill_cache(
    photos: Sequence[PhotoFile],
    encoder: Encoder,
    cache: VectorCache,
    limits: SquareLimits,
    *,
    workers: int = 0,
    batch_size: int = 64,
    on_progress: Callable[[EmbedProgress], None] | None = None,
) -> list[PhotoFailure]:
    """Compute the vectors of photos and save them in the cache after every batch.

    Args:
        photos: each content once; see `distinct`.
        encoder: computes the rows.
        cache: where they are saved, under the encoder's fingerprint.
        limits: how photos are decoded; see `square_limits`.
        workers: processes that decode; 0 for one a core.
        batch_size: photos in a batch.
        on_progress: called at the start and after every batch.

    Returns:
        The photos that could not be read, with reasons, in their order.

    Raises:
        EncoderError: the encoder returned rows that are no unit rows.
        DecodeError: a process that decodes died.
    """
    report = on_progress or (lambda _: None)
    failures: list[PhotoFailure] = []
    done = 0
    report(EmbedProgress(0, len(photos), 0))
    for batch in _batches(_decoded(photos, limits, workers), batch_size):
        cache.put(encoder.fingerprint, encode_batch(encoder, batch))
        failures += [
            PhotoFailure(str(item.photo.path), item.reason) for item in batch if item.pixels is None
        ]
        done += len(batch)
        report(EmbedProgress(done, len(photos), len(failures)))
    return failures


def encode_batch(encoder: Encoder, batch: Sequence[DecodedPhoto]) -> dict[str, Float32]:
    """Content hash -> row ``(D,)`` float32 of the photos that could be decoded."""
    good = [(item.photo, item.pixels) for item in batch if item.pixels is not None]
    if not good:
        return {}
    rows = encoder.encode_pixels(np.stack([pixels for _, pixels in good]))
    try:
        check_rows(rows, encoder.layout.dim, "rows")
        if len(rows) != len(good):
            raise ValueError(f"{len(good)} photos gave {len(rows)} rows")
    except ValueError as error:
        raise EncoderError(
            f"The encoder {encoder.name!r} returned unusable rows: {error}. Train or choose "
            "another one with LOOKALIKE_ENCODER."
        ) from error
    return {photo.content_hash: row for (photo, _), row in zip(good, rows, strict=True)}


def distinct(photos: Iterable[PhotoFile]) -> list[PhotoFile]:
    """The photos without repeated contents, in the order of first appearance."""
    first: dict[str, PhotoFile] = {}
    for photo in photos:
        first.setdefault(photo.content_hash, photo)
    return list(first.values())


def square_limits(side: int, caps: CatalogSettings) -> SquareLimits:
    """The limits by which photos are decoded for an encoder of this image size."""
    return SquareLimits(side, caps.max_photo_pixels, caps.max_photo_bytes, at_least=SHARP * side)


def _decoded(
    photos: Sequence[PhotoFile], limits: SquareLimits, workers: int
) -> Iterator[DecodedPhoto]:
    try:
        yield from decode_squares(photos, limits, workers)
    except DecoderDied as error:
        raise DecodeError(
            "A process that decodes photos died, most likely for lack of memory. Run "
            "`lookalike reindex` again with fewer --workers; it continues from here."
        ) from error


def _batches(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while batch := list(islice(items, size)):
        yield batch
