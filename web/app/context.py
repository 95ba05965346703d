"""What one app serves: the catalogue and the recommender, opened at first use.

They belong to the app, not to a module: two apps with two homes can run in one process. Opening
late lets a server start before the first ingest, and recover by itself after it.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any, Generic, TypeVar

from flask import Flask, current_app
from pydantic import SecretStr

from catalog.database.connections import url_of
from catalog.database.database import Database
from catalog.desk.shop_settings import ShopSettings, ShopSettingsBook
from catalog.errors import DatabaseError
from catalog.events.best_sellers import BestSellers
from catalog.events.log import EventLog
from catalog.events.product_counts import count_products
from catalog.events.queue import EventQueue
from catalog.events.report import Report
from catalog.events.report_queries import build_report
from catalog.hooks.applier import HookApplier
from catalog.hooks.apply import HookReport, apply_pending
from catalog.hooks.queue import HookQueue
from catalog.photos.decode_pool import DecodePool
from catalog.products.catalogue import Catalogue
from catalog.recent import Recent
from catalog.records import Product
from catalog.rules.book import RuleBook
from catalog.settings import CatalogSettings
from engine.applications.map.home import MapBook, map_folder
from engine.applications.recognition.recognition import Recognition
from engine.applications.styles.home import open_book
from engine.applications.styles.range_numbers import RangeNumbers, range_numbers
from engine.applications.words.search import WordSearch
from engine.recommendation.recommender import Recommender
from engine.recommendation.results import Panel
from engine.settings import EngineSettings
from web.app.experiments import Experiment
from web.app.limits.heavy_work import HeavyWork
from web.app.limits.rate_counter import Rates
from web.app.menu import Menu
from web.app.responses.drawing import Drawing
from web.app.responses.recent import MOST_BYTES, MOST_RESULTS, Given
from web.app.settings import WebSettings

log = logging.getLogger(__name__)

EXTENSION = "lookalike"
HOOK_PATIENCE = 3.0  # seconds to wait for another writer; Shopify waits 5 for the response
LOG_PATIENCE = 2.0  # seconds that the event log waits for another writer before it retries

T = TypeVar("T")


class Lazy(Generic[T]):
    """A value that the first thread to need it opens; after an error, the next one tries again."""

    def __init__(self, opener: Callable[[], T], value: T | None = None) -> None:
        self._open = opener
        self._value = value
        self._lock = Lock()

    def get(self) -> T:
        """The value, opened if necessary; raises what opening raises."""
        if self._value is None:
            with self._lock:
                if self._value is None:
                    self._value = self._open()
        return self._value


class Shop:
    """The catalogue, the recommender and the menu of one app; thread-safe."""

    def __init__(
        self,
        settings: WebSettings,
        *,
        catalogue: Catalogue | None = None,
        recommender: Recommender | None = None,
    ) -> None:
        self.settings, home = settings, EngineSettings(home=settings.home)
        self.signing_key = settings.signing_key()
        self.catalog_settings = CatalogSettings(home=settings.home)
        self.heavy = HeavyWork(settings.web_threads)
        self.photo_searches = BoundedSemaphore(settings.photo_searches)
        self.costly_answers = BoundedSemaphore(settings.costly_answers)
        self.decoder = DecodePool(settings.photo_searches, settings.decode_seconds)
        self.thumbnails = Drawing(self.catalog_settings, settings.decode_seconds)
        self.rates = Rates(
            settings.rate_limit,
            settings.photo_rate_limit,
            settings.event_rate_limit,
            None if settings.rate_storage is None else settings.rate_storage.get_secret_value(),
        )
        self.recent_panels: Recent[Given] = Recent(MOST_RESULTS)
        # Rows of the API by links and product, each with the record that it was made from.
        self.recent_rows: Recent[tuple[Product, object]] = Recent(MOST_BYTES)
        self.recent_bodies: Recent[tuple[Given, bytes]] = Recent(MOST_BYTES)
        self.recent_repeats: Recent[Any] = Recent(MOST_BYTES)  # of `web.answering.repeats`
        self.styles = open_book(home, lambda: self.catalogue.db)
        self.map_book = MapBook(map_folder(home))
        self._catalogue = Lazy(self._open_catalogue, catalogue)
        self._rules = Lazy(self._open_rules)
        self._recommender = Lazy(partial(self._open_recommender, settings.home), recommender)
        self._words = Lazy(lambda: WordSearch(self.recommender))
        self._recognition = Lazy(lambda: Recognition(self.recommender, home))
        self._arm_recommenders: dict[Path, Lazy[Recommender]] = {}
        self._menu: Menu | None = None
        self._last_warning = ""
        self.on_answer: list[Callable[[Panel], None]] = []  # called with each answer
        # Called with endpoint and seconds of each answer that was sent again without Flask.
        self.on_repeat: list[Callable[[str, float], None]] = []
        self.experiment: Experiment | None = None
        if settings.experiment is not None:
            self.experiment = Experiment.load(settings.experiment)
        self.events: EventQueue | None = None
        if settings.event_days:
            self.events = EventQueue(
                self._open_log, keep_days=settings.event_days, size=settings.event_queue
            )
        self.best_sellers = BestSellers(self._open_log)
        self._hooks = Lazy(self._open_hooks)
        self._report_password = Lazy(settings.report_password)
        self.own_book = Lazy(lambda: ShopSettingsBook(self.catalogue.db))
        on_server = url_of(self.catalog_settings).get_backend_name() == "postgresql"
        self.applier = HookApplier(self._apply_hooks, for_others=on_server)

    @property
    def catalogue(self) -> Catalogue:
        """The open catalogue.

        Raises:
            catalog.errors.DatabaseError: it cannot be reached, or its schema is not ours (yet).
        """
        return self._catalogue.get()

    @property
    def rules(self) -> RuleBook:
        """The merchandising rules in the catalogue's database.

        Raises:
            catalog.errors.DatabaseError: as for `catalogue`.
        """
        return self._rules.get()

    @property
    def recommender(self) -> Recommender:
        """The open recommender.

        Raises:
            engine.errors.GenerationError: no complete index has been published yet.
        """
        return self._recommender.get()

    @property
    def words(self) -> WordSearch:
        """The search in words, by the shop's own recommender; errors as there."""
        return self._words.get()

    @property
    def recognition(self) -> Recognition:
        """What products and photos are, by the shop's own recommender; errors as there."""
        return self._recognition.get()

    def recommender_of(self, home: Path | None) -> Recommender:
        """The recommender of another home's index over this catalogue; None: the shop's own.

        Raises:
            engine.errors.GenerationError: there is no complete index.
        """
        if home is None:
            return self.recommender
        opener = partial(self._open_recommender, home)
        return self._arm_recommenders.setdefault(home, Lazy(opener)).get()

    @property
    def report_password(self) -> SecretStr:
        """What opens the report and the desk.

        Raises:
            SettingsError, DatabaseError: it cannot be read; see `WebSettings.report_password`.
        """
        return self._report_password.get()

    @property
    def own(self) -> ShopSettings:
        """The settings that the shop's staff made; the defaults if they cannot be read."""
        try:
            return self.own_book.get().current()
        except DatabaseError:
            return ShopSettings()

    @property
    def hooks(self) -> HookQueue:
        """The queue of webhooks.

        Raises:
            catalog.errors.DatabaseError: it cannot be reached, or its schema is not ours (yet).
        """
        return self._hooks.get()

    def menu(self) -> Menu:
        """Categories, colours and genders with their counts, read again when they changed."""
        watermark = self.catalogue.watermark()
        menu = self._menu
        if menu is None or menu.watermark != watermark:
            menu = self._menu = Menu.of(self.catalogue, watermark)
        return menu

    def report(self, since: datetime, until: datetime) -> Report:
        """The numbers of a period; queued answers and events are written first.

        Raises:
            catalog.errors.DatabaseError: the log cannot be read.
        """
        if self.events is not None:
            self.events.flush(LOG_PATIENCE)
        with Database.open(self.catalog_settings) as database:
            return build_report(database, since, until)

    def range_numbers(self, since: datetime, until: datetime) -> RangeNumbers | None:
        """What visitors did with each style in a period; None if no styles were found yet.

        Queued answers and events are written first.

        Raises:
            catalog.errors.DatabaseError: the log cannot be read.
        """
        styles = self.styles.current()
        if styles is None:
            return None
        if self.events is not None:
            self.events.flush(LOG_PATIENCE)
        with Database.open(self.catalog_settings) as database:
            counts = count_products(database, since, until)
        return range_numbers(styles, self.catalogue.all_facts(), counts)

    def warn_once(self, message: str) -> None:
        """Log a fault of the shop's set-up once, not with every page."""
        if message != self._last_warning:
            self._last_warning = message
            log.warning("%s", message)

    def _open_catalogue(self) -> Catalogue:
        return Catalogue(Database.open(self.catalog_settings))

    def _open_recommender(self, home: Path) -> Recommender:
        settings = EngineSettings(home=home)
        if home != self.settings.home:  # a store on a server has one index, the shop's own
            settings = EngineSettings(home=home, store="annoy", shared_index=None)
        return Recommender.open(settings, self.catalogue, self.best_sellers, self.rules)

    def _open_rules(self) -> RuleBook:
        return RuleBook(self.catalogue.db)

    def _open_log(self) -> EventLog:
        return EventLog(Database.open(self.catalog_settings, LOG_PATIENCE))

    def _open_hooks(self) -> HookQueue:
        return HookQueue(Database.open(self.catalog_settings, HOOK_PATIENCE))

    def _apply_hooks(self, limit: int) -> HookReport:
        return apply_pending(self.hooks.db, self.catalog_settings, limit=limit)


def attach(app: Flask, shop: Shop) -> None:
    """Make a shop the one that an app serves."""
    app.extensions[EXTENSION] = shop


def shop() -> Shop:
    """The shop of the app that handles the current request."""
    found: Shop = current_app.extensions[EXTENSION]
    return found
