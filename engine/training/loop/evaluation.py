"""How a run is judged: rows of products it was not trained on, before and after."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch.nn import functional as F

from engine.embedding.pooling import pool_products
from engine.encoders.appearance import AppearanceModel, normalisation
from engine.encoders.facets import FacetLayout, unit_rows
from engine.encoders.open_clip_encoder import to_input
from engine.evaluation.contender import Contender
from engine.evaluation.evaluate import evaluate
from engine.evaluation.report import EvaluationReport
from engine.labels.labels import LabelTable
from engine.labels.photo_colour import colour_histogram
from engine.training.data.photo_bank import PhotoBank

CHUNK = 128  # photos embedded at a time


class HasPixels(Protocol):
    """Photos ``(N, S, S, 3)`` uint8: a bank, or what a run trains on."""

    @property
    def pixels(self) -> np.ndarray:
        """All of them."""


@dataclass(frozen=True)
class EvaluationSet:
    """n products that are each a seed against all others, and their p photos.

    Attributes:
        bank: where the photos are.
        table: labels of the n products.
        products: ``(n,)`` int64 rows of ``bank.records``, ascending.
        photos: ``(p,)`` int64 rows of the bank, ascending by product.
        held_out: False where they come from a source of their own, all of which is used.
    """

    bank: PhotoBank
    table: LabelTable
    products: np.ndarray
    photos: np.ndarray
    held_out: bool = True

    @classmethod
    def of(
        cls, bank: PhotoBank, table: LabelTable, chosen: np.ndarray, held_out: bool = True
    ) -> "EvaluationSet":
        """The exam on the products that a mask ``(M,)`` chooses; ``table`` labels all M."""
        products, photos = np.flatnonzero(chosen), bank.of_products(chosen)
        return cls(bank, table.take(products), products, photos, held_out)

    @property
    def owners(self) -> np.ndarray:
        """Whose photo each is: ``(p,)`` rows of ``table``, ascending."""
        return np.searchsorted(self.products, self.bank.product[self.photos])

    def pool(self, rows: np.ndarray, layout: FacetLayout | None) -> np.ndarray:
        """Rows of the products ``(n, D)`` from those of their photos ``(p, D)``."""
        if not len(rows):
            return rows
        return pool_products(rows, self.owners, layout)


@dataclass(frozen=True)
class EvaluationEmbeddings:
    """What one model makes of an exam's photos.

    Attributes:
        photos: ``(p, D)`` float32 unit rows.
        products: ``(n, D)``, pooled from them.
        layout: its facets, or None for a bare image embedding.
    """

    photos: np.ndarray
    products: np.ndarray
    layout: FacetLayout | None

    @classmethod
    def of(
        cls,
        evaluation_set: EvaluationSet,
        blocks: Mapping[str, np.ndarray],
        layout: FacetLayout | None,
    ) -> "EvaluationEmbeddings":
        """Join what `embed` gave by a layout, or take the bare embedding."""
        rows = unit_rows(blocks["embedding"]) if layout is None else layout.compose(blocks)
        return cls(rows, evaluation_set.pool(rows, layout), layout)


def embed(
    model: AppearanceModel,
    photos: HasPixels,
    rows: np.ndarray,
    side: int,
    device: torch.device,
    on_rows: Callable[[int], None] = lambda more: None,
) -> dict[str, np.ndarray]:
    """Unit blocks ``{facet: (n, dim_f)}`` and the CLIP ``embedding`` ``(n, E)`` of some photos.

    ``on_rows`` is told how many more are done.
    """
    model = model.to(device).eval()
    mean, std = normalisation(model.clip, device)
    parts: dict[str, list[np.ndarray]] = {}
    with torch.inference_mode():
        # No photos at all are still one chunk, which says how wide the rows are.
        for at in range(0, max(1, len(rows)), CHUNK):
            pixels = torch.from_numpy(photos.pixels[rows[at : at + CHUNK]]).to(device)
            blank = pixels.new_zeros(0 if len(pixels) else 1, *pixels.shape[1:])
            images = to_input(torch.cat([pixels, blank]), mean, std)
            images = F.interpolate(images, size=(side, side), mode="bilinear", antialias=True)
            blocks, embedding = model(images)
            for name, values in {**blocks, "embedding": embedding}.items():
                parts.setdefault(name, []).append(values[: len(pixels)].float().cpu().numpy())
            on_rows(len(pixels))
    return {name: np.concatenate(values) for name, values in parts.items()}


def compare(
    evaluation_set: EvaluationSet, before: EvaluationEmbeddings, after: EvaluationEmbeddings
) -> EvaluationReport:
    """The trained rows beside the start's, a colour histogram and random order."""
    drawn = [
        colour_histogram(evaluation_set.bank.pixels[row]) for row in evaluation_set.photos.tolist()
    ]
    histogram = np.stack(drawn) if drawn else np.zeros((0, 1), np.float32)
    contenders = [
        Contender("trained", after.products, after.photos, after.layout),
        Contender("start", before.products, before.photos, before.layout),
        Contender("colour histogram", evaluation_set.pool(histogram, None), histogram),
    ]
    return evaluate(evaluation_set.table, contenders, evaluation_set.owners)
