"""Draws thumbnails of product photos: in a few threads, each once, larger ones sooner."""

import io
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from pathlib import Path
from threading import Lock

from catalog.errors import DecoderDied
from catalog.files import replacing
from catalog.photos.decode_pool import DecodePool
from catalog.photos.decode_worker import Request
from catalog.photos.shared_photos import with_copies
from catalog.photos.shared_pool import memory_for
from catalog.records import Photo
from catalog.settings import CatalogSettings
from web.app.errors import Busy

log = logging.getLogger(__name__)

THREADS = 2  # so that one thumbnail is compressed while the next one is decoded
AHEAD = 20  # pixels of width by which a thumbnail goes before one that was asked for earlier
ASPECT = 1.25  # height of the box over its width: cards are 4:5
WAIT = 20.0  # seconds that a thumbnail waits for its turn, and for the process that decodes
BUSY = "Too many pictures are being prepared right now. Try again in a few seconds."


@dataclass(order=True, slots=True)
class Waiting:
    """A thumbnail that waits for its turn; the first one in order is drawn next."""

    order: tuple[int, int]
    path: Path = field(compare=False)
    until: float = field(compare=False)
    draw: Callable[[], bytes] = field(compare=False)
    work: Future[bytes] = field(compare=False)


class Drawing:
    """Thumbnails as JPEG, drawn by one confined process; safe to use from threads.

    A large one is the picture that a visitor looks at, and small ones come by the dozen, so larger
    ones go before those that were asked for just earlier, but not before all that wait: else
    whoever asks for many large ones would keep a page of small ones waiting.

    Args:
        settings: limits of photos.
        seconds: time limit of one photo.
    """

    def __init__(self, settings: CatalogSettings, seconds: float) -> None:
        self._settings = settings
        self.decoder = DecodePool(1, seconds, memory_for(settings.max_photo_pixels))
        self._threads = ThreadPoolExecutor(THREADS, "thumbnails")
        self._lock = Lock()
        self._waiting: list[Waiting] = []  # a heap
        self._work: dict[Path, Future[bytes]] = {}  # waiting or being drawn
        self._count = 0

    def start(self, photo: Photo, width: int, path: Path) -> Future[bytes]:
        """Have a thumbnail drawn, and written into the cache.

        Args:
            photo: of the catalogue.
            width: of the box that it fits, in pixels.
            path: its file in the cache. Whoever asks for the same one meanwhile shares the work.

        Returns:
            Its JPEG file; or `catalog.errors.PhotoError`, if the photo is gone, changed or can't be
            decoded any more, or `Busy`, if too many others come first.
        """

        def draw() -> bytes:
            return self._drawn(photo, width, path)

        with self._lock:
            if (work := self._work.get(path)) is not None:
                return work
            work = self._work[path] = Future()
            self._count += 1
            order = self._count - width // AHEAD, self._count
            heappush(self._waiting, Waiting(order, path, time.monotonic() + WAIT, draw, work))
        self._threads.submit(self._next)
        return work

    def _next(self) -> None:
        with self._lock:
            one = heappop(self._waiting)
        try:
            if time.monotonic() > one.until:
                raise Busy(BUSY)
            data = one.draw()
        except BaseException as error:
            self._forget(one)
            one.work.set_exception(error)
        else:
            self._forget(one)
            one.work.set_result(data)

    def _forget(self, one: Waiting) -> None:
        # Before its result is known, so that who sees the result and asks again starts anew.
        with self._lock:
            del self._work[one.path]

    def _drawn(self, photo: Photo, width: int, path: Path) -> bytes:
        data = self.shrink(photo, width)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path, durable=False) as draft:
                draft.write_bytes(data)
        except OSError as error:  # a full disk is no reason to show no pictures
            log.warning("Thumbnails are not cached in %s: %s", path.parent, error)
        return data

    def shrink(self, photo: Photo, width: int) -> bytes:
        """A photo reduced to its box, never enlarged, with transparency on white, as JPEG.

        Raises:
            catalog.errors.PhotoError: it is gone, changed, or can't be decoded any more.
            Busy: the process that decodes is busy with others, or cannot be started.
        """
        request = Request(
            self._settings.max_photo_pixels,
            at_least=width * 2,  # lets a JPEG decode at a fraction of its size
            path=str(photo.path),
            content_hash=photo.content_hash,
            max_bytes=self._settings.max_photo_bytes,
            box=(width, round(width * ASPECT)),
        )
        try:
            blamed = partial(self.decoder.blamed, patience=WAIT)
            small = with_copies(blamed, request, self._settings).image()
        except (TimeoutError, DecoderDied) as error:
            raise Busy(BUSY) from error
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=84, optimize=True, progressive=True)
        return buffer.getvalue()
