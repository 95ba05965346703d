"""The recall of the index: the share of exact nearest neighbours that it finds."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.arrays import Float32, Int64
from engine.encoders.facets import FacetLayout
from engine.index.stores.store import NearestRows

TOP = 10  # neighbours of a seed
SAMPLE = 1_000  # seeds
FACET_SAMPLE = 200  # seeds for each facet
CHUNK = 100  # seeds whose scores of all rows are in memory at a time, at most ...
CELLS = 20_000_000  # ... and scores, 80 MB
TIE = 1e-6  # scores that differ by less are equal


@dataclass(frozen=True)
class ExactNeighbours:
    """The exact nearest rows of some seeds, by which an index is judged any number of times.

    Attributes:
        vectors: ``(N, D)`` float32 unit rows, those of the index.
        seeds: ``(S,)`` rows; a seed is not its own neighbour.
        queries: ``(S, D)`` their vectors, scaled by the facet weights of a request.
        bars: ``(S,)`` the score of the last of the exact neighbours of each.
        top: how many neighbours a seed has.
    """

    vectors: Float32
    seeds: Int64
    queries: Float32
    bars: Float32
    top: int

    @classmethod
    def of(
        cls, vectors: Float32, sample: Int64, top: int = TOP, scale: Float32 | None = None
    ) -> "ExactNeighbours":
        """Find them by all scores.

        Args:
            vectors: ``(N, D)`` float32 unit rows, those of the index.
            sample: ``(S,)`` rows of the seeds.
            top: neighbours of a seed, at most ``N - 1``.
            scale: ``(D,)``, by which the facet weights of a request multiply a seed; None: by none.
        """
        top = max(0, min(top, len(vectors) - 1))
        queries = vectors[sample] if scale is None else vectors[sample] * scale
        chunk = max(1, min(CHUNK, CELLS // len(vectors)))
        bars = np.empty(len(sample), dtype=np.float32)
        for start in range(0, len(sample) if top else 0, chunk):
            part = slice(start, start + chunk)
            scores = queries[part] @ vectors.T
            scores[np.arange(len(scores)), sample[part]] = -np.inf
            bars[part] = np.partition(scores, -top, axis=1)[:, -top]
        return cls(vectors, sample, queries, bars, top)

    def recall(self, rows: NearestRows, search_k: int, least: float = 0.0) -> float:
        """The share of them that an index finds.

        Args:
            rows: the index.
            search_k: nodes that a query inspects.
            least: once this cannot be reached any more, the rest is not measured, and what is
                returned is the share of those that were.

        Returns:
            In [0, 1]; 1 if there is nothing to find. A row with the score of the last exact
            neighbour counts as found, as copies of one photo are equally near.
        """
        wanted = self.top * len(self.seeds)
        found = tried = 0
        for hits in self._found(rows, search_k):
            found, tried = found + hits, tried + self.top
            if tried - found > (1 - least) * wanted + TIE:
                break
        return found / tried if tried else 1.0

    def _found(self, rows: NearestRows, search_k: int) -> Iterator[int]:
        if not self.top:
            return
        for seed, query, bar in zip(self.seeds, self.queries, self.bars, strict=True):
            nearest = rows.nearest(query, self.top + 1, search_k)
            nearest = nearest[nearest != seed][: self.top]
            yield int((self.vectors[nearest] @ query >= bar - TIE).sum())


def facet_alone(layout: FacetLayout, name: str) -> Float32:
    """``(dim,)``, by which a request that weighs one facet alone multiplies its queries."""
    ones = np.ones(layout.dim, dtype=np.float32)
    return layout.reweigh(ones, {other: float(other == name) for other in layout.names})


def sample_rows(count: int, seed: int, size: int = SAMPLE) -> Int64:
    """Up to ``size`` different rows below ``count``, ascending; the same for the same ``seed``."""
    chosen = np.random.default_rng(seed).choice(count, min(size, count), replace=False)
    return np.sort(chosen)
