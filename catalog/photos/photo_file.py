"""Opening photos that come from outside: with caps, from inside a root, and never half."""

import hashlib
import io
import os
import stat
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from catalog.errors import PhotoError
from catalog.settings import CatalogSettings

FORMATS = ("JPEG", "PNG", "WEBP")
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})

# Our own cap is checked before a pixel is decoded. This holds for code that forgets it.
warnings.simplefilter("error", Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class CheckedPhoto:
    """A photo file that was read to its last pixel.

    ``path`` is relative to the root; ``content_hash`` the SHA-256 of the file's bytes in hex;
    ``width`` and ``height`` are in pixels, after turning it upright.
    """

    path: str
    content_hash: str
    width: int
    height: int
    bytes: int
    mtime_ns: int


def open_photo(
    source: Path | IO[bytes],
    *,
    max_pixels: int,
    max_bytes: int | None = None,
    at_least: int | None = None,
) -> Image.Image:
    """Decode a photo and turn it upright.

    Args:
        source: a file, or an open binary stream that can seek.
        max_pixels: a photo with more pixels is refused before it is decoded.
        max_bytes: a file with more bytes is refused before it is read.
        at_least: a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, much faster, as long as
            its shorter side keeps this many pixels.

    Returns:
        A loaded image of any mode, upright.

    Raises:
        PhotoError: it is missing, empty, too large, no JPEG, PNG or WebP, or cut off.
    """
    if isinstance(source, Path):
        with _open_file(source, max_bytes)[0] as stream:
            return _decode(stream, str(source), max_pixels, at_least)[0]
    if max_bytes is not None:
        size = source.seek(0, os.SEEK_END)
        source.seek(0)
        _check_bytes(size, "The photo", max_bytes)
    return _decode(source, "The photo", max_pixels, at_least)[0]


def check_photo(root: Path, relative: str, settings: CatalogSettings) -> CheckedPhoto:
    """Read a photo to its end and measure it.

    Args:
        root: the folder that the photo must be in, links resolved; see `locate`.
        relative: its path as a source wrote it.
        settings: the caps.

    Raises:
        PhotoError: with a code, see there.
    """
    path = locate(root, relative)
    stream, facts = _open_file(path, settings.max_photo_bytes, shown=relative)
    with stream:
        data = stream.read()
    # An eighth of the size is enough to see that nothing is missing.
    _, (width, height) = _decode(io.BytesIO(data), relative, settings.max_photo_pixels, 1)
    return CheckedPhoto(
        path=path.relative_to(root).as_posix(),
        content_hash=hashlib.sha256(data).hexdigest(),
        width=width,
        height=height,
        bytes=len(data),
        mtime_ns=facts.st_mtime_ns,
    )


def locate(root: Path, relative: str) -> Path:
    """Where a photo really is, inside ``root`` (which must be resolved already).

    Raises:
        PhotoError: ``remote`` for an address, ``outside`` for a path or link that leaves the root.
    """
    if "://" in relative:
        raise PhotoError(
            "remote",
            f"{relative} is an address, not a path below the source's folder.",
        )
    try:
        path = (root / relative).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a NUL in the name
        raise PhotoError("missing", f"{relative!r} is no usable path: {error}.") from error
    if not path.is_relative_to(root):
        raise PhotoError(
            "outside",
            f"{relative} leads out of the source's folder {root}. Put the photo inside of it.",
        )
    return path


def _open_file(
    path: Path, max_bytes: int | None, shown: str | None = None
) -> tuple[IO[bytes], os.stat_result]:
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


def _decode(
    stream: IO[bytes], shown: str, max_pixels: int, at_least: int | None
) -> tuple[Image.Image, tuple[int, int]]:
    """The upright image, and the upright size of the whole photo."""
    try:
        image = Image.open(stream, formats=FORMATS)
        width, height = image.size
        if width * height > max_pixels:
            raise PhotoError("pixels", _too_many(shown, f"{width} x {height}", max_pixels))
        if at_least is not None:
            image.draft(None, _draft_size(width, height, at_least))
        image.load()
        sideways = _turn_upright(image)
    except PhotoError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoError("pixels", _too_many(shown, "too many", max_pixels)) from error
    except UnidentifiedImageError as error:
        raise PhotoError("not_an_image", f"{shown} is no JPEG, PNG or WebP image.") from error
    except Exception as error:  # Pillow's decoders raise almost anything on broken bytes
        raise PhotoError(
            "truncated", f"{shown} is cut off or broken ({error}). Copy it again."
        ) from error
    return image, (height, width) if sideways else (width, height)


def _draft_size(width: int, height: int, at_least: int) -> tuple[int, int]:
    scale = at_least / min(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _turn_upright(image: Image.Image) -> bool:
    """Turn the image as its camera says; whether that swaps width and height."""
    try:
        sideways = image.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8)
        ImageOps.exif_transpose(image, in_place=True)
    except Exception:  # a broken note about the camera is no reason to lose the photo
        return False
    return sideways


def _too_many(shown: str, what: str, max_pixels: int) -> str:
    return (
        f"{shown} has {what} pixels and the limit is {max_pixels:,} (LOOKALIKE_MAX_PHOTO_PIXELS)."
    )
