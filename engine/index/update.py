"""From what changed to a published delta, or to a whole generation where a delta will not do.

lock -> what changed since the generation was built -> embed what has no vector -> publish a delta
-> prune. A kill between any two steps leaves what was live as it was, and the next run goes on
from the vectors that were kept. Only embedding, and building the whole, load the encoder.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.calibration.store import find_calibration
from engine.embedding.embed import EmbedProgress
from engine.embedding.vector_cache import VectorCache
from engine.encoders.encoder import Encoder
from engine.errors import BrokenGeneration, NeedsRebuild, NoGeneration
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
from engine.index.reindex import NEXT, Fresh, has_calibration, product_rows, rebuild, vectors_of
from engine.index.reports import ReindexReport
from engine.index.row_digests import digest_rows
from engine.settings import EngineSettings
from engine.storage import storage_errors

LEAST = 100  # products that a delta may have, however small the generation is
OnProgress = Callable[[EmbedProgress], None]


class Updater:
    """Brings what is served up to the catalogue, again and again, in the cheapest way that will do.

    Args:
        catalogue: what is sold.
        load_encoder: gives the encoder; called once, and only if a photo must be embedded or the
            whole index built.
        settings: folders, workers, and how large a delta may grow.
        caps: size limits of photos; those of the catalogue's own settings by default.
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
        self._encoder: Encoder | None = None
        self._live: Generation | None = None

    def update(
        self, *, delta_only: bool = False, on_progress: OnProgress | None = None
    ) -> ReindexReport:
        """Publish a delta, or build the whole index where a delta would grow too large or will not
        do; nothing where what is served is still true.

        Args:
            delta_only: publish a delta, however large, and build no index.
            on_progress: told of every batch of photos that was embedded.

        Raises:
            Busy: a reindex is running in this home.
            NeedsRebuild: with ``delta_only``, where a delta will not do.
            GenerationError: there is nothing to index.
            EncoderError, DecodeError, CacheError: see there.
        """
        settings = self._settings
        with (
            storage_errors(settings.index_dir, "The index", NEXT),
            exclusive_lock(settings.index_dir / LOCK),
            VectorCache(settings.vectors_file) as cache,
        ):
            try:
                return self._delta(cache, delta_only, on_progress)
            except NeedsRebuild as error:
                if delta_only:
                    raise NeedsRebuild(f"{error} Run `lookalike reindex`.") from error
                report = rebuild(
                    self._catalogue,
                    self._the_encoder(),
                    settings,
                    self._caps,
                    cache,
                    force=self._has_no_row_digests(),
                    on_progress=on_progress,
                )
                note = f"The whole index was looked at. {error}"
                return replace(report, notes=(note, *report.notes))

    def _delta(
        self, cache: VectorCache, whatever_size: bool, on_progress: OnProgress | None
    ) -> ReindexReport:
        started = time.monotonic()
        live = self._open()
        base, old = base_and_delta(live)
        self._check_settings(base)
        row_digests = read_row_digests(self._settings.index_dir, base)
        changes = changes_since(self._catalogue, base, row_digests)
        most = self._most(base)
        if changes.size > most and not whatever_size:
            raise NeedsRebuild(f"{changes.size:,} products changed, more than {most:,}.")
        known, fresh = self._vectors(base, changes, cache, on_progress)
        draft = self._draft(base, row_digests, changes, known, len(fresh.failures))
        pointer = read_pointer(self._settings.index_dir)
        if old is not None and old.equals(draft.ids, draft.row_digests, draft.gone):
            new, draft = False, old
        else:  # an empty one, where what an earlier one said is not so any more
            new = bool(draft.size) or (pointer is not None and pointer.delta is not None)
        if new:
            publish(self._settings.index_dir, base, draft)
        prune_deltas(self._settings.index_dir)  # also what a killed run left
        count = len(base.ids) + sum(one not in base.row_of for one in draft.ids) - len(draft.gone)
        return ReindexReport(
            generation=base.name,
            published=new,
            products=count,
            photos=len(known),
            photos_embedded=fresh.embedded,
            photos_failed=len(fresh.failures),
            recall_at_10=base.manifest.recall_at_10,
            seconds=time.monotonic() - started,
            failures=fresh.failures,
            delta=draft.manifest.name if new or old else "",
            delta_products=len(draft.ids),
            delta_gone=len(draft.gone),
        )

    def _open(self) -> Generation:
        try:
            self._live = open_merged(self._settings.index_dir, self._live)
        except NoGeneration as error:
            raise NeedsRebuild("Nothing has been indexed yet.") from error
        except BrokenGeneration as error:
            raise NeedsRebuild(str(error)) from error
        return self._live

    def _has_no_row_digests(self) -> bool:
        """Whether there is a generation that no delta can be made for, though all else is true."""
        try:
            if self._live is not None:
                read_row_digests(self._settings.index_dir, base_and_delta(self._live)[0])
        except NeedsRebuild:
            return True
        return False

    def _most(self, base: Generation) -> int:
        """How many products may change before the whole index is built."""
        share = self._settings.delta_share
        return max(LEAST, int(share * len(base.ids))) if share else 0

    def _the_encoder(self) -> Encoder:
        if self._encoder is None:
            self._encoder = self._load_encoder()
        return self._encoder

    def _check_settings(self, base: Generation) -> None:
        manifest, settings = base.manifest, self._settings
        if settings.encoder not in ("default", manifest.encoder):
            raise NeedsRebuild(
                f"The index was built by {manifest.encoder}, not {settings.encoder}."
            )
        if (manifest.trees, manifest.asked_search_k) != (settings.trees, settings.search_k):
            raise NeedsRebuild("The settings of the index changed.")
        kept = find_calibration(settings.models_dir, manifest.encoder, manifest.fingerprint)
        if not has_calibration(manifest, kept.calibration):
            raise NeedsRebuild("Matches in percent were calibrated anew.")

    def _vectors(
        self,
        base: Generation,
        changes: Changes,
        cache: VectorCache,
        on_progress: OnProgress | None,
    ) -> tuple[dict[str, np.ndarray], Fresh]:
        manifest = base.manifest
        hashes = [photo.content_hash for photo in changes.photos]
        known = cache.get(manifest.fingerprint, hashes, manifest.dim)
        if len(known) == len(hashes):
            return known, Fresh(0, ())
        encoder = self._the_encoder()
        if encoder.fingerprint != manifest.fingerprint:
            raise NeedsRebuild(f"The encoder {encoder.name} is not the one that built the index.")
        return vectors_of(changes.photos, encoder, self._settings, self._caps, cache, on_progress)

    def _draft(
        self,
        base: Generation,
        row_digests: np.ndarray,
        changes: Changes,
        known: dict[str, np.ndarray],
        failed: int,
    ) -> Delta:
        """What a delta must say."""
        ids, vectors = product_rows(changes.products, known, base.layout)
        mine = digest_rows(ids, changes.products, known)
        # Of photos that could not be read, a row may be what it was.
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


def publish(index_dir: Path, base: Generation, delta: Delta) -> None:
    """Write a delta of the live generation and make it live. Only the lock's holder may."""
    close = close_levels(merge(base, delta).vectors, base.layout)
    delta = replace(delta, manifest=delta.manifest.model_copy(update={"close": close}))
    with building(index_dir) as folder:
        manifest = write_delta(folder, delta)
        publish_delta(folder, index_dir, manifest, base.manifest)
