"""Makes decoded photos look as browsers show them: colours in sRGB, 8 bits for each channel."""

import io
import struct
from typing import IO

import numpy as np
from PIL import Image, ImageCms

MAX_PROFILE = 4_000_000  # bytes of a colour profile
DEEP_GREYS = ("I;16", "I;16B", "I;16L", "I;16N", "I")  # Pillow's modes of grey with 16 bits
PNG_START = b"\x89PNG\r\n\x1a\n"
NEEDED_CHUNKS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"})
END_OF_IMAGE = b"\xff\xd9"
FILLER = bytes(range(1, 255, 3)) * 4  # what a decoder would take for pixels where some are missing


def as_browsers_show(image: Image.Image) -> Image.Image:
    """The image with its colour profile applied and with 8 bits a channel.

    A profile that cannot be used is ignored, as browsers do.

    Args:
        image: a loaded image of any mode.
    """
    if image.mode in DEEP_GREYS:
        return _with_eight_bits(image)
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or len(profile) > MAX_PROFILE or b"sRGB" in profile[:4096]:
        return image
    try:
        return _in_srgb(image, profile)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image


def _with_eight_bits(image: Image.Image) -> Image.Image:
    """A grey image whose white is 65535, with 255 for white."""
    deep = np.asarray(image).astype(np.int64).clip(0, 65_535)
    grey = Image.fromarray(((deep + 128) // 257).astype(np.uint8))
    grey.info.update({name: image.info[name] for name in ("exif",) if name in image.info})
    return grey


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    alpha = None
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        alpha = image.getchannel("A")
        image = image.convert("RGB")
    elif image.mode == "P":
        image = image.convert("RGB")
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    target = ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    if converted is None:
        return image
    if alpha is not None:
        converted.putalpha(alpha)
    converted.info.pop("icc_profile", None)
    return converted


def without_metadata(stream: IO[bytes]) -> bytes | None:
    """A PNG without the chunks that hold no pixels; None for any other file."""
    stream.seek(0)
    data = stream.read()
    if not data.startswith(PNG_START):
        return None
    kept, at = [PNG_START], len(PNG_START)
    while at + 12 <= len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        end = at + 12 + size
        if data[at + 4 : at + 8] in NEEDED_CHUNKS:
            kept.append(data[at:end])
        at = end
    return b"".join(kept)


def with_end(stream: IO[bytes], filler: bytes = b"") -> bytes:
    """A JPEG file with the marker that ends it, behind some more bytes."""
    stream.seek(0)
    return stream.read().removesuffix(b"\xff") + filler + END_OF_IMAGE


def format_name(start: bytes) -> str | None:
    """The name of an image format that is not read, by a file's first bytes."""
    if start[4:8] == b"ftyp":
        return "AVIF" if start[8:12] in (b"avif", b"avis") else "HEIC"
    signs = {b"GIF8": "GIF", b"II*\0": "TIFF", b"MM\0*": "TIFF", b"BM": "BMP", b"\0\0\1\0": "ICO"}
    for sign, name in signs.items():
        if start.startswith(sign):
            return name
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    return "SVG" if text.startswith((b"<svg", b"<?xml")) else None
