"""Reads and decodes photo files, which are untrusted: within size limits, and never in part."""

import hashlib
import os
import stat
import warnings
from pathlib import Path
from typing import IO

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from catalog.errors import PhotoError

FORMATS = ("JPEG", "PNG", "WEBP")
HEIC = "HEIF"  # Pillow's name of the format of iPhones: HEVC images in a HEIF container
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})

# Our own limit is checked before a pixel is decoded. This is a second one, for code without it.
warnings.simplefilter("error", Image.DecompressionBombWarning)


def open_photo(
    source: Path | IO[bytes],
    *,
    max_pixels: int,
    max_bytes: int | None = None,
    at_least: int | None = None,
    heic: bool = False,
) -> Image.Image:
    """Decode a photo and turn it upright.

    Args:
        source: a file, or an open binary stream that can seek.
        max_pixels: a photo with more pixels is refused before it is decoded.
        max_bytes: a photo with more bytes is refused before it is read.
        at_least: a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, much faster, as long as
            its shorter side keeps this many pixels.
        heic: it is HEIC, see `is_heic`; for confined processes only. False: it is JPEG, PNG or
            WebP.

    Returns:
        A loaded image of any mode, upright.

    Raises:
        PhotoError: it is missing, empty, too large, of another format, or truncated.
    """
    if isinstance(source, Path):
        with open_file(source, max_bytes)[0] as stream:
            return decode_image(stream, str(source), max_pixels, at_least, heic)[0]
    if max_bytes is not None:
        size = source.seek(0, os.SEEK_END)
        source.seek(0)
        _check_bytes(size, "The photo", max_bytes)
    return decode_image(source, "The photo", max_pixels, at_least, heic)[0]


def read_photo(path: Path, max_bytes: int | None, content_hash: str | None = None) -> bytes:
    """The bytes of a photo's file, if they are still those that the catalogue checked.

    Args:
        path: the file.
        max_bytes: a file with more bytes is refused before it is read.
        content_hash: SHA-256 in hex that the file must have; None takes any. Vectors are cached
            under this hash, and other bytes would poison the cache.

    Raises:
        PhotoError: it is missing, empty or too large, or changed since it was ingested.
    """
    if content_hash is not None and not path.is_file():
        raise PhotoError("missing", "The file is not there any more. Ingest the source again.")
    with open_file(path, max_bytes, shown="The file")[0] as stream:
        data = stream.read()
    if content_hash is not None and hashlib.sha256(data).hexdigest() != content_hash:
        raise PhotoError("changed", "The file changed since it was ingested. Ingest it again.")
    return data


def open_file(
    path: Path, max_bytes: int | None, shown: str | None = None
) -> tuple[IO[bytes], os.stat_result]:
    """Open a photo's file for reading, and its size and times.

    Args:
        path: the file.
        max_bytes: a file with more bytes is refused.
        shown: how messages name the file; its path by default.

    Raises:
        PhotoError: it is missing, no plain file, empty or too large.
    """
    shown = shown or str(path)
    try:
        # Without O_NONBLOCK a named pipe would wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise PhotoError("missing", f"{shown} is not there.") from error
    except (OSError, ValueError) as error:
        raise PhotoError("missing", f"{shown} cannot be opened: {error}.") from error
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise PhotoError("not_an_image", f"{shown} is not a file.")
        _check_bytes(facts.st_size, shown, max_bytes)
    except PhotoError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb"), facts


def _check_bytes(size: int, shown: str, max_bytes: int | None) -> None:
    if size == 0:
        raise PhotoError("empty", f"{shown} has no bytes.")
    if max_bytes is not None and size > max_bytes:
        raise PhotoError(
            "too_large",
            f"{shown} has {size:,} bytes and the limit is {max_bytes:,} "
            "(LOOKALIKE_MAX_PHOTO_BYTES).",
        )


def decode_image(
    stream: IO[bytes], shown: str, max_pixels: int, at_least: int | None, heic: bool = False
) -> tuple[Image.Image, tuple[int, int]]:
    """Decode a stream; the upright image, and the upright size of the whole photo in pixels.

    Args:
        stream: can seek.
        shown: how messages name the photo.
        max_pixels, at_least, heic: as for `open_photo`.

    Raises:
        PhotoError: it is of another format, has too many pixels, or is truncated.
    """
    try:
        image = Image.open(stream, formats=_heic_formats() if heic else FORMATS)
        width, height = image.size
        if width * height > max_pixels:
            raise PhotoError("pixels", _too_many(shown, f"{width} x {height}", max_pixels))
        if at_least is not None:
            image.draft(None, _draft_size(width, height, at_least))
        image.load()
        if heic and image.width * image.height > max_pixels:  # the header may say less
            raise PhotoError(
                "pixels", _too_many(shown, f"{image.width} x {image.height}", max_pixels)
            )
        sideways = _turn_upright(image)
    except PhotoError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoError("pixels", _too_many(shown, "too many", max_pixels)) from error
    except UnidentifiedImageError as error:
        if heic:  # its brand says so, see `is_heic`
            raise PhotoError("truncated", f"{shown} is a broken HEIC file.") from error
        raise PhotoError("not_an_image", f"{shown} is no JPEG, PNG or WebP image.") from error
    except Exception as error:  # Pillow's decoders raise almost anything on broken bytes
        raise PhotoError(
            "truncated", f"{shown} is cut off or broken ({error}). Copy it again."
        ) from error
    return image, (height, width) if sideways else (width, height)


def is_heic(start: bytes) -> bool:
    """Whether a file whose first 12 bytes are these says that it is HEIC."""
    return start[4:8] == b"ftyp" and start[8:12] in HEIC_BRANDS


def _heic_formats() -> tuple[str, ...]:
    """HEIC as a format that Pillow knows; its decoder is loaded when the first one arrives."""
    import pillow_heif  # a web server that is sent none never loads it

    # Only the main image is read: depth maps, masks and thumbnails would cost and give nothing.
    pillow_heif.register_heif_opener(
        decode_threads=1, thumbnails=False, depth_images=False, aux_images=False
    )
    return (HEIC,)


def _draft_size(width: int, height: int, at_least: int) -> tuple[int, int]:
    scale = at_least / min(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _turn_upright(image: Image.Image) -> bool:
    """Turn the image upright by its EXIF orientation; whether that swaps width and height."""
    try:
        sideways = image.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8)
        ImageOps.exif_transpose(image, in_place=True)
    except Exception:  # broken EXIF data is no reason to reject the photo
        return False
    return sideways


def _too_many(shown: str, what: str, max_pixels: int) -> str:
    return (
        f"{shown} has {what} pixels and the limit is {max_pixels:,} (LOOKALIKE_MAX_PHOTO_PIXELS)."
    )
