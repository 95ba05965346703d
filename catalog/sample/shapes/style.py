"""The input of a garment's builder: the style of a design, and the pose of one photo."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Style:
    """The ground truth of one design, shared by all colourways of a variant group.

    ``seed`` determines small proportions that have no attribute. ``childish`` stands for children's
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
        """A new random generator for the small proportions of this design."""
        return Random(f"style {self.seed}")


@dataclass(frozen=True, slots=True)
class Pose:
    """How a garment lies in one photo.

    ``droop`` is from 0 (sleeves spread) to 1 (sleeves hang); ``back`` shows the back; ``seed``
    moves the outline slightly.
    """

    droop: float = 0.3
    back: bool = False
    seed: int = 0

    def random(self) -> Random:
        """A new random generator for the small movements of this photo."""
        return Random(f"pose {self.seed}")
