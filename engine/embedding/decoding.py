"""Photos decoded into squares of pixels, by worker processes, in order. No torch in a worker."""

import hashlib
import io
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path

import numpy as np

from catalog.errors import PhotoError
from catalog.photos.photo_file import open_photo
from engine.encoders.preprocess import to_square
from engine.errors import DecodeError

CHUNK = 8  # photos a task: enough to hide the cost of a message, few enough to share out evenly
AHEAD = 3  # tasks a worker that may wait, so that the encoder never does
MIN_FOR_WORKERS = 32  # photos; fewer are decoded before worker processes would have started
SHARP = 2  # a JPEG may be decoded this many times larger than it is needed, and no larger


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A photo to be decoded, as the catalogue knows it. ``content_hash`` is SHA-256 in hex."""

    path: Path
    content_hash: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How a photo is decoded: into ``side`` pixels, unless it has too many pixels or bytes."""

    side: int
    max_pixels: int
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Decoded:
    """A photo's square ``(S, S, 3)`` uint8, or the reason why there is none."""

    photo: PhotoFile
    pixels: np.ndarray | None
    reason: str = ""


def decode_all(photos: Sequence[PhotoFile], limits: Limits, workers: int = 0) -> Iterator[Decoded]:
    """Decode photos in the order given; a few at a time are held, however many there are.

    Args:
        photos: what to decode.
        limits: see there.
        workers: processes; 0 takes one a core that this process may use.

    Raises:
        DecodeError: a worker process died.
    """
    if len(photos) < MIN_FOR_WORKERS:
        yield from decode(photos, limits)
        return
    count = workers or len(os.sched_getaffinity(0))
    # Not a fork of this process: the encoder's threads may hold locks that a copy would wait for
    # for ever. The fork server has no threads, and imports what workers need once for all.
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(count, mp_context=context, initializer=_end_with_parent) as pool:
        waiting: deque[Future[list[Decoded]]] = deque()
        try:
            for start in range(0, len(photos), CHUNK):
                waiting.append(pool.submit(decode, photos[start : start + CHUNK], limits))
                if len(waiting) > count * AHEAD:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        except BrokenProcessPool as error:
            raise DecodeError(
                "A process that decodes photos died, most likely for want of memory. Run "
                "`lookalike reindex` again with fewer --workers; it goes on from here."
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def decode(photos: Sequence[PhotoFile], limits: Limits) -> list[Decoded]:
    """Decode photos in this process, in order."""
    return [_decode_one(photo, limits) for photo in photos]


def _decode_one(photo: PhotoFile, limits: Limits) -> Decoded:
    try:
        data = _read(photo, limits.max_bytes)
        image = open_photo(
            io.BytesIO(data), max_pixels=limits.max_pixels, at_least=SHARP * limits.side
        )
        return Decoded(photo, to_square(image, limits.side))
    except (PhotoError, OSError, ValueError, MemoryError) as error:
        return Decoded(photo, None, str(error) or type(error).__name__)


def _read(photo: PhotoFile, max_bytes: int) -> bytes:
    """The file's bytes, if they are still those that the catalogue checked.

    A vector is kept under the hash of the photo: other bytes would poison the cache.
    """
    if not photo.path.is_file():
        raise PhotoError("missing", "The file is not there any more. Ingest the source again.")
    with photo.path.open("rb") as stream:
        data = stream.read(max_bytes + 1)
    if hashlib.sha256(data).hexdigest() != photo.content_hash:
        raise PhotoError("changed", "The file changed since it was ingested. Ingest it again.")
    return data


def _end_with_parent() -> None:
    """End this worker when its parent is killed; otherwise it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
