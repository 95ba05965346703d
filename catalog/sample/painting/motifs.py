"""Drawn motifs: tiles of flowers and spots that repeat over a cloth, and printed logos."""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from catalog.sample.shapes.arrays import Float32, Float64, UInt32
from catalog.sample.shapes.palette import Rgb, shade

Ink = tuple[int, int, int]
Motif = Callable[[np.random.Generator, int, tuple[Ink, Ink, Ink]], Image.Image]
TILE = 1.25  # garment units that one tile of scale 1 spans


def ink(colour: Float32 | Float64) -> Ink:
    """A colour in [0, 1] as Pillow takes it, in 0 to 255."""
    red, green, blue = (round(float(c) * 255) for c in np.clip(colour, 0, 1))
    return red, green, blue


def _wrapped(
    draw: ImageDraw.ImageDraw, side: int, shape: list[tuple[float, float]], fill: Ink
) -> None:
    """Draws a polygon, again beyond each border that it may cross, so that the tile repeats."""
    xs, ys = [p[0] for p in shape], [p[1] for p in shape]
    for dx in (-side, 0, side):
        if max(xs) + dx < 0 or min(xs) + dx > side:
            continue
        for dy in (-side, 0, side):
            if max(ys) + dy >= 0 and min(ys) + dy <= side:
                draw.polygon([(x + dx, y + dy) for x, y in shape], fill=fill)


def _petal(
    x: float, y: float, length: float, width: float, angle: float
) -> list[tuple[float, float]]:
    c, s = math.cos(angle), math.sin(angle)
    points = []
    for t in np.linspace(0, 2 * math.pi, 14, endpoint=False):
        along, off = (
            length * (0.5 - 0.5 * math.cos(t)),
            width * math.sin(t) * (1.1 - 0.4 * math.cos(t)) / 2,
        )
        points.append((x + c * along - s * off, y + s * along + c * off))
    return points


def _spread(rng: np.random.Generator, count: int) -> list[tuple[float, float]]:
    """Points in the unit square, far from each other, also across the borders."""
    chosen = [rng.random(2)]
    for _ in range(count - 1):
        tries = rng.random((14, 2))
        gaps = np.abs(tries[:, None] - np.array(chosen)[None])
        gaps = np.minimum(gaps, 1 - gaps)
        chosen.append(tries[np.hypot(gaps[..., 0], gaps[..., 1]).min(axis=1).argmax()])
    return [(float(x), float(y)) for x, y in chosen]


def floral(rng: np.random.Generator, side: int, inks: tuple[Ink, Ink, Ink]) -> Image.Image:
    """Blossoms in two colours with leaves, on the first colour."""
    tile = Image.new("RGB", (side, side), inks[0])
    draw = ImageDraw.Draw(tile)
    ground = np.array(inks[0])
    leaf = ink((np.array([74, 116, 76]) * 0.75 + ground * 0.25) / 255)
    count = int(rng.integers(9, 15))
    petals = int(rng.integers(4, 7))
    for i, (x, y) in enumerate(_spread(rng, count)):
        size = side * float(rng.uniform(0.055, 0.1))
        start = float(rng.uniform(0, 7))
        for k in range(2):
            angle = start + 2.4 * k
            _wrapped(draw, side, _petal(x * side, y * side, size * 1.75, size * 0.6, angle), leaf)
        colour = inks[1 + i % 2]
        dark = ink(shade(np.array(colour, dtype=np.float32) / np.float32(255), -0.22))
        for k in range(petals):
            angle = start + k * 2 * math.pi / petals
            _wrapped(draw, side, _petal(x * side, y * side, size, size * 0.8, angle), colour)
            _wrapped(draw, side, _petal(x * side, y * side, size * 0.5, size * 0.25, angle), dark)
        heart = _petal(x * side - size * 0.2, y * side, size * 0.4, size * 0.36, 0)
        _wrapped(draw, side, heart, (238, 200, 92) if colour != (238, 200, 92) else (120, 70, 40))
    return tile


def animal(rng: np.random.Generator, side: int, inks: tuple[Ink, Ink, Ink]) -> Image.Image:
    """Leopard rosettes: a broken dark ring around a warmer spot."""
    tile = Image.new("RGB", (side, side), inks[0])
    draw = ImageDraw.Draw(tile)
    for x, y in _spread(rng, 34):
        size = side * float(rng.uniform(0.035, 0.06))
        start = float(rng.uniform(0, 7))
        spot = [
            (x * side + size * 0.8 * math.cos(a) * r, y * side + size * 0.7 * math.sin(a) * r)
            for a, r in zip(np.linspace(0, 6.28, 9)[:-1], rng.uniform(0.7, 1.1, 8), strict=True)
        ]
        _wrapped(draw, side, spot, inks[2])
        for k in range(int(rng.integers(2, 4))):
            angle = start + k * 2.1
            centre = (
                x * side + size * math.cos(angle) * 0.9,
                y * side + size * math.sin(angle) * 0.8,
            )
            tangent = angle + math.pi / 2
            length = size * float(rng.uniform(1.0, 1.5))
            begin = (
                centre[0] - math.cos(tangent) * length / 2,
                centre[1] - math.sin(tangent) * length / 2,
            )
            _wrapped(draw, side, _petal(*begin, length, size * 0.55, tangent), inks[1])
    return tile


@lru_cache(maxsize=24)
def _packed(make: Motif, seed: int, side: int, inks: tuple[Ink, Ink, Ink]) -> UInt32:
    """A tile as ``(side, side)`` uint32, one packed RGBX pixel each, slightly soft."""
    large = make(np.random.default_rng([seed, 5]), side * 2, inks)
    tile = large.reduce(2).filter(ImageFilter.GaussianBlur(0.6))
    return np.asarray(tile.convert("RGBX")).view(np.uint32)[..., 0]


def lay(
    make: Motif,
    u: Float32,
    v: Float32,
    px: float,
    scale: float,
    seed: int,
    dyes: tuple[Rgb, Rgb, Rgb],
) -> Float32:
    """The tile at positions ``u, v`` ``(h, w)``: colours ``(h, w, 3)`` float32 in [0, 1]."""
    span = TILE * scale
    side = int(np.clip(2 ** round(math.log2(1.6 * span / px)), 64, 1024))
    first, second, third = (ink(d) for d in dyes)
    tile = _packed(make, seed, side, (first, second, third))
    step = np.float32(side / span)
    columns = (u * step).astype(np.int32) % side
    rows = (v * step).astype(np.int32) % side
    flat = np.take(tile.ravel(), rows * side + columns)
    pixels = flat.view(np.uint8).reshape(*u.shape, 4)[..., :3]
    return pixels.astype(np.float32) * np.float32(1 / 255)
