"""The upper body of tops, dresses and outerwear: shoulders, necklines, sleeves."""

import math
from dataclasses import dataclass

import numpy as np

from catalog.sample.shapes.parts import Garment, Part, Stroke
from catalog.sample.shapes.plane import Node, Points, box, flip, outline, ribbon, shifted
from catalog.sample.shapes.style import Pose


@dataclass(slots=True)
class Bodice:
    """The measures of an upper body, in garment units (half widths)."""

    neck_width: float = 0.36
    neck_depth: float = 0.36
    neck: str = "crew"
    shoulder: float = 0.88
    slope: float = 0.19
    underarm: float = 0.95
    chest: float = 1.0
    waist: float = 0.97
    waist_at: float = 1.75
    hem: float = 1.0
    length: float = 2.7
    hem_curve: float = 0.06
    hem_side: float = 0.0  # how much shorter the sides are than the middle
    body: list[Node] | None = None  # extra nodes between waist and hem, right side


SLEEVE_LENGTHS = {
    "sleeveless": 0.0, "cap": 0.34, "short": 0.82, "elbow": 1.2, "three-quarter": 1.6, "long": 2.12,
}  # fmt: skip

_NECKS: dict[str, tuple[float, float]] = {
    "crew": (0.37, 0.35), "v-neck": (0.36, 0.85), "scoop": (0.47, 0.66), "boat": (0.64, 0.17),
    "square": (0.5, 0.56), "turtleneck": (0.33, 0.16), "mock": (0.34, 0.2), "henley": (0.36, 0.34),
    "shirt collar": (0.36, 0.3), "polo": (0.36, 0.3), "deep v": (0.34, 1.35), "hood": (0.4, 0.42),
    "straps": (0.5, 0.5), "halter": (0.24, 0.3), "band collar": (0.34, 0.26), "bow": (0.34, 0.26),
    "off-shoulder": (0.95, 0.42), "sweetheart": (0.6, 0.7), "keyhole": (0.37, 0.3),
    "lapels": (0.34, 1.3), "zip": (0.35, 0.3), "ruffle": (0.36, 0.3), "peter pan": (0.36, 0.3),
}  # fmt: skip


def set_neck(bodice: Bodice, neck: str, back: bool) -> Bodice:
    """Sets the opening of a neckline; seen from behind, all are shallow."""
    bodice.neck = neck
    bodice.neck_width, bodice.neck_depth = _NECKS[neck]
    if back:
        bodice.neck_depth = min(0.13, bodice.neck_depth)
    return bodice


def neck_line(bodice: Bodice, back: bool = False) -> Points:
    """The edge of the opening, from the right neck point over the centre to the left one."""
    w, d = bodice.neck_width, bodice.neck_depth
    half: list[Node]
    if back or bodice.neck in {"turtleneck", "mock", "boat"}:
        half = [(w, 0), (w * 0.62, d * 0.82, 1), (0, d, 1)]
    elif bodice.neck in {"v-neck", "deep v", "lapels"}:
        half = [(w, 0), (w * 0.62, d * 0.46, 1), (0, d)]
    elif bodice.neck == "square":
        half = [(w, 0), (w * 0.9, d), (0, d)]
    elif bodice.neck == "sweetheart":
        half = [(w, 0), (w * 0.93, d * 0.6, 1), (w * 0.5, d * 0.84, 1), (0, d * 1.22)]
    else:
        half = [(w, 0), (w * 0.86, d * 0.56, 1), (w * 0.46, d * 0.93, 1), (0, d, 1)]
    nodes = [*half, *[(-n[0], *n[1:]) for n in reversed(half[:-1])]]
    return outline(nodes, closed=False)


def body_outline(bodice: Bodice, back: bool = False, open_front: float = 0.0) -> Points:
    """The outline of the body with its neckline; ``open_front`` above 0 keeps the right half."""
    b = bodice
    mid = (b.slope + b.underarm) / 2
    side: list[Node] = [
        (b.neck_width, 0),
        (b.shoulder, b.slope),
        (min(b.shoulder - 0.02, b.chest) - 0.06, mid + 0.12, 1),
        (b.chest, b.underarm),
        (b.waist, b.waist_at, 1),
        *(b.body or []),
        (b.hem, b.length - b.hem_side),
        (b.hem * 0.5, b.length + b.hem_curve * 0.75 - b.hem_side * 0.25, 1),
        (0, b.length + b.hem_curve, 1),
    ]
    right = outline(side, closed=False)
    neck = neck_line(b, back)
    if open_front:
        half = neck[: len(neck) // 2 + 1][::-1]
        inner = np.array([[open_front, b.length + b.hem_curve], [open_front, b.neck_depth]])
        return np.concatenate([right[:-1], inner, half[1:]])
    return np.concatenate([right, flip(right)[::-1][1:], neck[::-1]])


def add_inside(garment: Garment, bodice: Bodice, label: bool = True) -> None:
    """Adds the inside of the back, as seen through the opening, with a sewn label."""
    w, d = bodice.neck_width, bodice.neck_depth
    if d < 0.12:
        return
    dip = 0.1
    rim: list[Node] = [(w, -0.01), (w * 0.5, dip * 0.85, 1), (0, dip, 1), (-w * 0.5, dip * 0.85, 1)]
    edge = outline([*rim, (-w, -0.01)], closed=False)
    low = np.array([[-w - 0.05, d * 0.5], [-w * 0.6, d + 0.08], [w * 0.6, d + 0.08], [w, d * 0.5]])
    inside = np.concatenate([edge, low])
    garment.add(Part(inside, "main", patterned=False, tone=-0.3, lift=0, fold=0.5, volume=0.3))
    garment.add(
        Part(ribbon(shifted(edge, 0, 0.035), 0.07), tone=-0.12, patterned=False, lift=0.4, fold=0)
    )
    garment.slot = len(garment.items)
    if label and d > 0.25:
        garment.add(
            Part(box(-0.09, dip, 0.09, dip + 0.1, 0.01), "label", False, "button", lift=0.2)
        )


def add_body(garment: Garment, bodice: Bodice, pose: Pose, volume: float = 1.0) -> None:
    """Adds the inside and the front (or back) of the body."""
    if not pose.back:
        add_inside(garment, bodice)
    garment.add(Part(body_outline(bodice, pose.back), volume=volume, lift=0.5))


def sleeve_angle(length: float, droop: float) -> float:
    """The angle of a sleeve from the vertical, in radians; long ones hang closer to the body."""
    long = min(1.0, max(0.0, (length - 0.85) / 1.25))
    spread, hang = 52 - 26 * long, 34 - 19 * long
    return math.radians(spread + (hang - spread) * droop)


def add_sleeves(
    garment: Garment,
    bodice: Bodice,
    pose: Pose,
    length: float,
    opening: float,
    cuff: float = 0.0,
    shape: str = "straight",
    cuff_dye: str = "main",
    cuff_texture: str | None = "ribbed",
) -> None:
    """Adds both sleeves behind the body: ``opening`` wide at the end, with a cuff ``cuff`` long."""
    if length <= 0:
        return
    angle = sleeve_angle(length, pose.droop)
    d = np.array([math.sin(angle), math.cos(angle)])  # along the sleeve
    p = np.array([-d[1], d[0]])  # across it, towards the body
    garment.add_both(Part(_sleeve(bodice, length, opening, shape, d, p), turn=-angle, lift=0.6))
    end = np.array([bodice.shoulder - 0.05, bodice.slope - 0.02]) + d * length
    if not cuff:
        seam = np.array([end - d * 0.1 + p * 0.02, end - d * 0.1 + p * (opening - 0.02)])
        garment.line_both(Stroke(seam, 0.013, -0.25))
        return
    a, b = end - p * 0.01, end + p * (opening + 0.01)
    tight = p * opening * (0.1 if cuff_texture == "ribbed" else 0.0)
    band = np.array([a + tight * 0.4, a + d * cuff + tight, b + d * cuff - tight, b - tight * 0.4])
    woven = cuff_texture is None and cuff_dye == "main"
    garment.add_both(
        Part(band, cuff_dye, woven, cuff_texture, -angle, 0.4, volume=0.8, lift=0.3, tone=-0.03)
    )


def _sleeve(
    bodice: Bodice, length: float, opening: float, shape: str, d: Points, p: Points
) -> Points:
    """The outline of the right sleeve, along ``d`` and across ``p``."""
    swell = {"puff": 0.3, "bell": -0.02, "bishop": 0.16}.get(shape, 0.0)
    flare = {"bell": 0.5, "puff": 0.12}.get(shape, 0.0)
    start = np.array([bodice.shoulder - 0.05, bodice.slope - 0.02])
    under = np.array([bodice.chest - 0.02, bodice.underarm])
    width = float(np.dot(under - start, p))
    end = start + d * length
    outer, inner = end - p * flare * 0.4, end + p * (opening + flare * 0.6)
    low = start + d * length * 0.62 + p * (width * 0.42 + opening * 0.58 + swell * 0.6)
    return outline(
        [
            (bodice.shoulder - 0.14, bodice.slope - 0.01),
            (bodice.shoulder + 0.012, bodice.slope + 0.004 - swell * 0.4, 1),
            (*(start + d * length * 0.45 - p * (0.03 + swell * 0.7)), 1),
            (*outer,),
            (*((outer + inner) / 2 + d * 0.03), 1),
            (*inner,),
            (*low, 1),
            (under[0], under[1] + 0.04),
            (0.4, bodice.underarm),
        ]
    )


def add_armhole_seams(garment: Garment, bodice: Bodice) -> None:
    """Adds the seams between sleeves and body."""
    b = bodice
    mid = (b.slope + b.underarm) / 2
    line = outline([
        (b.shoulder, b.slope), (min(b.shoulder - 0.02, b.chest) - 0.06, mid + 0.12, 1),
        (b.chest, b.underarm),
    ], closed=False, )  # fmt: skip
    garment.line_both(Stroke(line, 0.016, -0.3))


def add_hem(garment: Garment, bodice: Bodice, rise: float = 0.1) -> None:
    """Adds a stitched hem line."""
    b = bodice
    y = b.length - rise
    nodes: list[Node] = [
        (b.hem - 0.01, y - b.hem_side),
        (b.hem * 0.5, y + b.hem_curve * 0.75 - b.hem_side * 0.25, 1),
        (0, y + b.hem_curve, 1),
    ]
    half = outline(nodes, closed=False)
    garment.add(Stroke(np.concatenate([half, flip(half)[::-1][1:]]), 0.013, -0.26))


def add_hem_band(garment: Garment, bodice: Bodice, depth: float, dye: str = "main") -> None:
    """Adds a knitted waistband below the hem."""
    band = _hem_band(bodice, depth, overlap=0.02, taper=0.07)
    garment.add(Part(band, dye, False, "ribbed", fold=0.3, volume=0.8, lift=0.3, tone=-0.03))


def add_hem_band_flat(garment: Garment, bodice: Bodice, depth: float) -> None:
    """Adds a woven waistband below the hem."""
    band = _hem_band(bodice, depth, overlap=0.03, taper=0.02)
    garment.add(Part(band, fold=0.4, volume=0.6, lift=0.3))


def _hem_band(bodice: Bodice, depth: float, overlap: float, taper: float) -> Points:
    """The outline of a waistband, from ``overlap`` above the hem, narrower by ``taper`` below."""
    b = bodice
    y0, y1 = b.length - overlap, b.length + depth
    return outline([
        (b.hem, y0), (b.hem - taper, y1), (0, y1 + b.hem_curve, 1), (-b.hem + taper, y1),
        (-b.hem, y0), (0, y0 + b.hem_curve, 1),
    ])  # fmt: skip
