"""Paints a garment: cuts out each part, colours it, and adds folds and light."""

from functools import cache

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from catalog.sample.painting.canvas import Layer, Look, View, Window, window
from catalog.sample.painting.fabric import FABRICS, Fabric, crop
from catalog.sample.painting.patterns import PATTERNS, Cloth
from catalog.sample.painting.sewing import lay_print, sew
from catalog.sample.painting.textures import TEXTURES
from catalog.sample.shapes import plane
from catalog.sample.shapes.arrays import Float32
from catalog.sample.shapes.palette import luma, shade
from catalog.sample.shapes.parts import Garment, Part, Stroke

SMALL = 46  # pixels; a part with a smaller window gets no folds
PAD = 12  # pixels around a part, for its shadow and blur
_FIBRE = {"fuzz": 0.5, "slub": 0.5, "fleck": 0.6, "pebble": 0.5, "twill": 0.3, "quilt": 0.03}


def paint(garment: Garment, look: Look, view: View, rng: np.random.Generator) -> Layer:
    """Paints the garment without a background, on a layer of the view's size."""
    shape = (view.height, view.width)
    layer = Layer(
        np.zeros((*shape, 3), np.float32),
        np.zeros(shape, np.float32),
        np.ones(shape, np.float32),
        rng,
    )
    for item in garment.items:
        if isinstance(item, Part):
            _paint_part(layer, item, look, view)
        elif isinstance(item, Stroke):
            sew(layer, item, look, view)
        elif look.pattern == "logo print":
            lay_print(layer, item, look, view)
    return layer


def _paint_part(layer: Layer, part: Part, look: Look, view: View) -> None:
    cut = window(plane.apply(view.matrix, part.outline), view, PAD)
    if cut is None:
        return
    fabric = FABRICS[part.texture or look.fabric]
    if part.lift > 0:
        _cast(layer, cut, part.lift, view)
    if max(cut.mask.shape) < SMALL and not part.patterned:
        _paint_small(layer, cut, part, look)
        return
    light, gleam = _light(cut, part, fabric, view, layer.rng)
    cloth = _cloth(cut, part, look, view, layer.rng, fabric)
    base = shade(look.dye(part.dye), part.tone)
    if part.patterned and part.dye == "main" and look.pattern != "plain":
        dyes = (base, look.dye("second"), look.dye("third"))
        colour = PATTERNS[look.pattern](cloth, dyes)
        depth = luma(base) * 0.6 + luma(dyes[1]) * 0.4
    else:
        colour, depth = np.asarray(base), luma(base)
    light *= 1 + _relief(cloth, fabric, layer.rng, view)
    # Dark cloth shows its folds by sheen, since its colour can hardly get darker.
    sheen = np.float32(0.05 + 0.10 * (1 - depth)) * np.clip(light - np.float32(0.86), 0, 0.6)
    sheen += gleam
    lit = colour * light[..., None]
    lit += sheen[..., None]
    target = layer.rgb[cut.at]
    lit -= target
    lit *= cut.mask[..., None]
    target += lit
    alpha = layer.alpha[cut.at]
    alpha += (1 - alpha) * cut.mask
    below = layer.light[cut.at]
    below += (light - below) * cut.mask


def _paint_small(layer: Layer, cut: Window, part: Part, look: Look) -> None:
    """Paints a button or buckle, which is too small for folds: only lit from above."""
    base = shade(look.dye(part.dye), part.tone)
    h = cut.mask.shape[0]
    light = np.linspace(1.16, 0.86, h, dtype=np.float32)[:, None]
    target = layer.rgb[cut.at]
    target += (base * light[..., None] - target) * cut.mask[..., None]
    alpha = layer.alpha[cut.at]
    alpha += (1 - alpha) * cut.mask


def _cloth(
    cut: Window, part: Part, look: Look, view: View, rng: np.random.Generator, fabric: Fabric
) -> Cloth:
    """The position of each pixel on the cloth: along its grain, and shifted by its folds."""
    h, w = cut.mask.shape
    back = plane.inverse(view.matrix)
    ys = np.arange(cut.y, cut.y + h, dtype=np.float32)[:, None] + np.float32(0.5)
    xs = np.arange(cut.x, cut.x + w, dtype=np.float32)[None, :] + np.float32(0.5)
    x = np.float32(back[0, 0]) * xs + np.float32(back[0, 1]) * ys + np.float32(back[0, 2])
    y = np.float32(back[1, 0]) * xs + np.float32(back[1, 1]) * ys + np.float32(back[1, 2])
    height = (y - view.top) / (view.bottom - view.top)
    if part.turn:
        c, s = np.float32(np.cos(part.turn)), np.float32(np.sin(part.turn))
        x, y = x * c + y * s, y * c - x * s
    if look.pattern != "plain" or fabric.texture in {"cable", "rib", "cord", "quilt"}:
        zoom = 1.0 if view.unit < 160 else view.unit / 120
        push = crop("cloud", rng, h, w, zoom) * np.float32(0.014 * part.fold * fabric.fold)
        x, y = x + push, y + push
    return Cloth(x, y, height, 1 / view.unit, look.scale, look.seed)


def _light(
    cut: Window, part: Part, fabric: Fabric, view: View, rng: np.random.Generator
) -> tuple[Float32, Float32 | np.float32]:
    """Brightness (about 1) from the part's roundness, edge and folds; and its gloss."""
    h, w = cut.mask.shape
    zoom = view.unit / 110
    # Roundness and edge are smooth, so a third of the size is enough.
    small = cut.image.resize((max(3, w // 3), max(3, h // 3)), Image.Resampling.BOX)
    broad, narrow = _blurred(small, 5.5 * zoom), _blurred(small, 1.3 * zoom)
    lx, ly = np.array(view.light) / (np.hypot(*view.light) + 1e-6)
    tilt = np.zeros_like(broad)
    tilt[:, 1:-1] += (broad[:, 2:] - broad[:, :-2]) * np.float32(lx)
    tilt[1:-1] += (broad[2:] - broad[:-2]) * np.float32(ly)
    edge = np.clip((1 - narrow) * np.float32(1.7), 0, 1)
    depth = np.float32(part.volume * fabric.volume * 0.17 * 3 * zoom)
    shape = depth * tilt - np.float32(0.16 * part.volume) * edge * edge
    large = Image.fromarray(shape).resize((w, h), Image.Resampling.BILINEAR)
    folds = crop(fabric.folds, rng, h, w, 1.0 if zoom < 1.35 else zoom)
    light = folds * np.float32(0.085 * part.fold * fabric.fold)
    light += np.asarray(large)
    light += np.float32(1.01)
    gloss = fabric.gloss if part.gloss is None else part.gloss
    if gloss == 0:
        return light, np.float32(0)
    facing = np.clip(folds * np.float32(part.fold * 0.45) + np.asarray(large) * 6 - 0.25, 0, 2)
    return light, np.float32(gloss * 0.5) * facing * facing


def _blurred(small: Image.Image, radius: float) -> Float32:
    soft = small.filter(ImageFilter.GaussianBlur(max(0.4, radius)))
    return np.asarray(soft, dtype=np.float32) * np.float32(1 / 255)


def _relief(cloth: Cloth, fabric: Fabric, rng: np.random.Generator, view: View) -> Float32:
    """The weave and the fibres as a small change of brightness, ``(h, w)``."""
    relief = TEXTURES[fabric.texture](cloth.u, cloth.v, cloth.px) * np.float32(fabric.grain)
    h, w = cloth.u.shape
    strength = fabric.grain * _FIBRE.get(fabric.texture, 0.12)
    zoom = 1.0 if view.unit < 140 else view.unit / 110
    noise = crop("fibre", rng, h, w, zoom) * np.float32(strength)
    if fabric.texture == "slub":
        long = crop("fibre", rng, h, w // 10 + 2, 1.0)
        slubs = np.repeat(long, 10, axis=1)[:, :w] * np.float32(strength * 0.6)
        return np.asarray(relief + noise * np.float32(0.5) + slubs)
    return np.asarray(relief + noise)


@cache
def _remains(strength: float) -> Float32:
    """The remaining light under each of 256 grades of shadow."""
    return 1 - np.arange(256, dtype=np.float32) * np.float32(strength / 255)


def _cast(layer: Layer, cut: Window, lift: float, view: View) -> None:
    """Darkens what is already painted by the shadow of a part."""
    under = layer.alpha[cut.at]
    if not under.any():
        return
    dx, dy = (round(v * lift * max(1.0, view.unit / 120)) for v in view.light)
    soft = cut.image.filter(ImageFilter.GaussianBlur(2.2 * max(1.0, view.unit / 130)))
    soft = ImageChops.offset(soft, dx, dy)  # wraps nothing: the pad around the mask is empty
    strength = 0.30 * min(1.0, 0.4 + 0.6 * lift)
    layer.rgb[cut.at] *= _remains(strength)[np.asarray(soft)][..., None]
