"""Reindexing: from the catalogue to a published generation, embedding only what changed.

lock -> list photos -> embed those without a vector -> pool per product -> build -> measure ->
publish -> prune. A kill between any two steps leaves the live generation as it was, and the next
run continues from the cached vectors.
"""

import hashlib
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from catalog.products.catalogue import Catalogue
from catalog.products.photo_hashes import photo_hashes
from catalog.settings import CatalogSettings
from engine.arrays import Float32, UInt8
from engine.calibration.calibration import FILE as CALIBRATION
from engine.calibration.calibration import Calibration
from engine.calibration.store import find_calibration
from engine.embedding.cached_rows import embed_missing
from engine.embedding.caches.cache import VectorCache
from engine.embedding.caches.choose import open_cache
from engine.embedding.embed import EmbedProgress
from engine.embedding.product_rows import PhotoRows, RowsFile, pooled_in_chunks
from engine.encoders.encoder import Encoder
from engine.errors import BrokenGeneration, GenerationError, InAnotherStore
from engine.facts.design_names import DesignNames
from engine.facts.file import FILE as FACTS
from engine.facts.reading import FactReader
from engine.facts.row_map import RowMap
from engine.index.build import GenerationInputs, build_generation
from engine.index.delta import prune_deltas
from engine.index.generation import VECTORS, building, open_live, prune, publish
from engine.index.lock import LOCK, exclusive_lock
from engine.index.manifest import Manifest
from engine.index.pointer import read_pointer
from engine.index.reports import ReindexReport, why_no_photo
from engine.index.row_digests import digest_rows
from engine.index.stores.choose import open_store
from engine.index.stores.store import VectorStore
from engine.settings import EngineSettings
from engine.storage import storage_errors

NEXT_STEP = (
    "The live index is unchanged; free some space and run it again. Embedded photos are cached."
)


@dataclass(frozen=True)
class PhotoListing:
    """The catalogue's photos at one moment.

    Attributes:
        watermark: of the catalogue, before it was read.
        digest: SHA-256 in hex of all products and the hashes of their photos.
        products: product id -> content hashes of its photos, in the order of ids.
    """

    watermark: str
    digest: str
    products: dict[str, tuple[str, ...]]


def reindex(
    catalogue: Catalogue,
    encoder: Encoder,
    settings: EngineSettings | None = None,
    *,
    caps: CatalogSettings | None = None,
    force: bool = False,
    on_progress: Callable[[EmbedProgress], None] | None = None,
) -> ReindexReport:
    """Build and publish a generation of the catalogue's products, if anything changed.

    Args:
        catalogue: the products that are sold.
        encoder: embeds their photos.
        settings: folders, workers, trees and the required recall.
        caps: size limits of photos; from the environment by default.
        force: build and publish even if nothing changed.
        on_progress: called after every batch of embedded photos.

    Raises:
        Busy: another reindex is running in this home.
        GenerationError: there is nothing to index, or the recall is too low.
        StorageError: the disk is full. The live generation is unchanged, and the vectors of
            embedded photos are cached.
        EncoderError: the encoder returned unusable rows.
        DecodeError: a process that decodes photos died.
        CacheError: the vector cache cannot be used.
    """
    settings, caps = settings or EngineSettings(), caps or CatalogSettings()
    with (
        storage_errors(settings.index_dir, "The index", NEXT_STEP),
        exclusive_lock(settings.index_dir / LOCK),
        (store := open_store(settings, catalogue)).exclusive(),
        open_cache(settings) as cache,
    ):
        return rebuild(catalogue, encoder, settings, caps, cache, store, force, on_progress)


def rebuild(
    catalogue: Catalogue,
    encoder: Encoder,
    settings: EngineSettings,
    caps: CatalogSettings,
    cache: VectorCache,
    store: VectorStore,
    force: bool = False,
    on_progress: Callable[[EmbedProgress], None] | None = None,
) -> ReindexReport:
    """As `reindex`, for a caller that holds the lock and the cache. A live delta is merged."""
    started = time.monotonic()
    if not force:
        store.check_home(settings.index_dir, encoder.name, encoder.fingerprint)
    listing = list_photos(catalogue)
    contents = {photo for photos in listing.products.values() for photo in photos}
    embedded, usable = embed_missing(
        catalogue, contents, encoder, settings, caps, cache, on_progress
    )
    del contents
    live, delta, notes = _live(settings, store)
    found = find_calibration(settings.models_dir, encoder.name, encoder.fingerprint)
    notes += found.notes
    new = (
        force
        or live is None
        or delta
        or not is_current(live, listing, encoder, usable, settings)
        or not store.fits(live, settings)
        or not has_calibration(live, found.calibration)
    )
    if new:
        calibration = found.calibration
        counts = (usable, len(embedded.failures))
        manifest, more = _publish(
            catalogue, listing, cache, encoder, settings, store, counts, calibration
        )
        notes += more
    else:
        assert live is not None
        manifest = live
    return ReindexReport(
        generation=manifest.name,
        published=new,
        products=manifest.count,
        photos=usable,
        photos_embedded=embedded.photos,
        photos_failed=len(embedded.failures),
        recall_at_10=manifest.recall_at_10,
        seconds=time.monotonic() - started,
        failures=embedded.failures,
        notes=tuple(notes),
    )


def list_photos(catalogue: Catalogue) -> PhotoListing:
    """List the photos of all products.

    Raises:
        GenerationError: the catalogue has no photo.
    """
    # Taken before the listing, so that the next run sees what changes during it.
    watermark = catalogue.watermark()
    products: dict[str, tuple[str, ...]] = {}
    digest = hashlib.sha256()
    for product_id, hashes in photo_hashes(catalogue.db):
        products[product_id] = tuple(hashes)
        for content_hash in hashes:
            digest.update(f"{product_id}\0{content_hash}\n".encode())
    if not products:
        raise GenerationError(why_no_photo(catalogue.counts()))
    return PhotoListing(watermark, digest.hexdigest(), dict(sorted(products.items())))


def is_current(
    live: Manifest, listing: PhotoListing, encoder: Encoder, usable: int, settings: EngineSettings
) -> bool:
    """Whether a new generation would be equal to the live one; ``usable`` photos have a row."""
    return (
        live.photos_digest == listing.digest
        and live.photos == usable
        and live.fingerprint == encoder.fingerprint
        and live.recall_at_10 >= settings.min_recall
    )


def has_calibration(live: Manifest, calibration: Calibration | None) -> bool:
    """Whether a generation has exactly this calibration; None means that it has none."""
    facts = live.files.get(CALIBRATION)
    return (facts and facts.sha256) == (calibration and calibration.digest)


def _live(settings: EngineSettings, store: VectorStore) -> tuple[Manifest | None, bool, list[str]]:
    """The live generation's manifest, whether it has a delta, and notes.

    The manifest is None if nothing has been published, or if the generation is broken.
    """
    try:
        store.follow(settings.index_dir)
        pointer = read_pointer(settings.index_dir)
        if pointer is None:
            return None, False, []
        return open_live(settings.index_dir, store).manifest, pointer.delta is not None, []
    except InAnotherStore:
        return None, False, [f"The index moves to {store.name}, from another store."]
    except BrokenGeneration as error:
        return None, False, [f"The live generation was broken and is replaced. {error}"]


def _publish(
    catalogue: Catalogue,
    listing: PhotoListing,
    cache: VectorCache,
    encoder: Encoder,
    settings: EngineSettings,
    store: VectorStore,
    counts: tuple[int, int],
    calibration: Calibration | None,
) -> tuple[Manifest, list[str]]:
    """Build and publish a generation; ``counts`` are of photos with a row, and that failed."""
    with building(settings.index_dir) as folder:
        ids, vectors, digests = _write_rows(folder / VECTORS, listing, cache, encoder)
        if not ids:
            raise GenerationError(
                f"None of the {counts[1]:,} photos could be read, so there is nothing to index. "
                "Ingest the source again and see its rejects file."
            )
        inputs = GenerationInputs(
            ids=ids,
            vectors=vectors,
            encoder=encoder,
            photos=counts[0],
            failed=counts[1],
            watermark=listing.watermark,
            photos_digest=listing.digest,
            calibration=calibration,
            row_digests=digests,
        )
        manifest, notes = build_generation(folder, inputs, settings, store)
        rows = RowMap({product_id: row for row, product_id in enumerate(ids)})
        names = DesignNames(catalogue.colour_words())
        FactReader(catalogue, rows, manifest.name, folder / FACTS, names=names).write()
        publish(folder, settings.index_dir, manifest, store)
    prune_deltas(settings.index_dir)
    prune(settings.index_dir, settings.keep_generations)
    store.prune(settings.keep_generations)
    return manifest, notes


def _write_rows(
    path: Path, listing: PhotoListing, cache: VectorCache, encoder: Encoder
) -> tuple[list[str], Float32, UInt8]:
    """Ids, rows ``(N, D)`` mapped from a new file, and row digests of the products with a row."""
    ids: list[str] = []
    digests: list[UInt8] = []
    dim = encoder.layout.dim
    contents = {photo for photos in listing.products.values() for photo in photos}
    known = PhotoRows(path.parent, contents, cache, encoder.fingerprint, dim)
    del contents
    with closing(RowsFile(path, dim)) as file:
        for rows in pooled_in_chunks(listing.products, known, encoder.layout):
            file.append(rows.vectors)
            ids += rows.ids
            digests.append(digest_rows(rows.ids, listing.products, known))
        return ids, file.finish(), np.concatenate(digests)
