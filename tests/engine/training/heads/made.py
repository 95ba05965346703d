"""Features as a tower might give them: a direction for each type, design and colour, and noise."""

import numpy as np
import torch

from engine.labels.colour_definition import BINS
from engine.training.heads.config import HeadsConfig
from engine.training.heads.data import HeadsData

TYPES, DESIGNS, COLOURS, WIDTH = 3, 10, 3, 40
SMALL = HeadsConfig(
    shape_dim=12,
    colour_dim=8,
    part_dim=8,
    identity_steps=60,
    design_steps=60,
    words_steps=120,
    colour_steps=40,
    batch_types=3,
    type_photos=16,
)


def made_data(seed: int = 0, street: int = 0) -> HeadsData:
    """Every design of every type in every colour; the last ``street`` photos are people's."""
    rng = np.random.default_rng(seed)
    grid = [(t, d, c) for t in range(TYPES) for d in range(DESIGNS) for c in range(COLOURS)]
    types, designs, colours = (np.array(column) for column in zip(*grid, strict=True))
    identity = types * DESIGNS + designs
    of_type = rng.normal(size=(TYPES, WIDTH))
    of_design = rng.normal(size=(TYPES * DESIGNS, WIDTH))
    noise = rng.normal(size=(len(grid), WIDTH))
    features = 2 * of_type[types] + 0.7 * of_design[identity] + 1.0 * noise
    histograms = np.full((len(grid), 3, BINS), 1e-3)
    histograms[np.arange(len(grid)), :, colours] = 1.0
    people = np.arange(len(grid)) >= len(grid) - street
    unknown = np.full(len(grid), -1)
    labels = {"type": types, "colour": colours, "type_gender": unknown, "type_sleeve": unknown}
    labels |= {"type_neck": unknown, "type_length": unknown}
    return HeadsData(
        torch.from_numpy(features).half(),
        30,
        torch.from_numpy(histograms).half(),
        identity,
        {name: codes.astype(np.int64) for name, codes in labels.items()},
        {"type": ("boot", "dress", "shirt"), "colour": ("red", "blue", "green")},
        people,
        np.zeros(len(grid), dtype=bool),
    )
