"""Photos of strangers, decoded in processes of their own that have so many seconds and no more."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import weakref
from typing import IO

from PIL import Image

from catalog.errors import PhotoError
from catalog.photos.sandbox_process import ASKED, DRAWN, PHOTO, READY, REFUSED, SIZE, read_exactly

STARTING = 60.0  # seconds that a process may take until it is there


class PhotoDecoder:
    """A few processes that decode; safe to use from many threads. They start when needed.

    Args:
        processes: how many photos are decoded at once.
        seconds: after so many, a decoder is killed, and its photo refused.
    """

    def __init__(self, processes: int, seconds: float) -> None:
        self.seconds = seconds
        self._places = threading.BoundedSemaphore(processes)
        self._idle: list[_Process] = []
        weakref.finalize(self, _end_all, self._idle)

    def decode(
        self,
        stream: IO[bytes],
        *,
        max_pixels: int,
        max_bytes: int,
        at_least: int,
        patience: float,
    ) -> Image.Image:
        """Decode a photo and turn it upright.

        Args:
            stream: the photo; it can seek.
            max_pixels: one with more is refused before it is decoded.
            max_bytes: one with more is refused before it is read.
            at_least: pixels that its shorter side keeps, if it has as many.
            patience: seconds to wait for a process to be free.

        Raises:
            PhotoError: it is empty, too large, no JPEG, PNG or WebP, cut off, or takes too long.
            TimeoutError: no process came free in time.
        """
        size = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        if size == 0:
            raise PhotoError("empty", "The photo has no bytes.")
        if size > max_bytes:
            raise PhotoError("too_large", f"The photo has {size:,} bytes of at most {max_bytes:,}.")
        if not self._places.acquire(timeout=patience):
            raise TimeoutError
        try:
            return self._decode(stream.read(), max_pixels, at_least)
        finally:
            self._places.release()

    def _decode(self, data: bytes, max_pixels: int, at_least: int) -> Image.Image:
        process = self._idle.pop() if self._idle else _Process()
        try:
            image = process.ask(data, max_pixels, at_least, self.seconds)
        except PhotoError:
            self._idle.append(process)
            raise
        except TimeoutError:
            process.end()
            raise PhotoError(
                "slow", f"The photo takes more than {self.seconds:g} seconds to decode."
            ) from None
        except (EOFError, OSError) as error:
            process.end()
            raise PhotoError("truncated", "The photo ended the process that decodes.") from error
        except BaseException:
            process.end()
            raise
        self._idle.append(process)
        return image


class _Process:
    """One process that decodes, and our end of its socket."""

    def __init__(self) -> None:
        self._stream, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "catalog.photos.sandbox_process", str(theirs.fileno())]
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, pass_fds=(theirs.fileno(),)
            )
        try:
            self._stream.settimeout(STARTING)
            if self._stream.recv(1) != READY:
                raise OSError("The process that decodes photos does not start.")
        except BaseException:
            self.end()
            raise

    def ask(self, data: bytes, max_pixels: int, at_least: int, seconds: float) -> Image.Image:
        """Have one photo decoded.

        Raises:
            PhotoError: it is refused.
            TimeoutError: it takes too long.
            EOFError: the process died.
        """
        until = time.monotonic() + seconds
        for piece in (ASKED.pack(len(data), max_pixels, at_least), data):
            self._hurry(until)
            self._stream.sendall(piece)
        kind = self._read(1, until)
        if kind == REFUSED:
            code, reason = json.loads(self._sized(until))
            raise PhotoError(code, reason)
        if kind != PHOTO:
            raise EOFError
        mode, width, height = DRAWN.unpack(self._read(DRAWN.size, until))
        pixels = self._sized(until)
        return Image.frombytes(mode.rstrip(b"\0").decode(), (width, height), pixels)

    def _read(self, count: int, until: float) -> bytes:
        self._hurry(until)
        return read_exactly(self._stream, count)

    def _sized(self, until: float) -> bytes:
        (count,) = SIZE.unpack(self._read(SIZE.size, until))
        return self._read(count, until)

    def _hurry(self, until: float) -> None:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._stream.settimeout(left)

    def end(self) -> None:
        """Kill it; one that has ended by itself is no matter."""
        self._stream.close()
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)


def _end_all(processes: list[_Process]) -> None:
    while processes:
        processes.pop().end()
