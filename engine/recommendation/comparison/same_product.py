"""Are two products, or photos, the same thing? By the threshold that was learned for the encoder.

The threshold is that of a false-accept rate, which the shop chooses; see
`engine.calibration.same_product`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from catalog.frozen_dict import FrozenDict
from engine.arrays import Float32
from engine.calibration.same_product import DEFAULT_FAR
from engine.encoders.facets import FacetLayout
from engine.errors import CalibrationError
from engine.recommendation.parts import RecommenderParts
from engine.recommendation.photo import EmbeddedPhoto, Photo
from engine.search.duplicates import SAME_PHOTO
from engine.search.live_index import LiveGeneration


@dataclass(frozen=True, slots=True)
class SameAnswer:
    """Whether two are one product.

    Attributes:
        same: whether the cosine reaches the threshold.
        probability: in (0, 1), that they are one product, where half of the pairs that are asked
            about are, and the others look most alike of all others.
        cosine: under the default facet weights.
        threshold: the least cosine that is accepted.
        far: the false-accept rate of the threshold.
        facets: facet -> the cosine of its block.
        one_photo: whether the rows are equal: one photo, or two copies of it.
        other_colour: whether they look like one design in two colours.

    Example:
        >>> from engine import Recommender
        >>> answer = Recommender.open().same_product("LK000002", "LK000003")
        >>> answer.same == (answer.cosine >= answer.threshold)
        True
    """

    same: bool
    probability: float
    cosine: float
    threshold: float
    far: float
    facets: Mapping[str, float]
    one_photo: bool
    other_colour: bool


class Comparing:
    """What `engine.Recommender` compares products by; see there."""

    parts: RecommenderParts

    def same_product(
        self, first: str | Photo, second: str | Photo, far: float = DEFAULT_FAR
    ) -> SameAnswer:
        """Whether two products or photos are the same thing.

        Args:
            first: the id of a product, or a photo.
            second: likewise.
            far: the false-accept rate: the share of all pairs of different products that is taken
                for one product.

        Raises:
            catalog.errors.UnknownProduct: a product is not in the catalogue.
            NotIndexed: it has no row in the live generation.
            CalibrationError: no threshold was learned for the encoder of the index.
            RequestError: the false-accept rate was not measured.
            EncoderError, GenerationError: as for `panel_of_image`.

        Example:
            >>> from engine import Recommender
            >>> shop = Recommender.open()
            >>> shop.same_product("LK000002", "LK000002").same
            True
        """
        live = self.parts.index.current()
        left, right = (self._row_of(live, one) for one in (first, second))
        return compare(live, left, right, far)

    def _row_of(self, live: LiveGeneration, one: str | Photo) -> Float32:
        if isinstance(one, Image.Image | EmbeddedPhoto):
            row: Float32 = self.parts.vectors.of_image(live.generation, one)[0]
        else:
            row = self.parts.vectors.of_products(live.generation, [one])[0]
        return row


def compare(live: LiveGeneration, left: Float32, right: Float32, far: float) -> SameAnswer:
    """Compare two unit rows ``(D,)``; errors as for `Comparing.same_product`."""
    learned = None if live.calibration is None else live.calibration.same_product
    if live.calibration is None or learned is None:
        raise CalibrationError(
            f"It was not learned from which likeness on two photos of encoder "
            f"{live.generation.manifest.encoder!r} show one product. Run `lookalike calibrate`, "
            "then `lookalike reindex`."
        )
    layout, threshold = live.generation.layout, learned.threshold(far)
    cosine = round(float(left @ right), 6)
    apart = float((left * layout.apart_from_colour()) @ right)
    one_design = live.calibration.one_design
    same = cosine >= threshold
    return SameAnswer(
        same=same,
        probability=learned.probability(cosine),
        cosine=cosine,
        threshold=round(threshold, 6),
        far=far,
        facets=FrozenDict(facet_cosines(layout, left, right)),
        one_photo=cosine >= SAME_PHOTO,
        other_colour=not same and one_design is not None and apart >= max(one_design, threshold),
    )


def facet_cosines(layout: FacetLayout, left: Float32, right: Float32) -> dict[str, float]:
    """Facet -> cosine of its blocks in two unit rows ``(D,)``."""
    return {
        name: round(float(layout.block(left, name) @ layout.block(right, name)) / weight, 6)
        for name, weight in layout.weights.items()
    }
