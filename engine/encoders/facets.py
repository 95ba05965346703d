"""What a facet is: a named block of the appearance embedding, and how blocks are weighed.

An appearance row is the concatenation of facet blocks; block ``f`` has length ``sqrt(w_f)`` with
the weights summing to 1, so a whole row has length 1 and the dot product of two rows is the
weighted mean of their facet cosines. Conditional Similarity Networks (Veit et al. 2017) showed
that blocks of one network beat one network a notion of similarity.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from catalog.frozen_dict import FrozenDict
from engine.errors import RequestError

NORM_TOLERANCE = 1e-3  # of the length of a unit row


@dataclass(frozen=True)
class FacetLayout:
    """The blocks of an embedding and their default weights.

    ``slices`` maps a facet's name to ``(start, stop)``; the blocks tile ``[0, dim)`` in order.
    ``weights`` has the same names, positive, summing to 1.
    """

    slices: Mapping[str, tuple[int, int]]
    weights: Mapping[str, float]

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
        object.__setattr__(self, "slices", FrozenDict(dict(self.slices)))
        object.__setattr__(self, "weights", FrozenDict(dict(self.weights)))

    @classmethod
    def of(
        cls, dims: Mapping[str, int], weights: Mapping[str, float] | None = None
    ) -> "FacetLayout":
        """Lay out blocks of the given lengths, equally weighted unless told otherwise."""
        slices, at = {}, 0
        for name, dim in dims.items():
            slices[name] = (at, at + dim)
            at += dim
        return cls(slices, weights or {name: 1 / len(dims) for name in dims})

    @property
    def dim(self) -> int:
        """Length of a whole row."""
        return max(stop for _, stop in self.slices.values())

    @property
    def names(self) -> tuple[str, ...]:
        """The facets' names, in the order of their blocks."""
        return tuple(self.slices)

    def block(self, rows: np.ndarray, name: str) -> np.ndarray:
        """The columns of one facet, a view of shape ``(..., dim_f)``."""
        start, stop = self.slices[name]
        return rows[..., start:stop]

    def compose(self, blocks: Mapping[str, np.ndarray]) -> np.ndarray:
        """Join facet blocks of shape ``(N, dim_f)`` into unit rows ``(N, dim)`` float32.

        Each block is brought to length ``sqrt(w_f)``; a zero block stays zero.
        """
        parts = [
            unit_rows(np.asarray(blocks[name], dtype=np.float32))
            * np.float32(self.weights[name] ** 0.5)
            for name in self.slices
        ]
        return np.concatenate(parts, axis=-1)

    def pool(self, rows: np.ndarray) -> np.ndarray:
        """The row of a product from those of its photos: ``(P, dim)`` -> ``(dim,)`` float32.

        Blocks are averaged each by itself and brought back to their length, so that a facet in
        which the photos disagree does not lose weight to the others.
        """
        return self.compose(
            {name: self.block(rows, name).mean(axis=0, keepdims=True) for name in self.slices}
        )[0]

    def reweigh(self, query: np.ndarray, request: Mapping[str, float]) -> np.ndarray:
        """Scale a query ``(dim,)`` so that its dot products become the newly weighted mean.

        ``request`` gives relative weights (0 or more, at least one positive) for some facets; the
        facets left out keep their default. They are normalised to sum to 1.

        Raises:
            RequestError: an unknown facet, a negative or non-finite weight, or all weights zero.
        """
        new = self.requested_weights(request)
        scaled = np.array(query, dtype=np.float32)
        for name, (start, stop) in self.slices.items():
            scaled[start:stop] *= new[name] / self.weights[name]
        return scaled

    def requested_weights(self, request: Mapping[str, float]) -> dict[str, float]:
        """The weights that a request means: checked, completed with defaults, summing to 1."""
        unknown = request.keys() - self.slices.keys()
        if unknown:
            raise RequestError(
                f"This index has no facet {sorted(unknown)}; it has {list(self.slices)}."
            )
        for name, weight in request.items():
            if not np.isfinite(weight) or weight < 0:
                raise RequestError(f"The weight of facet {name!r} must be 0 or more, not {weight}.")
        new = {name: float(request.get(name, default)) for name, default in self.weights.items()}
        total = sum(new.values())
        if total <= 0:
            raise RequestError("At least one facet must weigh more than 0.")
        return {name: weight / total for name, weight in new.items()}


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Rows ``(..., D)`` brought to length 1; a zero row stays zero."""
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.where(norms > 0, norms, 1)


def check_rows(rows: np.ndarray, dim: int, what: str = "vectors") -> None:
    """Refuse rows that are not ``(N, dim)`` float32, finite and of length 1.

    Raises:
        ValueError: with what was expected and what came.
    """
    if rows.ndim != 2 or rows.shape[1] != dim or rows.dtype != np.float32:
        raise ValueError(f"{what} must be (N, {dim}) float32, got {rows.shape} {rows.dtype}")
    norms = np.linalg.norm(rows, axis=1)  # NaN and infinity show in the length too
    wrong = np.flatnonzero(~(np.abs(norms - 1) <= NORM_TOLERANCE))
    if wrong.size:
        row = int(wrong[0])
        raise ValueError(
            f"{what} must be finite and of length 1; row {row} has length {norms[row]:.4g} "
            f"({wrong.size} such rows of {len(rows)})"
        )
