"""Heels and loafers, drawn from the side like all shoes."""

import numpy as np

from catalog.sample.garments.shoes import narrowed, pair, sole
from catalog.sample.shapes.parts import Garment, Part, Stroke
from catalog.sample.shapes.plane import Node, box, disc, outline, ribbon, shifted
from catalog.sample.shapes.style import Pose, Style


def heel(style: Style, pose: Pose) -> Garment:
    """A pump on a heel, plain, with a bow or with a strap round the ankle."""
    g = Garment()
    high = {"kitten": 0.55, "block": 0.8, "stiletto": 1.05}[style.cut]
    back = -high - 0.5
    if style.neck == "ankle strap":
        _ankle_strap(g, back)
    inner = outline([
        (-1.05, back + 0.06), (-0.7, -high - 0.28, 1), (0.0, -high * 0.5 - 0.22, 1), (0.55, -0.44),
        (0.4, -0.2, 1), (-0.4, -high * 0.5, 1), (-1.05, -high),
    ])  # fmt: skip
    g.add(Part(inner, "lining", False, lift=0, tone=0.05))
    post = outline(_post(style.cut, high))
    g.add(Part(post, patterned=False, lift=0.2, volume=1.1, gloss=0.2, tone=-0.06))
    tread: list[Node] = [
        (-1.1, -high + 0.02), (-0.7, -high + 0.1, 1), (-0.2, -high * 0.5, 1), (0.3, -0.07, 1),
        (0.7, -0.02, 1), (1.42, -0.02),
    ]  # fmt: skip
    upper = outline([
        *tread, (1.44, -0.07), (1.22, -0.22, 1), (0.9, -0.37, 1), (0.6, -0.43), (0.42, -0.36, 1),
        (0.0, -high * 0.42 - 0.16, 1), (-0.55, -high * 0.86 - 0.12, 1), (-0.86, -high - 0.26, 1),
        (-1.06, back), (-1.14, back + 0.18, 1), (-1.17, -high - 0.12, 1),
    ])  # fmt: skip
    g.add(Part(upper, lift=0.3, volume=1.3, gloss=0.25))
    edge = ribbon(shifted(outline(tread, closed=False), 0, 0.02), 0.06)
    g.add(Part(edge, "dark", False, "rubber", lift=0.1, volume=0.4, fold=0))
    if style.neck == "bow":
        for s in (1, -1):
            loop = outline([
                (0.66, -0.44), (0.66 + s * 0.14, -0.62, 1), (0.66 + s * 0.3, -0.56, 1),
                (0.66 + s * 0.26, -0.38, 1),
            ])  # fmt: skip
            g.add(Part(loop, lift=0.5))
        g.add(Part(disc(0.66, -0.45, 0.07), lift=0.4, tone=-0.1))
    g.details = [(0.4, -0.3), (-0.75, -high)]
    return pair(narrowed(g, 0.84), pose)


def _post(cut: str, high: float) -> list[Node]:
    """The heel itself, from the shoe's seat to the floor."""
    if cut == "block":
        return [(-1.12, -high), (-0.62, -high + 0.2), (-0.68, 0.03), (-1.1, 0.03)]
    if cut == "kitten":
        return [
            (-1.13, -high), (-0.72, -high + 0.12), (-0.95, -high * 0.45, 1), (-0.96, 0.03),
            (-1.06, 0.03), (-1.1, -high * 0.5, 1),
        ]  # fmt: skip
    return [
        (-1.13, -high), (-0.68, -high + 0.16), (-0.92, -high * 0.58, 1), (-0.99, 0.03),
        (-1.06, 0.03), (-1.07, -high * 0.5, 1),
    ]  # fmt: skip


def _ankle_strap(g: Garment, back: float) -> None:
    riser = ribbon(np.array([[-1.12, back + 0.15], [-1.1, back - 0.36]]), 0.1)
    ring = disc(-0.76, back - 0.34, 0.38, 0.22, 32)
    g.add(Part(riser, lift=0.2, fold=0))
    g.add(Part(ribbon(ring[16:], 0.09), lift=0, fold=0, tone=-0.25))
    g.add(Part(ribbon(ring[:17], 0.1), lift=0.3, fold=0))
    g.metal(box(-0.6, back - 0.36, -0.48, back - 0.18, 0.03), lift=0.3)


def loafer(style: Style, pose: Pose) -> Garment:
    """A slip-on leather shoe with a strap across."""
    g = Garment()
    upper = outline([
        (-1.3, -0.14), (-1.36, -0.5, 1), (-1.28, -0.78), (-1.02, -0.72, 1), (-0.6, -0.56, 1),
        (-0.2, -0.56, 1), (0.02, -0.72), (0.5, -0.64, 1), (1.08, -0.46, 1), (1.36, -0.24, 1),
        (1.38, -0.1),
    ])  # fmt: skip
    inner = outline(
        [(-1.26, -0.74), (-0.8, -0.8, 1), (-0.1, -0.72, 1), (0, -0.7), (-0.3, -0.5), (-0.9, -0.6)]
    )
    g.add(Part(inner, "lining", False, tone=-0.15, lift=0))
    g.add(Part(upper, lift=0.3, volume=1.3, gloss=0.24))
    apron = outline([(-0.1, -0.62), (0.3, -0.46, 1), (0.9, -0.36, 1), (1.22, -0.38)], closed=False)
    g.add(Stroke(apron, 0.03, -0.3))
    strap = outline([(-0.14, -0.7), (0.3, -0.7), (0.34, -0.12), (-0.14, -0.12)])
    g.add(Part(strap, tone=-0.05, lift=0.5, volume=0.7))
    if style.cut == "horsebit":
        g.add(
            Part(
                ribbon(np.array([[-0.1, -0.62], [0.36, -0.6]]), 0.07),
                "metal",
                False,
                "metal",
                lift=0.4,
            )
        )
    elif style.cut == "tassel":
        for x in (0.02, 0.18):
            g.add(
                Part(
                    ribbon(np.array([[x, -0.62], [x + 0.06, -0.32]]), 0.06, 0.13),
                    tone=-0.1,
                    lift=0.5,
                )
            )
    else:
        g.add(Stroke(np.array([[0.02, -0.4], [0.18, -0.4]]), 0.06, -0.5))
    sole(
        g, [(-1.36, -0.15), (0, -0.12, 1), (1.44, -0.13)],
        [(1.42, -0.02), (-0.4, -0.01), (-0.46, 0.14), (-1.34, 0.14)], "dark",
    )  # fmt: skip
    g.details = [(0.1, -0.5)]
    return pair(g, pose)
