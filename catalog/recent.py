"""Values that were used lately, kept in memory up to a total size."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")

LARGEST_PART = 8  # of what is kept, as a divisor, that one value may take


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
