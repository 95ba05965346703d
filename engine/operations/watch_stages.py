"""The stages of a watch cycle: ingest, webhooks, photos, index, styles, tidy.

Each returns a short summary.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from catalog.database.database import Database
from catalog.fetching.run import fetch
from catalog.hooks.apply import apply_pending
from catalog.ingest.open_and_ingest import open_and_ingest
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from catalog.text import counted
from engine.applications.recognition.learned import learn_ahead
from engine.applications.styles.background import Regrouping
from engine.applications.styles.home import styles_file
from engine.applications.styles.keeping import follow_index
from engine.encoders.encoder import Encoder
from engine.index.reports import ReindexReport
from engine.index.update import Updater
from engine.operations.tidying import Tidying, summarise
from engine.settings import EngineSettings

MAX_PHOTOS = 5_000  # fetched per cycle, so that they are indexed before the rest is fetched
REGROUP_PAUSE = 3_600.0  # seconds, after styles could not be found again
TIDY_EVERY = 3_600.0  # seconds
TIDY_SECONDS = 60.0  # for shared photos, which may be many millions
MOST_SHARE = 0.5  # of the fetched photos that may be removed at once without a person


class Stopped(BaseException):
    """The watch was asked to end; what was done is kept."""


@dataclass(frozen=True, slots=True)
class Feed:
    """What a watch reads; the fields are those of `catalog.ingest.open_and_ingest`."""

    where: str
    sync: bool = True
    format: str = "auto"
    columns: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    name: str | None = None


class Stages:
    """Runs stages on one connection to the catalogue.

    Args:
        feed: what ingest reads; None: there is no such stage.
        load_encoder: loads the encoder; called once, when a photo must be embedded.
        settings: of the engine.
        caps: settings of the catalogue.
        must_stop: once it is true, a stage ends with `Stopped` before its next batch.
        tidy: also remove what is no longer needed, in the first cycle and then once an hour.
    """

    def __init__(
        self,
        feed: Feed | None,
        load_encoder: Callable[[], Encoder],
        settings: EngineSettings,
        caps: CatalogSettings,
        must_stop: Callable[[], bool],
        tidy: bool = True,
    ) -> None:
        self._feed = feed
        self._tidy, self._tidy_at = tidy, 0.0
        self._load_encoder = load_encoder
        self._settings = settings
        self._caps = caps
        self._must_stop = must_stop
        self._database: Database | None = None
        self._updater: Updater | None = None
        self._encoder: Encoder | None = None
        self._regrouping, self._regroup_at = Regrouping(settings, caps), 0.0
        self.more_photos = False  # whether the last photos stage left some for the next cycle

    @property
    def by_name(self) -> dict[str, Callable[[], str]]:
        """The stages in their order."""
        ingest = {} if self._feed is None else {"ingest": self.ingest}
        stages = {"webhooks": self.webhooks, "photos": self.photos, "index": self.index}
        shared = self._settings.index_is_shared
        if shared or self._regrouping.running or styles_file(self._settings).exists():
            stages["styles"] = self.styles
        due = self._tidy and time.monotonic() >= self._tidy_at
        return ingest | stages | ({"tidy": self.tidy} if due else {})

    @property
    def connected(self) -> bool:
        """Whether there is a connection to the catalogue."""
        return self._database is not None

    def connect(self) -> str:
        """Open the catalogue; the stages need it."""
        Database.migrate(self._caps)
        self._database = Database.open(self._caps)
        catalogue = Catalogue(self._database)
        self._updater = Updater(catalogue, self._encoder_once, self._settings, self._caps)
        return "connected"

    def close(self) -> None:
        """Close the connection to the catalogue."""
        if self._database is not None:
            self._database.close()
            self._database = self._updater = None

    def check_stop(self, *_: object) -> None:
        """Raise `Stopped` if the watch has to end; also a progress callback."""
        if self._must_stop():
            raise Stopped

    def ingest(self) -> str:
        """Read the feed."""
        feed = self._feed
        assert feed is not None
        report = open_and_ingest(
            self._open_database,
            feed.where,
            format=feed.format,
            columns=feed.columns,
            encoding=feed.encoding,
            name=feed.name,
            sync=feed.sync,
            settings=self._caps,
            on_progress=self.check_stop,
        )
        if report.not_modified:
            return "not modified"
        summary = (
            f"{report.inserted:,} new, {report.updated:,} changed, {report.retired:,} retired, "
            f"{report.unchanged:,} the same"
        )
        summary += f", {report.rejected:,} rejected" if report.rejected else ""
        return summary + (f", {report.sync_note}" if report.sync_note else "")

    def webhooks(self) -> str:
        """Apply the webhooks that wait."""
        report = apply_pending(self._open_database, self._caps)
        summary = f"{report.applied:,} applied"
        summary += f", {report.failed:,} failed" if report.failed else ""
        return summary + (f", {report.parked:,} parked" if report.parked else "")

    def photos(self) -> str:
        """Fetch photos by their addresses."""
        report = fetch(
            self._open_database, self._caps, limit=MAX_PHOTOS, on_progress=self.check_stop
        )
        self.more_photos = report.fetched + report.unchanged + report.failed >= MAX_PHOTOS
        summary = f"{report.fetched:,} fetched"
        summary += f", {report.failed:,} failed" if report.failed else ""
        return summary + (f", {report.waiting:,} wait" if report.waiting else "")

    def index(self) -> str:
        """Embed what changed and publish it."""
        assert self._updater is not None
        report = self._updater.update(on_progress=self.check_stop)
        if report.published and not report.delta:
            self.check_stop()
            learn_ahead(self._settings, Catalogue(self._open_database))
        return summarise_update(report)

    def styles(self) -> str:
        """Let the styles follow the index; find them again in another process where that is due."""
        if self._regrouping.running:
            return self._finish_styles(wait=False) or "are being found again"
        followed = follow_index(self._settings, Catalogue(self._open_database))
        if not followed.due:
            return str(followed)
        if time.monotonic() < self._regroup_at:
            return f"{followed}; finding them again failed and waits"
        self._regrouping.start()
        return f"{followed}; a process finds them again"

    @property
    def finds_styles(self) -> bool:
        """Whether a process finds the styles again."""
        return self._regrouping.running

    def finish_styles(self) -> str:
        """Wait for the process that finds styles again, and say what it found.

        Raises:
            StylesFailed: it failed.
        """
        return self._finish_styles(wait=True) or ""

    def _finish_styles(self, *, wait: bool) -> str | None:
        self._regroup_at = time.monotonic() + REGROUP_PAUSE  # unless it succeeds
        found = self._regrouping.finish(wait=wait)
        self._regroup_at = 0.0
        return found

    def end(self) -> None:
        """Close the connection, and end the process that finds styles again."""
        self._regrouping.close()
        self.close()

    def tidy(self) -> str:
        """Remove what is no longer needed; see `engine.operations.tidying`."""
        tidying = Tidying(self._open_database, self._caps, self._settings)
        found = tidying.run(remove=True, most_share=MOST_SHARE, seconds=TIDY_SECONDS)
        self._tidy_at = time.monotonic() + TIDY_EVERY
        notes = [f"{one.count:,} {one.kind}: {one.note}" for one in found if one.note]
        return "; ".join([f"{summarise(found)} removed", *notes])

    @property
    def _open_database(self) -> Database:
        assert self._database is not None
        return self._database

    def _encoder_once(self) -> Encoder:
        if self._encoder is None:
            self._encoder = self._load_encoder()
        return self._encoder


def summarise_update(report: ReindexReport) -> str:
    """What an update of the index did, in a few words."""
    failed = (
        f", {counted(report.photos_failed, 'photo')} could not be read"
        if report.photos_failed
        else ""
    )
    if not report.published:
        return f"up to date{failed}"
    if not report.delta:
        return f"rebuilt, {counted(report.products, 'product')}{failed}"
    size = report.delta_products + report.delta_gone
    return (
        f"delta of {counted(report.delta_products, 'product')}, {report.delta_gone:,} gone "
        f"({size / max(1, report.products):.1%}){failed}"
    )
