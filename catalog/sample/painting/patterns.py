"""Patterns: the colour at each position of a cloth, before light falls on it.

A pattern takes a `Cloth` and three colours and returns ``(h, w, 3)`` float32 in [0, 1]. Edges are
softened over one pixel, so that nothing is jagged at any zoom.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from catalog.sample.painting import motifs
from catalog.sample.shapes.arrays import Float32
from catalog.sample.shapes.palette import Rgb


@dataclass(frozen=True, slots=True)
class Cloth:
    """A window of cloth.

    Attributes:
        u: positions across the grain, ``(h, w)`` in garment units.
        v: positions along the grain, ``(h, w)`` in garment units.
        height: positions from the garment's top (0) to its bottom (1), ``(h, w)``.
        px: the size of a pixel in garment units.
        scale: the size of the pattern, about 1.
        seed: of the pattern's random choices.
    """

    u: Float32
    v: Float32
    height: Float32
    px: float
    scale: float
    seed: int


Pattern = Callable[[Cloth, tuple[Rgb, Rgb, Rgb]], Float32]


def _mix(ground: Float32, colour: Rgb, cover: Float32) -> Float32:
    return ground + (colour - ground) * cover[..., None]


def _band(t: Float32, period: float, share: float, px: float, shift: float = 0.0) -> Float32:
    """The cover of bands that take ``share`` of each ``period``, with edges one pixel wide."""
    from_centre = np.abs((t / np.float32(period) + np.float32(shift)) % 1 - 0.5)
    cover: Float32 = np.clip((share / 2 - from_centre) * (period / px) + 0.5, 0, 1)
    return cover


def _plain(cloth: Cloth, dyes: tuple[Rgb, Rgb, Rgb]) -> Float32:
    return np.broadcast_to(dyes[0], (*cloth.u.shape, 3))


def _striped(cloth: Cloth, dyes: tuple[Rgb, Rgb, Rgb]) -> Float32:
    period = 0.3 * cloth.scale
    share = (0.5, 0.3, 0.4)[cloth.seed % 3]
    return _mix(dyes[0], dyes[1], _band(cloth.v, period, share, cloth.px))


def _vertical(cloth: Cloth, dyes: tuple[Rgb, Rgb, Rgb]) -> Float32:
    period = 0.2 * cloth.scale
    share = (0.45, 0.16, 0.25)[cloth.seed % 3]
    return _mix(dyes[0], dyes[1], _band(cloth.u, period, share, cloth.px, 0.5))


def _check(cloth: Cloth, dyes: tuple[Rgb, Rgb, Rgb]) -> Float32:
    """A tartan: broad bands that darken where they cross, with a thin third colour."""
    period = 0.46 * cloth.scale
    wide = 0.46 if cloth.seed % 2 else 0.34
    across = _band(cloth.u, period, wide, cloth.px)
    down = _band(cloth.v, period, wide, cloth.px)
    ground = _mix(dyes[0], dyes[1], (across + down) * np.float32(0.46))
    thin = np.maximum(
        _band(cloth.u, period, 0.05, cloth.px, 0.5), _band(cloth.v, period, 0.05, cloth.px, 0.5)
    )
    return _mix(ground, dyes[2], thin * np.float32(0.75 if cloth.seed % 3 else 0.0))


def _dotted(cloth: Cloth, dyes: tuple[Rgb, Rgb, Rgb]) -> Float32:
    period = 0.3 * cloth.scale
    radius = period * (0.22, 0.17, 0.27)[cloth.seed % 3]
    row = np.floor(cloth.v / np.float32(period))
    x = ((cloth.u / np.float32(period) + 0.5 * (row % 2)) % 1 - 0.5) * np.float32(period)
    y = ((cloth.v / np.float32(period)) % 1 - 0.5) * np.float32(period)
    cover = np.clip((radius - np.sqrt(x * x + y * y)) / cloth.px + 0.5, 0, 1)
    return _mix(dyes[0], dyes[1], cover)


def _gradient(cloth: Cloth, dyes: tuple[Rgb, Rgb, Rgb]) -> Float32:
    t = np.clip((cloth.height - 0.35) / 0.6, 0, 1)
    return _mix(dyes[0], dyes[1], t * t * (3 - 2 * t))


def _block(cloth: Cloth, dyes: tuple[Rgb, Rgb, Rgb]) -> Float32:
    """Two or three fields of colour, one above the other or meeting on a slant."""
    slant = (0.0, 0.0, 0.16)[cloth.seed % 3]
    place = cloth.height + slant * cloth.u
    soft = cloth.px * 0.4
    first: Float32 = np.clip((place - 0.5) / soft + 0.5, 0, 1)
    second: Float32 = np.clip((place - (0.74 if cloth.seed % 2 else 9)) / soft + 0.5, 0, 1)
    return _mix(_mix(dyes[0], dyes[1], first), dyes[2], second)


def _zigzag(cloth: Cloth, dyes: tuple[Rgb, Rgb, Rgb]) -> Float32:
    period = 0.36 * cloth.scale
    wave = np.abs((cloth.u / np.float32(period * 0.8)) % 1 - 0.5) * np.float32(period * 0.8)
    ground = _mix(dyes[0], dyes[1], _band(cloth.v + wave, period, 0.3, cloth.px))
    return _mix(ground, dyes[2], _band(cloth.v + wave, period, 0.12, cloth.px, 0.5))


def _tie_dye(cloth: Cloth, dyes: tuple[Rgb, Rgb, Rgb]) -> Float32:
    """Rings of dye that bleed from one tied point."""
    x, y = cloth.u - (cloth.seed % 5 - 2) * 0.15, cloth.v - 1.1
    radius = np.sqrt(x * x + y * y)
    angle = np.arctan2(y, x)
    wobble = 0.12 * np.sin(5 * angle + cloth.seed) + 0.06 * np.sin(13 * angle + 2 * cloth.seed)
    ring = 0.5 + 0.5 * np.sin((radius + wobble) * np.float32(7 / cloth.scale) + 0.7 * angle)
    ground = _mix(dyes[0], dyes[1], ring * ring * (3 - 2 * ring))
    third: Float32 = np.clip(np.sin(radius * 3.1 + wobble * 4), 0, 1) * np.float32(0.35)
    return _mix(ground, dyes[2], third)


def _tiled(make: motifs.Motif) -> Pattern:
    def pattern(cloth: Cloth, dyes: tuple[Rgb, Rgb, Rgb]) -> Float32:
        return motifs.lay(make, cloth.u, cloth.v, cloth.px, cloth.scale, cloth.seed, dyes)

    return pattern


PATTERNS: Mapping[str, Pattern] = {
    "plain": _plain,
    "striped": _striped,
    "vertical stripes": _vertical,
    "check": _check,
    "dotted": _dotted,
    "floral": _tiled(motifs.floral),
    "gradient": _gradient,
    "colour block": _block,
    "logo print": _plain,  # the print itself is laid on the whole garment, see `paint`
    "zigzag": _zigzag,
    "animal": _tiled(motifs.animal),
    "tie-dye": _tie_dye,
}
