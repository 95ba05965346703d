"""Answers that were given moments ago, kept in memory to be given again.

A key names everything that an answer depends on, so an answer that is found is still right. Each
server process keeps its own.
"""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Generic, Self, TypeVar

from catalog.events.event import Shown
from engine.recommendation.results import Panel
from web.app.experiments import Arm

T = TypeVar("T")

MOST_RESULTS = 12_000  # and seeds, of all panels that a process keeps: about 20 MB
MOST_BYTES = 8_000_000  # of all responses that a process keeps
LARGEST_PART = 8  # of what is kept, as a divisor, that one answer may take


@dataclass(frozen=True, slots=True)
class Given:
    """An answer and what its entry in the log says.

    Attributes:
        panel: the answer.
        facets: the weights that were requested, by the visitor or the experiment's arm.
        arm: that answered it, if any.
        shown: its products, as the log stores them.
        again: it was given before, and now under another query id.
    """

    panel: Panel
    facets: Mapping[str, float] | None = None
    arm: Arm | None = None
    shown: tuple[Shown, ...] = ()
    again: bool = False

    @classmethod
    def of(cls, panel: Panel, facets: Mapping[str, float] | None, arm: Arm | None = None) -> Self:
        """A new answer."""
        shown = tuple(Shown(one.product_id, one.rank, one.rule) for one in panel.results)
        return cls(panel, facets, arm, shown)


class Recent(Generic[T]):
    """The latest values by key, up to a total size; safe to share between threads.

    Args:
        most: the sum of the sizes of all values.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._kept: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> T | None:
        """The value of a key, if it is kept; it counts as the latest now."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def put(self, key: Hashable, value: T, size: int) -> None:
        """Keep a value, unless it is too large; the values that were used least recently go."""
        if size * LARGEST_PART > self._most:
            return
        with self._lock:
            _, replaced = self._kept.pop(key, (None, 0))
            self._kept[key] = (value, size)
            self._size += size - replaced
            while self._size > self._most:
                _, (_, freed) = self._kept.popitem(last=False)
                self._size -= freed

    def __len__(self) -> int:
        return len(self._kept)
