"""Sprites: many small photos in one picture, so that a browser loads a few files."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from catalog.photos.decode_squares import PhotoFile, SquareLimits, decode_squares
from catalog.settings import CatalogSettings
from engine.applications.map.progress import Report
from engine.arrays import Int64, UInt8
from engine.storage import create_memmap

SIDE = 64  # pixels of a small photo
ACROSS, DOWN = 16, 8  # small photos in a row and in a column of a picture
EACH = ACROSS * DOWN  # small photos of a picture
QUALITY = 62  # of WebP
ROUND = 7  # pixels that corners are rounded by
PAPER = 235  # what is as bright as this in all channels is background
TILE = (242, 239, 234)  # what a white background becomes, as the tiles of the storefront do
NO_PHOTO = (222, 218, 211)


def read_sprites(
    photos: Sequence[PhotoFile | None], settings: CatalogSettings, path: Path, report: Report
) -> tuple[UInt8, UInt8]:
    """Small photos ``(N, SIDE, SIDE, 3)``, in a file, and their mean colours ``(N, 3)``.

    One that cannot be read is a plain square.

    Args:
        photos: of each product; None: it has none.
        settings: limits of photos, and where those are that this home lacks.
        path: the file, of 12 kB for each product.
        report: see `engine.applications.map.progress`.

    Raises:
        OSError: there is no space for it.
    """
    most = settings.max_photo_pixels, settings.max_photo_bytes
    limits = SquareLimits(SIDE, *most, at_least=2 * SIDE, settings=settings)
    decoded = decode_squares([one for one in photos if one is not None], limits)
    found = create_memmap(path, np.uint8, (len(photos), SIDE, SIDE, 3))
    colours = np.full((len(photos), 3), NO_PHOTO, dtype=np.uint8)
    for row, photo in enumerate(photos):
        pixels = None if photo is None else next(decoded).pixels
        found[row] = NO_PHOTO if pixels is None else pixels
        if pixels is not None:
            colours[row] = mean_colour(pixels)
        report(row + 1, len(photos))
    return found, colours


def draw_sprites(pixels: UInt8, order: Int64) -> Iterator[bytes]:
    """Pictures of `EACH` small photos in an order, as WebP.

    Args:
        pixels: ``(N, SIDE, SIDE, 3)``.
        order: ``(N,)`` rows.
    """
    whole = _corners()
    tone = np.array(TILE, dtype=np.uint16)
    for start in range(0, len(order), EACH):
        part = order[start : start + EACH]
        down = -(-len(part) // ACROSS)
        sheet = np.zeros((down, ACROSS, SIDE, SIDE, 4), dtype=np.uint8)
        tinted = (pixels[part].astype(np.uint16) * tone // 255).astype(np.uint8)
        flat = sheet.reshape(-1, SIDE, SIDE, 4)
        flat[: len(part), :, :, :3] = tinted
        flat[: len(part), :, :, 3] = whole
        picture = sheet.transpose(0, 2, 1, 3, 4).reshape(down * SIDE, ACROSS * SIDE, 4)
        stream = io.BytesIO()
        Image.fromarray(picture).save(stream, "WEBP", quality=QUALITY, method=2)
        yield stream.getvalue()


def mean_colour(pixels: UInt8) -> UInt8:
    """The mean colour ``(3,)`` of the middle of a photo ``(S, S, 3)``, without bright ground."""
    edge = len(pixels) // 4
    middle = pixels[edge : len(pixels) - edge, edge : len(pixels) - edge]
    shown: UInt8 = middle[middle.min(axis=2) < PAPER]
    if not len(shown):
        shown = middle.reshape(-1, 3)
    mean: UInt8 = shown.mean(axis=0).astype(np.uint8)
    return mean


def _corners() -> UInt8:
    """``(SIDE, SIDE)`` opacity of a small photo with round corners."""
    large = Image.new("L", (4 * SIDE, 4 * SIDE))
    box = (0, 0, 4 * SIDE - 1, 4 * SIDE - 1)
    ImageDraw.Draw(large).rounded_rectangle(box, 4 * ROUND, fill=255)
    found: UInt8 = np.asarray(large.resize((SIDE, SIDE), Image.Resampling.BOX))
    return found
