"""Work that keeps a core busy for long: limited in number, so that a thread stays free."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Semaphore

from web.app.errors import Busy

WAIT = 10.0  # seconds that a request waits for a slot


class HeavyWork:
    """The heavy work of one process: at most one thread fewer than it has.

    Of all requests that are to wait for others of their kind, few do, as each takes a thread: the
    rest are refused at once, so that threads stay free for requests that are answered quickly.

    Args:
        threads: those of the process.
    """

    def __init__(self, threads: int) -> None:
        self._places = BoundedSemaphore(max(1, threads - 1))
        self._waiting = BoundedSemaphore(max(1, threads // 4))

    @contextmanager
    def slot(self, kind: Semaphore, message: str, wait: float | None = None) -> Iterator[None]:
        """Hold a place for heavy work, and one of the slots for its kind.

        Args:
            kind: the slots.
            message: what a client reads if there is none.
            wait: seconds to wait for a slot, by default `WAIT`; for a place nobody waits, as
                waiting takes a thread.

        Raises:
            Busy: no place is free, enough requests wait, or no slot became free in time.
        """
        with self.place(message):
            if not kind.acquire(blocking=False):
                self._wait_for(kind, message, WAIT if wait is None else wait)
            try:
                yield
            finally:
                kind.release()

    def _wait_for(self, kind: Semaphore, message: str, seconds: float) -> None:
        if not self._waiting.acquire(blocking=False):
            raise Busy(message)
        try:
            if not kind.acquire(timeout=seconds):
                raise Busy(message)
        finally:
            self._waiting.release()

    @contextmanager
    def place(self, message: str) -> Iterator[None]:
        """Hold a place for heavy work.

        Raises:
            Busy: none is free.
        """
        if not self._places.acquire(blocking=False):
            raise Busy(message)
        try:
            yield
        finally:
            self._places.release()
