"""Photos in, cached vectors out: decode in workers, encode in batches, keep each batch at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np

from engine.embedding.decoding import Decoded, Limits, PhotoFile, decode_all
from engine.embedding.reports import PhotoFailure
from engine.embedding.vector_cache import VectorCache
from engine.encoders.encoder import Encoder
from engine.encoders.facets import check_rows
from engine.errors import EncoderError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EmbedProgress:
    """How far an embedding is: photos done, of how many, and how many could not be read."""

    done: int
    total: int
    failed: int


def embed(
    photos: Sequence[PhotoFile],
    encoder: Encoder,
    cache: VectorCache,
    limits: Limits,
    *,
    workers: int = 0,
    batch_size: int = 64,
    on_progress: Callable[[EmbedProgress], None] | None = None,
) -> list[PhotoFailure]:
    """Compute the vectors of photos and put them into the cache after every batch.

    Args:
        photos: each content once; see `distinct`.
        encoder: what computes.
        cache: where rows go, under the encoder's fingerprint.
        limits: how photos are decoded.
        workers: processes that decode; 0 for one a core.
        batch_size: photos a step.
        on_progress: called at the start and after every batch.

    Returns:
        The photos that could not be read, with reasons, in their order.

    Raises:
        EncoderError: the encoder gave rows that are no unit rows.
        DecodeError: a worker process died.
    """
    report = on_progress or (lambda _: None)
    failures: list[PhotoFailure] = []
    done = 0
    report(EmbedProgress(0, len(photos), 0))
    for batch in _batches(decode_all(photos, limits, workers), batch_size):
        cache.put(encoder.fingerprint, encode_batch(encoder, batch))
        failures += [
            PhotoFailure(str(item.photo.path), item.reason) for item in batch if item.pixels is None
        ]
        done += len(batch)
        report(EmbedProgress(done, len(photos), len(failures)))
    return failures


def encode_batch(encoder: Encoder, batch: Sequence[Decoded]) -> dict[str, np.ndarray]:
    """Photo hash -> row ``(D,)`` float32, of those that could be decoded."""
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
            f"The encoder {encoder.name!r} broke its promise: {error}. Train or choose another "
            "one with LOOKALIKE_ENCODER."
        ) from error
    return {photo.content_hash: row for (photo, _), row in zip(good, rows, strict=True)}


def distinct(photos: Iterable[PhotoFile]) -> list[PhotoFile]:
    """Photos with each content once, in the order in which they first come."""
    first: dict[str, PhotoFile] = {}
    for photo in photos:
        first.setdefault(photo.content_hash, photo)
    return list(first.values())


def _batches(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while batch := list(islice(items, size)):
        yield batch
