"""How many connections each server process holds, so that they take equal shares of new ones.

All processes accept from one queue, and whichever wakes first would take all that waits there:
four clients that keep their connections may then share one process while another one idles.
"""

import mmap
from collections.abc import Callable
from typing import Protocol

from gunicorn.arbiter import Arbiter

PLACES = 256  # processes at a time, also those that end while others take over
ABSENT = -1
LEFT = -2  # by a process that takes no more connections, and has not ended yet
SLACK = 4
YIELD_SECONDS = 0.02  # that a process leaves new connections to one that holds fewer


class SharingWorker(Protocol):
    """A worker process, as its arbiter and the process itself see it."""

    place: int


class Shares:
    """The number of connections of each process, in memory that they share.

    Created before the processes are forked. Each has a place, and writes there only.
    """

    def __init__(self) -> None:
        self._counts = memoryview(mmap.mmap(-1, 4 * PLACES)).cast("i")
        for place in range(PLACES):
            self._counts[place] = ABSENT

    def claim(self) -> int:
        """A free place, for a process that is about to start; the last one if there is none."""
        counts = self._counts.tolist()
        place = counts.index(ABSENT) if ABSENT in counts else PLACES - 1
        self._counts[place] = 0
        return place

    def leave(self, place: int) -> None:
        """Say that a process takes no more connections; its place stays taken until it ended."""
        self._counts[place] = LEFT

    def free(self, place: int) -> None:
        """Free the place of a process that has ended."""
        self._counts[place] = ABSENT

    def set(self, place: int, connections: int) -> None:
        """Write how many connections a process holds; nothing for one that left."""
        if self._counts[place] > ABSENT:
            self._counts[place] = connections

    def is_above(self, place: int) -> bool:
        """Whether a process holds more connections than another one does, of many by a quarter.

        If one more were enough, processes that take thousands at once would wait for one another
        after each.
        """
        counts = self._counts.tolist()
        return any(other > ABSENT and other + other // SLACK < counts[place] for other in counts)


def hooks(shares: Shares) -> dict[str, Callable[..., None]]:
    """What gunicorn's arbiter calls as it starts and misses its processes."""

    def pre_fork(_: Arbiter, worker: SharingWorker) -> None:
        worker.place = shares.claim()

    def child_exit(_: Arbiter, worker: SharingWorker) -> None:
        shares.free(worker.place)

    return {"pre_fork": pre_fork, "child_exit": child_exit}
