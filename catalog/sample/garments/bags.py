"""Bags, standing or hung from their handles; y = 0 is the top edge of the body."""

import numpy as np

from catalog.sample.shapes.parts import Garment, Part, Print, Stroke
from catalog.sample.shapes.plane import Node, box, disc, mirrored, outline, ribbon, symmetric
from catalog.sample.shapes.style import Pose, Style


def _handle(half: float, top: float, y: float, width: float, behind: bool) -> Part:
    arch = outline([
        (-half, y + 0.2), (-half * 0.9, y - 0.2, 1), (-half * 0.45, top, 1), (half * 0.45, top, 1),
        (half * 0.9, y - 0.2, 1), (half, y + 0.2),
    ], closed=False)  # fmt: skip
    return Part(
        ribbon(arch, width), "strap", False, "leather" if width < 0.16 else None,
        tone=-0.14 if behind else 0.0, lift=0.5, fold=0.3,
    )  # fmt: skip


def tote(style: Style, pose: Pose) -> Garment:
    """A shopper: an open bag with two long handles."""
    random = style.random()
    wide, tall = random.uniform(1.0, 1.2), random.uniform(1.9, 2.3)
    if style.cut == "structured":
        wide, tall = wide * 1.1, tall * 0.86
    g = Garment(hang="hook", hang_at=(0, -1.15), stands=True)
    g.add(_handle(wide * 0.5, -1.1, 0.1, 0.13, True))
    inside = outline([(wide * 0.98, 0.02), (0, -0.08, 1), (-wide * 0.98, 0.02), (0, 0.12, 1)])
    g.add(Part(inside, patterned=False, tone=-0.42, lift=0))
    flare = 0.1 if style.cut == "structured" else -0.02
    shape = outline([
        (wide, 0), (wide - flare + 0.02, tall * 0.6, 1), (wide - flare * 1.5, tall - 0.08),
        (wide - 0.1 - flare, tall), (0, tall + 0.03, 1), (-wide + 0.1 + flare, tall),
        (-wide + flare * 1.5, tall - 0.08), (-wide + flare - 0.02, tall * 0.6, 1), (-wide, 0),
        (0, 0.07, 1),
    ])  # fmt: skip
    g.add(Part(shape, volume=1.2, lift=0.4))
    g.add(Print(0, tall * 0.52, wide * 0.55))
    hem = outline([(wide - 0.01, 0.15), (0, 0.22, 1), (0.01 - wide, 0.15)], closed=False)
    g.add(Stroke(hem, 0.014, -0.28))
    if style.cut == "structured":
        g.add(Stroke(np.array([[-wide, tall * 0.72], [wide, tall * 0.72]]), 0.016, -0.25))
    g.add(_handle(wide * 0.5, -1.0, 0.12, 0.13, False))
    for side in (1, -1):
        patch = box(side * wide * 0.5 - 0.09, 0.1, side * wide * 0.5 + 0.09, 0.4, 0.02)
        g.add(Part(patch, "strap", False, lift=0.3, fold=0.2), Stroke(patch, 0.01, -0.3))
    g.details = [(0.3, 0.4), (0, 1.2)]
    return g


def backpack(style: Style, pose: Pose) -> Garment:
    """A rucksack with a front pocket; ``roll-top`` or ``zipped``."""
    wide, tall = 0.92 + 0.08 * style.random().random(), 2.35
    g = Garment(hang="hook", hang_at=(0, -0.35), stands=True)
    strap = outline(
        [(0.4, 0.1), (wide + 0.12, 0.5, 1), (wide + 0.16, 1.3, 1), (wide - 0.1, 2.1)], closed=False
    )
    g.add_both(Part(ribbon(strap, 0.2), "strap", False, tone=-0.1, lift=0.2))
    g.add(_handle(0.2, -0.32, 0.06, 0.1, False))
    if style.cut == "roll-top":
        _roll_top(g, wide, tall)
    else:
        _zipped(g, wide, tall)
    top = 1.28
    pocket = symmetric(
        (0, top - 0.05, 1), (wide * 0.72, top), (wide * 0.76, tall - 0.3, 1),
        (wide * 0.6, tall - 0.14, 1), (0, tall - 0.12, 1),
    )  # fmt: skip
    dye = "second" if style.seed % 4 == 0 else "main"
    g.add(Part(pocket, dye, dye == "main", lift=0.9, volume=1.3))
    g.zip(np.array([[-wide * 0.62, top + 0.16], [wide * 0.62, top + 0.16]]))
    g.add(Part(box(0.28, top + 0.14, 0.34, top + 0.36, 0.02), "strap", False, lift=0.5))
    g.add(Part(box(-0.18, 0.78, 0.18, 0.92, 0.02), "label", False, "button", lift=0.3))
    g.add(Print(0, tall - 0.62, 0.3))
    g.details = [(0.2, 1.3), (0.4, 0.5)]
    return g


def _roll_top(g: Garment, wide: float, tall: float) -> None:
    shape = symmetric(
        (0, -0.02), (wide * 0.9, -0.02), (wide, 0.6, 1), (wide, tall - 0.2, 1), (wide - 0.16, tall),
        (0, tall + 0.04, 1),
    )  # fmt: skip
    g.add(Part(shape, volume=1.4))
    roll = box(-wide * 0.93, -0.05, wide * 0.93, 0.26, 0.1)
    g.add(Part(roll, tone=-0.05, lift=0.6, volume=1.4))
    g.add_both(Part(box(0.39, -0.05, 0.51, 0.75), "strap", False, lift=0.5))
    for x in (-0.45, 0.45):
        g.metal(box(x - 0.09, 0.5, x + 0.09, 0.68, 0.03))


def _zipped(g: Garment, wide: float, tall: float) -> None:
    shape = symmetric(
        (0, -0.02, 1), (wide * 0.7, 0.1, 1), (wide, 0.7, 1), (wide + 0.02, tall - 0.3, 1),
        (wide - 0.2, tall, 1), (0, tall + 0.03, 1),
    )  # fmt: skip
    g.add(Part(shape, volume=1.5))
    half: list[Node] = [
        (wide - 0.06, 1.15), (wide - 0.1, 0.7, 1), (wide * 0.62, 0.26, 1), (0, 0.14, 1),
    ]  # fmt: skip
    g.zip(outline([*half, *mirrored(half)[4:]], closed=False))


def handbag(style: Style, pose: Pose) -> Garment:
    """A leather bag with a short handle: a flap bag, a satchel or a bucket."""
    random = style.random()
    g = Garment(hang="hook", hang_at=(0, -0.95), stands=True)
    wide, tall = random.uniform(1.15, 1.35), random.uniform(1.25, 1.5)
    if style.cut == "bucket":
        wide, tall = 0.95, 1.65
    g.add(_handle(wide * 0.52, -0.92, 0.1, 0.12, True))
    mouth = wide - (0.14 if style.cut != "bucket" else -0.1)
    shape = symmetric(
        (0, -0.05, 1), (mouth, 0), (wide, tall * 0.7, 1), (wide + 0.02, tall - 0.16, 1),
        (wide - 0.12, tall), (0, tall + 0.03, 1),
    )  # fmt: skip
    g.add(Part(shape, volume=1.5))
    if style.cut == "flap":
        flap = symmetric(
            (0, -0.09, 1), (mouth + 0.02, -0.03), (wide - 0.02, 0.5, 1),
            (wide * 0.6, tall * 0.62, 1), (0, tall * 0.7, 1),
        )  # fmt: skip
        g.add(Part(flap, lift=1.2, volume=1.0, tone=0.02), Stroke(flap * 0.95, 0.012, -0.2))
        g.metal(box(-0.13, tall * 0.6, 0.13, tall * 0.76, 0.05), lift=0.7)
    elif style.cut == "bucket":
        g.add(Stroke(np.array([[-wide, 0.22], [wide, 0.22]]), 0.035, -0.4, dash=0.16))
        for x in np.linspace(-wide * 0.8, wide * 0.8, 7).tolist():
            g.metal(disc(x, 0.22, 0.04), lift=0.3)
    else:
        g.zip(np.array([[-wide + 0.1, 0.16], [wide - 0.1, 0.16]]))
        for x in (-0.55, 0.55):
            belt = box(x - 0.08, 0.0, x + 0.08, tall * 0.72, 0.05)
            g.add(Part(belt, "strap", False, lift=0.5, volume=0.8))
            g.metal(box(x - 0.1, tall * 0.42, x + 0.1, tall * 0.54, 0.03))
    g.add(_handle(wide * 0.52, -0.84, 0.1, 0.12, False))
    for side in (1, -1):
        g.metal(disc(side * wide * 0.52, 0.26, 0.055))
    g.add(Print(0, tall * 0.5, 0.4))
    g.details = [(0.1, 0.7), (0.5, 0.1)]
    return g


def crossbody(style: Style, pose: Pose) -> Garment:
    """A small bag on a long thin strap."""
    g = Garment(hang="hook", hang_at=(0, -1.85), stands=False)
    strap = outline(
        [
            (-0.9, 0.15),
            (-0.7, -0.8, 1),
            (-0.2, -1.75, 1),
            (0.2, -1.75, 1),
            (0.7, -0.8, 1),
            (0.9, 0.15),
        ],
        closed=False,
    )
    g.add(Part(ribbon(strap, 0.075), "strap", False, "leather", lift=0.4, fold=0.2))
    if style.cut == "round":
        g.add(Part(disc(0, 0.8, 1.0, 0.97, 48), volume=1.6))
        zip_line = disc(0, 0.8, 0.88, 0.97, 48)[24:]
        g.add(Stroke(zip_line, 0.05, -0.4), Stroke(zip_line, 0.02, dye="metal", dash=0.02))
        g.add(Part(box(-0.16, 1.15, 0.16, 1.27, 0.02), "label", False, "button", lift=0.2))
    else:
        g.add(Part(box(-1.0, 0, 1.0, 1.35, 0.22), volume=1.5))
        flap = outline([
            (0.98, 0.05), (1.0, 0.5, 1), (0.7, 0.82, 1), (0, 0.9, 1), (-0.7, 0.82, 1),
            (-1.0, 0.5, 1), (-0.98, 0.05), (0, -0.02, 1),
        ])  # fmt: skip
        if style.cut == "flap":
            g.add(Part(flap, lift=1.1))
            g.add(Part(disc(0, 0.8, 0.09), "metal", False, "metal", lift=0.6))
        else:
            g.add(Stroke(np.array([[-0.85, 0.2], [0.85, 0.2]]), 0.05, -0.4))
            g.add(Stroke(np.array([[-0.85, 0.2], [0.85, 0.2]]), 0.02, dye="metal", dash=0.02))
            tassel = np.array([[0.8, 0.22], [0.84, 0.62]])
            g.add(Part(ribbon(tassel, 0.05, 0.14), "strap", False, lift=0.6))
    g.add(Print(0, 0.75, 0.38))
    for side in (1, -1):
        g.add(Part(disc(side * 0.9, 0.14, 0.07), "metal", False, "metal", lift=0.4))
    g.details = [(0.1, 0.6)]
    return g
