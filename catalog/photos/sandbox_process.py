"""The process that decodes photos of strangers: little memory, no files, and killed if it is slow.

Run by `catalog.photos.sandbox`, with the number of a socket that it answers on. It ends with that
socket.
"""

import io
import json
import resource
import socket
import struct
import sys

from PIL import Image

from catalog.errors import PhotoError
from catalog.photos.photo_file import open_photo

ASKED = struct.Struct("!QQQ")  # bytes of the photo, most pixels, pixels of the shorter side wanted
DRAWN = struct.Struct("!4sQQ")  # mode, width, height
SIZE = struct.Struct("!Q")
READY, PHOTO, REFUSED = b"R", b"P", b"E"
MEMORY = 3_000_000_000  # bytes of address space: several copies of 64 megapixels


def read_exactly(stream: socket.socket, count: int) -> bytes:
    """So many bytes.

    Raises:
        EOFError: the other side is gone.
    """
    pieces = bytearray()
    while len(pieces) < count:
        piece = stream.recv(min(count - len(pieces), 1 << 20))
        if not piece:
            raise EOFError
        pieces += piece
    return bytes(pieces)


def main() -> None:
    """Decode one photo after the other until the other side is gone."""
    confine()
    with socket.socket(fileno=int(sys.argv[1])) as stream:
        stream.sendall(READY)
        try:
            while True:
                size, max_pixels, at_least = ASKED.unpack(read_exactly(stream, ASKED.size))
                stream.sendall(answer(read_exactly(stream, size), max_pixels, at_least))
        except (EOFError, ConnectionError):
            return


def confine() -> None:
    """Take from this process what a decoder needs not."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        hard = resource.getrlimit(what)[1]
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (limit, limit))


def answer(data: bytes, max_pixels: int, at_least: int) -> bytes:
    """A photo as pixels, no larger than needed, or why there is none."""
    try:
        image = open_photo(io.BytesIO(data), max_pixels=max_pixels, at_least=at_least)
        image = shrunk(plain(image), at_least)
    except PhotoError as error:
        told = json.dumps([error.code, str(error)]).encode()
        return REFUSED + SIZE.pack(len(told)) + told
    except MemoryError:
        told = json.dumps(["pixels", "The photo takes too much memory."]).encode()
        return REFUSED + SIZE.pack(len(told)) + told
    pixels = image.tobytes()
    head = DRAWN.pack(image.mode.encode(), *image.size)
    return PHOTO + head + SIZE.pack(len(pixels)) + pixels


def plain(image: Image.Image) -> Image.Image:
    """The image as RGB, or as RGBA if some of it may be transparent."""
    clear = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    return image.convert("RGBA" if clear else "RGB")


def shrunk(image: Image.Image, at_least: int) -> Image.Image:
    """The image at a half, a third ... of its size, its shorter side no shorter than asked."""
    factor = min(image.size) // at_least if at_least else 1
    return image.reduce(factor) if factor > 1 else image


if __name__ == "__main__":
    main()
