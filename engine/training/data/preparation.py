"""From photos and their records to what the loop reads: labels, a split, groups and captions."""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from catalog.records import ProductRecord
from engine.errors import NotEnoughData
from engine.labels.labels import LabelRule, LabelTable, fill_colours, label_products
from engine.labels.photo_colour import dominant_colour
from engine.labels.splits import held_out, title_words
from engine.training.data.batches import TrainingData
from engine.training.data.captions import caption_tokens
from engine.training.data.config import TrainConfig
from engine.training.data.initial_model import InitialModel
from engine.training.data.photo_bank import PhotoBank
from engine.training.data.terms import label_tensors, sampling_groups, triplet_terms
from engine.training.losses.conditional import Term


@dataclass(frozen=True)
class PreparedData:
    """Everything about a data set that does not change while training.

    Attributes:
        bank: the photos.
        table: labels of the bank's M products.
        validation: ``(M,)`` bool, products kept for validation.
        data: what the loop reads.
        terms: the triplet losses that the labels can feed.
    """

    bank: PhotoBank
    table: LabelTable
    validation: np.ndarray
    data: TrainingData
    terms: list[Term]


def bank_side(side: int) -> int:
    """Photos are kept a little larger than their views, so that zooming in stays sharp."""
    return -(-side * 9 // 8 // 8) * 8


def prepare(
    bank: PhotoBank, start: InitialModel, config: TrainConfig, rules: Sequence[LabelRule]
) -> PreparedData:
    """Label a bank, split it, and lay out what the loop reads.

    Raises:
        NotEnoughData: no triplet can be formed.
    """
    table = label_products(with_photo_colours(bank, rules), rules)
    validation = validation_mask(bank, config.split)
    train_rows = ~validation[bank.product]
    if len(np.unique(bank.product[train_rows])) < 2:
        raise NotEnoughData(
            f"{len(bank)} photos of {len(bank.records)} products leave {int(train_rows.sum())} "
            f"photos to train on after split {config.split!r}; a triplet needs two products at "
            "least. Give --data more photos."
        )
    terms = triplet_terms(table, config.terms, ~validation)
    groups, categories = sampling_groups(table, terms, bank)
    # Names of files are no titles: "LK000012" has nothing to say about its photo.
    said = config.text_weight > 0 and any(title_words(record.title) for record in bank.records)
    titled = config.contrastive_steps > 0 or said
    captions = (
        caption_tokens(start.clip_config["text_cfg"], bank.records, table) if titled else None
    )
    data = TrainingData(
        pixels=bank.pixels,
        labels=label_tensors(table, terms, bank),
        captions=None if captions is None else captions[torch.from_numpy(bank.product)],
        train=train_rows,
        groups=groups,
        categories=categories,
        source=bank.source[bank.product],
    )
    return PreparedData(bank, table, validation, data, terms)


def with_photo_colours(bank: PhotoBank, rules: Sequence[LabelRule]) -> list[ProductRecord]:
    """The records, with the colour that a photo shows where words say nothing or next to it."""
    _, first = np.unique(bank.product, return_index=True)

    def see(product: int) -> str | None:
        colour = dominant_colour(bank.pixels[first[product]])
        return colour.name if colour else None

    return fill_colours(bank.records, see, rules)


def validation_mask(bank: PhotoBank, split: str) -> np.ndarray:
    """Mask ``(M,)`` of the products kept for validation; the same ones as in an evaluation.

    A product that is its own family is told by its id, so ids are taken as their source wrote
    them, without the source's name before it.
    """
    own = [
        dataclasses.replace(record, product_id=record.product_id.partition("/")[2])
        for record in bank.records
    ]
    return held_out(own, split)


def data_digest(prepared: PreparedData) -> str:
    """Names the photos, labels and terms of a run, so that another's state is not taken up."""
    names = [term.name for term in prepared.terms]
    digest = hashlib.sha256(json.dumps([len(prepared.bank), names]).encode())
    digest.update("\n".join(prepared.table.product_ids).encode())
    for term in prepared.terms:
        digest.update(prepared.table.columns[term.label].tobytes())
    return digest.hexdigest()
