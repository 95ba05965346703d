"""Stopping a run by Ctrl-C or SIGTERM: after the step in progress, so that its state is saved."""

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """A context in which the first Ctrl-C or SIGTERM is a request; the next one acts as usual.

    Outside the main thread, where Python allows no signal handlers, nothing is caught.

    Args:
        on_request: called when the request arrives.

    Attributes:
        requested: number of the signal that arrived, or 0.
    """

    def __init__(self, on_request: Callable[[], None] = lambda: None) -> None:
        self.requested = 0
        self._on_request = on_request
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "StopSignals":
        if threading.current_thread() is threading.main_thread():
            for one in SIGNALS:
                self._before[one] = signal.signal(one, self._request)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._restore()

    def _request(self, number: int, frame: FrameType | None) -> None:
        self.requested = number
        self._restore()
        self._on_request()

    def _restore(self) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)
        self._before = {}
