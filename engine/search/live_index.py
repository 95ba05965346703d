"""The live generation, replaced as soon as a newer one is published."""

import logging
import threading
from pathlib import Path
from typing import NamedTuple, Self

from catalog.products.catalogue import Catalogue
from engine.calibration.calibration import FILE, Calibration
from engine.errors import (
    BrokenGeneration,
    CalibrationError,
    GenerationError,
    StorageError,
    StoreError,
)
from engine.facts.design_names import DesignNames
from engine.index.generation import Generation, last_good
from engine.index.merged import open_merged
from engine.index.pointer import Stamp, pointer_stamp
from engine.index.stores.annoy import ANNOY
from engine.index.stores.choose import open_store
from engine.index.stores.store import VectorStore
from engine.search.catalogue_facts import CatalogueFacts
from engine.search.cluster_threshold import cluster_threshold
from engine.search.neighbours import Neighbours
from engine.settings import EngineSettings

log = logging.getLogger(__name__)


class LiveGeneration(NamedTuple):
    """One generation with its delta and what goes with it, swapped as one.

    ``facts`` are those of its products, ``cluster_threshold`` is the cosine from which two seeds
    are in one cluster, ``calibration`` turns cosines into matches, if there is one, and
    ``neighbours`` are those of its rows.
    """

    stamp: Stamp | None
    generation: Generation
    facts: CatalogueFacts
    cluster_threshold: float
    calibration: Calibration | None
    neighbours: Neighbours


class LiveIndex:
    """Returns the live generation at the cost of one stat; safe to share between threads.

    Args:
        index_dir: where generations and their pointer live.
        catalogue: where the facts of their products come from.
        store: holds their rows.
        names: names designs; None: with the words of our own vocabulary.
    """

    def __init__(
        self,
        index_dir: Path,
        catalogue: Catalogue,
        store: VectorStore = ANNOY,
        names: DesignNames | None = None,
    ) -> None:
        self._index_dir = index_dir
        self._store = store
        self._catalogue = catalogue
        self._names = names
        self._live: LiveGeneration | None = None
        self._logged = ""  # why an older generation answers, until a newer one does
        self._lock = threading.Lock()

    @classmethod
    def of(cls, settings: EngineSettings, catalogue: Catalogue) -> Self:
        """The live index of a home, whose rows are in the store of the settings."""
        names = DesignNames(catalogue.colour_words())
        return cls(settings.index_dir, catalogue, open_store(settings, catalogue), names)

    def current(self) -> LiveGeneration:
        """The generation to answer from.

        A request should call this once: the next call may return another generation. When a new
        generation or delta is published, one request loads it while the others go on with the old
        one. A new generation that is broken is logged and ignored; if only its delta is broken,
        the generation is served without it. A process that has none in memory yet serves the
        newest sound generation on disk.

        Raises:
            NoGeneration, BrokenGeneration, StoreError, StorageError: there is no usable one, nor
                an earlier one in memory.
        """
        live = self._live
        try:
            self._store.follow(self._index_dir)
        except (GenerationError, StorageError) as error:
            if live is None:
                raise
            # It answers as long as it needs nothing of the store; the next request tries again.
            self._keep_on(live, error)
            return live
        stamp = pointer_stamp(self._index_dir)
        if live is None:
            with self._lock:
                return self._live or self._load(stamp)
        if live.stamp != stamp and self._lock.acquire(blocking=False):
            try:
                return self._follow(live, stamp)
            finally:
                self._lock.release()
        if live.stamp == stamp:
            self._logged = ""
        return live

    def _follow(self, live: LiveGeneration, stamp: Stamp | None) -> LiveGeneration:
        if self._live is not None and self._live.stamp == stamp:
            return self._live  # another request was quicker
        try:
            return self._load(stamp)
        except StoreError as error:  # the next request tries again
            self._keep_on(live, error)
            return live
        except GenerationError as error:
            self._keep_on(live, error)
            self._live = live._replace(stamp=stamp)  # not again until the pointer moves
            return self._live

    def _keep_on(self, live: LiveGeneration, error: Exception) -> None:
        """Log why an older generation answers: once, not with every request that tries again."""
        if str(error) != self._logged:
            self._logged = str(error)
            log.error("Still serving generation %s. %s", live.generation.name, error)

    def _load(self, stamp: Stamp | None) -> LiveGeneration:
        # The stamp is older than what is read now: at worst, the same is loaded once more.
        held = None if self._live is None else self._live.generation
        try:
            generation = open_merged(self._index_dir, held, self._store)
        except BrokenGeneration as error:
            other = last_good(self._index_dir, self._store) if held is None else None
            if other is None:
                raise
            log.error("Serving generation %s instead. %s", other.name, error)
            generation = other
        facts = CatalogueFacts(self._catalogue, generation, self._index_dir, self._names)
        threshold = cluster_threshold(generation.vectors)
        calibration = self._calibration(generation)
        self._logged = ""
        self._live = LiveGeneration(
            stamp, generation, facts, threshold, calibration, Neighbours(generation)
        )
        return self._live

    def _calibration(self, generation: Generation) -> Calibration | None:
        path = self._index_dir / generation.manifest.name / FILE
        if not path.exists():
            return None
        try:
            return Calibration.load(path, generation.manifest.fingerprint)
        except CalibrationError as error:
            log.error("Results have no match. %s", error)
            return None
