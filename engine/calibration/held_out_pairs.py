"""Weighted pairs of held-out products, on which calibrations are fitted and measured.

Nearly all random pairs are far apart and not alike, and no panel shows them, so most of the weight
is on each seed's nearest products. Every seed has the same weight. Among the products that the
panel's guards allow for it, its `NEAR` nearest share `NEAR_SHARE` of that weight, and all others
share the rest. All of the near ones are used; of the others, one is drawn from each of `STRATA`
strata of ranks, which get wider with the distance, so that low cosines occur too. It has the
weight of its whole stratum.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog.frozen_dict import FrozenDict
from catalog.records import Product, ProductRecord
from catalog.vocabulary import category_path
from engine.arrays import Bool, Float32, Float64, Int64
from engine.calibration.relevance import alike_codes, groups_of, may_meet
from engine.labels.design_families import design_families
from engine.labels.labels import UNKNOWN, LabelTable
from engine.labels.splits import family_of

COLUMNS = ("type", "colour", "pattern")
FAMILY = "family"  # the column of design families
NEAR = 50
NEAR_SHARE = 0.9
STRATA = 30
MAX_JUDGED = 4_000  # more take more time and change little
_CHUNK = 256  # seeds whose cosines to all products are in memory at a time


@dataclass(frozen=True)
class HeldOutSet:
    """N held-out products.

    Attributes:
        rows: ``(N, D)`` unit rows.
        codes: ``(N,)``, equal for products that are alike, -1 for unknown; see `alike_codes`.
        groups: ``(N, 3)``, see `groups_of`.
        categories: the path of each, or None.
        labels: label column -> ``(N,)`` codes, -1 for unknown, of the columns `COLUMNS`; one that
            is left out is not known of any product.
    """

    rows: Float32
    codes: Int64
    groups: Int64
    categories: tuple[str | None, ...]
    labels: Mapping[str, Int64] = field(default_factory=FrozenDict)

    @classmethod
    def of(
        cls, records: Sequence[Product | ProductRecord], rows: Float32, labels: LabelTable
    ) -> "HeldOutSet":
        """The set of N products, of their records, rows and labels."""
        paths = tuple(category_path.join(record.category) or None for record in records)
        known = {name: labels.columns[name] for name in COLUMNS if name in labels.columns}
        if {"type", "gender"} <= labels.columns.keys():
            known[FAMILY] = design_families(records, labels)
        return cls(rows, alike_codes(labels), groups_of(records), paths, FrozenDict(known))

    def take(self, mask: Bool) -> "HeldOutSet":
        """The products in a mask ``(N,)``."""
        kept = np.flatnonzero(mask)
        paths = tuple(self.categories[row] for row in kept.tolist())
        labels = FrozenDict({name: codes[kept] for name, codes in self.labels.items()})
        return HeldOutSet(self.rows[kept], self.codes[kept], self.groups[kept], paths, labels)

    def column(self, name: str) -> Int64:
        """``(N,)`` codes of a label column, -1 for unknown."""
        return self.labels.get(name, np.full(len(self), UNKNOWN, dtype=np.int64))

    def known(self) -> "HeldOutSet":
        """The products whose type and colour are known."""
        return self.take(self.codes != UNKNOWN)

    def __len__(self) -> int:
        return len(self.codes)


def fitting_half(records: Sequence[Product | ProductRecord]) -> Bool:
    """Mask ``(N,)`` of the products to fit on; the others are for measuring.

    All products of a family (see `engine.labels.splits`) are in one half, always the same one.
    """
    sides: dict[str, bool] = {}
    for family in {family_of(record) for record in records}:
        sides[family] = hashlib.sha256(f"calibration:{family}".encode()).digest()[0] < 128
    return np.array([sides[family_of(record)] for record in records], dtype=bool)


@dataclass(frozen=True)
class Pairs:
    """P pairs of a seed and another product, as arrays ``(P,)``.

    Attributes:
        seeds: rows of the seeds.
        others: rows of the other products.
        cosines: under default weights.
        alike: whether the two are alike.
        weights: those of one seed sum to 1.
        ranks: of the other product among all that are allowed for the seed, from 0.
    """

    seeds: Int64
    others: Int64
    cosines: Float64
    alike: Bool
    weights: Float64
    ranks: Int64

    def __len__(self) -> int:
        return len(self.seeds)

    def take(self, rows: Bool | Int64) -> "Pairs":
        """Some of the pairs, given as a mask ``(P,)`` or as indices."""
        return Pairs(*(getattr(self, one.name)[rows] for one in fields(self)))


def draw_pairs(held: HeldOutSet, seed: int = 0) -> Pairs:
    """Pairs of products of known type and colour; the same for the same random ``seed``.

    A product for which the guards allow no other has no pairs as a seed.
    """
    draw = np.random.default_rng(seed)
    seeds = np.flatnonzero(held.codes != UNKNOWN)
    if len(seeds) > MAX_JUDGED:
        seeds = np.sort(draw.choice(seeds, MAX_JUDGED, replace=False))
    parts: list[tuple[NDArray[Any], ...]] = []
    for start in range(0, len(seeds), _CHUNK):
        rows = seeds[start : start + _CHUNK]
        cosines = held.rows[rows].astype(np.float64) @ held.rows.T.astype(np.float64)
        allowed = may_meet(held.groups[rows], held.groups) & (held.codes != UNKNOWN)
        allowed[np.arange(len(rows)), rows] = False
        for row, mine, may in zip(rows.tolist(), cosines, allowed, strict=True):
            others = np.flatnonzero(may)
            if not len(others):
                continue
            ranked = others[np.argsort(-mine[others], kind="stable")]
            ranks, weights = _draw_ranks(len(ranked), draw)
            picked = ranked[ranks]
            alike = held.codes[picked] == held.codes[row]
            parts.append((np.full(len(picked), row), picked, mine[picked], alike, weights, ranks))
    if not parts:
        return Pairs(
            np.zeros(0, np.int64),
            np.zeros(0, np.int64),
            np.zeros(0),
            np.zeros(0, bool),
            np.zeros(0),
            np.zeros(0, np.int64),
        )
    return Pairs(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _draw_ranks(count: int, draw: np.random.Generator) -> tuple[Int64, Float64]:
    """Ranks below ``count``, and their weights, which sum to 1."""
    near = np.arange(min(NEAR, count))
    rest = count - len(near)
    if not rest:
        return near, np.full(count, 1 / count)
    edges = np.unique(np.geomspace(len(near), count, min(STRATA, rest) + 1).round().astype(int))
    widths = np.diff(edges)
    far = edges[:-1] + (draw.random(len(widths)) * widths).astype(int)
    weights = [np.full(len(near), NEAR_SHARE / len(near)), (1 - NEAR_SHARE) * widths / rest]
    return np.concatenate([near, far]), np.concatenate(weights)
