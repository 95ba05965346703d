"""From label columns to the loss's terms and label tensors, and to the sampler's groups."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from engine.arrays import Bool, Int64
from engine.errors import NotEnoughData
from engine.labels.labels import UNKNOWN, LabelTable
from engine.training.data.photo_bank import PhotoBank
from engine.training.losses.conditional import Term

# The columns that batches are sampled by, the most specific first; `product` always exists. Not by
# colour alone: two photos of one product would hardly ever be in one batch.
GROUP_COLUMNS = ("type_colour", "type", "product")
# The least weight of `product` if no other label trains the shape: a shop with photos only.
PRODUCT_ONLY_WEIGHT = 1.0


def triplet_terms(table: LabelTable, weights: Mapping[str, float], train: Bool) -> list[Term]:
    """Returns the triplet terms for which a data set has labels.

    A label column takes part if it has a weight above 0, trains a facet, and has two different
    labels among the training rows, one of them repeated. ``product`` needs no repetition: two
    views of a photo are positives. If no other label trains the shape, its weight is
    `PRODUCT_ONLY_WEIGHT` at least.

    Args:
        table: labels of M products.
        weights: label column -> weight.
        train: ``(M,)`` bool, the training products.
    """
    terms = []
    for column, weight in weights.items():
        facets = table.facets.get(column, ())
        if weight <= 0 or not facets or column not in table.columns:
            continue
        known = table.columns[column][train]
        known = known[known != UNKNOWN]
        _, counts = np.unique(known, return_counts=True)
        if len(counts) >= 2 and (column == "product" or counts.max() >= 2):
            terms.append(Term(column, column, facets, weight))
    trained = {facet for term in terms if term.name != "product" for facet in term.blocks}
    return [
        replace(term, weight=max(term.weight, PRODUCT_ONLY_WEIGHT))
        if term.name == "product" and "shape" not in trained
        else term
        for term in terms
    ]


def label_tensors(table: LabelTable, terms: list[Term], bank: PhotoBank) -> dict[str, Tensor]:
    """Returns label column -> ``(N,)`` int64 of every photo in the bank."""
    return {term.label: torch.from_numpy(table.columns[term.label][bank.product]) for term in terms}


def sampling_groups(table: LabelTable, terms: list[Term], bank: PhotoBank) -> tuple[Int64, Int64]:
    """Returns the label ``(N,)`` that batches are sampled by, and the category ``(N,)``.

    A photo takes the most specific label it has: without a colour it is sampled by its type, and
    without a type together with the other photos of its product, in the category of its colour,
    as products of one colour are the hard negatives.

    Raises:
        NotEnoughData: fewer than two labels, so that no triplet has a negative.
    """
    usable = {term.label for term in terms} | {"product"}
    groups = np.full(len(bank), UNKNOWN, dtype=np.int64)
    offset = 0
    for column in GROUP_COLUMNS:
        if column not in usable:
            continue
        codes = table.columns[column][bank.product]
        missing = (groups == UNKNOWN) & (codes != UNKNOWN)
        groups[missing] = codes[missing] + offset
        offset += int(codes.max(initial=-1)) + 1
    types, colours = (table.columns[name][bank.product] for name in ("type", "colour"))
    if len(np.unique(groups[groups != UNKNOWN])) < 2:
        raise NotEnoughData(
            "All photos have the same label, so no triplet has a negative. "
            "Give --data photos of at least two products that differ."
        )
    # Categories: types; for photos without one their colours, the unknown colour first.
    return groups, np.where(types == UNKNOWN, int(types.max(initial=0)) + 2 + colours, types)
