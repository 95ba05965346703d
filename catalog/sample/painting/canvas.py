"""The look of a garment, the view of the camera, and layers of pixels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from PIL import Image, ImageDraw

from catalog.sample.shapes.arrays import Float32, Float64
from catalog.sample.shapes.palette import Rgb
from catalog.sample.shapes.plane import Points

SUPER = 3  # masks are drawn this many times larger, then averaged


@dataclass(frozen=True, slots=True)
class Look:
    """The material of a garment. ``dyes`` maps the parts' dye names to colours."""

    fabric: str
    pattern: str
    scale: float
    seed: int
    dyes: Mapping[str, Rgb]

    def dye(self, name: str) -> Rgb:
        """The colour of a dye name; an unknown one is the main colour."""
        return self.dyes.get(name, self.dyes["main"])


@dataclass(frozen=True)
class View:
    """The mapping from garment units to pixels.

    Attributes:
        matrix: the affine map, ``(2, 3)``.
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        light: from the light to the cloth, in pixels of shadow for a lift of 1.
        top: the garment's upper end, in garment units.
        bottom: the garment's lower end, in garment units.
    """

    matrix: Float64
    width: int
    height: int
    light: tuple[float, float] = (2.0, 3.0)
    top: float = 0.0
    bottom: float = 1.0

    @cached_property
    def unit(self) -> float:
        """Pixels per garment unit."""
        return float(abs(np.linalg.det(self.matrix[:, :2])) ** 0.5)


@dataclass(slots=True)
class Layer:
    """A painted garment: colours ``(h, w, 3)``, cover ``(h, w)`` and light ``(h, w)``, float32."""

    rgb: Float32
    alpha: Float32
    light: Float32
    rng: np.random.Generator = field(repr=False)


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of the picture and the cover of one shape in it, ``(h, w)`` in [0, 1]."""

    x: int
    y: int
    mask: Float32
    image: Image.Image

    @property
    def at(self) -> tuple[slice, slice]:
        """The rectangle as an index of a picture."""
        return slice(self.y, self.y + self.mask.shape[0]), slice(
            self.x, self.x + self.mask.shape[1]
        )


def window(points: Points, view: View, pad: int) -> Window | None:
    """The cover of a polygon given in pixels, in its own rectangle; None outside of the picture."""
    x0 = max(0, int(points[:, 0].min()) - pad)
    y0 = max(0, int(points[:, 1].min()) - pad)
    x1 = min(view.width, int(points[:, 0].max()) + pad + 2)
    y1 = min(view.height, int(points[:, 1].max()) + pad + 2)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return None
    large = Image.new("L", ((x1 - x0) * SUPER, (y1 - y0) * SUPER))
    shape = ((points - (x0, y0)) * SUPER - 0.5).ravel().tolist()
    ImageDraw.Draw(large).polygon(shape, fill=255)
    image = large.reduce(SUPER)
    return Window(x0, y0, np.asarray(image, dtype=np.float32) / np.float32(255), image)
