"""Skirts, and the lower half of dresses."""

import numpy as np

from catalog.sample.garments.bottoms import waistband
from catalog.sample.garments.closings import buttons
from catalog.sample.shapes.parts import Garment, Part, Stroke
from catalog.sample.shapes.plane import Node, box, outline, ribbon, shifted
from catalog.sample.shapes.style import Pose, Style

SKIRT_LENGTHS = {"mini": 1.65, "knee": 2.3, "midi": 3.0, "maxi": 3.75}

_SKIRT_HEMS = {
    "a-line": 0.2, "pencil": -0.14, "pleated": 0.32, "flared": 0.42, "straight": 0.02, "wrap": 0.1,
    "tiered": 0.3, "button-front": 0.16,
}  # fmt: skip


def skirt_panel(
    g: Garment, style: Style, waist: float, top: float, length: float, pose: Pose
) -> tuple[float, float]:
    """A skirt from ``top`` down, with its cut's folds. Returns the hem's half-width and y."""
    flare = _SKIRT_HEMS.get(style.cut, 0.2)
    bottom = top + length
    hip = 0.98 if flare >= 0 else 0.96
    hem = hip + flare * (0.35 + 0.45 * length) * (0.92 + 0.16 * style.random().random())
    if flare < 0:
        hem = hip + flare * length / 2.3
    hip_at = top + 0.85
    hip_here = max(waist + 0.05, min(hip, waist + (hem - waist) * 0.62)) if flare > 0.25 else hip
    if flare < 0:
        hip_here = hip - 0.03
    waves: list[Node] = [(hem, bottom)]
    count = 8 if flare > 0.25 else 4
    for i in range(1, count * 2):
        x = hem - i * hem / count
        ripple = 0.03 * min(1, flare * 4) * (1 if i % 2 else -1) if flare > 0 else 0
        waves.append((x, bottom + 0.11 * (1 - (x / hem) ** 2) * (1 + flare) + ripple, 1))
    nodes: list[Node] = [
        (waist, top), (hip_here, hip_at, 1), *waves, (-hem, bottom), (-hip_here, hip_at, 1),
        (-waist, top), (0, top + 0.04, 1),
    ]  # fmt: skip
    g.add(Part(outline(nodes), lift=0.5, fold=1.5 if flare > 0.15 else 0.9))
    _skirt_folds(g, style, waist, hem, top, bottom, pose)
    return hem, bottom


def _skirt_folds(
    g: Garment, style: Style, waist: float, hem: float, top: float, bottom: float, pose: Pose
) -> None:
    if style.cut == "pleated":
        for t in np.linspace(-0.92, 0.92, 15):
            line = np.array([[t * waist, top + 0.1], [t * hem, bottom + 0.1 * (1 - t * t)]])
            g.add(
                Stroke(line, 0.03, -0.3, soft=0.012),
                Stroke(shifted(line, -0.045, 0), 0.04, 0.1, soft=0.02),
            )
    elif style.cut in {"flared", "tiered", "a-line"}:
        random = pose.random()
        for t in np.linspace(-0.75, 0.75, 6):
            t += random.uniform(-0.06, 0.06)
            start = top + (bottom - top) * random.uniform(0.1, 0.4)
            line = outline([
                (t * (waist + (hem - waist) * 0.3), start),
                (t * hem * 0.9, (start + bottom) / 2, 1),
                (t * hem * 0.98, bottom + 0.08 * (1 - t * t)),
            ], closed=False)  # fmt: skip
            g.add(
                Stroke(line, 0.07, -0.2, soft=0.05),
                Stroke(shifted(line, -0.1, 0), 0.06, 0.1, soft=0.05),
            )
    if style.cut == "tiered":
        for share in (0.34, 0.67):
            y, half = top + (bottom - top) * share, waist + (hem - waist) * (share * 0.9 + 0.1)
            seam = outline([(half, y), (0, y + 0.08, 1), (-half, y)], closed=False)
            g.add(Stroke(seam, 0.035, -0.28))
    if style.cut == "wrap":
        edge = outline([
            (-waist * 0.5, top + 0.1), (hem * 0.1, (top + bottom) / 2, 1),
            (hem * 0.38, bottom + 0.1),
        ], closed=False)  # fmt: skip
        g.add(Stroke(edge, 0.05, -0.25), Stroke(shifted(edge, 0.04, 0), 0.02, 0.07))
    if style.cut == "button-front":
        g.add(Part(box(-0.11, top + 0.1, 0.11, bottom + 0.1), lift=0.3, volume=0.3, fold=0.5))
        buttons(g, 0, top + 0.3, bottom - 0.2, 6, 0.05)
    if style.cut == "pencil":
        g.line_both(
            Stroke(np.array([[waist * 0.5, top + 0.1], [waist * 0.52, top + 0.6]]), 0.016, -0.25)
        )


def skirt(style: Style, pose: Pose) -> Garment:
    """A skirt with a waistband."""
    waist = 0.72 + style.random().uniform(-0.03, 0.03)
    g = Garment(hang="waist", hang_at=(0, 0.05), hang_width=waist)
    length = SKIRT_LENGTHS[style.length] * (0.8 if style.childish else 1.0)
    back = outline([(waist - 0.02, 0), (0, -0.03, 1), (0.02 - waist, 0), (0, 0.14, 1)])
    g.add(Part(back, patterned=False, tone=-0.35, lift=0, fold=0.3))
    hem, bottom = skirt_panel(g, style, waist, 0.02, length, pose)
    line = outline(
        [(hem - 0.02, bottom - 0.09), (0, bottom + 0.02, 1), (0.02 - hem, bottom - 0.09)],
        closed=False,
    )
    if style.cut in {"pencil", "straight", "a-line", "button-front"}:
        g.add(Stroke(line, 0.013, -0.25))
    waistband(g, waist, 0.17)
    if style.cut == "wrap":
        tail = outline([(-0.42, 0.1), (-0.5, 0.5, 1), (-0.42, 0.95)], closed=False)
        g.add(Part(ribbon(tail, 0.1, 0.14), lift=0.8, tone=-0.04))
        g.add(Part(box(-0.5, 0.03, -0.32, 0.22, 0.06), lift=0.7))
    g.details = [(0.1, 0.4), (0.3, bottom - 0.5)]
    return g
