"""Held-out pairs that a calibration is fitted and judged on, each with what it stands for.

Random pairs would say little: nearly all are far apart and unlike, and a panel shows none of
them. So most weight lies on each seed's nearest products. The stated base is: every seed counts
the same; `NEAR_SHARE` of it are its `NEAR` nearest products among those that the panel's guards
let through, the rest is any other of them. All near ones are taken; of the others one is drawn
from catalog.vocabulary import category_path
from each of `STRATA` strata of ranks, which widen with the distance, so that cosines all the way
down are seen, and each stands for its whole stratum.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from catalog.records import Product, ProductRecord
from catalog.vocabulary import category_path
from engine.calibration.relevance import alike_codes, groups_of, may_meet
from engine.labels.labels import UNKNOWN, LabelTable
from engine.labels.splits import family_of

NEAR = 50
NEAR_SHARE = 0.9
STRATA = 30
_CHUNK = 256
MOST_SEEDS = 4_000  # more would only take time


@dataclass(frozen=True)
class HeldOutSet:
    """N held-out products with their rows ``(N, D)``, and what is known of them.

    ``codes`` ``(N,)`` are equal where products are alike, ``groups`` are those of `groups_of`,
    ``categories`` are paths or None.
    """

    rows: np.ndarray
    codes: np.ndarray
    groups: np.ndarray
    categories: tuple[str | None, ...]

    @classmethod
    def of(
        cls, records: Sequence[Product | ProductRecord], rows: np.ndarray, labels: LabelTable
    ) -> "HeldOutSet":
        """From records, rows and labels of the same products."""
        paths = tuple(category_path.join(record.category) or None for record in records)
        return cls(rows, alike_codes(labels), groups_of(records), paths)

    def take(self, mask: np.ndarray) -> "HeldOutSet":
        """Those of a mask ``(N,)``."""
        kept = np.flatnonzero(mask)
        paths = tuple(self.categories[row] for row in kept.tolist())
        return HeldOutSet(self.rows[kept], self.codes[kept], self.groups[kept], paths)

    def known(self) -> "HeldOutSet":
        """Those of which it is known what they are like."""
        return self.take(self.codes != UNKNOWN)

    def __len__(self) -> int:
        return len(self.codes)


def fitting_half(records: Sequence[Product | ProductRecord]) -> np.ndarray:
    """Mask ``(N,)`` bool of the products to fit on; the others judge.

    Whole families, as `engine.labels.splits` knows them, go to one side, always the same one.
    """
    sides: dict[str, bool] = {}
    for family in {family_of(record) for record in records}:
        sides[family] = hashlib.sha256(f"calibration:{family}".encode()).digest()[0] < 128
    return np.array([sides[family_of(record)] for record in records], dtype=bool)


@dataclass(frozen=True)
class Pairs:
    """P pairs, as arrays ``(P,)``.

    Attributes:
        seeds: rows of the seeds, int64.
        cosines: under default weights, float64.
        alike: bool.
        weights: what each stands for, float64; those of one seed sum to 1.
        ranks: of the other product among the seed's, int64, from 0.
    """

    seeds: np.ndarray
    cosines: np.ndarray
    alike: np.ndarray
    weights: np.ndarray
    ranks: np.ndarray

    def __len__(self) -> int:
        return len(self.seeds)

    def take(self, rows: np.ndarray) -> "Pairs":
        """The pairs of a mask ``(P,)``, or of places in their order."""
        return Pairs(*(getattr(self, one.name)[rows] for one in fields(self)))


def draw_pairs(held: HeldOutSet, seed: int = 0) -> Pairs:
    """Pairs of products of which it is known what they are like; the same for the same seed.

    A seed for which the guards let nothing through has no pairs.
    """
    draw = np.random.default_rng(seed)
    seeds = np.flatnonzero(held.codes != UNKNOWN)
    if len(seeds) > MOST_SEEDS:
        seeds = np.sort(draw.choice(seeds, MOST_SEEDS, replace=False))
    parts: list[tuple[np.ndarray, ...]] = []
    for start in range(0, len(seeds), _CHUNK):
        rows = seeds[start : start + _CHUNK]
        cosines = held.rows[rows].astype(np.float64) @ held.rows.T.astype(np.float64)
        fits = may_meet(held.groups[rows], held.groups) & (held.codes != UNKNOWN)
        fits[np.arange(len(rows)), rows] = False
        for row, mine, may in zip(rows.tolist(), cosines, fits, strict=True):
            others = np.flatnonzero(may)
            if not len(others):
                continue
            ranked = others[np.argsort(-mine[others], kind="stable")]
            places, weights = _places(len(ranked), draw)
            picked = ranked[places]
            alike = held.codes[picked] == held.codes[row]
            parts.append((np.full(len(picked), row), mine[picked], alike, weights, places))
    if not parts:
        return Pairs(
            np.zeros(0, np.int64), np.zeros(0), np.zeros(0, bool), np.zeros(0), np.zeros(0, int)
        )
    return Pairs(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _places(count: int, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Ranks taken of ``count``, and their weights, which sum to 1."""
    near = np.arange(min(NEAR, count))
    rest = count - len(near)
    if not rest:
        return near, np.full(count, 1 / count)
    edges = np.unique(np.geomspace(len(near), count, min(STRATA, rest) + 1).round().astype(int))
    widths = np.diff(edges)
    far = edges[:-1] + (draw.random(len(widths)) * widths).astype(int)
    weights = [np.full(len(near), NEAR_SHARE / len(near)), (1 - NEAR_SHARE) * widths / rest]
    return np.concatenate([near, far]), np.concatenate(weights)
