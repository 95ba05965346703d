"""The best sellers, for panels without similar products: cached, and never an error."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from catalog.errors import DatabaseError
from catalog.events.log import EventLog
from catalog.utc import utc_now
from catalog.vocabulary import category_path

log = logging.getLogger(__name__)

CACHE_SECONDS = 300.0


class BestSellers:
    """The most bought products of the last 90 days; safe to share between threads.

    Args:
        open_log: opens the event log; called at the first request, and again after a failure.
        clock: a monotonic clock, in seconds.
    """

    def __init__(
        self, open_log: Callable[[], EventLog], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._open_log = open_log
        self._clock = clock
        self._reading = threading.Lock()
        self._log: EventLog | None = None
        self._cached: Sequence[tuple[str, str | None]] = ()
        self._expires: float | None = None

    def __call__(self, category: str | None, n: int) -> list[str]:
        """The ids of the ``n`` best sellers that can be bought, the best first.

        There are none without purchases, or while the log cannot be read.

        Args:
            category: only products in this category path or below; None: of the whole shop.
            n: the most ids.
        """
        return [
            product_id
            for product_id, path in self._ranked()
            if category is None or (path is not None and category_path.contains(category, path))
        ][:n]

    def _ranked(self) -> Sequence[tuple[str, str | None]]:
        with self._reading:
            if self._expires is None or self._clock() >= self._expires:
                try:
                    self._log = self._log or self._open_log()
                    self._cached = self._log.best_sellers(utc_now())
                except DatabaseError as error:
                    log.warning("The best sellers cannot be read: %s", error)
                self._expires = self._clock() + CACHE_SECONDS
            return self._cached
