"""Lines and prints on what is already painted: seams, stitches, creases, logos."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from catalog.sample.painting.canvas import SUPER, Layer, Look, View, window
from catalog.sample.painting.logos import logo
from catalog.sample.shapes import plane
from catalog.sample.shapes.parts import Print, Stroke


def sew(layer: Layer, stroke: Stroke, look: Look, view: View) -> None:
    """Draws a line where there is cloth: as a shade of it, or in a colour of its own."""
    line = plane.apply(view.matrix, stroke.line)
    width = stroke.width * view.unit
    blur = stroke.soft * view.unit
    pad = int(width + 2 * blur) + 3
    x0, y0 = (int(v) - pad for v in line.min(axis=0))
    x1, y1 = (int(v) + pad for v in line.max(axis=0))
    x0, y0, x1, y1 = max(0, x0), max(0, y0), min(view.width, x1), min(view.height, y1)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    large = Image.new("L", ((x1 - x0) * SUPER, (y1 - y0) * SUPER))
    draw = ImageDraw.Draw(large)
    thick = max(1, round(width * SUPER))
    faint = min(1.0, width * SUPER / thick)
    for piece in _stitches(line, stroke.dash * view.unit):
        shape = ((piece - (x0, y0)) * SUPER).ravel().tolist()
        draw.line(shape, fill=255, width=thick, joint="curve")
    at = slice(y0, y1), slice(x0, x1)
    small = large.reduce(SUPER)
    if blur > 0.5:
        small = small.filter(ImageFilter.GaussianBlur(blur))
    cover = np.asarray(small, dtype=np.float32) * np.float32(faint / 255)
    cover = cover * layer.alpha[at]
    rgb = layer.rgb[at]
    if stroke.dye:
        colour = look.dye(stroke.dye) * np.clip(layer.light[at], 0.5, 1.3)[..., None]
        rgb += (colour - rgb) * cover[..., None]
    elif stroke.tone < 0:
        rgb *= 1 + cover[..., None] * np.float32(stroke.tone)
        if not stroke.dash and not stroke.soft:  # a seam is a groove: its far side is lit
            rgb += np.roll(cover, (1, 1), (0, 1))[..., None] * np.float32(-0.12 * stroke.tone)
    else:
        rgb += (1 - rgb) * cover[..., None] * np.float32(stroke.tone)


def _stitches(line: plane.Points, dash: float) -> list[plane.Points]:
    """A polyline cut into stitches of length ``dash``, with gaps of 0.6 of it; uncut if it is 0."""
    if dash <= 0:
        return [line]
    steps = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0], np.cumsum(steps)])
    starts = np.arange(0, along[-1], dash * 1.6)
    ends = np.minimum(starts + dash, along[-1])
    xs = np.interp(np.stack([starts, ends], 1), along, line[:, 0])
    ys = np.interp(np.stack([starts, ends], 1), along, line[:, 1])
    return list(np.stack([xs, ys], axis=2))


def lay_print(layer: Layer, place: Print, look: Look, view: View) -> None:
    """Prints a logo on the cloth, with the light of the cloth."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * place.reach + (place.x, place.y)
    points = plane.apply(view.matrix, corners)
    place_window = window(points, view, 1)
    if place_window is None:
        return
    h, w = place_window.mask.shape
    to_logo = plane.inverse(view.matrix) * (256 / place.reach)
    to_logo[:, 2] += 256 - np.array([place.x, place.y]) * 256 / place.reach
    to_logo[:, 2] += to_logo[:, :2] @ (place_window.x, place_window.y)
    for dye, stencil in zip(("second", "third"), logo(look.seed), strict=True):
        flat = stencil.transform(
            (w, h), Image.Transform.AFFINE, to_logo.ravel().tolist(), Image.Resampling.BILINEAR
        )
        cover = np.asarray(flat, dtype=np.float32)[..., None] * np.float32(0.94 / 255)
        cover = cover * place_window.mask[..., None]
        rgb = layer.rgb[place_window.at]
        rgb += (look.dye(dye) * layer.light[place_window.at][..., None] - rgb) * cover
