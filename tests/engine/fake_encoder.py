"""An encoder without weights: what a photo's quadrants show, deterministic and fast.

colour: mean colour of each quadrant. shape: which parts of a grid differ from the background.
pattern: how much neighbouring pixels differ, across and down, in each quadrant.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from catalog.photos.preprocess import to_square
from engine.encoders.facets import FacetLayout

SIDE = 32
GRID = 4
WEIGHTS = {"shape": 0.5, "colour": 0.3, "pattern": 0.2}


class FakeEncoder:
    """See the module. Encoders of another ``version`` have another fingerprint."""

    def __init__(
        self,
        version: int = 1,
        weights: dict[str, float] | None = None,
        photo_weights: dict[str, float] | None = None,
    ) -> None:
        self.name = "fake"
        self.version = version
        self.image_size = SIDE
        dims = {"shape": GRID * GRID + 1, "colour": 13, "pattern": 9}
        self.layout = FacetLayout.of(dims, weights or WEIGHTS, photo_weights or {})
        self.photos_encoded = 0

    @property
    def fingerprint(self) -> str:
        facts = f"{self.version} {sorted(self.layout.weights.items())}"
        return hashlib.sha256(facts.encode()).hexdigest()

    def encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        assert pixels.dtype == np.uint8 and pixels.shape[1:] == (SIDE, SIDE, 3)
        self.photos_encoded += len(pixels)
        photos = pixels.astype(np.float32) / 255
        corner = photos[:, :1, :1]
        apart = np.abs(photos - corner).mean(axis=3)
        across = np.abs(np.diff(photos, axis=2, append=photos[:, :, -1:])).mean(axis=3)
        down = np.abs(np.diff(photos, axis=1, append=photos[:, -1:])).mean(axis=3)
        blocks = {
            "shape": cells(apart, GRID) - 0.2,
            "colour": np.concatenate([cells(photos[..., c], 2) for c in range(3)], axis=1) - 0.5,
            "pattern": np.concatenate([cells(across, 2), cells(down, 2)], axis=1) * 4 - 0.1,
        }
        one = np.full((len(photos), 1), 0.05, np.float32)  # no block is ever all zero
        return self.layout.compose(
            {name: np.concatenate([block, one], axis=1) for name, block in blocks.items()}
        )

    def encode(self, images: Sequence[Image.Image]) -> np.ndarray:
        return self.encode_pixels(np.stack([to_square(image, SIDE) for image in images]))


def cells(values: np.ndarray, grid: int) -> np.ndarray:
    """Means of the cells of a grid: ``(N, S, S)`` -> ``(N, grid * grid)``."""
    count, side, _ = values.shape
    parts = values.reshape(count, grid, side // grid, grid, side // grid)
    return parts.mean(axis=(2, 4)).reshape(count, grid * grid)
