"""From label columns to what the loss takes: terms, label tensors, and the groups of a batch."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from engine.errors import NotEnoughData
from engine.labels.labels import UNKNOWN, LabelTable
from engine.training.data.photo_bank import PhotoBank
from engine.training.losses.conditional import Term

# What a batch is drawn by, the most telling first; `product` always exists. A colour alone says
# too little: drawn by it, two photos of one product would hardly ever meet.
GROUP_COLUMNS = ("type_colour", "type", "product")
# The least weight of `product` where it alone teaches the shape: a shop with nothing but photos.
PRODUCT_ONLY_WEIGHT = 1.0


def triplet_terms(table: LabelTable, weights: Mapping[str, float], train: np.ndarray) -> list[Term]:
    """The triplet terms that a data set can feed.

    A label column takes part if it has a weight, trains a facet, and its known labels in the
    training rows differ. ``product`` needs no repeats: two views of a photo are its positives.
    Where no other label teaches the shape, it weighs `PRODUCT_ONLY_WEIGHT` at least.
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
    taught = {facet for term in terms if term.name != "product" for facet in term.blocks}
    return [
        replace(term, weight=max(term.weight, PRODUCT_ONLY_WEIGHT))
        if term.name == "product" and "shape" not in taught
        else term
        for term in terms
    ]


def label_tensors(table: LabelTable, terms: list[Term], bank: PhotoBank) -> dict[str, Tensor]:
    """Label column -> ``(N,)`` int64 of every photo in the bank."""
    return {term.label: torch.from_numpy(table.columns[term.label][bank.product]) for term in terms}


def sampling_groups(
    table: LabelTable, terms: list[Term], bank: PhotoBank
) -> tuple[np.ndarray, np.ndarray]:
    """The label ``(N,)`` by which a batch draws photos, and the category ``(N,)`` it balances.

    A photo takes the most telling label it has, so that one without a colour is still drawn by
    its type, and one without a type with the other photos of its product, among products of its
    colour: these are the negatives that look alike.

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
        fresh = (groups == UNKNOWN) & (codes != UNKNOWN)
        groups[fresh] = codes[fresh] + offset
        offset += int(codes.max(initial=-1)) + 1
    types, colours = (table.columns[name][bank.product] for name in ("type", "colour"))
    if len(np.unique(groups[groups != UNKNOWN])) < 2:
        raise NotEnoughData(
            "All photos carry one and the same label, so no triplet has a negative. "
            "Give --data photos of at least two products that differ."
        )
    # Categories: types, then the colours of photos without one, the unknown colour first.
    return groups, np.where(types == UNKNOWN, int(types.max(initial=0)) + 2 + colours, types)
