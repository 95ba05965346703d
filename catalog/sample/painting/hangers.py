"""Hangers, clips and pegs that hold a garment in front of a wall."""

import numpy as np

from catalog.sample.shapes.parts import Garment, Item, Part
from catalog.sample.shapes.plane import box, disc, outline, ribbon, shifted

_HOOK = [
    (0.0, 0.06), (0.0, -0.2, 1), (0.02, -0.3, 1), (0.14, -0.38, 1), (0.1, -0.56, 1),
    (-0.06, -0.58, 1), (-0.13, -0.47),
]  # fmt: skip


def hang(garment: Garment) -> None:
    """Hangs the garment on a hanger, clips or a peg; hangers and clips hang from a rail."""
    x, y = garment.hang_at
    if garment.hang == "none":
        return
    if garment.hang == "hook":
        garment.items.insert(0, Part(disc(x, y + 0.1, 0.13), "wood", False, "wood", fold=0.2))
        garment.add(Part(disc(x, y + 0.06, 0.08), "wood", False, "wood", fold=0.2, lift=0.6))
        return
    top = y - (0.06 if garment.hang == "shoulders" else 0.34)
    hook = Part(
        ribbon(shifted(outline(_HOOK, closed=False), x, top), 0.055), "metal", False, "metal"
    )
    rail = Part(box(-6, top - 0.56, 6, top - 0.42), "rail", False, "wood", fold=0.1)
    if garment.hang == "shoulders":
        _wooden(garment, top, hook, rail)
    else:
        _clips(garment, top, hook, rail)


def _wooden(garment: Garment, top: float, hook: Part, rail: Part) -> None:
    half = garment.hang_width * 0.93
    bow = outline([
        (0, top + 0.02, 1), (half * 0.5, top + 0.11, 1), (half, top + 0.32),
        (half - 0.05, top + 0.42), (half * 0.45, top + 0.2, 1), (0, top + 0.17, 1),
        (-half * 0.45, top + 0.2, 1), (0.05 - half, top + 0.42), (-half, top + 0.32),
        (-half * 0.5, top + 0.11, 1),
    ])  # fmt: skip
    wood: list[Item] = [Part(bow, "wood", False, "wood", lift=0.6, fold=0.3)]
    at = garment.slot
    garment.items = [rail, hook, *garment.items[:at], *(wood if at else []), *garment.items[at:]]


def _clips(garment: Garment, top: float, hook: Part, rail: Part) -> None:
    half = garment.hang_width * 0.86
    bar = np.array([[-half, top + 0.04], [half, top + 0.04]])
    garment.items = [rail, hook, Part(ribbon(bar, 0.07), "metal", False, "metal"), *garment.items]
    for x in (-half * 0.8, half * 0.8):
        clip = box(x - 0.08, top - 0.02, x + 0.08, top + 0.46, 0.04)
        garment.add(Part(clip, "wood", False, "wood", lift=0.5))
