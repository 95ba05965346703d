"""The part of a photo to search by."""

import math
from dataclasses import dataclass
from typing import Self

from PIL import Image

from engine.labels.garment_box import photo_box
from web.app.errors import ParameterError
from web.app.params import Args, number, text_param

LEAST = 0.05  # of the photo's width and height
DECIMALS = 4
EXAMPLE = "0.1,0.2,0.5,0.6"
FIELDS = ("crop_left", "crop_top", "crop_width", "crop_height")  # of a form, in per cent


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of a photo in shares of its width and height, 0 to 1, from the upper left corner."""

    left: float = 0.0
    top: float = 0.0
    width: float = 1.0
    height: float = 1.0

    @classmethod
    def of_text(cls, text: str) -> Self | None:
        """The crop of ``left,top,width,height``; None, the whole photo, for an empty text.

        Raises:
            ParameterError: the text has another form, or is no part of a photo.
        """
        if not text.strip():
            return None
        shares = [number(part) for part in text.split(",")]
        left, top, width, height = shares if len(shares) == 4 else [math.nan] * 4
        if (
            not (
                0 <= left < 1 and 0 <= top < 1 and left + width <= 1.0001 and top + height <= 1.0001
            )
            or not min(width, height) >= LEAST
        ):
            raise ParameterError(
                f"crop must look like {EXAMPLE}: left, top, width and height of a part of the "
                f"photo, in shares of it, both edges {LEAST} or more; {text[:100]!r} does not."
            )
        return cls.within(left, top, width, height)

    @classmethod
    def of_form(cls, form: Args) -> Self:
        """The crop in a form's fields, moved and resized into the photo where it leaves it.

        Raises:
            ParameterError: a field is not a number.
        """
        return cls.within(*(_share(form, name, at // 2) for at, name in enumerate(FIELDS)))

    @classmethod
    def within(cls, left: float, top: float, width: float, height: float) -> Self:
        """The nearest crop that lies in a photo and is not too small."""
        sides = []
        for low, size in ((left, width), (top, height)):
            low = min(max(low, 0.0), 1 - LEAST)
            sides.append((round(low, DECIMALS), round(min(max(size, LEAST), 1 - low), DECIMALS)))
        (left, width), (top, height) = sides
        return cls(left, top, width, height)

    @property
    def whole(self) -> bool:
        """Whether nothing is cut off."""
        return self == Crop()

    def shares(self) -> tuple[float, float, float, float]:
        """Left, top, width and height."""
        return (self.left, self.top, self.width, self.height)

    def percents(self) -> dict[str, float]:
        """The form's fields."""
        values = (round(100 * share, 1) for share in self.shares())
        return dict(zip(FIELDS, values, strict=True))

    def of(self, image: Image.Image) -> Image.Image:
        """This part of an image, at least one pixel."""
        if self.whole:
            return image
        width, height = image.size
        left, top = int(self.left * width), int(self.top * height)
        right = max(left + 1, round((self.left + self.width) * width))
        bottom = max(top + 1, round((self.top + self.height) * height))
        return image.crop((left, top, min(right, width), min(bottom, height)))


def proposed_crop(image: Image.Image) -> Crop | None:
    """The part of a photo that shows the garment, by its background; None if that is not clear."""
    box = photo_box(image)
    if box is None:
        return None
    return Crop.within(box.left, box.top, box.right - box.left, box.bottom - box.top)


def _share(form: Args, name: str, axis: int) -> float:
    text = text_param(form, name)
    if text is None:
        return 0.0 if axis == 0 else 1.0
    value = number(text)
    if not math.isfinite(value):
        raise ParameterError(f"{name} must be a number of per cent, not {text!r}.")
    return value / 100
