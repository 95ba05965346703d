"""Updating: from what changed to a published delta, or to a generation if that is not possible.

lock -> changes since the generation was built -> embed photos without a vector -> publish a delta
-> prune. A kill between any two steps leaves the live index as it was, and the next run continues
from the cached vectors. The encoder is loaded only to embed, or to build a generation.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.arrays import Float32, UInt8
from engine.calibration.store import find_calibration
from engine.embedding.cached_rows import Embedded, load_or_embed
from engine.embedding.caches.cache import VectorCache
from engine.embedding.caches.choose import open_cache
from engine.embedding.embed import EmbedProgress
from engine.embedding.product_rows import product_rows
from engine.encoders.encoder import Encoder
from engine.errors import BrokenGeneration, NeedsRebuild, NoGeneration
from engine.facts.design_names import DesignNames
from engine.facts.file import FILE as FACTS
from engine.facts.reading import FactReader
from engine.facts.row_map import RowMap
from engine.index.build import close_levels
from engine.index.changes import Changes, changes_since, read_row_digests
from engine.index.delta import (
    Delta,
    DeltaManifest,
    next_number,
    prune_deltas,
    publish_delta,
    write_delta,
)
from engine.index.generation import Generation, building
from engine.index.lock import LOCK, exclusive_lock
from engine.index.merged import base_and_delta, merge, open_merged
from engine.index.pointer import read_pointer
from engine.index.reindex import (
    NEXT_STEP,
    has_calibration,
    rebuild,
)
from engine.index.reports import ReindexReport
from engine.index.row_digests import digest_rows
from engine.index.stores.annoy import ANNOY
from engine.index.stores.choose import open_store
from engine.index.stores.store import VectorStore
from engine.settings import EngineSettings
from engine.storage import storage_errors

MIN_LIMIT = 100  # products that a delta may have in a generation of any size
OnProgress = Callable[[EmbedProgress], None]


class Updater:
    """Keeps the index up to date with the catalogue, by deltas where possible.

    Args:
        catalogue: the products that are sold.
        load_encoder: loads the encoder; called once, and only if a photo must be embedded or a
            generation built.
        settings: folders, workers, and the maximum size of a delta.
        caps: size limits of photos; from the environment by default.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        load_encoder: Callable[[], Encoder],
        settings: EngineSettings | None = None,
        caps: CatalogSettings | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._load_encoder = load_encoder
        self._settings = settings or EngineSettings()
        self._caps = caps or CatalogSettings()
        self._store = open_store(self._settings, catalogue)
        self._encoder: Encoder | None = None
        self._live: Generation | None = None

    def update(
        self, *, delta_only: bool = False, on_progress: OnProgress | None = None
    ) -> ReindexReport:
        """Publish a delta, or a new generation if a delta is not possible or would be too large.

        Nothing is published if nothing changed.

        Args:
            delta_only: publish a delta of any size, and never build a generation.
            on_progress: called after every batch of embedded photos.

        Raises:
            Busy: a reindex is running in this home.
            NeedsRebuild: with ``delta_only``, if a delta is not possible.
            GenerationError, StorageError, EncoderError, DecodeError, CacheError: as
                `engine.index.reindex.reindex`.
        """
        settings = self._settings
        with (
            storage_errors(settings.index_dir, "The index", NEXT_STEP),
            exclusive_lock(settings.index_dir / LOCK),
            self._store.exclusive(),
            open_cache(settings) as cache,
        ):
            try:
                return self._delta(cache, delta_only, on_progress)
            except NeedsRebuild as error:
                if delta_only:
                    raise NeedsRebuild(f"{error} Run `lookalike reindex`.") from error
                report = rebuild(
                    self._catalogue,
                    self._get_encoder(),
                    settings,
                    self._caps,
                    cache,
                    self._store,
                    force=self._has_no_row_digests(),
                    on_progress=on_progress,
                )
                note = f"All products were compared, not only the changed ones. {error}"
                return replace(report, notes=(note, *report.notes))

    def _delta(
        self, cache: VectorCache, any_size: bool, on_progress: OnProgress | None
    ) -> ReindexReport:
        started = time.monotonic()
        live = self._open()
        base, old = base_and_delta(live)
        self._check_settings(base)
        row_digests = read_row_digests(self._settings.index_dir, base)
        changes = changes_since(self._catalogue, base, row_digests)
        limit = self._max_changes(base)
        if changes.size > limit and not any_size:
            raise NeedsRebuild(f"{changes.size:,} products changed, more than {limit:,}.")
        known, embedded = self._vectors(base, changes, cache, on_progress)
        draft = self._draft(base, row_digests, changes, known, len(embedded.failures))
        pointer = read_pointer(self._settings.index_dir)
        if old is not None and old.equals(draft.ids, draft.row_digests, draft.gone):
            new, draft = False, old
        else:  # an empty one replaces an earlier one
            new = bool(draft.size) or (pointer is not None and pointer.delta is not None)
        if new:
            publish(self._settings.index_dir, base, draft, self._store)
        prune_deltas(self._settings.index_dir)  # also those of killed runs
        file = self._settings.index_dir / base.name / FACTS
        names = DesignNames(self._catalogue.colour_words())
        FactReader(self._catalogue, RowMap(base.row_of), base.name, file, names=names).keep_fresh()
        count = len(base.ids) + sum(one not in base.row_of for one in draft.ids) - len(draft.gone)
        return ReindexReport(
            generation=base.name,
            published=new,
            products=count,
            photos=len(known),
            photos_embedded=embedded.photos,
            photos_failed=len(embedded.failures),
            recall_at_10=base.manifest.recall_at_10,
            seconds=time.monotonic() - started,
            failures=embedded.failures,
            delta=draft.manifest.name if new or old else "",
            delta_products=len(draft.ids),
            delta_gone=len(draft.gone),
        )

    def _open(self) -> Generation:
        try:
            self._store.follow(self._settings.index_dir)
            self._live = open_merged(self._settings.index_dir, self._live, self._store)
        except NoGeneration as error:
            raise NeedsRebuild("Nothing has been indexed yet.") from error
        except BrokenGeneration as error:
            raise NeedsRebuild(str(error)) from error
        return self._live

    def _has_no_row_digests(self) -> bool:
        """Whether the live generation has no row digests, so that only a new one helps."""
        try:
            if self._live is not None:
                read_row_digests(self._settings.index_dir, base_and_delta(self._live)[0])
        except NeedsRebuild:
            return True
        return False

    def _max_changes(self, base: Generation) -> int:
        """The number of changed products above which a new generation is built."""
        share = self._settings.delta_share
        return max(MIN_LIMIT, int(share * len(base.ids))) if share else 0

    def _get_encoder(self) -> Encoder:
        if self._encoder is None:
            self._encoder = self._load_encoder()
        return self._encoder

    def _check_settings(self, base: Generation) -> None:
        manifest, settings = base.manifest, self._settings
        if settings.encoder not in ("default", manifest.encoder):
            raise NeedsRebuild(
                f"The index was built by {manifest.encoder}, not {settings.encoder}."
            )
        if not self._store.fits(manifest, settings):
            raise NeedsRebuild("The settings of the index changed.")
        found = find_calibration(settings.models_dir, manifest.encoder, manifest.fingerprint)
        if not has_calibration(manifest, found.calibration):
            raise NeedsRebuild("There is a new calibration of matches.")

    def _vectors(
        self,
        base: Generation,
        changes: Changes,
        cache: VectorCache,
        on_progress: OnProgress | None,
    ) -> tuple[dict[str, Float32], Embedded]:
        manifest = base.manifest
        hashes = [photo.content_hash for photo in changes.photos]
        known = cache.get(manifest.fingerprint, hashes, manifest.dim)
        if len(known) == len(hashes):
            return known, Embedded(0, ())
        encoder = self._get_encoder()
        if encoder.fingerprint != manifest.fingerprint:
            raise NeedsRebuild(f"The encoder {encoder.name} is not the one that built the index.")
        return load_or_embed(
            changes.photos, encoder, self._settings, self._caps, cache, on_progress
        )

    def _draft(
        self,
        base: Generation,
        row_digests: UInt8,
        changes: Changes,
        known: dict[str, Float32],
        failed: int,
    ) -> Delta:
        """The delta of these changes, not yet written."""
        ids, vectors = product_rows(changes.products, known, base.layout)
        mine = digest_rows(ids, changes.products, known)
        # The row of a product may be unchanged, if its other photos could not be read.
        new = [
            place
            for place, product_id in enumerate(ids)
            if product_id not in base.row_of
            or mine[place].tobytes() != row_digests[base.row_of[product_id]].tobytes()
        ]
        lost = {one for one in changes.products if one in base.row_of} - set(ids)
        return Delta(
            manifest=DeltaManifest(
                generation=base.name,
                number=next_number(self._settings.index_dir, base.name),
                created=datetime.now(UTC).isoformat(timespec="seconds"),
                fingerprint=base.manifest.fingerprint,
                dim=base.manifest.dim,
                count=len(new),
                photos=len(known),
                failed=failed,
                close={},
                catalogue=changes.watermark,
                files={},
            ),
            ids=tuple(ids[place] for place in new),
            row_digests=tuple(mine[place].tobytes().hex() for place in new),
            vectors=vectors[new],
            gone=tuple(sorted({*changes.gone, *lost})),
        )


def publish(index_dir: Path, base: Generation, delta: Delta, store: VectorStore = ANNOY) -> None:
    """Write a delta of the live generation and make it live. Only for the holder of the lock."""
    close = close_levels(merge(base, delta).vectors, base.layout)
    delta = replace(delta, manifest=delta.manifest.model_copy(update={"close": close}))
    with building(index_dir) as folder:
        manifest = write_delta(folder, delta)
        publish_delta(folder, index_dir, manifest, base.manifest, store)
