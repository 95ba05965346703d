"""A thread of the server that applies the webhooks that were just queued.

A price or a stock level then counts moments after Shopify sent it, without another process. A
delivery is applied in some milliseconds; claims let all processes of all servers run such a thread.
Deliveries that it leaves, because they failed or the process ended, wait in SQL for the next one,
for `lookalike watch` and for `lookalike hooks`. Where other servers take deliveries too, the thread
looks for what they left once a minute.
"""

import logging
import threading
from collections.abc import Callable

from catalog.hooks.apply import HookReport

log = logging.getLogger(__name__)

BATCH = 200  # deliveries between two checks whether the process ends
RETRY_SECONDS = 60.0  # until failed deliveries are looked at again


class HookApplier:
    """Runs ``apply`` in a thread of its own after every `wake`; the first one starts the thread.

    Args:
        apply: applies at most n deliveries.
        for_others: look every `RETRY_SECONDS` for what another server took and did not apply.
    """

    def __init__(self, apply: Callable[[int], HookReport], for_others: bool = False) -> None:
        self._apply = apply
        self._for_others = for_others
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._wanted = self._closing = False
        self._last_error = ""

    def wake(self) -> None:
        """Has the waiting deliveries applied soon."""
        with self._changed:
            if self._closing:
                return
            self._wanted = True
            if self._thread is None or not self._thread.is_alive():  # not started, or forked
                self._thread = threading.Thread(target=self._run, name="hooks", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def close(self, timeout: float = 5.0) -> None:
        """Starts nothing more, and waits up to ``timeout`` seconds for what is being applied."""
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
            pause = self._apply_batch()

    def _apply_batch(self) -> float | None:
        """Applies some deliveries; the seconds until the next batch, None to wait for `wake`."""
        try:
            report = self._apply(BATCH)
        except Exception as error:  # the database is locked or gone; the queue still has it all
            if str(error) != self._last_error:
                self._last_error = str(error)
                log.warning("Webhooks cannot be applied at the moment: %s", error)
            return RETRY_SECONDS
        self._last_error = ""
        done = report.applied + report.skipped + report.failed
        if done >= BATCH:
            return 0.0
        return RETRY_SECONDS if report.waiting or self._for_others else None
