"""Fabrics, and the cached noise fields that folds and fibres are made of."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from catalog.sample.shapes.arrays import Float32

FIELD = 1024  # side of a cached noise field, pixels


@dataclass(frozen=True, slots=True)
class Fabric:
    """How a fabric folds and shines.

    Attributes:
        word: its name in titles.
        folds: the noise field of its folds.
        fold: the strength of its folds.
        texture: its weave.
        grain: the strength of its weave.
        gloss: the strength of highlights on raised folds.
        volume: how round it lies.
    """

    word: str
    folds: str = "wrinkle"
    fold: float = 1.0
    texture: str = "weave"
    grain: float = 0.03
    gloss: float = 0.0
    volume: float = 1.0


FABRICS: dict[str, Fabric] = {
    "cotton": Fabric("Cotton", "wrinkle", 0.75, "weave", 0.025),
    "poplin": Fabric("Poplin", "wrinkle", 0.9, "weave", 0.015),
    "linen": Fabric("Linen", "wrinkle", 1.2, "slub", 0.05),
    "denim": Fabric("Denim", "wrinkle", 0.8, "twill", 0.06, volume=1.1),
    "wool": Fabric("Wool", "drape", 0.55, "fuzz", 0.045, volume=1.15),
    "tweed": Fabric("Tweed", "drape", 0.4, "fleck", 0.085),
    "knit": Fabric("Knit", "drape", 0.5, "knit", 0.1, volume=1.35),
    "cable": Fabric("Cable-Knit", "drape", 0.35, "cable", 0.16, volume=1.45),
    "ribbed": Fabric("Ribbed", "drape", 0.4, "rib", 0.12, volume=1.2),
    "jersey": Fabric("Jersey", "drape", 0.6, "weave", 0.02),
    "fleece": Fabric("Fleece", "drape", 0.7, "fuzz", 0.05, volume=1.4),
    "satin": Fabric("Satin", "drape", 1.3, "smooth", 0.0, gloss=0.3),
    "silk": Fabric("Silk", "drape", 1.1, "smooth", 0.0, gloss=0.2),
    "viscose": Fabric("Viscose", "drape", 1.0, "weave", 0.012, gloss=0.05),
    "chiffon": Fabric("Chiffon", "drape", 1.0, "weave", 0.012, gloss=0.04),
    "leather": Fabric("Leather", "wrinkle", 0.8, "pebble", 0.05, gloss=0.22, volume=1.3),
    "suede": Fabric("Suede", "wrinkle", 0.45, "fuzz", 0.05),
    "nylon": Fabric("Nylon", "wrinkle", 0.8, "smooth", 0.01, gloss=0.14),
    "canvas": Fabric("Canvas", "wrinkle", 0.5, "slub", 0.05),
    "corduroy": Fabric("Corduroy", "wrinkle", 0.5, "cord", 0.13),
    "gabardine": Fabric("Gabardine", "drape", 0.55, "twill", 0.03),
    "padded": Fabric("Quilted", "wrinkle", 0.6, "quilt", 0.5, gloss=0.1, volume=1.3),
    # Materials of trimmings.
    "button": Fabric("Horn", "wrinkle", 0.0, "smooth", 0.0, gloss=0.15),
    "metal": Fabric("Metal", "wrinkle", 0.3, "smooth", 0.0, gloss=0.6, volume=1.4),
    "rubber": Fabric("Rubber", "wrinkle", 0.1, "smooth", 0.01, gloss=0.08, volume=0.9),
    "wood": Fabric("Wood", "drape", 0.2, "smooth", 0.02, gloss=0.2, volume=1.2),
}


def value_noise(rng: np.random.Generator, cells_y: int, cells_x: int, size: int) -> Float32:
    """Smooth, tileable noise ``(size, size)`` float32 of zero mean and unit deviation."""
    grid = np.pad(rng.standard_normal((cells_y, cells_x)).astype(np.float32), 3, mode="wrap")
    region = (3, 3, 3 + cells_x, 3 + cells_y)
    image = Image.fromarray(grid).resize((size, size), Image.Resampling.BICUBIC, box=region)
    noise = np.asarray(image)
    scaled: Float32 = (noise - noise.mean()) / max(float(noise.std()), 1e-6)
    return scaled


def _unit(field: Float32) -> Float32:
    scaled: Float32 = (field - field.mean()) / field.std()
    return scaled.astype(np.float32)


def _slope(height: Float32) -> Float32:
    """How much a height field faces the light from the upper left, scaled to unit deviation."""
    across = np.roll(height, -2, 1) - np.roll(height, 2, 1)
    down = np.roll(height, -2, 0) - np.roll(height, 2, 0)
    return _unit(0.8 * across + down)


@cache
def field(name: str) -> Float32:
    """A tileable noise field ``(1024, 1024)`` of unit deviation, computed once per process."""
    rng = np.random.default_rng([7, *name.encode()])
    if name == "fibre":
        return _unit(rng.standard_normal((FIELD, FIELD)).astype(np.float32))
    if name == "cloud":
        return _unit(sum(value_noise(rng, 3 * 2**i, 3 * 2**i, FIELD) / 2**i for i in range(4)))
    if name == "drape":
        broad = value_noise(rng, 3, 17, FIELD) + 0.5 * value_noise(rng, 4, 31, FIELD)
        bent = _bend(broad, value_noise(rng, 4, 5, FIELD), 22)
        return _unit(_slope(bent) + 0.25 * value_noise(rng, 9, 12, FIELD))
    if name == "wrinkle":
        soft = value_noise(rng, 10, 14, FIELD) + 0.5 * value_noise(rng, 19, 23, FIELD)
        lines = value_noise(rng, 11, 14, FIELD) + 0.35 * value_noise(rng, 23, 27, FIELD)
        crease = -np.sqrt(_bend(lines, value_noise(rng, 8, 8, FIELD), 30) ** 2 + 0.03)
        strength = np.clip(value_noise(rng, 6, 6, FIELD) * 0.6 + 0.6, 0, 2)
        return _unit(
            0.8 * _unit(_slope(soft)) + _unit(_slope(crease)) * strength + 0.4 * field("drape")
        )
    raise KeyError(name)


def _bend(height: Float32, shift: Float32, reach: float) -> Float32:
    """A field shifted sideways by another field, so that folds are not straight."""
    place = np.arange(FIELD, dtype=np.float32)[None, :] + shift * np.float32(reach)
    left = np.floor(place).astype(np.int32)
    share = place - left
    near = np.take_along_axis(height, left % FIELD, axis=1)
    return near + (np.take_along_axis(height, (left + 1) % FIELD, axis=1) - near) * share


def crop(name: str, rng: np.random.Generator, height: int, width: int, zoom: float) -> Float32:
    """A random window ``(height, width)`` of a field, magnified ``zoom`` times."""
    whole = field(name)
    h, w = max(2, int(height / zoom)), max(2, int(width / zoom))
    y, x = (int(v) for v in rng.integers(0, FIELD - 1, 2))
    y, x = min(y, FIELD - h), min(x, FIELD - w)
    window = whole[y : y + h, x : x + w]
    if (h, w) == (height, width):
        return window
    image = Image.fromarray(np.ascontiguousarray(window))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
