"""Backgrounds of photos: wood, linen, marble, concrete, plaster, coloured paper."""

from functools import cache

import numpy as np
from PIL import Image

from catalog.sample.painting.fabric import FIELD, field, value_noise
from catalog.sample.shapes.arrays import Float32, UInt8

HEIGHT, WIDTH = 900, 760

FLOORS = ("oak", "walnut", "whitewash", "linen", "marble", "concrete", "paper", "terrazzo")
WALLS = (
    "plaster white",
    "plaster sand",
    "plaster sage",
    "plaster rose",
    "plaster sky",
    "plaster grey",
)

_WOODS = {
    "oak": ((0.80, 0.66, 0.48), (0.68, 0.52, 0.35)),
    "walnut": ((0.46, 0.33, 0.24), (0.33, 0.22, 0.15)),
    "whitewash": ((0.90, 0.88, 0.84), (0.79, 0.76, 0.71)),
}
_PAINTS = {
    "plaster white": (0.93, 0.92, 0.90),
    "plaster sand": (0.88, 0.82, 0.74),
    "plaster sage": (0.79, 0.82, 0.77),
    "plaster rose": (0.89, 0.82, 0.80),
    "plaster sky": (0.81, 0.85, 0.88),
    "plaster grey": (0.80, 0.80, 0.81),
}
_PAPERS = (
    (0.96, 0.90, 0.82),
    (0.86, 0.91, 0.94),
    (0.95, 0.87, 0.87),
    (0.88, 0.92, 0.86),
    (0.91, 0.89, 0.95),
)


def _cut(name: str, dy: int = 0, dx: int = 0) -> Float32:
    """A noise field, shifted and cut to the size of a surface."""
    whole = np.roll(field(name), (dy, dx), (0, 1))
    return whole[:HEIGHT, :WIDTH]


def _wood(name: str) -> Float32:
    """Planks with grain that runs along them, a knot here and there, and dark joints."""
    rng = np.random.default_rng([11, *name.encode()])
    light, dark = (np.array(c, np.float32) for c in _WOODS[name])
    fine = rng.standard_normal((HEIGHT, WIDTH // 40 + 1)).astype(np.float32)
    streak = np.asarray(Image.fromarray(fine).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    warp = value_noise(rng, 5, 3, FIELD)[:HEIGHT, :WIDTH]
    ys = np.arange(HEIGHT, dtype=np.float32)[:, None]
    plank = 150
    rings = np.sin((ys + warp * 16 + np.floor(ys / plank) * 71) / 7.5)
    grain = 0.34 * rings + 0.3 * streak + 0.3 * _cut("cloud")
    tint = np.repeat(rng.normal(0, 0.5, HEIGHT // plank + 1).astype(np.float32), plank)[
        :HEIGHT, None
    ]
    t = np.clip(0.45 + 0.28 * grain + 0.22 * tint, 0, 1)
    rgb = light + (dark - light) * t[..., None]
    joint = np.minimum(ys % plank, plank - ys % plank)
    wood: Float32 = rgb * (1 - 0.5 * np.exp(-((joint / 1.6) ** 2)))[..., None]
    return wood


def _linen() -> Float32:
    rng = np.random.default_rng(12)
    across = np.repeat(rng.standard_normal((HEIGHT, WIDTH // 20)), 20, axis=1).astype(np.float32)
    down = np.repeat(rng.standard_normal((HEIGHT // 20, WIDTH)), 20, axis=0).astype(np.float32)
    weave = across[:HEIGHT, :WIDTH] + down[:HEIGHT, :WIDTH] + 0.6 * _cut("fibre")
    light = 1 + 0.018 * weave + 0.035 * _cut("wrinkle")
    return np.array([0.87, 0.83, 0.76], np.float32) * light[..., None]


def _marble() -> Float32:
    rng = np.random.default_rng(13)
    bent = value_noise(rng, 2, 2, FIELD) + 0.45 * value_noise(rng, 5, 5, FIELD)
    bent = bent + 0.25 * value_noise(rng, 14, 14, FIELD)
    ys = np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None]
    xs = np.linspace(0, 1, WIDTH, dtype=np.float32)[None, :]
    bent = 0.55 * bent[:HEIGHT, :WIDTH] + 5 * xs + 3 * ys - 4  # slanted, so that no vein closes
    tone = 0.93 + 0.018 * _cut("cloud", 200, 90)
    for level, width, depth in ((0, 16, 0.13), (1.3, 26, 0.1), (-1.6, 22, 0.12), (2.6, 40, 0.07)):
        vein = np.exp(-np.abs(bent - level) * width) + 0.35 * np.exp(-np.abs(bent - level) * 4)
        tone = tone - depth * vein * np.clip(0.45 + 0.5 * _cut("cloud", int(level * 500), 77), 0, 1)
    return np.stack([tone, tone * 0.995, tone * 0.985], axis=2)


def _concrete() -> Float32:
    tone = 0.70 + 0.03 * _cut("cloud") + 0.012 * _cut("fibre") + 0.012 * _cut("cloud", 300, 500)
    return np.stack([tone, tone, tone * 0.99], axis=2)


def _terrazzo() -> Float32:
    """Chips of stone in pale cement."""
    rng = np.random.default_rng(14)
    rgb = np.ones((HEIGHT, WIDTH, 3), np.float32) * np.array([0.92, 0.90, 0.87], np.float32)
    chips = ((0.80, 0.62, 0.52), (0.55, 0.58, 0.58), (0.72, 0.72, 0.66), (0.83, 0.75, 0.62))
    for i, chip in enumerate(chips):
        spots = value_noise(rng, 44 + 9 * i, 44 + 9 * i, FIELD)[:HEIGHT, :WIDTH]
        cover = np.clip((spots - 1.75) * 5, 0, 1)[..., None]
        rgb += (np.array(chip, np.float32) - rgb) * cover
    terrazzo: Float32 = rgb + 0.008 * _cut("fibre")[..., None]
    return terrazzo


def _plaster(name: str) -> Float32:
    tone = 1 + 0.012 * _cut("cloud") + 0.006 * _cut("fibre") + 0.008 * _cut("wrinkle", 100, 60)
    plaster: Float32 = np.array(_PAINTS[name], np.float32) * tone[..., None]
    return plaster


@cache
def surface(name: str) -> UInt8:
    """A whole surface, ``(900, 760, 3)`` uint8; computed once per process."""
    if name in _WOODS:
        rgb = _wood(name)
    elif name in _PAINTS:
        rgb = _plaster(name)
    else:
        rgb = {"linen": _linen, "marble": _marble, "concrete": _concrete, "terrazzo": _terrazzo}[
            name
        ]()
    return (np.clip(rgb, 0, 1) * 255 + 0.5).astype(np.uint8)


def spread(name: str, rng: np.random.Generator, height: int, width: int) -> Float32:
    """A random window of a surface, ``(height, width, 3)`` float32 in [0, 1], perhaps mirrored."""
    if name == "paper":
        colour = np.array(_PAPERS[int(rng.integers(len(_PAPERS)))], np.float32)
        y, x = (int(v) for v in rng.integers(0, 300, 2))
        grain = field("fibre")[y : y + height, x : x + width]
        return colour * (1 + 0.006 * grain)[..., None]
    whole = surface(name)
    y, x = int(rng.integers(HEIGHT - height + 1)), int(rng.integers(WIDTH - width + 1))
    part = whole[y : y + height, x : x + width]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    return part.astype(np.float32) * np.float32(1 / 255)


def studio(rng: np.random.Generator, height: int, width: int, floor: bool) -> Float32:
    """A seamless pale backdrop; with a floor, it darkens softly towards the bottom."""
    tone = np.float32(rng.uniform(0.95, 1.0))
    ys = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    xs = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    down = np.float32(0.02) * (2 * ys - 1) ** 2
    if floor:
        down = down + np.float32(0.05) / (1 + np.exp((np.float32(0.72) - ys) * 18))
    fall = np.float32(0.02) * xs * xs + down
    warm = np.array([1.0, 0.998, float(rng.uniform(0.985, 1.0))], np.float32)
    return (tone - fall)[..., None] * warm
