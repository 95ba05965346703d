"""Photo files decoded into squares of pixels, in order, by a pool of processes."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catalog.errors import PhotoError
from catalog.photos.decode_pool import DecodePool
from catalog.photos.decode_worker import Pixels, Request
from catalog.photos.shared_photos import with_copies
from catalog.photos.shared_pool import memory_for, shared_pool
from catalog.settings import CatalogSettings

MIN_FOR_WORKERS = 32  # photos; for fewer, no processes are started
# Photos that are decoded before they are needed: more than a batch, so that decoding goes on while
# a batch is encoded, and the next one is ready when that is done.
AHEAD = 96
SECONDS = 120.0  # time limit of one photo, even on a busy machine


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A photo to decode. ``content_hash`` is its SHA-256 in hex; it is not checked where empty."""

    path: Path
    content_hash: str = ""


@dataclass(frozen=True, slots=True)
class SquareLimits:
    """How photos are decoded.

    Attributes:
        side: edge of the squares, in pixels.
        max_pixels: a photo with more is refused before it is decoded.
        max_bytes: a file with more is refused before it is read.
        at_least: pixels of the shorter side that are enough to fit the square from, so that a
            large JPEG may be decoded smaller, much faster; None decodes all of it.
        settings: say where photos are that this home lacks; None: nowhere.
    """

    side: int
    max_pixels: int
    max_bytes: int
    at_least: int | None = None
    settings: CatalogSettings | None = None

    def request(self, photo: PhotoFile) -> Request:
        """The request for one photo."""
        return Request(
            max_pixels=self.max_pixels,
            at_least=self.at_least,
            side=self.side,
            path=str(photo.path.absolute()),
            content_hash=photo.content_hash or None,
            max_bytes=self.max_bytes,
        )


@dataclass(frozen=True, slots=True)
class DecodedPhoto:
    """A photo's square ``(S, S, 3)`` uint8 RGB, or None and the reason why there is none."""

    photo: PhotoFile
    pixels: NDArray[np.uint8] | None
    reason: str = ""


def decode_squares(
    photos: Sequence[PhotoFile], limits: SquareLimits, processes: int = 0
) -> Iterator[DecodedPhoto]:
    """Decode photos in the order given; a few at a time are in memory, however many there are.

    Fewer than `MIN_FOR_WORKERS` are decoded by the processes that this one shares.

    Args:
        photos: what to decode.
        limits: see there.
        processes: how many decode; 0 takes one for each core that this process may use.

    Raises:
        DecoderDied: a process was killed, or a photo crashed it.
    """
    if len(photos) < MIN_FOR_WORKERS:
        for photo in photos:
            yield _decode(shared_pool(limits.max_pixels).run, photo, limits)
        return
    count = processes or len(os.sched_getaffinity(0))
    memory = memory_for(limits.max_pixels)
    with ThreadPoolExecutor(count, "decode") as threads, DecodePool(count, SECONDS, memory) as pool:
        waiting: deque[Future[DecodedPhoto]] = deque()
        try:
            for photo in photos:
                waiting.append(threads.submit(_decode, pool.run, photo, limits))
                if len(waiting) > max(AHEAD, 2 * count):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


def _decode(
    run: Callable[[Request], Pixels], photo: PhotoFile, limits: SquareLimits
) -> DecodedPhoto:
    try:
        pixels = with_copies(run, limits.request(photo), limits.settings)
        return DecodedPhoto(photo, pixels.array())
    except PhotoError as error:
        return DecodedPhoto(photo, None, str(error))
