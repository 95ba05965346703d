"""Embeds photos into the vector cache, saved batch by batch."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from catalog.photos.decode_squares import PhotoFile
from engine.embedding.caches.cache import VectorCache
from engine.embedding.embedders.embedder import Embedder
from engine.embedding.reports import PhotoFailure


@dataclass(frozen=True, slots=True)
class EmbedProgress:
    """Progress of an embedding, in photos: done (``failed`` ones included), and all."""

    done: int
    total: int
    failed: int


def fill_cache(
    photos: Sequence[PhotoFile],
    embedder: Embedder,
    cache: VectorCache,
    on_progress: Callable[[EmbedProgress], None] | None = None,
) -> list[PhotoFailure]:
    """Compute the vectors of photos and save them in the cache after every batch.

    Args:
        photos: each content once; see `distinct`.
        embedder: computes the rows.
        cache: where they are saved, under the encoder's fingerprint.
        on_progress: called at the start and after every batch.

    Returns:
        The photos that could not be read, with reasons.

    Raises:
        EncoderError, DecodeError, EmbedderError: see `Embedder.embed`.
    """
    report = on_progress or (lambda _: None)
    failures: list[PhotoFailure] = []
    done = 0
    report(EmbedProgress(0, len(photos), 0))
    for batch in embedder.embed(photos):
        cache.put(embedder.fingerprint, batch.rows)
        failures += batch.failures
        done += len(batch.rows) + len(batch.failures)
        report(EmbedProgress(done, len(photos), len(failures)))
    return failures


def distinct(photos: Iterable[PhotoFile]) -> list[PhotoFile]:
    """The photos without repeated contents, in the order of first appearance."""
    first: dict[str, PhotoFile] = {}
    for photo in photos:
        first.setdefault(photo.content_hash, photo)
    return list(first.values())
