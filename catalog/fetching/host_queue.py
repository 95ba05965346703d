"""Whose turn it is: addresses by host, none of which is asked too much, too often, or in vain."""

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog.fetching.book import Entry

IN_VAIN = 10  # failures to reach a host, one after the other, until it counts as down


@dataclass(slots=True)
class Task:
    """An entry and how often this run has asked for it."""

    entry: Entry
    host: str
    tries: int = 0


@dataclass(slots=True)
class _Host:
    ready: deque[Task] = field(default_factory=deque)
    later: list[tuple[float, int, Task]] = field(default_factory=list)
    active: int = 0
    paused: float = 0.0
    in_vain: int = 0

    def __len__(self) -> int:
        return len(self.ready) + len(self.later)


class HostQueue:
    """Tasks that wait for their turn. Times are those of one clock, in seconds."""

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._hosts: dict[str, _Host] = {}
        self._numbers = iter(range(1 << 62))
        self._waiting = 0

    def __len__(self) -> int:
        return self._waiting

    def add(self, task: Task, at: float = 0.0) -> None:
        """Queue a task, not to be taken before a time."""
        host = self._hosts.setdefault(task.host, _Host())
        if at:
            heapq.heappush(host.later, (at, next(self._numbers), task))
        else:
            host.ready.append(task)
        self._waiting += 1

    def take(self, now: float) -> Task | None:
        """A task whose turn it is, or None. `done` must be called when it is."""
        for name, host in self._hosts.items():
            if host.active >= self._per_host or host.paused > now:
                continue
            if host.later and host.later[0][0] <= now:
                task = heapq.heappop(host.later)[2]
            elif host.ready:
                task = host.ready.popleft()
            else:
                continue
            host.active += 1
            self._waiting -= 1
            self._hosts[name] = self._hosts.pop(name)  # the next turn is another host's
            return task
        return None

    def done(self, task: Task, reached: bool) -> None:
        """A task was tried; whether its host answered at all."""
        host = self._hosts[task.host]
        host.active -= 1
        host.in_vain = 0 if reached else host.in_vain + 1

    def pause(self, name: str, until: float) -> None:
        """Ask a host nothing before a time."""
        host = self._hosts[name]
        host.paused = max(host.paused, until)

    def is_down(self, name: str) -> bool:
        """Whether a host could not be reached again and again."""
        return name in self._hosts and self._hosts[name].in_vain >= IN_VAIN

    def paused_until(self, name: str) -> float:
        """Until when a host is asked nothing."""
        return self._hosts[name].paused if name in self._hosts else 0.0

    def drop(self, name: str) -> Iterator[Task]:
        """Take back everything that waits for a host."""
        host = self._hosts[name]
        self._waiting -= len(host)
        yield from host.ready
        yield from (task for _, _, task in sorted(host.later))
        host.ready.clear()
        host.later.clear()

    def next_turn(self) -> float | None:
        """The earliest time at which something that has to wait may be taken; None: any time."""
        times = [
            max(host.paused, 0.0 if host.ready else host.later[0][0])
            for host in self._hosts.values()
            if len(host) and host.active < self._per_host
        ]
        return min(times, default=None)
