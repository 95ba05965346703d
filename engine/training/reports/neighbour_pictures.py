"""What a report shows of single products: neighbours before and after, and the worst mistakes."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from engine.evaluation.metrics import nearest
from engine.labels.labels import UNKNOWN
from engine.training.loop.evaluation import EvaluationEmbeddings, EvaluationSet

SEEDS, NEIGHBOURS, MISTAKES = 12, 6, 12
THUMBNAIL = 96  # pixels


@dataclass(frozen=True)
class ProductTile:
    """A product as the report shows it.

    ``image`` is a data address; ``match`` says in how much it agrees with the seed: ``both``
    type and colour, ``one`` of them, ``none``, or "" where nothing is known.
    """

    image: str
    title: str
    labels: str
    match: str = ""


@dataclass(frozen=True)
class NeighbourRow:
    """A seed, and its nearest products before and after."""

    seed: ProductTile
    before: tuple[ProductTile, ...]
    after: tuple[ProductTile, ...]


@dataclass(frozen=True)
class Mistake:
    """A product and a near one that its labels call different; ``score`` is their dot product."""

    seed: ProductTile
    wrong: ProductTile
    score: float


class Album:
    """Shows products of an exam; ``matching`` are the columns that neighbours should share."""

    def __init__(self, evaluation_set: EvaluationSet) -> None:
        self._exam = evaluation_set
        self._first = np.searchsorted(
            evaluation_set.owners, np.arange(len(evaluation_set.products))
        )
        self.matching = tuple(
            column
            for column in ("type", "colour")
            if (evaluation_set.table.columns[column] != UNKNOWN).any()
        )

    def show(self, row: int, seed: int | None = None) -> ProductTile:
        """The product in one row of the exam's table, beside a seed or alone."""
        evaluation_set = self._exam
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
            codes = self._exam.table.columns[column]
            if codes[row] != UNKNOWN and codes[seed] != UNKNOWN:
                equal.append(codes[row] == codes[seed])
        if not equal:
            return ""
        return "both" if all(equal) else "one" if any(equal) else "none"


def thumbnail(pixels: np.ndarray) -> str:
    """A photo ``(S, S, 3)`` uint8 as the address of a small JPEG inside the page."""
    image = Image.fromarray(pixels)
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def neighbour_rows(
    evaluation_set: EvaluationSet, before: EvaluationEmbeddings, after: EvaluationEmbeddings
) -> list[NeighbourRow]:
    """Some products with their nearest before and after; drawn by chance, a type at most once
    as long as there are others."""
    if len(evaluation_set.products) < 2:
        return []
    album = Album(evaluation_set)
    old = nearest(before.products, before.products, NEIGHBOURS)
    new = nearest(after.products, after.products, NEIGHBOURS)
    return [
        NeighbourRow(
            album.show(seed),
            tuple(album.show(row, seed) for row in old[seed].tolist()),
            tuple(album.show(row, seed) for row in new[seed].tolist()),
        )
        for seed in sample_seeds(evaluation_set.table.columns["type"], SEEDS)
    ]


def sample_seeds(types: np.ndarray, count: int) -> list[int]:
    """``count`` rows by chance, those of a type not seen yet first."""
    order = np.random.default_rng(0).permutation(len(types))
    seen: set[int] = set()
    fresh: list[int] = []
    again: list[int] = []
    for row in order.tolist():
        (again if types[row] in seen else fresh).append(row)
        seen.add(int(types[row]))
    return (fresh + again)[:count]


def worst_mistakes(evaluation_set: EvaluationSet, after: EvaluationEmbeddings) -> list[Mistake]:
    """The nearest pairs whose labels say that they are not alike; each product at most once."""
    album = Album(evaluation_set)
    if len(evaluation_set.products) < 2 or not album.matching:
        return []
    codes = evaluation_set.table.joint(*album.matching)
    near = nearest(after.products, after.products, 10)
    rows = np.repeat(np.arange(len(codes)), near.shape[1])
    others = near.reshape(-1)
    wrong = (codes[rows] != codes[others]) & (codes[rows] != UNKNOWN) & (codes[others] != UNKNOWN)
    rows, others = rows[wrong], others[wrong]
    scores = np.einsum("ij,ij->i", after.products[rows], after.products[others])
    found: list[Mistake] = []
    for at in disjoint_pairs(rows, others, np.argsort(-scores, kind="stable"))[:MISTAKES]:
        seed, other = int(rows[at]), int(others[at])
        found.append(Mistake(album.show(seed), album.show(other), float(scores[at])))
    return found


def disjoint_pairs(rows: np.ndarray, others: np.ndarray, order: np.ndarray) -> Sequence[int]:
    """Pairs in order, without those of which either side was in a pair before."""
    used: set[int] = set()
    kept = []
    for at in order.tolist():
        pair = {int(rows[at]), int(others[at])}
        if not pair & used:
            kept.append(at)
            used |= pair
    return kept
