"""From the catalogue to a published generation, at the cost of what changed.

lock -> list photos -> embed those without a vector -> pool per product -> build -> measure ->
publish -> prune. A kill between any two steps leaves the live generation as it was, and the next
run goes on from the vectors that were kept.
"""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from catalog.photos.decode_squares import PhotoFile
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.arrays import Float32
from engine.calibration.calibration import FILE as CALIBRATION
from engine.calibration.calibration import Calibration
from engine.calibration.store import find_calibration
from engine.embedding.embed import EmbedProgress, distinct, fill_cache, square_limits
from engine.embedding.pooling import pool_products
from engine.embedding.reports import PhotoFailure
from engine.embedding.vector_cache import VectorCache
from engine.encoders.encoder import Encoder
from engine.encoders.facets import FacetLayout
from engine.errors import BrokenGeneration, GenerationError
from engine.index.build import Inputs, build_generation
from engine.index.delta import prune_deltas
from engine.index.generation import building, open_live, prune, publish
from engine.index.lock import LOCK, exclusive_lock
from engine.index.manifest import Manifest
from engine.index.pointer import read_pointer
from engine.index.reports import ReindexReport
from engine.index.row_digests import digest_rows
from engine.settings import EngineSettings
from engine.storage import storage_errors

NEXT = "What is served stays; free some space and run it again, what was embedded is kept."


@dataclass(frozen=True)
class Plan:
    """The catalogue's photos at one moment.

    ``products`` maps a product's id to the hashes of its photos, in the order of ids.
    """

    watermark: str
    digest: str
    products: dict[str, list[str]]
    photos: list[PhotoFile]


def reindex(
    catalogue: Catalogue,
    encoder: Encoder,
    settings: EngineSettings | None = None,
    *,
    caps: CatalogSettings | None = None,
    force: bool = False,
    on_progress: Callable[[EmbedProgress], None] | None = None,
) -> ReindexReport:
    """Bring the index up to the catalogue.

    Args:
        catalogue: what is sold.
        encoder: what turns photos into rows.
        settings: folders, workers, trees and the recall that must be reached.
        caps: size limits of photos; those of the catalogue's own settings by default.
        force: build and publish even if nothing changed.
        on_progress: told of every batch of photos that was embedded.

    Raises:
        Busy: another reindex is running in this home.
        GenerationError: there is nothing to index.
        StorageError: the disk is full. What was live is live, and what was embedded is kept.
        EncoderError, DecodeError, CacheError: see there.
    """
    settings, caps = settings or EngineSettings(), caps or CatalogSettings()
    with (
        storage_errors(settings.index_dir, "The index", NEXT),
        exclusive_lock(settings.index_dir / LOCK),
        VectorCache(settings.vectors_file) as cache,
    ):
        return rebuild(catalogue, encoder, settings, caps, cache, force, on_progress)


def rebuild(
    catalogue: Catalogue,
    encoder: Encoder,
    settings: EngineSettings,
    caps: CatalogSettings,
    cache: VectorCache,
    force: bool = False,
    on_progress: Callable[[EmbedProgress], None] | None = None,
) -> ReindexReport:
    """The same for who holds the lock and the cache. A delta that is live is folded in."""
    started = time.monotonic()
    plan = list_photos(catalogue)
    known, fresh = vectors_of(plan.photos, encoder, settings, caps, cache, on_progress)
    live, delta, notes = _live(settings)
    kept = find_calibration(settings.models_dir, encoder.name, encoder.fingerprint)
    notes += kept.notes
    new = (
        force
        or live is None
        or delta
        or not is_current(live, plan, encoder, len(known), settings)
        or not has_calibration(live, kept.calibration)
    )
    if new:
        failed = len(fresh.failures)
        manifest, told = _publish(plan, known, encoder, settings, failed, kept.calibration)
        notes += told
    else:
        assert live is not None
        manifest = live
    return ReindexReport(
        generation=manifest.name,
        published=new,
        products=manifest.count,
        photos=len(known),
        photos_embedded=fresh.embedded,
        photos_failed=len(fresh.failures),
        recall_at_10=manifest.recall_at_10,
        seconds=time.monotonic() - started,
        failures=fresh.failures,
        notes=tuple(notes),
    )


class Fresh(NamedTuple):
    """What had to be embedded: how many photos were, and which could not be read."""

    embedded: int
    failures: tuple[PhotoFailure, ...]


def vectors_of(
    photos: Sequence[PhotoFile],
    encoder: Encoder,
    settings: EngineSettings,
    caps: CatalogSettings,
    cache: VectorCache,
    on_progress: Callable[[EmbedProgress], None] | None = None,
) -> tuple[dict[str, np.ndarray], Fresh]:
    """Photo hash -> row, from the cache or by the encoder; those that cannot be read are absent."""
    hashes = [photo.content_hash for photo in photos]
    known = cache.get(encoder.fingerprint, hashes, encoder.layout.dim)
    missing = [photo for photo in photos if photo.content_hash not in known]
    failures = fill_cache(
        missing,
        encoder,
        cache,
        square_limits(encoder.image_size, caps),
        workers=settings.workers,
        batch_size=settings.batch_size,
        on_progress=on_progress,
    )
    hashes = [photo.content_hash for photo in missing]
    known |= cache.get(encoder.fingerprint, hashes, encoder.layout.dim)
    return known, Fresh(len(missing) - len(failures), tuple(failures))


def list_photos(catalogue: Catalogue) -> Plan:
    """List what must be embedded.

    Raises:
        GenerationError: the catalogue has no photo.
    """
    # Taken before the listing, so that the next run sees what changes during it.
    watermark = catalogue.watermark()
    products: dict[str, list[str]] = {}
    files = []
    digest = hashlib.sha256()
    for photo in catalogue.photos():
        products.setdefault(photo.product_id, []).append(photo.content_hash)
        files.append(PhotoFile(photo.path, photo.content_hash))
        digest.update(f"{photo.product_id}\0{photo.content_hash}\n".encode())
    if not files:
        raise GenerationError(
            "The catalogue has no photos, so there is nothing to index. "
            "Run `lookalike ingest SOURCE` first."
        )
    return Plan(watermark, digest.hexdigest(), dict(sorted(products.items())), distinct(files))


def is_current(
    live: Manifest, plan: Plan, encoder: Encoder, usable: int, settings: EngineSettings
) -> bool:
    """Whether a new generation would say the same as the live one."""
    return (
        live.photos_digest == plan.digest
        and live.photos == usable
        and live.fingerprint == encoder.fingerprint
        and live.trees == settings.trees
        and live.asked_search_k == settings.search_k
        and live.recall_at_10 >= settings.min_recall
    )


def has_calibration(live: Manifest, calibration: Calibration | None) -> bool:
    """Whether the live generation carries this calibration, or none if there is none."""
    facts = live.files.get(CALIBRATION)
    return (facts and facts.sha256) == (calibration and calibration.digest)


def product_rows(
    products: Mapping[str, Sequence[str]], known: Mapping[str, Float32], layout: FacetLayout
) -> tuple[list[str], Float32]:
    """Ids and unit rows ``(N, D)`` of the products that have a vector.

    Args:
        products: product id -> content hashes of its photos.
        known: content hash -> row ``(D,)``.
        layout: the facets of a row.

    Returns:
        Without products whose rows cancel each other out.
    """
    usable = {
        product_id: [known[photo] for photo in hashes if photo in known]
        for product_id, hashes in products.items()
    }
    ids = [product_id for product_id, rows in usable.items() if rows]
    if not ids:
        return [], np.zeros((0, layout.dim), dtype=np.float32)
    owners = np.repeat(np.arange(len(ids)), [len(usable[name]) for name in ids])
    photos = np.stack([row for rows in usable.values() for row in rows])
    pooled = pool_products(photos, owners, layout)
    kept = np.flatnonzero(pooled.any(axis=1))
    return [ids[row] for row in kept.tolist()], pooled[kept]


def _live(settings: EngineSettings) -> tuple[Manifest | None, bool, list[str]]:
    """The live generation's manifest if all its files are sound, whether it has a delta, and what
    to tell if they are not.
    """
    try:
        pointer = read_pointer(settings.index_dir)
        if pointer is None:
            return None, False, []
        return open_live(settings.index_dir).manifest, pointer.delta is not None, []
    except BrokenGeneration as error:
        return None, False, [f"The live generation was broken and is replaced. {error}"]


def _publish(
    plan: Plan,
    known: dict[str, np.ndarray],
    encoder: Encoder,
    settings: EngineSettings,
    failed: int,
    calibration: Calibration | None,
) -> tuple[Manifest, list[str]]:
    ids, vectors = product_rows(plan.products, known, encoder.layout)
    if not ids:
        raise GenerationError(
            f"None of the {failed:,} photos could be read, so there is nothing to index. "
            "Ingest the source again and see its rejects file."
        )
    inputs = Inputs(
        ids=ids,
        vectors=vectors,
        encoder=encoder,
        photos=len(known),
        failed=failed,
        watermark=plan.watermark,
        photos_digest=plan.digest,
        calibration=calibration,
        row_digests=digest_rows(ids, plan.products, known),
    )
    with building(settings.index_dir) as folder:
        manifest, notes = build_generation(folder, inputs, settings)
        publish(folder, settings.index_dir, manifest)
    prune_deltas(settings.index_dir)
    prune(settings.index_dir, settings.keep_generations)
    return manifest, notes
