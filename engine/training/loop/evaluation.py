"""Evaluation of a run: embeddings of products that it was not trained on, before and after."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch.nn import functional as F

from engine.arrays import Bool, Float32, Int64, UInt8
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
    """A `PhotoBank`, or `TrainingData`."""

    @property
    def pixels(self) -> UInt8:
        """Photos ``(N, S, S, 3)`` RGB."""


@dataclass(frozen=True)
class EvaluationSet:
    """n products, each of which is a seed against all others, and their p photos.

    Attributes:
        bank: holds the photos.
        table: labels of the n products.
        products: ``(n,)`` int64 rows of ``bank.records``, ascending.
        photos: ``(p,)`` int64 rows of the bank, ascending by product.
        held_out: True for the validation split, False for a separate source.
    """

    bank: PhotoBank
    table: LabelTable
    products: Int64
    photos: Int64
    held_out: bool = True

    @classmethod
    def of(
        cls, bank: PhotoBank, table: LabelTable, chosen: Bool, held_out: bool = True
    ) -> "EvaluationSet":
        """Selects products by a mask ``(M,)`` bool; ``table`` has the labels of all M."""
        products, photos = np.flatnonzero(chosen), bank.of_products(chosen)
        return cls(bank, table.take(products), products, photos, held_out)

    @property
    def owners(self) -> Int64:
        """The product of each photo: ``(p,)`` rows of ``table``, ascending."""
        return np.searchsorted(self.products, self.bank.product[self.photos])

    def pool(self, rows: Float32, layout: FacetLayout | None) -> Float32:
        """Averages rows of photos ``(p, D)`` into rows of products ``(n, D)``."""
        if not len(rows):
            return rows
        return pool_products(rows, self.owners, layout)


@dataclass(frozen=True)
class EvaluationEmbeddings:
    """One model's embeddings of an evaluation set.

    Attributes:
        photos: ``(p, D)`` float32 unit rows.
        products: ``(n, D)``, pooled from the photos.
        layout: its facets, or None for a plain image embedding.
    """

    photos: Float32
    products: Float32
    layout: FacetLayout | None

    @classmethod
    def of(
        cls,
        evaluation_set: EvaluationSet,
        blocks: Mapping[str, Float32],
        layout: FacetLayout | None,
    ) -> "EvaluationEmbeddings":
        """Combines the blocks that `embed_pixels` returned, or takes the plain embedding."""
        rows = unit_rows(blocks["embedding"]) if layout is None else layout.compose(blocks)
        return cls(rows, evaluation_set.pool(rows, layout), layout)


def embed_pixels(
    model: AppearanceModel,
    photos: HasPixels,
    rows: Int64,
    side: int,
    device: torch.device,
    on_rows: Callable[[int], None] = lambda more: None,
) -> dict[str, Float32]:
    """Embeds photos with a model.

    Args:
        model: moved to the device and set to evaluation mode.
        photos: N photos.
        rows: ``(n,)`` int64, the ones to embed.
        side: edge in pixels to which they are resized.
        device: where to compute.
        on_rows: called with the number of photos of each chunk.

    Returns:
        facet -> unit rows ``(n, D_f)`` float32, and ``embedding``, the CLIP embedding ``(n, E)``.
    """
    model = model.to(device).eval()
    mean, std = normalisation(model.clip, device)
    parts: dict[str, list[Float32]] = {}
    with torch.inference_mode():
        # Without photos, one chunk with a blank photo tells the width of the rows.
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
    """Evaluates the trained model beside the initial one, colour histograms and random order."""
    histograms = [
        colour_histogram(evaluation_set.bank.pixels[row]) for row in evaluation_set.photos.tolist()
    ]
    histogram = np.stack(histograms) if histograms else np.zeros((0, 1), np.float32)
    contenders = [
        Contender("trained", after.products, after.photos, after.layout),
        Contender("initial", before.products, before.photos, before.layout),
        Contender("colour histogram", evaluation_set.pool(histogram, None), histogram),
    ]
    return evaluate(evaluation_set.table, contenders, evaluation_set.owners)
