"""Names a colour by the palette, to compare a photo with what was to be drawn."""

import numpy as np
from numpy.typing import NDArray

from catalog.sample.shapes.palette import COLOURS


def nearest_name(colour: NDArray[np.float32]) -> str:
    """The palette's name for a colour: the closest by squared distance in sRGB."""
    names = list(COLOURS)
    table = np.stack([COLOURS[name] for name in names])
    return names[int(((table - colour) ** 2).sum(axis=1).argmin())]
