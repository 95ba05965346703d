"""Reads and decodes photo files, which are untrusted: within size limits, and never in part."""

import hashlib
import io
import os
import stat
import warnings
from pathlib import Path
from typing import IO

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError, features

from catalog.errors import PhotoError
from catalog.photos.browser_pixels import (
    FILLER,
    as_browsers_show,
    format_name,
    with_end,
    without_metadata,
)

FORMATS = ("JPEG", "PNG", "WEBP", *(("AVIF",) if features.check("avif") else ()))
READABLE = "JPEG, PNG, WebP or AVIF" if "AVIF" in FORMATS else "JPEG, PNG or WebP"
HEIC = "HEIF"  # Pillow's name of the format of iPhones: HEVC images in a HEIF container
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif"})
SHORTEST_SIDE = 8  # pixels of a product photo; what has fewer is a placeholder or a line
LONGEST_STRIP = 25  # times that a side may be longer than the other

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
        heic: it is HEIC, see `is_heic`; for confined processes only. False: it is JPEG, PNG, WebP
            or AVIF.

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


def _check_shape(size: tuple[int, int], shown: str) -> None:
    shorter, longer = sorted(size)
    if shorter < SHORTEST_SIDE or longer > LONGEST_STRIP * shorter:
        raise PhotoError(
            "tiny", f"{shown} has {size[0]} x {size[1]} pixels, which is no product photo."
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
        image, (width, height) = _loaded(stream, shown, max_pixels, at_least, heic)
        sideways = _turn_upright(image)
        image = as_browsers_show(image)
    except PhotoError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoError("pixels", _too_many(shown, "too many", max_pixels)) from error
    except UnidentifiedImageError as error:
        if heic:  # its brand says so, see `is_heic`
            raise PhotoError("truncated", f"{shown} is a broken HEIC file.") from error
        stream.seek(0)
        name = format_name(stream.read(64))
        what = f": it is {name}. Save it as one of these" if name else ""
        raise PhotoError("not_an_image", f"{shown} is no {READABLE} image{what}.") from error
    except Exception as error:  # Pillow's decoders raise almost anything on broken bytes
        raise PhotoError(
            "truncated", f"{shown} is cut off or broken ({error}). Copy it again."
        ) from error
    return image, (height, width) if sideways else (width, height)


def _loaded(
    stream: IO[bytes], shown: str, max_pixels: int, at_least: int | None, heic: bool
) -> tuple[Image.Image, tuple[int, int]]:
    """The image with its pixels, and the size of the whole photo, not yet turned upright.

    What browsers forgive is forgiven: a missing end marker of a JPEG whose pixels are all there,
    and broken metadata of a PNG.
    """

    def load(source: IO[bytes]) -> tuple[Image.Image, tuple[int, int]]:
        image = Image.open(source, formats=_heic_formats() if heic else FORMATS)
        size = width, height = image.size
        if width * height > max_pixels:
            raise PhotoError("pixels", _too_many(shown, f"{width} x {height}", max_pixels))
        if not heic:
            _check_shape(size, shown)
        if at_least is not None:
            image.draft(None, _draft_size(width, height, at_least))
        image.load()
        if heic and image.width * image.height > max_pixels:  # the header may say less
            raise PhotoError(
                "pixels", _too_many(shown, f"{image.width} x {image.height}", max_pixels)
            )
        if heic:
            _check_shape(image.size, shown)
        return image, size

    try:
        return load(stream)
    except (OSError, SyntaxError, ValueError):
        stream.seek(0)
        start = stream.read(3)
        if start == b"\xff\xd8\xff":
            image, size = load(io.BytesIO(with_end(stream)))
            other, _ = load(io.BytesIO(with_end(stream, FILLER)))
            # Where pixels are missing, the decoder takes the filler for them.
            if image.tobytes() == other.tobytes():
                return image, size
        elif (pixels := without_metadata(stream)) is not None:
            return load(io.BytesIO(pixels))
        raise


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
