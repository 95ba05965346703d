"""A thread of the server that applies what was just put into the queue.

So a price or a stock level counts moments after Shopify told it, with nothing else running. An
applied delivery takes some milliseconds; claims let every process of a server have such a thread.
What it leaves, because it failed or the process ended, waits in SQL for the next one, for
`lookalike watch` and for `lookalike hooks`.
"""

import logging
import threading
from collections.abc import Callable

from catalog.hooks.apply import HookReport

log = logging.getLogger(__name__)

AT_ONCE = 200  # deliveries between two looks at whether the process ends
AGAIN = 60.0  # seconds until what failed is looked at again


class HookApplier:
    """Runs ``apply`` in its own thread whenever it is woken. Starts at the first wake."""

    def __init__(self, apply: Callable[[int], HookReport]) -> None:
        self._apply = apply
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._wanted = self._closing = False
        self._trouble = ""

    def wake(self) -> None:
        """Have what waits applied soon."""
        with self._changed:
            if self._closing:
                return
            self._wanted = True
            if self._thread is None or not self._thread.is_alive():  # not started, or forked
                self._thread = threading.Thread(target=self._run, name="hooks", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def close(self, timeout: float = 5.0) -> None:
        """Begin nothing more, and wait for what is being done."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout)

    def _run(self) -> None:
        pause: float | None = None
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted or self._closing, timeout=pause)
                if self._closing:
                    return
                self._wanted = False
            pause = self._once()

    def _once(self) -> float | None:
        """Apply some; after how many seconds to look again by itself."""
        try:
            report = self._apply(AT_ONCE)
        except Exception as error:  # the database is locked or gone: the queue has it all
            if str(error) != self._trouble:
                self._trouble = str(error)
                log.warning("Webhooks cannot be applied just now: %s", error)
            return AGAIN
        self._trouble = ""
        done = report.applied + report.skipped + report.failed
        return 0.0 if done >= AT_ONCE else AGAIN if report.waiting else None
