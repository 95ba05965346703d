"""A queue of downloads by host: limits parallel requests, pauses hosts, and detects dead ones."""

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog.fetching.download_status import DownloadStatus

MAX_CONSECUTIVE_FAILURES = 10  # to reach a host, until it counts as down


@dataclass(slots=True)
class Task:
    """One address to download, and how often this run has tried it."""

    status: DownloadStatus
    host: str
    tries: int = 0


@dataclass(slots=True)
class _Host:
    ready: deque[Task] = field(default_factory=deque)
    delayed: list[tuple[float, int, Task]] = field(default_factory=list)  # a heap by time
    active: int = 0
    paused_until: float = 0.0
    consecutive_failures: int = 0

    def __len__(self) -> int:
        return len(self.ready) + len(self.delayed)


class HostQueue:
    """Tasks that wait, served round-robin by host. Times are those of one clock, in seconds.

    Args:
        per_host: the most tasks of one host that are active at once.
    """

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._hosts: dict[str, _Host] = {}
        self._numbers = iter(range(1 << 62))
        self._waiting = 0

    def __len__(self) -> int:
        """How many tasks wait; active ones are not counted."""
        return self._waiting

    def add(self, task: Task, at: float = 0.0) -> None:
        """Queues a task that may be taken from the time ``at`` on."""
        host = self._hosts.setdefault(task.host, _Host())
        if at:
            heapq.heappush(host.delayed, (at, next(self._numbers), task))
        else:
            host.ready.append(task)
        self._waiting += 1

    def take(self, now: float) -> Task | None:
        """The next task that may start, or None. Call `release` when it has ended."""
        for name, host in self._hosts.items():
            if host.active >= self._per_host or host.paused_until > now:
                continue
            if host.delayed and host.delayed[0][0] <= now:
                task = heapq.heappop(host.delayed)[2]
            elif host.ready:
                task = host.ready.popleft()
            else:
                continue
            host.active += 1
            self._waiting -= 1
            self._hosts[name] = self._hosts.pop(name)  # to the end: the next host is served first
            return task
        return None

    def release(self, task: Task, reached: bool) -> None:
        """Ends a task that was taken; ``reached`` is whether its host answered at all."""
        host = self._hosts[task.host]
        host.active -= 1
        host.consecutive_failures = 0 if reached else host.consecutive_failures + 1

    def pause(self, name: str, until: float) -> None:
        """Starts no task of a host before the time ``until``."""
        host = self._hosts[name]
        host.paused_until = max(host.paused_until, until)

    def is_down(self, name: str) -> bool:
        """Whether a host could not be reached `MAX_CONSECUTIVE_FAILURES` times in a row."""
        host = self._hosts.get(name)
        return host is not None and host.consecutive_failures >= MAX_CONSECUTIVE_FAILURES

    def paused_until(self, name: str) -> float:
        """The end of a host's pause; 0 without one."""
        return self._hosts[name].paused_until if name in self._hosts else 0.0

    def drop(self, name: str) -> Iterator[Task]:
        """Removes all waiting tasks of a host, and yields them."""
        host = self._hosts[name]
        self._waiting -= len(host)
        yield from host.ready
        yield from (task for _, _, task in sorted(host.delayed))
        host.ready.clear()
        host.delayed.clear()

    def next_start(self) -> float | None:
        """The earliest time at which a waiting task may start; None if none waits for a time."""
        times = [
            max(host.paused_until, 0.0 if host.ready else host.delayed[0][0])
            for host in self._hosts.values()
            if len(host) and host.active < self._per_host
        ]
        return min(times, default=None)
