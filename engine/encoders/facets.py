"""Facets: the named blocks of an appearance row, and their weights.

An appearance row is the concatenation of facet blocks. Block ``f`` has length ``sqrt(w_f)``, and
the weights sum to 1, so a row has length 1 and the dot product of two rows is the weighted mean of
their facet cosines. Conditional Similarity Networks (Veit et al. 2017) showed that blocks of one
network are better than one network for each notion of similarity.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from catalog.frozen_dict import FrozenDict
from engine.arrays import Float32, Float64
from engine.errors import RequestError

Rows = TypeVar("Rows", Float32, Float64)

Slices = Mapping[str, tuple[int, int]]  # facet -> first column of its block, and end
NO_WEIGHTS: Mapping[str, float] = FrozenDict({})
COLOUR = "colour"  # the facet in which products of one design differ
NORM_TOLERANCE = 1e-3  # by which the length of a unit row may differ from 1
BLOCK = 50_000  # rows whose lengths are computed at once


@dataclass(frozen=True)
class FacetLayout:
    """The facet blocks of a row and their default weights.

    Attributes:
        slices: facet -> ``(start, stop)``; the blocks tile ``[0, dim)`` in order.
        weights: facet -> positive weight, for the same facets; they sum to 1.
        photo_weights: the default weights of a search by photo, 0 or more, for the same facets;
            they sum to 1. Without any, they equal ``weights``. People's photos are taken in
            other light than a shop's, so their colour says less.

    Example:
        >>> from engine.encoders.facets import FacetLayout
        >>> layout = FacetLayout.of({"shape": 2, "colour": 2}, {"shape": 0.75, "colour": 0.25})
        >>> rows = layout.compose({"shape": [[3.0, 4.0]], "colour": [[0.0, 2.0]]})
        >>> print(rows.round(2))
        [[0.52 0.69 0.   0.5 ]]
    """

    slices: Mapping[str, tuple[int, int]]
    weights: Mapping[str, float]
    photo_weights: Mapping[str, float] = field(default_factory=FrozenDict, compare=False)

    def __post_init__(self) -> None:
        if not self.slices or self.slices.keys() != self.weights.keys():
            raise ValueError(
                f"facet slices {list(self.slices)} and weights {list(self.weights)} "
                "must name the same facets, at least one"
            )
        at = 0
        for name, (start, stop) in self.slices.items():
            if start != at or stop <= start:
                raise ValueError(
                    f"facet {name!r} spans [{start}, {stop}), expected to start at {at}"
                )
            at = stop
        if min(self.weights.values()) <= 0 or abs(sum(self.weights.values()) - 1) > 1e-6:
            raise ValueError(
                f"facet weights must be positive and sum to 1, not {dict(self.weights)}"
            )
        photo = dict(self.photo_weights) or dict(self.weights)
        if photo.keys() != self.weights.keys():
            raise ValueError(f"photo weights {photo} must name the facets {list(self.weights)}")
        if min(photo.values()) < 0 or abs(sum(photo.values()) - 1) > 1e-6:
            raise ValueError(f"photo weights must be 0 or more and sum to 1, not {photo}")
        object.__setattr__(self, "slices", FrozenDict(dict(self.slices)))
        object.__setattr__(self, "weights", FrozenDict(dict(self.weights)))
        object.__setattr__(self, "photo_weights", FrozenDict(photo))

    @classmethod
    def of(
        cls,
        dims: Mapping[str, int],
        weights: Mapping[str, float] | None = None,
        photo_weights: Mapping[str, float] = NO_WEIGHTS,
    ) -> "FacetLayout":
        """The layout of blocks of these lengths; weights are equal by default."""
        slices, at = {}, 0
        for name, dim in dims.items():
            slices[name] = (at, at + dim)
            at += dim
        return cls(slices, weights or {name: 1 / len(dims) for name in dims}, photo_weights)

    @property
    def dim(self) -> int:
        """Length of a whole row."""
        return max(stop for _, stop in self.slices.values())

    @property
    def names(self) -> tuple[str, ...]:
        """The facets' names, in the order of their blocks."""
        return tuple(self.slices)

    def block(self, rows: Float32, name: str) -> Float32:
        """The block of one facet, a view ``(..., dim_f)`` of rows ``(..., dim)``."""
        start, stop = self.slices[name]
        block: Float32 = rows[..., start:stop]
        return block

    def compose(self, blocks: Mapping[str, ArrayLike]) -> Float32:
        """Join facet blocks ``(N, dim_f)`` into rows ``(N, dim)``.

        Each block is scaled to length ``sqrt(w_f)``; a zero block stays zero.
        """
        parts = [
            unit_rows(np.asarray(blocks[name], dtype=np.float32))
            * np.float32(self.weights[name] ** 0.5)
            for name in self.slices
        ]
        rows: Float32 = np.concatenate(parts, axis=-1)
        return rows

    def pool(self, rows: Float32) -> Float32:
        """The row ``(dim,)`` of a product from those of its photos ``(P, dim)``.

        Each block is averaged and scaled by itself, so that a facet in which the photos differ
        does not lose weight to the others.
        """
        blocks = {name: self.block(rows, name).mean(axis=0, keepdims=True) for name in self.slices}
        pooled: Float32 = self.compose(blocks)[0]
        return pooled

    def apart_from_colour(self) -> Float32:
        """``(dim,)`` factors of a row, whose dot products are means of all facets but colour.

        Where there is no other facet, of all.
        """
        weights = {name: float(name != COLOUR) * one for name, one in self.weights.items()}
        factors = np.ones(self.dim, np.float32)
        return self.reweigh(factors, weights) if any(weights.values()) else factors

    def reweigh(self, query: Float32, request: Mapping[str, float]) -> Float32:
        """Scale a query ``(dim,)`` so that its dot products are means under other weights.

        Args:
            query: a row under the default weights.
            request: facet -> relative weight, 0 or more, at least one of them positive. Facets
                that are left out keep their default; all are then normalised to sum to 1.

        Raises:
            RequestError: an unknown facet, a negative or non-finite weight, or all weights zero.
        """
        new = self.requested_weights(request)
        scaled = np.array(query, dtype=np.float32)
        for name, (start, stop) in self.slices.items():
            scaled[start:stop] *= new[name] / self.weights[name]
        return scaled

    def requested_weights(
        self, request: Mapping[str, float], *, by_photo: bool = False
    ) -> dict[str, float]:
        """The weights of a request, completed with the defaults and normalised to sum to 1.

        Args:
            request: facet -> relative weight, as for `reweigh`.
            by_photo: the request is a search by photo: the defaults are `photo_weights`.

        Raises:
            RequestError: as for `reweigh`.
        """
        unknown = request.keys() - self.slices.keys()
        if unknown:
            raise RequestError(
                f"This index has no facet {', '.join(map(repr, sorted(unknown)))}; it has "
                f"{', '.join(self.slices)}."
            )
        for name, weight in request.items():
            if not np.isfinite(weight) or weight < 0:
                raise RequestError(f"The weight of facet {name!r} must be 0 or more, not {weight}.")
        defaults = self.photo_weights if by_photo else self.weights
        new = {name: float(request.get(name, default)) for name, default in defaults.items()}
        total = sum(new.values())
        if not np.isfinite(total):  # of huge weights
            largest = max(new.values())
            new = {name: weight / largest for name, weight in new.items()}
            total = sum(new.values())
        if total <= 0:
            raise RequestError("At least one facet must weigh more than 0.")
        return {name: weight / total for name, weight in new.items()}


def unit_rows(rows: Rows) -> Rows:
    """Rows ``(..., D)`` scaled to length 1; a zero row stays zero."""
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    scaled: Rows = np.asarray(rows / np.where(norms > 0, norms, 1), dtype=rows.dtype)
    return scaled


def weighed_alone(query: Float32 | Float64, facets: Slices) -> str | None:
    """The one of some facets that a query ``(D,)`` weighs alone; None if there is none."""
    for name, (start, end) in facets.items():
        if not query[:start].any() and not query[end:].any():
            return name
    return None


def check_rows(rows: NDArray[Any], dim: int, what: str = "vectors") -> None:
    """Check that rows are ``(N, dim)`` float32, finite and of length 1.

    Args:
        rows: what is checked.
        dim: expected length of a row.
        what: how the message names them.

    Raises:
        ValueError: they are not; the message has the expected and the found shape, or the first
            wrong row.
    """
    if rows.ndim != 2 or rows.shape[1] != dim or rows.dtype != np.float32:
        raise ValueError(f"{what} must be (N, {dim}) float32, got {rows.shape} {rows.dtype}")
    # Block by block, so that no copy of many rows is made; not finite where an element is not.
    blocks = (rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK))
    norms = np.concatenate([np.zeros(0), *(np.linalg.norm(block, axis=1) for block in blocks)])
    wrong = np.flatnonzero(~(np.abs(norms - 1) <= NORM_TOLERANCE))
    if wrong.size:
        row = int(wrong[0])
        raise ValueError(
            f"{what} must be finite and of length 1; row {row} has length {norms[row]:.4g} "
            f"({wrong.size} such rows of {len(rows)})"
        )
