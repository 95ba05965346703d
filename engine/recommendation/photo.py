"""A photo that products are searched by."""

from dataclasses import dataclass
from typing import TypeAlias

from PIL import Image

from engine.arrays import Float32
from engine.calibration.photo_test import REFERENCE, nearness, photo_features
from engine.index.stores.recall import sample_rows
from engine.search.live_index import LiveGeneration

SAMPLE_SEED = 21


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedPhoto:
    """A photo and its ``(1, D)`` float32 ``vectors`` by the encoder with this ``fingerprint``."""

    image: Image.Image
    vectors: Float32
    fingerprint: str


Photo: TypeAlias = Image.Image | EmbeddedPhoto


def looks_like_nothing(live: LiveGeneration, vectors: Float32) -> bool:
    """Whether a photo looks like no product of the shop; False where that was not learned.

    Args:
        live: the generation that answers.
        vectors: ``(1, D)`` the photo's embedding.
    """
    generation, calibration = live.generation, live.calibration
    test = None if calibration is None else calibration.photo_test
    if test is None or not test.fits(generation.layout) or not len(generation.ids):
        return False
    row, layout = vectors[0], generation.layout
    products = generation.vectors[sample_rows(len(generation.ids), SAMPLE_SEED, REFERENCE)]
    near = nearness([products @ row, products @ (row * layout.apart_from_colour())])
    return not test.passed(photo_features(row, layout, near))
