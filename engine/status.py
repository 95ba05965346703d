"""Where things stand: what is ingested, embedded and published, what is stale, what to do next."""

from dataclasses import asdict, dataclass, field

from catalog.db import Database
from catalog.errors import MigrationNeeded
from catalog.queries import Catalogue
from engine.artifacts import open_live
from engine.calibrations import find_calibration
from engine.errors import BrokenGeneration, GenerationError, NoGeneration
from engine.manifest import Manifest
from engine.reindex import has_calibration, survey
from engine.settings import EngineSettings
from engine.vectors import VectorCache

INGEST = "lookalike ingest SOURCE"
REINDEX = "lookalike reindex"
SERVE = "lookalike serve"


@dataclass(frozen=True)
class Status:
    """See the module. ``catalogue`` has the counts of `Catalogue.counts`."""

    next_step: str
    stale: tuple[str, ...] = ()
    catalogue: dict[str, int] = field(default_factory=dict)
    generation: str = ""
    indexed_products: int = 0
    indexed_photos: int = 0
    failed_photos: int = 0
    recall_at_10: float = 0.0
    encoder: str = ""
    fingerprint: str = ""
    cached_vectors: int = 0

    def plain(self) -> dict[str, object]:
        """As JSON will have it."""
        return asdict(self)


def take_status(settings: EngineSettings) -> Status:
    """Look at the catalogue and at the live generation; changes nothing, loads no encoder.

    Raises:
        catalog.errors.DatabaseError: the catalogue is there and cannot be read.
    """
    try:
        database = Database.open()
    except MigrationNeeded as error:
        return Status(next_step=INGEST, stale=(str(error),))
    with database:
        catalogue = Catalogue(database)
        counts = catalogue.counts()
        try:
            manifest = open_live(settings.index_dir).manifest
        except NoGeneration:
            return Status(
                next_step=REINDEX if counts["photos"] else INGEST,
                stale=("nothing has been indexed yet",),
                catalogue=counts,
            )
        except BrokenGeneration as error:
            return Status(next_step=REINDEX, stale=(str(error),), catalogue=counts)
        stale = tuple(_stale(catalogue, manifest, settings))
    return Status(
        next_step=REINDEX if stale else SERVE,
        stale=stale,
        catalogue=counts,
        generation=manifest.name,
        indexed_products=manifest.count,
        indexed_photos=manifest.photos,
        failed_photos=manifest.failed,
        recall_at_10=manifest.recall_at_10,
        encoder=manifest.encoder,
        fingerprint=manifest.fingerprint,
        cached_vectors=_cached(settings, manifest),
    )


def _stale(catalogue: Catalogue, manifest: Manifest, settings: EngineSettings) -> list[str]:
    reasons = []
    if manifest.catalogue != catalogue.watermark():
        try:
            changed = survey(catalogue).digest != manifest.photos_digest
        except GenerationError:
            changed = True  # no photo is left
        if changed:
            reasons.append("photos came, went or changed since the index was built")
    if settings.encoder not in ("default", manifest.encoder):
        reasons.append(f"the index was built by {manifest.encoder}, not {settings.encoder}")
    if manifest.trees != settings.trees or manifest.asked_search_k != settings.search_k:
        reasons.append("the settings of the index changed")
    kept = find_calibration(settings.models_dir, manifest.encoder, manifest.fingerprint)
    if not has_calibration(manifest, kept.calibration):
        reasons.append("matches in percent were calibrated anew since the index was built")
    if manifest.failed:
        reasons.append(f"{manifest.failed:,} photos could not be read and will be tried again")
    return reasons


def _cached(settings: EngineSettings, manifest: Manifest) -> int:
    if not settings.vectors_file.exists():
        return 0
    with VectorCache(settings.vectors_file) as cache:
        return cache.count(manifest.fingerprint)
