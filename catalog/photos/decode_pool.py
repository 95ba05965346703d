"""Photos decoded by confined processes: each has a time limit and a memory limit.

Every photo that came from outside is decoded by such a pool, and by nothing else: visitors' uploads
and thumbnails by those of the web server, photos that are embedded or trained on by that of
`catalog.photos.decode_squares`, and those that are checked by `catalog.photos.shared_pool`.

A standard process pool would not do. Its workers have no limits, a hanging one can't be ended
alone, and they answer with pickles, so that a photo that takes over a decoder would run code here.
"""

import base64
import contextlib
import io
import os
import socket
import subprocess
import sys
import threading
import time
import weakref
from typing import IO, Any, Self

from PIL import Image

from catalog.errors import DecoderDied, PhotoError
from catalog.photos.decode_worker import (
    HEIC,
    MEMORY,
    PLAIN,
    READY,
    Pixels,
    Request,
    receive,
    send,
)
from catalog.photos.photo_file import is_heic
from catalog.settings import environment_with

STARTING = 60.0  # seconds that a process may take to start
PIXEL = base64.b64decode(  # a PNG of one pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
MODES = {"RGB": 3, "RGBA": 4}  # and their bytes a pixel


class DecodePool:
    """Up to ``processes`` processes that decode; safe to use from many threads.

    They are started when needed and end with the pool. A process that takes too long or dies is
    replaced, at the cost of its photo. HEIC is decoded by processes of its own kind, as its decoder
    needs more rights than the others: see `catalog.photos.decode_worker.confine`.

    Args:
        processes: how many photos are decoded at a time.
        seconds: time limit of one photo.
        memory: bytes of address space of one process.
    """

    def __init__(self, processes: int, seconds: float, memory: int = MEMORY) -> None:
        self.seconds = seconds
        self._memory = memory
        self._places = threading.BoundedSemaphore(processes)
        self._idle: list[_Process] = []
        self._lock = threading.Lock()
        self._all: set[_Process] = set()
        self._end = weakref.finalize(self, _end_all, self._all)

    def decode(
        self,
        stream: IO[bytes],
        *,
        max_pixels: int,
        max_bytes: int,
        at_least: int,
        patience: float | None = None,
    ) -> Image.Image:
        """Decode a photo as RGB or RGBA and turn it upright.

        Args:
            stream: the photo; it can seek.
            max_pixels: a photo with more is refused before it is decoded.
            max_bytes: a photo with more is refused before it is read.
            at_least: pixels that its shorter side keeps, if it has as many.
            patience: seconds to wait for a free process; None waits as long as it takes.

        Raises:
            PhotoError: it is empty, too large, no JPEG, PNG, WebP, AVIF or HEIC, truncated,
                takes too long, or crashed the process that decoded it.
            TimeoutError: no process was free in time.
        """
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        if size == 0:
            raise PhotoError("empty", "The photo has no bytes.")
        if size > max_bytes:
            raise PhotoError("too_large", f"The photo has {size:,} bytes of at most {max_bytes:,}.")
        heic = is_heic(stream.read(12))
        stream.seek(0)
        try:
            return self.run(Request(max_pixels, at_least, heic=heic), stream, patience).image()
        except DecoderDied as error:
            raise PhotoError("truncated", "The photo crashed the process that decodes.") from error

    def run(
        self, request: Request, stream: IO[bytes] | None = None, patience: float | None = None
    ) -> Pixels:
        """Decode the photo of a request.

        Args:
            request: which photo, and into what; its path must be absolute.
            stream: its bytes, where the request names no file.
            patience: as for `decode`.

        Raises:
            PhotoError: as for `catalog.photos.decode_worker.decode`; or it takes too long.
            DecoderDied: the process died, or could not be started.
            TimeoutError: no process was free in time.
        """
        if not self._places.acquire(timeout=patience):
            raise TimeoutError
        try:
            return self._run(request, stream.read() if stream else b"")
        finally:
            self._places.release()

    def _run(self, request: Request, data: bytes) -> Pixels:
        process = None
        try:
            process = self._take(HEIC if request.heic else PLAIN)
            pixels = process.decode(request, data, self.seconds)
        except PhotoError:
            assert process is not None
            self._idle.append(process)
            raise
        except TimeoutError:
            self._drop(process)
            raise PhotoError(
                "slow", f"The photo takes more than {self.seconds:g} seconds to decode."
            ) from None
        except (EOFError, OSError) as error:
            self._drop(process)
            raise DecoderDied("A process that decodes photos died.") from error
        except BaseException:
            self._drop(process)
            raise
        self._idle.append(process)
        return pixels

    def _take(self, kind: str) -> "_Process":
        """An idle process of a kind, or a new one, for which one of another kind ends."""
        with self._lock:
            found = next((one for one in reversed(self._idle) if one.kind == kind), None)
            other = found or (self._idle[-1] if self._idle else None)
            if other:
                self._idle.remove(other)
        if found:
            return found
        self._drop(other)
        process = _Process(self._memory, kind)
        self._all.add(process)
        return process

    def _drop_idle(self) -> None:
        with self._lock:
            idle = self._idle[:]
            self._idle.clear()
        for process in idle:
            self._drop(process)

    def _drop(self, process: "_Process | None") -> None:
        if process is not None:
            self._all.discard(process)
            process.end()

    def forget(self) -> None:
        """After a fork: leave the processes to the parent, whose they are."""
        self._end.detach()
        for process in self._all:
            process.leave()

    def blamed(self, request: Request, data: bytes = b"", patience: float | None = None) -> Pixels:
        """As `run`; a photo that ends its process, twice, is refused.

        It is not refused where no process works, as without memory: then it has no fault.

        Raises:
            PhotoError: as `run`; ``truncated`` also for a photo that crashes the decoder.
            DecoderDied: no photo can be decoded.
            TimeoutError: no process was free in time.
        """
        for _ in range(2):
            with contextlib.suppress(DecoderDied):
                return self.run(request, io.BytesIO(data), patience)
            self._drop_idle()  # so that the second try has a new one
        with contextlib.suppress(PhotoError):  # a pixel is no product photo
            self.run(Request(1), io.BytesIO(PIXEL))  # raises DecoderDied if nothing works
        raise PhotoError("truncated", f"{request.shown} crashed the process that decodes.")

    def close(self) -> None:
        """End all processes; photos that are being decoded fail with `DecoderDied`."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Process:
    """One process that decodes photos of one kind, and our end of its socket."""

    def __init__(self, memory: int, kind: str) -> None:
        self.kind = kind
        self._stream, theirs = socket.socketpair()
        command = [sys.executable, "-m", "catalog.photos.decode_worker"]
        with theirs:
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno()), str(memory), kind],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                process_group=0,  # Ctrl-C is for us; it ends with our end of the socket
                env=environment_with(OPENBLAS_NUM_THREADS="1"),  # threads take address space
            )
        try:
            if self._answer(time.monotonic() + STARTING, 0)[0] != READY:
                raise OSError("The process that decodes photos does not start.")
        except BaseException:
            self.end()
            raise

    def decode(self, request: Request, data: bytes, seconds: float) -> Pixels:
        """Decode one photo.

        Raises:
            PhotoError: it is refused.
            TimeoutError: it takes too long.
            EOFError, OSError: the process died, or its answer makes no sense.
        """
        until = time.monotonic() + seconds
        self._hurry(until)
        send(self._stream, request.facts(), data)
        facts, body = self._answer(until, max(MODES.values()) * request.most_pixels)
        if "code" in facts:
            raise PhotoError(str(facts["code"]), str(facts["reason"]))
        return _checked(request, facts, body)

    def _answer(self, until: float, most: int) -> tuple[dict[str, Any], bytes]:
        return receive(self._stream, most, lambda: self._hurry(until))

    def _hurry(self, until: float) -> None:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._stream.settimeout(left)

    def leave(self) -> None:
        """Close our end of the socket only."""
        self._stream.close()

    def end(self) -> None:
        """Kill it, if it has not ended by itself."""
        self._stream.close()
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)


def _end_all(processes: set[_Process]) -> None:
    while processes:
        processes.pop().end()


def _checked(request: Request, facts: dict[str, Any], body: bytes) -> Pixels:
    """The pixels of an answer.

    Raises:
        EOFError: the answer makes no sense.
    """
    try:
        mode, (width, height) = facts["mode"], map(int, facts["size"])
        if min(width, height) < 1 or width * height > request.max_pixels:
            raise ValueError(f"{width} x {height}")
        if request.measure:
            return Pixels("", width, height, b"")
        if len(body) != MODES[mode] * width * height:
            raise ValueError(f"{len(body)} bytes of {width} x {height} {mode}")
        if request.box is not None and (width > request.box[0] or height > request.box[1]):
            raise ValueError(f"{width} x {height} does not fit {request.box}")
        if request.side not in (None, width) or request.side not in (None, height):
            raise ValueError(f"{width} x {height} and not {request.side}")
    except (KeyError, TypeError, ValueError) as error:
        raise EOFError from error
    return Pixels(mode, width, height, body)
