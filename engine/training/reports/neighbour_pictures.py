"""Product tiles of the report: neighbours before and after training, and the worst mistakes."""

import base64
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from engine.arrays import Int64, UInt8
from engine.evaluation.metrics import nearest
from engine.labels.labels import UNKNOWN
from engine.training.loop.evaluation import EvaluationEmbeddings, EvaluationSet

SEEDS, NEIGHBOURS, MISTAKES = 12, 6, 12
THUMBNAIL = 96  # pixels


@dataclass(frozen=True)
class ProductTile:
    """A product as the report shows it.

    Attributes:
        image: the photo as a data URL.
        title: of the product.
        labels: as text.
        match: what it has in common with the seed: ``both`` type and colour, ``one`` of them,
            ``none``, or "" if that is unknown.
    """

    image: str
    title: str
    labels: str
    match: str = ""


@dataclass(frozen=True)
class NeighbourRow:
    """A seed and its nearest products, by the initial and by the trained model."""

    seed: ProductTile
    before: tuple[ProductTile, ...]
    after: tuple[ProductTile, ...]


@dataclass(frozen=True)
class Mistake:
    """A seed and a near product with other labels; ``score`` is their dot product."""

    seed: ProductTile
    wrong: ProductTile
    score: float


class TileFactory:
    """Makes tiles of the products of an evaluation set.

    Attributes:
        matching: the label columns that are compared with the seed's.
    """

    def __init__(self, evaluation_set: EvaluationSet) -> None:
        self._evaluation_set = evaluation_set
        self._first = np.searchsorted(
            evaluation_set.owners, np.arange(len(evaluation_set.products))
        )
        self.matching = tuple(
            column
            for column in ("type", "colour")
            if (evaluation_set.table.columns[column] != UNKNOWN).any()
        )

    def make(self, row: int, seed: int | None = None) -> ProductTile:
        """Returns the tile of a row of the evaluation set, alone or beside a seed."""
        evaluation_set = self._evaluation_set
        words = [evaluation_set.table.text(name, row) for name in ("type", "colour", "pattern")]
        return ProductTile(
            thumbnail(evaluation_set.bank.pixels[evaluation_set.photos[self._first[row]]]),
            evaluation_set.bank.records[evaluation_set.products[row]].title,
            ", ".join(word for word in words if word) or "no labels",
            "" if seed is None else self._match(row, seed),
        )

    def _match(self, row: int, seed: int) -> str:
        equal = []
        for column in self.matching:
            codes = self._evaluation_set.table.columns[column]
            if codes[row] != UNKNOWN and codes[seed] != UNKNOWN:
                equal.append(codes[row] == codes[seed])
        if not equal:
            return ""
        return "both" if all(equal) else "one" if any(equal) else "none"


def thumbnail(pixels: UInt8) -> str:
    """Returns a photo ``(S, S, 3)`` as the data URL of a small JPEG."""
    image = Image.fromarray(pixels)
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def neighbour_rows(
    evaluation_set: EvaluationSet, before: EvaluationEmbeddings, after: EvaluationEmbeddings
) -> list[NeighbourRow]:
    """Returns random seeds, of as many types as there are, with their nearest products."""
    if len(evaluation_set.products) < 2:
        return []
    tiles = TileFactory(evaluation_set)
    old = nearest(before.products, before.products, NEIGHBOURS)
    new = nearest(after.products, after.products, NEIGHBOURS)
    return [
        NeighbourRow(
            tiles.make(seed),
            tuple(tiles.make(row, seed) for row in old[seed].tolist()),
            tuple(tiles.make(row, seed) for row in new[seed].tolist()),
        )
        for seed in sample_seeds(evaluation_set.table.columns["type"], SEEDS)
    ]


def sample_seeds(types: Int64, count: int) -> list[int]:
    """Returns ``count`` random rows; a type comes twice only after each has come once."""
    order = np.random.default_rng(0).permutation(len(types))
    seen: set[int] = set()
    first: list[int] = []
    others: list[int] = []
    for row in order.tolist():
        (others if types[row] in seen else first).append(row)
        seen.add(int(types[row]))
    return (first + others)[:count]


def worst_mistakes(evaluation_set: EvaluationSet, after: EvaluationEmbeddings) -> list[Mistake]:
    """Returns the nearest pairs with different labels; each product at most once."""
    tiles = TileFactory(evaluation_set)
    if len(evaluation_set.products) < 2 or not tiles.matching:
        return []
    codes = evaluation_set.table.joint(*tiles.matching)
    near = nearest(after.products, after.products, 10)
    rows = np.repeat(np.arange(len(codes)), near.shape[1])
    others = near.reshape(-1)
    wrong = (codes[rows] != codes[others]) & (codes[rows] != UNKNOWN) & (codes[others] != UNKNOWN)
    rows, others = rows[wrong], others[wrong]
    scores = np.einsum("ij,ij->i", after.products[rows], after.products[others])
    found: list[Mistake] = []
    for at in disjoint_pairs(rows, others, np.argsort(-scores, kind="stable"))[:MISTAKES]:
        seed, other = int(rows[at]), int(others[at])
        found.append(Mistake(tiles.make(seed), tiles.make(other), float(scores[at])))
    return found


def disjoint_pairs(rows: Int64, others: Int64, order: Int64) -> list[int]:
    """Returns the pairs of ``order`` of which no side was in a pair before."""
    used: set[int] = set()
    kept = []
    for at in order.tolist():
        pair = {int(rows[at]), int(others[at])}
        if not pair & used:
            kept.append(at)
            used |= pair
    return kept
