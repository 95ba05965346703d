"""What a garment's builder is told: the facts of a design, and how the piece lies."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Style:
    """The ground truth of one design: shared by all colourways of a group.

    ``seed`` fixes the small proportions that no word tells. ``childish`` makes children's
    proportions: shorter and wider.
    """

    type: str
    sleeve: str = ""
    neck: str = ""
    length: str = ""
    cut: str = ""
    seed: int = 0
    childish: bool = False

    def random(self) -> Random:
        """A fresh generator of this design's own small proportions."""
        return Random(f"style {self.seed}")


@dataclass(frozen=True, slots=True)
class Pose:
    """How the piece lies in one photo: ``droop`` 0 spreads the sleeves, 1 lets them hang.

    ``back`` shows the reverse; ``seed`` moves the outline by a little.
    """

    droop: float = 0.3
    back: bool = False
    seed: int = 0

    def random(self) -> Random:
        """A fresh generator of this photo's own small movements."""
        return Random(f"pose {self.seed}")
