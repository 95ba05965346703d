"""The decoding processes that this process shares, for photos that come one or a few at a time.

They are started by the first photo and kept, because a start takes a hundred times as long as a
photo. They end with this process.
"""

import os
import threading

from catalog.photos.decode_pool import DecodePool
from catalog.photos.decode_worker import MEMORY, Request

PROCESSES = min(4, os.cpu_count() or 1)
SECONDS = 60.0  # time limit of one photo, on a busy machine
COPY = 48  # bytes of address space for each pixel that a photo may have: several copies of it

_pools: dict[int, DecodePool] = {}
_lock = threading.Lock()


def memory_for(max_pixels: int) -> int:
    """Bytes of address space that a process needs for photos of so many pixels."""
    return max(MEMORY, COPY * max_pixels)


def shared_pool(max_pixels: int) -> DecodePool:
    """The pool of this process for photos of at most so many pixels. Safe to use from threads."""
    memory = memory_for(max_pixels)
    with _lock:
        if memory not in _pools:
            _pools[memory] = DecodePool(PROCESSES, SECONDS, memory)
        return _pools[memory]


def measure(data: bytes, max_pixels: int, shown: str) -> tuple[int, int]:
    """Read a photo to its end; its upright width and height in pixels.

    Args:
        data: the bytes of its file.
        max_pixels: a photo with more is refused before it is decoded.
        shown: how messages name it.

    Raises:
        PhotoError: it has too many pixels, is no JPEG, PNG, WebP or AVIF, is truncated, takes
            too long, or crashes the process that decodes it.
        DecoderDied: no photo can be decoded, for lack of memory perhaps.
    """
    # Decoding a JPEG at 1/8 of its size is fast, and finds truncated files too.
    request = Request(max_pixels, at_least=1, measure=True, shown=shown)
    found = shared_pool(max_pixels).blamed(request, data)
    return found.width, found.height


def _after_fork() -> None:
    # The processes are the parent's: a child that used them would read its answers.
    global _lock
    _lock = threading.Lock()
    while _pools:
        _pools.popitem()[1].forget()


os.register_at_fork(after_in_child=_after_fork)
