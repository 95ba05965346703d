"""Embedding on this machine: photos are decoded by processes and encoded by this one."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar

import numpy as np

from catalog.errors import DecoderDied
from catalog.photos.decode_squares import DecodedPhoto, PhotoFile, SquareLimits, decode_squares
from catalog.settings import CatalogSettings
from engine.arrays import Float32
from engine.embedding.embedders.embedder import EmbeddedBatch
from engine.embedding.reports import PhotoFailure
from engine.encoders.encoder import Encoder
from engine.encoders.facets import check_rows
from engine.errors import DecodeError, EncoderError

T = TypeVar("T")
SHARP = 2  # a JPEG is decoded at this many times the encoder's image size or more, to save time


class LocalEmbedder:
    """See the module; batches come in the order of their photos.

    Args:
        encoder: computes the rows.
        limits: how photos are decoded; see `square_limits`.
        workers: processes that decode; 0 for one a core.
        batch_size: photos in a batch.
    """

    def __init__(
        self, encoder: Encoder, limits: SquareLimits, *, workers: int = 0, batch_size: int = 64
    ) -> None:
        self._encoder, self._limits = encoder, limits
        self._workers, self._batch_size = workers, batch_size

    @property
    def fingerprint(self) -> str:
        """That of the encoder."""
        return self._encoder.fingerprint

    def embed(self, photos: Sequence[PhotoFile]) -> Iterator[EmbeddedBatch]:
        """As `Embedder.embed`."""
        for batch in _batches(_decoded(photos, self._limits, self._workers), self._batch_size):
            failures = (
                PhotoFailure(str(item.photo.path), item.reason)
                for item in batch
                if item.pixels is None
            )
            yield EmbeddedBatch(encode_batch(self._encoder, batch), tuple(failures))


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


def square_limits(side: int, caps: CatalogSettings) -> SquareLimits:
    """The limits by which photos are decoded for an encoder of this image size."""
    return SquareLimits(
        side, caps.max_photo_pixels, caps.max_photo_bytes, at_least=SHARP * side, settings=caps
    )


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
