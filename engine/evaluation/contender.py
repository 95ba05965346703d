"""What is evaluated: the rows of an encoder or baseline, under its default and other weights."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from engine.arrays import Float32, Int64
from engine.encoders.facets import FacetLayout
from engine.evaluation.metrics import Scores, score_relations

DEFAULT = "default"  # the name of the default weights; other weights are named by their facet
PHOTO_SEARCH = "photo search"  # that of the default weights of searches by photo


@dataclass(frozen=True)
class Contender:
    """An encoder or baseline under evaluation: its rows and, if it has facets, their layout.

    ``products`` is ``(N, D)``, aligned with the labels. ``photos`` is ``(P, D)``, aligned with
    the ``owners`` passed to `evaluate`; not needed if every product has one photo. ``views`` is
    ``(V, D)``, rows of recoloured views of some of the photos.
    """

    name: str
    products: Float32
    photos: Float32 | None = None
    layout: FacetLayout | None = None
    views: Float32 | None = None


def only(layout: FacetLayout, facet: str) -> dict[str, float]:
    """Facet weights that put all weight on one facet."""
    return {name: float(name == facet) for name in layout.names}


def weightings(layout: FacetLayout | None) -> Iterator[tuple[str, Float32 | None]]:
    """The default weights, and all weight on each facet if there are several.

    Yields:
        The name of the weights and the factors ``(D,)`` float32 of a query; None for factors 1.
    """
    yield DEFAULT, None
    if layout is not None and len(layout.names) > 1:
        for facet in layout.names:
            yield facet, factors(layout, only(layout, facet))


def query_weightings(layout: FacetLayout | None) -> Iterator[tuple[str, Float32 | None]]:
    """The same for query photos, and the default weights of searches by photo if they differ."""
    yield from weightings(layout)
    if layout is not None and layout.photo_weights != layout.weights:
        yield PHOTO_SEARCH, factors(layout, layout.photo_weights)


def factors(layout: FacetLayout, weights: Mapping[str, float]) -> Float32:
    """Factors ``(D,)`` float32 that bring a query row to other facet weights.

    Raises:
        RequestError: an unknown facet or a weight out of range.
    """
    scaled: Float32 = layout.reweigh(np.ones(layout.dim, dtype=np.float32), weights)
    return scaled


def score_weights(
    rows: Float32,
    layout: FacetLayout,
    relations: Mapping[str, Int64],
    weights: Mapping[str, float],
) -> dict[str, Scores]:
    """Score rows ``(N, D)`` under other facet weights, as a request can set them."""
    return score_relations(rows, relations, rows * factors(layout, weights))
