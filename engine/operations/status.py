"""The state of a home: what is ingested, embedded and published, what is stale, what to do next."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

from catalog.database.database import Database
from catalog.errors import MigrationNeeded, SchemaAhead
from catalog.hooks.queue import HookQueue
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from catalog.text import counted
from engine.applications.map.keeping import MapFacts, map_facts
from engine.calibration.store import find_calibration
from engine.embedding.caches.choose import has_cache, open_cache
from engine.errors import (
    BrokenGeneration,
    BrokenMap,
    GenerationError,
    NeedsRebuild,
    NoGeneration,
    SettingsError,
    StorageError,
    StoreError,
)
from engine.index.changes import changes_since, count_pending, read_row_digests
from engine.index.generation import Generation
from engine.index.manifest import Manifest
from engine.index.merged import MergedGeneration, base_and_delta, open_merged
from engine.index.pointer import Pointer, read_pointer
from engine.index.reindex import has_calibration, list_photos
from engine.index.stores.choose import open_store
from engine.index.stores.store import VectorStore
from engine.operations.leading import Leader, has_leases, leaders
from engine.operations.watch_state import WatchState, load_state
from engine.settings import EngineSettings

INGEST = "lookalike ingest SOURCE"
FETCH = "lookalike fetch"
FETCH_AGAIN = "lookalike fetch --again"
ALLOW = "add your own hosts to LOOKALIKE_FETCH_HOSTS, then lookalike fetch"
REINDEX = "lookalike reindex"
SERVE = "lookalike serve"
UPGRADE = "upgrade Lookalike, then lookalike status"


@dataclass(frozen=True)
class SourceAge:
    """When a source was last read completely, as ISO 8601 in UTC; None: never."""

    name: str
    products: int
    completed: str | None
    age_seconds: float | None


@dataclass(frozen=True)
class DeltaFacts:
    """The delta: products in it, products that are gone, and its share of the generation."""

    name: str
    products: int
    gone: int
    share: float


@dataclass(frozen=True)
class Status:
    """See the module. ``catalogue`` has the counts of `Catalogue.counts`.

    ``backlog`` counts photos to be fetched, photos that are not available, products without an
    up-to-date row, webhooks to be applied and webhooks that were given up. ``leaders`` are the
    watches that lead where several homes share the index; None where none needs to.
    """

    next_step: str
    stale: tuple[str, ...] = ()
    catalogue: dict[str, int] = field(default_factory=dict)
    sources: tuple[SourceAge, ...] = ()
    backlog: dict[str, int] = field(default_factory=dict)
    generation: str = ""
    generation_age_seconds: float = 0.0
    indexed_products: int = 0
    indexed_photos: int = 0
    failed_photos: int = 0
    recall_at_10: float = 0.0
    encoder: str = ""
    fingerprint: str = ""
    cached_vectors: int = 0
    delta: DeltaFacts | None = None
    map: MapFacts | None = None
    watch: WatchState | None = None
    leaders: tuple[Leader, ...] | None = None

    def as_json(self) -> dict[str, object]:
        """As a JSON object."""
        watch = self.watch.model_dump(mode="json") if self.watch else None
        return asdict(self) | {"watch": watch}


def take_status(settings: EngineSettings) -> Status:
    """Inspect the catalogue and what is served; changes nothing, loads no encoder.

    Raises:
        catalog.errors.DatabaseError: there is a catalogue, and it cannot be read.
    """
    watch = load_state(settings.resolved_home)
    caps = CatalogSettings(home=settings.home)
    try:
        database = Database.open(caps)
    except SchemaAhead as error:
        return Status(next_step=UPGRADE, stale=(str(error),), watch=watch)
    except MigrationNeeded as error:
        return Status(next_step=INGEST, stale=(str(error),), watch=watch)
    with database:
        leading = settings.index_is_shared and has_leases(caps)
        found = leaders(database) if leading else None
        return replace(_inspect(database, settings, watch), leaders=found)


def _inspect(database: Database, settings: EngineSettings, watch: WatchState | None) -> Status:
    catalogue = Catalogue(database)
    counts = catalogue.counts()
    backlog = _backlog(counts, HookQueue(database))
    sources = _ages(catalogue)
    status = Status(REINDEX, catalogue=counts, sources=sources, backlog=backlog, watch=watch)
    try:
        store = open_store(settings, catalogue)
        store.follow(settings.index_dir)
        live = open_merged(settings.index_dir, store=store)
    except NoGeneration:
        next_step = _first_step(counts)
        return replace(status, next_step=next_step, stale=("nothing has been indexed yet",))
    except (BrokenGeneration, StoreError, StorageError, SettingsError) as error:
        return replace(status, stale=(str(error),))
    manifest = base_and_delta(live)[0].manifest
    pending = _not_embedded(catalogue, live, settings)
    stale = tuple(_stale(pending, live, settings, store, read_pointer(settings.index_dir)))
    return replace(
        status,
        next_step=FETCH if counts["photos_waiting"] else REINDEX if stale else SERVE,
        stale=stale,
        backlog=backlog | {"products_not_embedded": pending},
        generation=manifest.name,
        generation_age_seconds=_age(datetime.fromisoformat(manifest.created)),
        indexed_products=live.manifest.count,
        indexed_photos=manifest.photos,
        failed_photos=manifest.failed,
        recall_at_10=manifest.recall_at_10,
        encoder=manifest.encoder,
        fingerprint=manifest.fingerprint,
        cached_vectors=_cached(settings, manifest),
        delta=_delta(live),
        map=_map(settings, live),
    )


def _first_step(counts: Mapping[str, int]) -> str:
    """What to run while nothing has been indexed."""
    if counts["photos_waiting"]:
        return FETCH
    if counts["photos"]:
        return REINDEX
    if missing := counts["photos_missing"]:
        return ALLOW if counts["photos_refused"] == missing else FETCH_AGAIN
    return INGEST


def _backlog(counts: Mapping[str, int], hooks: HookQueue) -> dict[str, int]:
    webhooks = hooks.backlog()
    return {
        "photos_waiting": counts.get("photos_waiting", 0),
        "photos_missing": counts.get("photos_missing", 0),
        "webhooks_waiting": webhooks.waiting,
        "webhooks_parked": webhooks.parked,
    }


def _ages(catalogue: Catalogue) -> tuple[SourceAge, ...]:
    return tuple(
        SourceAge(
            one.name,
            one.products,
            one.completed_at.isoformat(timespec="seconds") if one.completed_at else None,
            _age(one.completed_at) if one.completed_at else None,
        )
        for one in catalogue.sources()
    )


def _age(moment: datetime) -> float:
    return round((datetime.now(UTC) - moment).total_seconds(), 1)


def _map(settings: EngineSettings, live: Generation) -> MapFacts | None:
    try:
        return map_facts(settings, live)
    except BrokenMap:
        return None  # pages go without it, and `lookalike map` makes another


def _delta(live: Generation) -> DeltaFacts | None:
    if not isinstance(live, MergedGeneration):
        return None
    products, gone = len(live.delta.ids), len(live.delta.gone)
    share = live.delta.size / max(1, len(live.base.ids))
    return DeltaFacts(live.delta.manifest.name, products, gone, round(share, 6))


def _not_embedded(catalogue: Catalogue, live: Generation, settings: EngineSettings) -> int:
    """How many products are not served in their current state.

    1 stands for "some" where the index was built by an earlier version.
    """
    base, delta = base_and_delta(live)
    try:
        row_digests = read_row_digests(settings.index_dir, base)
    except NeedsRebuild:
        if base.manifest.catalogue == catalogue.watermark():
            return 0
        try:
            return int(list_photos(catalogue).digest != base.manifest.photos_digest)
        except GenerationError:
            return 1  # no photo is left
    return count_pending(changes_since(catalogue, base, row_digests), delta)


def _stale(
    pending: int,
    live: Generation,
    settings: EngineSettings,
    store: VectorStore,
    pointer: Pointer | None,
) -> list[str]:
    manifest = base_and_delta(live)[0].manifest
    reasons = []
    if pending > manifest.failed:  # those that could not be read are reported below
        reasons.append("photos were added, removed or changed since the index was built")
    if pointer and pointer.delta and not isinstance(live, MergedGeneration):
        reasons.append(f"{pointer.delta} is broken and not served")
    if settings.encoder not in ("default", manifest.encoder):
        reasons.append(f"the index was built by {manifest.encoder}, not {settings.encoder}")
    if not store.fits(manifest, settings):
        reasons.append("the settings of the index changed")
    kept = find_calibration(settings.models_dir, manifest.encoder, manifest.fingerprint)
    if not has_calibration(manifest, kept.calibration):
        reasons.append("there is a newer calibration than that of the index")
    if manifest.failed:
        reasons.append(f"{counted(manifest.failed, 'photo')} could not be read and will be retried")
    return reasons


def _cached(settings: EngineSettings, manifest: Manifest) -> int:
    if not has_cache(settings):
        return 0
    with open_cache(settings) as cache:
        return cache.count(manifest.fingerprint)
