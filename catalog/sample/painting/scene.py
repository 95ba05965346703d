"""Takes photos of garments: their position, the light, the background and the camera."""

from dataclasses import dataclass
from random import Random

import numpy as np
from PIL import Image, ImageFilter

from catalog.sample.painting import surfaces
from catalog.sample.painting.canvas import Layer, Look, View
from catalog.sample.painting.fabric import field
from catalog.sample.painting.hangers import hang
from catalog.sample.painting.paint import paint
from catalog.sample.shapes.arrays import Float32
from catalog.sample.shapes.parts import Garment

WIDTH, HEIGHT = 480, 600
_BILINEAR = Image.Resampling.BILINEAR
_SURFACES: dict[str, tuple[str, ...]] = {  # of the kinds of photo that are not in a studio
    "flat": surfaces.FLOORS,
    "hanger": surfaces.WALLS,
    "shelf": ("oak", "walnut", "whitewash", "marble", "concrete"),
    "close": ("studio", *surfaces.FLOORS),
}


@dataclass(frozen=True, slots=True)
class Scene:
    """The conditions of one photo.

    Attributes:
        kind: ``studio``, ``flat``, ``hanger``, ``shelf``, ``close`` or ``back``.
        surface: the background, of `catalog.sample.painting.surfaces`.
        turn: the rotation in the picture, in radians.
        squeeze: narrows the garment, as a turned body does.
        shear: slants the garment.
        fill: the share of the picture's width or height that the garment takes.
        light: the direction of shadows, in pixels for a lift of 1.
        shadow: the strength of the shadow on the background.
        gain: the camera's exposure.
        warmth: the camera's white balance; above 0 is reddish.
        slope: how much the light falls off across the picture.
        droop: see `catalog.sample.shapes.style.Pose`.
    """

    kind: str
    surface: str
    turn: float = 0.0
    squeeze: float = 1.0
    shear: float = 0.0
    fill: float = 0.84
    light: tuple[float, float] = (2.0, 3.0)
    shadow: float = 0.3
    gain: float = 1.0
    warmth: float = 0.0
    slope: float = 0.0
    droop: float = 0.3


def stage(kind: str, random: Random) -> Scene:
    """Random conditions of a photo of one kind."""
    tilt = {"flat": 0.09, "hanger": 0.025, "close": 0.12}.get(kind, 0.015)
    choices = _SURFACES.get(kind)
    surface = random.choice(choices) if choices else "studio"
    turned = kind in {"studio", "back", "hanger"} and random.random() < 0.45
    side = random.choice((-1, 1))
    return Scene(
        kind,
        surface,
        turn=random.gauss(0, tilt),
        squeeze=random.uniform(0.86, 0.95) if turned else 1.0,
        shear=side * random.uniform(0.01, 0.05) if turned else 0.0,
        fill=random.uniform(0.8, 0.92),
        light=(side * random.uniform(1.2, 2.6), random.uniform(1.8, 3.4)),
        shadow=random.uniform(0.22, 0.42),
        gain=random.uniform(0.95, 1.05),
        warmth=random.gauss(0, 0.018),
        slope=random.uniform(0.02, 0.12) * (0.3 if kind in {"studio", "back"} else 1.0),
        droop={"hanger": random.uniform(0.75, 1.0)}.get(kind, random.uniform(0.0, 0.6)),
    )


def photograph(garment: Garment, look: Look, scene: Scene, seed: list[int]) -> Image.Image:
    """Takes one photo of 480 x 600 pixels; the same arguments give the same pixels."""
    rng = np.random.default_rng(seed)
    view = _frame(garment, scene, rng)
    if scene.kind == "hanger":
        hang(garment)
    layer = paint(garment, look, view, rng)
    picture = _ground(scene, garment.stands, rng)
    _shadow(picture, layer, scene, garment.stands)
    picture *= (1 - layer.alpha)[..., None]
    picture += layer.rgb
    return _develop(picture, scene, rng)


def _frame(garment: Garment, scene: Scene, rng: np.random.Generator) -> View:
    """The view that fits the garment, or one detail of it, into the picture."""
    x0, y0, x1, y1 = garment.bounds()
    extent = (y0, y1)
    if scene.kind == "hanger":
        y0 = (
            y0 - 0.75
            if garment.hang == "shoulders"
            else y0 - 0.9
            if garment.hang == "waist"
            else y0
        )
    scale = min(WIDTH * scene.fill / (x1 - x0), HEIGHT * scene.fill / (y1 - y0))
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    if scene.kind == "close" and garment.details:
        cx, cy = garment.details[int(rng.integers(len(garment.details)))]
        cx, cy = cx + float(rng.normal(0, 0.06)), cy + float(rng.normal(0, 0.06))
        scale *= float(rng.uniform(1.7, 2.3))
    c, s = np.cos(scene.turn), np.sin(scene.turn)
    lens = np.array([[scene.squeeze, 0.0], [scene.shear, 1.0]])
    linear = np.array([[c, -s], [s, c]]) @ lens * scale
    centre = np.array([WIDTH / 2, HEIGHT / 2]) + rng.normal(0, 4, 2)
    if garment.stands and scene.kind == "shelf":
        tall = HEIGHT * 0.66 / (scale * (y1 - y0))
        if tall < 1:
            scale, linear = scale * tall, linear * tall
        centre[1] = HEIGHT * 0.8 - scale * (y1 - y0) / 2
    offset = centre - linear @ np.array([cx, cy])
    matrix = np.concatenate([linear, offset[:, None]], axis=1)
    return View(matrix, WIDTH, HEIGHT, scene.light, *extent)


def _ground(scene: Scene, stands: bool, rng: np.random.Generator) -> Float32:
    if scene.surface == "studio":
        return surfaces.studio(rng, HEIGHT, WIDTH, stands)
    if scene.kind != "shelf":
        return surfaces.spread(scene.surface, rng, HEIGHT, WIDTH)
    wall = surfaces.spread(
        surfaces.WALLS[int(rng.integers(len(surfaces.WALLS)))], rng, HEIGHT, WIDTH
    )
    edge = int(HEIGHT * rng.uniform(0.62, 0.7))
    board = surfaces.spread(scene.surface, rng, HEIGHT, WIDTH)[: HEIGHT - edge]
    near = np.linspace(0.82, 1.04, HEIGHT - edge, dtype=np.float32)[:, None, None]
    wall[edge:] = board * near
    wall[edge - 6 : edge] *= np.linspace(1, 0.86, 6, dtype=np.float32)[:, None, None]
    return wall


def _shadow(picture: Float32, layer: Layer, scene: Scene, stands: bool) -> None:
    """Darkens the background: close under the garment, and softly away from the light."""
    cover = Image.fromarray((layer.alpha * 255).astype(np.uint8)).reduce(4)
    lx, ly = scene.light
    if stands and scene.kind in {"studio", "shelf", "back"}:
        rows = np.flatnonzero(np.asarray(cover).max(axis=1) > 60)
        floor = float(rows[-1]) if len(rows) else cover.height
        squash, lean = 0.13, -lx * 0.35
        flat = (1, lean, -lean * floor, 0, 1 / squash, floor - floor / squash + 1.0 / squash)
        parts = [(flat, 1.2, 0.6), (flat, 5.0, 0.5)]
    else:
        away = 1.6 if scene.kind == "hanger" else 1.0
        parts = [
            ((1, 0, -lx * reach * 0.5, 0, 1, -ly * reach * 0.5), radius, weight)
            for radius, reach, weight in ((1.0, 0.9, 0.45), (4.5 * away, 3.2 * away, 0.65))
        ]
    strength = scene.shadow * (0.8 if scene.surface == "studio" else 1.25)
    dark = np.zeros((cover.height, cover.width), np.float32)
    for matrix, radius, weight in parts:
        dark += _soft(cover, matrix, radius) * np.float32(weight * strength / 255)
    large = Image.fromarray(1 - np.clip(dark, 0, 0.75)).resize((WIDTH, HEIGHT), _BILINEAR)
    picture *= np.asarray(large)[..., None]


def _soft(cover: Image.Image, matrix: tuple[float, ...], radius: float) -> Float32:
    """The cover moved by an inverse affine map and blurred, 0 to 255."""
    moved = cover.transform(cover.size, Image.Transform.AFFINE, matrix, _BILINEAR)
    return np.asarray(moved.filter(ImageFilter.GaussianBlur(radius)), dtype=np.float32)


def _develop(picture: Float32, scene: Scene, rng: np.random.Generator) -> Image.Image:
    """The finished photo: light fall-off, exposure, white balance and noise of the camera."""
    ys = np.linspace(-1, 1, HEIGHT, dtype=np.float32)[:, None]
    xs = np.linspace(-1, 1, WIDTH, dtype=np.float32)[None, :]
    side = -1.0 if scene.light[0] > 0 else 1.0
    fall = np.float32(scene.slope) * (xs * np.float32(side) * 0.6 - ys * 0.5)
    light = np.float32(scene.gain) * (1 + fall - np.float32(0.035) * (xs * xs + ys * ys) / 2)
    balance = np.array([1 + scene.warmth, 1.0, 1 - scene.warmth], np.float32)
    picture *= light[..., None] * (balance * np.float32(255))
    y, x = (int(v) for v in rng.integers(0, 420, 2))
    picture += (field("fibre")[y : y + HEIGHT, x : x + WIDTH] * np.float32(1.3))[..., None]
    np.clip(picture, 0, 255, out=picture)
    return Image.fromarray(picture.astype(np.uint8))
