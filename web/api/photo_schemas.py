"""The response to a photo search; see `web.api.schemas`."""

from collections.abc import Mapping

from pydantic import Field

from catalog import records
from web.api.schemas import Answer, Panel
from web.photo_search import kinds
from web.photo_search.crop import Crop
from web.photo_search.search import PhotoAnswer


class Kind(Answer):
    """A type or a gender that a photo may show: a value to filter by."""

    value: str = Field(description="a category path, `Tops > T-shirts`, or a gender")
    share: float = Field(description="its share of the photo's nearest products, 0 to 1")

    @classmethod
    def of(cls, kind: kinds.Kind) -> "Kind":
        """From a kind of a photo search."""
        return cls(value=kind.value, share=round(kind.share, 4))


Shares = tuple[float, float, float, float]


class PhotoPanel(Panel):
    """Products similar to a photo, and what may be offered to change the search."""

    crop: Shares = Field(description="the part searched by: left, top, width, height in shares")
    proposed_crop: Shares | None = Field(
        description="the part that seems to show the garment; null if its background is not plain"
    )
    types: tuple[Kind, ...] = Field(description="category paths, the likeliest first")
    genders: tuple[Kind, ...] = Field(description="female and male, the likeliest first")
    narrowed_category: str | None = Field(description="what `narrow` added; null: nothing")
    narrowed_gender: str | None = Field(
        description="the same; unisex products are shown with either gender"
    )

    @classmethod
    def of_photo(
        cls,
        found: PhotoAnswer,
        products: Mapping[str, records.Product],
        default_facets: Mapping[str, float],
        crop: Crop,
        proposed: Crop | None,
    ) -> "PhotoPanel":
        """From the answer to a photo, the products of its results, default weights, and crops."""
        return cls(
            **dict(Panel.of(found.panel, products, default_facets)),
            crop=crop.shares(),
            proposed_crop=proposed.shares() if proposed else None,
            types=tuple(map(Kind.of, found.kinds.types)),
            genders=tuple(map(Kind.of, found.kinds.genders)),
            narrowed_category=found.chosen.category,
            narrowed_gender=found.chosen.gender,
        )
