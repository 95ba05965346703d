"""A process that decodes photos: little memory, no files written, killed if it takes too long.

`catalog.photos.decode_pool` runs it as ``python -m catalog.photos.decode_worker SOCKET MEMORY
KIND``: the descriptor of its end of a socket, the bytes of address space that it may use, and
``heic`` or ``plain``, the formats that it decodes. It ends when the other end is closed, also by
the death of the process that holds it.

Photos are hostile input and decoders are C code, so the pool trusts nothing that comes back:
messages are JSON and raw pixels, never pickles, and it reads no more bytes than a photo can have.
A message is two lengths, a JSON object, and bytes (a photo's file, or pixels).
"""

import io
import json
import os
import resource
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from catalog.errors import PhotoError
from catalog.photos.photo_file import decode_image, read_photo
from catalog.photos.preprocess import fit, to_square
from catalog.process_limits import lower_limits

MEMORY = 3_000_000_000  # bytes of address space: several copies of 64 megapixels
MOST_FACTS = 1 << 16  # bytes of a message's JSON
GIVES_WAY = 5  # more niceness than the process that started it
READY = {"ready": True}
HEIC, PLAIN = "heic", "plain"  # kinds of processes
_LENGTHS = struct.Struct("!QQ")


@dataclass(frozen=True, slots=True)
class Request:
    """A photo to decode, and into what.

    Attributes:
        max_pixels: a photo with more is refused before it is decoded.
        at_least: the shorter side keeps this many pixels, if it has them; a larger photo may come
            back smaller, and much faster. None keeps all of them.
        side: the edge of the square to fit the photo into, see `preprocess.to_square`; None for
            the photo itself, as RGB or RGBA.
        path: the photo's file; None if its bytes come with the request.
        content_hash: SHA-256 in hex that the file must have, if that matters.
        max_bytes: a file with more is refused before it is read.
        heic: it is HEIC and nothing else; False: JPEG, PNG, WebP or AVIF.
        box: width and height that it is reduced to fit into, on white; None for its own size.
        reduced: a photo that is decoded larger than it need be is made smaller.
        measure: only its upright size is wanted; all of it is read.
        shown: how messages name it.
    """

    max_pixels: int
    at_least: int | None = None
    side: int | None = None
    path: str | None = None
    content_hash: str | None = None
    max_bytes: int | None = None
    heic: bool = False
    box: tuple[int, int] | None = None
    reduced: bool = True
    measure: bool = False
    shown: str = "The photo"

    @property
    def most_pixels(self) -> int:
        """The most pixels that its answer may have."""
        if self.measure:
            return 0
        if self.box is not None:
            return self.box[0] * self.box[1]
        return self.max_pixels if self.side is None else self.side**2

    def facts(self) -> dict[str, Any]:
        """Its fields, as a message holds them."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Pixels:
    """A decoded photo: ``data`` holds ``height`` rows of ``width`` pixels, ``mode`` RGB or RGBA.

    Of a photo that was only measured, ``data`` and ``mode`` are empty.
    """

    mode: str
    width: int
    height: int
    data: bytes

    def image(self) -> Image.Image:
        """As a Pillow image."""
        return Image.frombytes(self.mode, (self.width, self.height), self.data)

    def array(self) -> NDArray[np.uint8]:
        """As a read-only array ``(height, width, channels)``."""
        return np.frombuffer(self.data, np.uint8).reshape(self.height, self.width, len(self.mode))


def decode(request: Request, data: bytes = b"") -> Pixels:
    """Decode one photo, in this process.

    Raises:
        PhotoError: it is missing, changed, empty, too large, of another format, or truncated.
    """
    try:
        if request.path is not None:
            data = read_photo(Path(request.path), request.max_bytes, request.content_hash)
        image, size = decode_image(
            io.BytesIO(data), request.shown, request.max_pixels, request.at_least, request.heic
        )
        if request.measure:
            return Pixels("", *size, b"")
        if request.box is not None:
            small = fit(image, request.box)
            return Pixels(small.mode, *small.size, small.tobytes())
        if request.side is not None:
            square = to_square(image, request.side)
            return Pixels("RGB", request.side, request.side, square.tobytes())
        image = to_colours(image)
        if request.reduced:
            image = shrink(image, request.at_least)
        return Pixels(image.mode, *image.size, image.tobytes())
    except MemoryError as error:
        raise PhotoError("pixels", "The photo takes too much memory.") from error
    except (OSError, ValueError) as error:
        raise PhotoError("truncated", str(error) or type(error).__name__) from error


def to_colours(image: Image.Image) -> Image.Image:
    """The image as RGB, or as RGBA if some of it may be transparent."""
    clear = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    return image.convert("RGBA" if clear else "RGB")


def shrink(image: Image.Image, at_least: int | None) -> Image.Image:
    """The image at 1/2, 1/3, ... of its size; its shorter side keeps ``at_least`` pixels."""
    factor = min(image.size) // at_least if at_least else 1
    return image.reduce(factor) if factor > 1 else image


def send(stream: socket.socket, facts: dict[str, Any], body: bytes = b"") -> None:
    """Send a message."""
    text = json.dumps(facts).encode()
    stream.sendall(_LENGTHS.pack(len(text), len(body)) + text)
    if body:
        stream.sendall(body)


def receive(
    stream: socket.socket, most: int | None = None, before_read: Callable[[], None] = lambda: None
) -> tuple[dict[str, Any], bytes]:
    """Receive a message.

    Args:
        stream: a socket.
        most: bytes that its body may have.
        before_read: called before each wait for bytes; it may set a timeout.

    Raises:
        EOFError: the other end is closed, or what it sends is no message.
    """

    def exactly(count: int) -> bytearray:
        pieces = bytearray()
        while len(pieces) < count:
            before_read()
            piece = stream.recv(min(count - len(pieces), 1 << 20))
            if not piece:
                raise EOFError
            pieces += piece
        return pieces

    facts_size, body_size = _LENGTHS.unpack(exactly(_LENGTHS.size))
    if facts_size > MOST_FACTS or (most is not None and body_size > most):
        raise EOFError
    try:
        facts = json.loads(exactly(facts_size))
    except ValueError as error:
        raise EOFError from error
    return facts, bytes(exactly(body_size))


def main() -> None:
    """Decode one photo after the other until the other end is closed."""
    descriptor, memory, kind = sys.argv[1:]
    confine(int(memory), threads=kind == HEIC)
    with socket.socket(fileno=int(descriptor)) as stream:
        try:
            send(stream, READY)
            while True:
                facts, data = receive(stream)
                send(stream, *answer(Request(**facts), data))
        except (EOFError, ConnectionError):
            return


def confine(memory: int, *, threads: bool = False) -> None:
    """Give up what a decoder does not need: memory, core dumps, written files, new processes.

    It also gives way to other processes, such as a server that answers requests meanwhile.
    With ``threads``, new processes stay allowed: HEIC's decoder always starts a thread of its own,
    and the limit makes no difference between the two.
    """
    limits = {resource.RLIMIT_AS: memory, resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: 0}
    lower_limits(limits if threads else limits | {resource.RLIMIT_NPROC: 0})
    os.nice(GIVES_WAY)


def answer(request: Request, data: bytes) -> tuple[dict[str, Any], bytes]:
    """The message about a photo: its mode, size and pixels, or why there are none."""
    try:
        pixels = decode(request, data)
    except PhotoError as error:
        return {"code": error.code, "reason": str(error)}, b""
    return {"mode": pixels.mode, "size": [pixels.width, pixels.height]}, pixels.data


if __name__ == "__main__":
    main()
