"""Rows of the catalogue's photos: those in the cache, and the others embedded now."""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from catalog.photos.decode_squares import PhotoFile
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.arrays import Float32
from engine.embedding.caches.cache import VectorCache
from engine.embedding.embed import EmbedProgress, distinct, fill_cache
from engine.embedding.embedders.choose import open_embedder
from engine.embedding.reports import PhotoFailure
from engine.encoders.encoder import Encoder
from engine.settings import EngineSettings

OnProgress = Callable[[EmbedProgress], None] | None


class Embedded(NamedTuple):
    """Photos that were not cached: the number of embedded ones, and those that failed."""

    photos: int
    failures: tuple[PhotoFailure, ...]


def load_or_embed(
    photos: Sequence[PhotoFile],
    encoder: Encoder,
    settings: EngineSettings,
    caps: CatalogSettings,
    cache: VectorCache,
    on_progress: OnProgress = None,
) -> tuple[dict[str, Float32], Embedded]:
    """Content hash -> row of photos, cached or embedded now; unreadable ones are left out."""
    hashes = [photo.content_hash for photo in photos]
    known = cache.get(encoder.fingerprint, hashes, encoder.layout.dim)
    missing = [photo for photo in photos if photo.content_hash not in known]
    embedded = _embed(missing, encoder, settings, caps, cache, on_progress)
    hashes = [photo.content_hash for photo in missing]
    known |= cache.get(encoder.fingerprint, hashes, encoder.layout.dim)
    return known, embedded


def embed_missing(
    catalogue: Catalogue,
    contents: Collection[str],
    encoder: Encoder,
    settings: EngineSettings,
    caps: CatalogSettings,
    cache: VectorCache,
    on_progress: OnProgress = None,
) -> tuple[Embedded, int]:
    """Embed the photos of these contents that the cache has no row of; no rows stay in memory.

    Returns:
        What was embedded, and how many contents have a row now.
    """
    missing = _missing(contents, encoder, cache)
    embedded = _embed(_files(catalogue, missing), encoder, settings, caps, cache, on_progress)
    return embedded, len(contents) - len(missing) + embedded.photos


def _embed(
    photos: Sequence[PhotoFile],
    encoder: Encoder,
    settings: EngineSettings,
    caps: CatalogSettings,
    cache: VectorCache,
    on_progress: OnProgress,
) -> Embedded:
    """Embed photos into the cache."""
    embedder = open_embedder(encoder, settings, caps)
    failures = fill_cache(photos, embedder, cache, on_progress)
    return Embedded(len(photos) - len(failures), tuple(failures))


def _missing(contents: Collection[str], encoder: Encoder, cache: VectorCache) -> set[str]:
    """The contents without a cached row."""
    missing = set(contents)
    for rows in cache.stream(encoder.fingerprint, contents, encoder.layout.dim):
        missing.difference_update(rows)
    return missing


def _files(catalogue: Catalogue, wanted: set[str]) -> list[PhotoFile]:
    """The files of some contents, each once, in the order of the catalogue."""
    if not wanted:
        return []
    found = (photo for photo in catalogue.photos() if photo.content_hash in wanted)
    return distinct(PhotoFile(photo.path, photo.content_hash) for photo in found)
