"""An encoder whose versions give different neighbours, so that answers identify generations."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from catalog.photos.preprocess import to_square
from engine.encoders.facets import FacetLayout

LOOKS = 32
MATES = 4  # products per clump
SIDE = 16
STEP = 255 // LOOKS


def draw(path: Path, look: int) -> None:
    """Writes a photo whose only content is the number of its look."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (SIDE, SIDE), (look * STEP,) * 3).save(path)


def clumps(version: int) -> np.ndarray:
    """``(LOOKS,)``: the clump of each look."""
    order = np.random.default_rng(version).permutation(LOOKS)
    return np.argsort(order) // MATES


def neighbours(version: int, looks: Mapping[str, int]) -> dict[str, frozenset[str]]:
    """Product -> its neighbours, given the look of each product."""
    clump = clumps(version)
    return {
        product: frozenset(
            other
            for other, look in looks.items()
            if other != product and clump[look] == clump[looks[product]]
        )
        for product in looks
    }


class RotatingEncoder:
    """See the module's docstring."""

    def __init__(self, version: int) -> None:
        self.name = "fake"
        self.fingerprint = f"{version:064}"
        self.image_size = SIDE
        self.layout = FacetLayout.of({"look": LOOKS // MATES + LOOKS}, {"look": 1.0})
        self._clumps = clumps(version)

    def encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        looks = np.rint(pixels.mean(axis=(1, 2, 3)) / STEP).astype(int)
        rows = np.zeros((len(looks), self.layout.dim), dtype=np.float32)
        each = np.arange(len(looks))
        rows[each, self._clumps[looks]] = 0.95
        rows[each, LOOKS // MATES + looks] = 0.3
        return self.layout.compose({"look": rows})

    def encode(self, images: Sequence[Image.Image]) -> np.ndarray:
        return self.encode_pixels(np.stack([to_square(image, SIDE) for image in images]))
