"""What one app serves: its catalogue and recommender, opened at first use and kept.

They hang on the app, not on a module: two apps with two homes can live in one process. Opening
late lets a server start before the first ingest and recover by itself afterwards.
"""

import logging
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from threading import BoundedSemaphore, RLock

from flask import Flask, current_app

from catalog.database.database import Database
from catalog.events.best_sellers import BestSellers
from catalog.events.log import EventLog
from catalog.events.queue import EventQueue
from catalog.events.report import Report
from catalog.events.stats import report
from catalog.hooks.applier import HookApplier
from catalog.hooks.apply import HookReport, apply_pending
from catalog.hooks.queue import HookQueue
from catalog.photos.sandbox import PhotoDecoder
from catalog.products.catalogue import Catalogue
from catalog.records import Page
from catalog.rules.book import RuleBook
from catalog.settings import CatalogSettings
from engine.recommendation.recommender import Recommender
from engine.settings import EngineSettings
from web.app.experiments import Experiment
from web.app.menu import Menu
from web.app.params import Filters
from web.app.rate_counter import Rates
from web.app.settings import WebSettings

log = logging.getLogger(__name__)

EXTENSION = "lookalike"
HOOK_PATIENCE = 3.0  # seconds; Shopify waits 5
LOG_PATIENCE = 2.0  # seconds that the event log waits for another writer before it tries again


class Shop:
    """The catalogue, the recommender and the menu of one app; safe to use from many threads."""

    def __init__(
        self,
        settings: WebSettings,
        *,
        catalogue: Catalogue | None = None,
        recommender: Recommender | None = None,
    ) -> None:
        self.settings = settings
        self.catalog_settings = CatalogSettings(home=settings.home)
        self.photo_searches = BoundedSemaphore(settings.photo_searches)
        self.decoder = PhotoDecoder(settings.photo_searches, settings.decode_seconds)
        self.rates = Rates(settings.rate_limit, settings.photo_rate_limit)
        self._catalogue = catalogue
        self._rules: RuleBook | None = None
        self._recommender = recommender
        self._menu: Menu | None = None
        self._warned = ""
        self._opening = RLock()
        self._other_models: dict[Path, Recommender] = {}
        self.experiment: Experiment | None = None
        if settings.experiment is not None:
            self.experiment = Experiment.load(settings.experiment)
        self.events: EventQueue | None = None
        if settings.event_days:
            self.events = EventQueue(
                self._open_log, keep_days=settings.event_days, size=settings.event_queue
            )
        self.best_sellers = BestSellers(self._open_log)
        self._hooks: HookQueue | None = None
        self.applier = HookApplier(self._apply_hooks)

    @property
    def catalogue(self) -> Catalogue:
        """The open catalogue.

        Raises:
            catalog.errors.DatabaseError: it cannot be reached, or is not at our schema (yet).
        """
        if self._catalogue is None:
            with self._opening:
                if self._catalogue is None:
                    self._catalogue = Catalogue(Database.open(self.catalog_settings))
        return self._catalogue

    @property
    def rules(self) -> RuleBook:
        """The merchandising rules in the catalogue's database.

        Raises:
            catalog.errors.DatabaseError: as for `catalogue`.
        """
        if self._rules is None:
            with self._opening:
                if self._rules is None:
                    self._rules = RuleBook(self.catalogue.db)
        return self._rules

    @property
    def recommender(self) -> Recommender:
        """The open recommender.

        Raises:
            engine.errors.GenerationError: nothing (whole) has been published yet.
        """
        if self._recommender is None:
            with self._opening:
                if self._recommender is None:
                    self._recommender = self._open_recommender(self.settings.home)
        return self._recommender

    def recommender_of(self, home: Path | None) -> Recommender:
        """The recommender of another home's index over this catalogue; None: the shop's own.

        Raises:
            engine.errors.GenerationError: there is no (whole) index.
        """
        if home is None:
            return self.recommender
        if home not in self._other_models:
            with self._opening:
                if home not in self._other_models:
                    self._other_models[home] = self._open_recommender(home)
        return self._other_models[home]

    def _open_recommender(self, home: Path) -> Recommender:
        settings = EngineSettings(home=home)
        return Recommender.open(settings, self.catalogue, self.best_sellers, self.rules)

    def _open_log(self) -> EventLog:
        return EventLog(Database.open(self.catalog_settings, LOG_PATIENCE))

    @property
    def hooks(self) -> HookQueue:
        """The queue of webhooks, which waits for other writers no longer than Shopify for us.

        Raises:
            catalog.errors.DatabaseError: it cannot be reached, or is not at our schema (yet).
        """
        if self._hooks is None:
            with self._opening:
                if self._hooks is None:
                    self._hooks = HookQueue(Database.open(self.catalog_settings, HOOK_PATIENCE))
        return self._hooks

    def _apply_hooks(self, limit: int) -> HookReport:
        return apply_pending(self.hooks.db, self.catalog_settings, limit=limit)

    def report(self, since: datetime, until: datetime) -> Report:
        """The numbers of the answers in a time, those that wait to be written included.

        Raises:
            catalog.errors.DatabaseError: the log cannot be read.
        """
        if self.events is not None:
            self.events.flush(LOG_PATIENCE)
        with Database.open(self.catalog_settings) as database:
            return report(database, since, until)

    def browse(self, filters: Filters) -> Page:
        """A page of products, narrowed as a visitor asked."""
        return self.catalogue.browse(**asdict(filters))

    def menu(self) -> Menu:
        """Categories, colours and genders with their counts; counted anew when they changed."""
        watermark = self.catalogue.watermark()
        menu = self._menu
        if menu is None or menu.watermark != watermark:
            menu = self._menu = Menu.of(self.catalogue, watermark)
        return menu

    def warn_once(self, message: str) -> None:
        """Log what is wrong with the shop itself: once, and not with every page."""
        if message != self._warned:
            self._warned = message
            log.warning("%s", message)


def attach(app: Flask, shop: Shop) -> None:
    """Make a shop the one that an app serves."""
    app.extensions[EXTENSION] = shop


def shop() -> Shop:
    """The shop of the app that handles this request."""
    found: Shop = current_app.extensions[EXTENSION]
    return found
