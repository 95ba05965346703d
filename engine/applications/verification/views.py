"""Views of a photo as another seller would list it: the same photo, changed in one way.

They stand in for second photos of a product where a catalogue has none, and are planted in
catalogues to measure how many duplicates are found. The same pixels always give the same view.
"""

import io
import zlib
from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image, ImageOps

from catalog.frozen_dict import FrozenDict
from catalog.photos.preprocess import flatten
from engine.evaluation.looks.recolour import Draw, garment_cover

LARGEST = 512  # pixels of the longer side of a view
QUALITY = (25, 60)  # of the JPEG that a recompressed view went through
SCALE = (0.6, 0.9)  # of its size before that
CUT = 0.15  # largest share cut off at each edge
BACKGROUNDS = ((236, 228, 214), (205, 214, 222), (222, 205, 198), (176, 186, 170), (90, 92, 98))

View = Callable[[Image.Image, Draw], Image.Image]


def recompressed(image: Image.Image, draw: Draw) -> Image.Image:
    """Reduced and saved as a JPEG of low quality."""
    scale = draw.uniform(*SCALE)
    size = [max(8, round(side * scale)) for side in image.size]
    buffer = io.BytesIO()
    image.resize((size[0], size[1])).save(buffer, "JPEG", quality=int(draw.integers(*QUALITY)))
    return Image.open(buffer).convert("RGB")


def cropped(image: Image.Image, draw: Draw) -> Image.Image:
    """Up to `CUT` cut off at each edge, and at least a third of that."""
    width, height = image.size
    left, top, right, bottom = (
        draw.uniform(CUT / 3, CUT, 4) * [width, height, width, height]
    ).tolist()
    return image.crop((round(left), round(top), width - round(right), height - round(bottom)))


def mirrored(image: Image.Image, draw: Draw) -> Image.Image:
    """Left and right exchanged."""
    return ImageOps.mirror(image)


def other_background(image: Image.Image, draw: Draw) -> Image.Image:
    """The garment before another colour, darker towards one edge; all of a photo where no garment
    can be told from its background stays, a little darker.
    """
    colour = np.array(BACKGROUNDS[int(draw.integers(len(BACKGROUNDS)))], dtype=np.float32)
    shade = np.linspace(1.0, draw.uniform(0.75, 0.95), image.height, dtype=np.float32)
    behind = np.broadcast_to(colour * shade[:, None, None], (image.height, image.width, 3))
    cover = garment_cover(image)[..., None]
    if cover.min() == 1:
        behind, cover = np.zeros_like(behind), np.full_like(cover, 0.9)
    mixed = np.asarray(image) * cover + behind * (1 - cover)
    return Image.fromarray(mixed.round().astype(np.uint8))


VIEWS: Mapping[str, View] = FrozenDict(
    {
        "recompressed": recompressed,
        "cropped": cropped,
        "mirrored": mirrored,
        "other background": other_background,
    }
)


def view(image: Image.Image, name: str) -> Image.Image:
    """One view of a photo, at most `LARGEST` pixels wide and high.

    Args:
        image: of any mode.
        name: a key of `VIEWS`.
    """
    rgb = flatten(image)
    rgb.thumbnail((LARGEST, LARGEST))
    seed = zlib.crc32(np.asarray(rgb.resize((16, 16))).tobytes() + name.encode())
    return VIEWS[name](rgb, np.random.default_rng(seed))
