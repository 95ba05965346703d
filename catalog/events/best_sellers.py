"""What sells best, for a panel that has nothing alike to show: remembered, and never an error."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from catalog.errors import DatabaseError
from catalog.events.log import EventLog
from catalog.utc import utc_now

log = logging.getLogger(__name__)

FRESH = 300.0  # seconds that the numbers are used for


class BestSellers:
    """The most bought products of the last 90 days; safe to share between threads.

    Args:
        open_log: opens the log; called when first asked, again after a failure.
        clock: seconds that only grow.
    """

    def __init__(
        self, open_log: Callable[[], EventLog], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._open_log = open_log
        self._clock = clock
        self._reading = threading.Lock()
        self._log: EventLog | None = None
        self._listed: Sequence[tuple[str, str | None]] = ()
        self._until: float | None = None

    def __call__(self, category: str | None, n: int) -> list[str]:
        """Up to ``n`` products that can be bought, the best seller first.

        Args:
            category: only those in this path or below; None: of the whole shop.
            n: how many.

        Without purchases, and without a log that can be read, there are none.
        """
        below = None if category is None else f"{category} > "
        return [
            product_id
            for product_id, path in self._ranked()
            if below is None or (path is not None and f"{path} > ".startswith(below))
        ][:n]

    def _ranked(self) -> Sequence[tuple[str, str | None]]:
        with self._reading:
            if self._until is None or self._clock() >= self._until:
                try:
                    self._log = self._log or self._open_log()
                    self._listed = self._log.best_sellers(utc_now())
                except DatabaseError as error:
                    log.warning("The best sellers cannot be read: %s", error)
                self._until = self._clock() + FRESH
            return self._listed
