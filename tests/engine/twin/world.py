"""What a twin computes with: products, rows and rules at one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from catalog.records import Product
from catalog.rules.rule import Rule
from engine.calibration.calibration import Calibration
from engine.index.generation import Generation
from engine.recommendation.request import Request


@dataclass(frozen=True)
class Found:
    """A result by the definition."""

    product_id: str
    score: float
    seed: str
    variants: int = 0
    also_in: tuple[str, ...] = ()


@dataclass(frozen=True)
class World:
    """A catalogue at one moment, and the rows of its index."""

    products: dict[str, Product]
    generation: Generation
    calibration: Calibration | None = None
    rules: Mapping[str, Sequence[Rule]] = field(default_factory=dict)  # of each seed, in order

    def vector(self, product_id: str) -> np.ndarray:
        return self.generation.vectors[self.generation.row_of[product_id]].astype(float)


def cosine(world: World, request: Request, a: str, b: str) -> float:
    """The weighted mean of two products' facet cosines."""
    layout = world.generation.layout
    weights = dict(layout.weights) | dict(request.facets or {})
    mean = 0.0
    for name in layout.names:
        x, y = layout.block(world.vector(a), name), layout.block(world.vector(b), name)
        mean += weights[name] * float(x @ y) / layout.weights[name]
    return mean / sum(weights.values())
