"""Photos as iPhones save them, for tests."""

import io
import struct

import pillow_heif
from PIL import Image


def heic(image: Image.Image, orientation: int = 1, **options) -> bytes:
    """The image as HEIC, to be turned by an EXIF orientation; options as for `HeifFile.save`."""
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    file = pillow_heif.from_pillow(image)
    file.info["exif"] = exif.tobytes()
    file.save(buffer, **{"quality": 80, **options})
    return buffer.getvalue()


def with_size(data: bytes, width: int, height: int) -> bytes:
    """The same file with another size in its header: its `ispe` boxes are changed."""
    parts = data.split(b"ispe")
    size = struct.pack(">II", width, height)
    return b"ispe".join([parts[0], *(part[:4] + size + part[12:] for part in parts[1:])])
