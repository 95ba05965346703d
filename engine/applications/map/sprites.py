"""Atlases: large pictures of many small photos, so that a browser loads a few files."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from catalog.photos.decode_squares import PhotoFile, SquareLimits, decode_squares
from catalog.settings import CatalogSettings
from engine.arrays import UInt8

SIDE = 48  # pixels of a small photo
ACROSS = 42  # small photos in a row of an atlas
EACH = ACROSS * ACROSS  # small photos of an atlas
QUALITY = 72  # of JPEG
PAPER = 235  # what is as bright as this in all channels is background
NO_PHOTO = (222, 218, 211)


@dataclass(frozen=True)
class Atlas:
    """Up to `EACH` small photos as JPEG, and the mean colour of each, ``(n, 3)`` uint8."""

    jpeg: bytes
    colours: UInt8


def draw_atlases(photos: Sequence[PhotoFile | None], settings: CatalogSettings) -> Iterator[Atlas]:
    """Draw small photos into atlases, in their order; one that cannot be read is a plain square.

    Args:
        photos: of each product; None: it has none.
        settings: limits of photos, and where those are that this home lacks.
    """
    limits = SquareLimits(
        SIDE,
        settings.max_photo_pixels,
        settings.max_photo_bytes,
        at_least=2 * SIDE,
        settings=settings,
    )
    decoded = decode_squares([one for one in photos if one is not None], limits)
    for start in range(0, len(photos), EACH):
        part = photos[start : start + EACH]
        down = -(-len(part) // ACROSS)
        sheet = np.full((down * SIDE, ACROSS * SIDE, 3), NO_PHOTO, dtype=np.uint8)
        colours = np.full((len(part), 3), NO_PHOTO, dtype=np.uint8)
        for place, photo in enumerate(part):
            pixels = None if photo is None else next(decoded).pixels
            if pixels is not None:
                top, left = place // ACROSS * SIDE, place % ACROSS * SIDE
                sheet[top : top + SIDE, left : left + SIDE] = pixels
                colours[place] = mean_colour(pixels)
        stream = io.BytesIO()
        Image.fromarray(sheet).save(stream, "JPEG", quality=QUALITY, optimize=True)
        yield Atlas(stream.getvalue(), colours)


def mean_colour(pixels: UInt8) -> UInt8:
    """The mean colour ``(3,)`` of a photo ``(S, S, 3)`` without its bright background."""
    shown: UInt8 = pixels[pixels.min(axis=2) < PAPER]
    if not len(shown):
        shown = pixels.reshape(-1, 3)
    mean: UInt8 = shown.mean(axis=0).astype(np.uint8)
    return mean
