"""Prepares the training data: labels, validation split, sampling groups and captions."""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from catalog.records import ProductRecord
from engine.arrays import Bool
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
    """Everything about a data set that does not change in training.

    Attributes:
        bank: the photos.
        table: labels of the bank's M products.
        validation: ``(M,)`` bool, the validation split.
        data: the input of the training loop.
        terms: the triplet losses for which there are labels.
    """

    bank: PhotoBank
    table: LabelTable
    validation: Bool
    data: TrainingData
    terms: list[Term]


def bank_side(side: int) -> int:
    """Returns the side of the stored photos: 9/8 of the views', as these are zoomed in."""
    return -(-side * 9 // 8 // 8) * 8


def prepare(
    bank: PhotoBank, initial: InitialModel, config: TrainConfig, rules: Sequence[LabelRule]
) -> PreparedData:
    """Labels a bank, splits it and lays out the input of the training loop.

    Args:
        bank: the photos.
        initial: the initial model, for its tokenizer.
        config: split, terms and weights.
        rules: how labels are read.

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
    # File names are not titles: "LK000012" does not describe its photo.
    has_titles = any(title_words(record.title) for record in bank.records)
    uses_titles = config.contrastive_steps > 0 or (config.text_weight > 0 and has_titles)
    captions = (
        caption_tokens(initial.clip_config["text_cfg"], bank.records, table)
        if uses_titles
        else None
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
    """Returns the records; where the words of one name no colour, it has its photo's."""
    _, first = np.unique(bank.product, return_index=True)

    def colour_of(product: int) -> str | None:
        colour = dominant_colour(bank.pixels[first[product]])
        return colour.name if colour else None

    return fill_colours(bank.records, colour_of, rules)


def validation_mask(bank: PhotoBank, split: str) -> Bool:
    """Returns the validation products as a mask ``(M,)``; those that an evaluation holds out too.

    The split of a product without a design family depends on its id, so ids are taken as in
    their source, without the source's name before them.
    """
    records = [
        dataclasses.replace(record, product_id=record.product_id.partition("/")[2])
        for record in bank.records
    ]
    return held_out(records, split)


def data_facts(prepared: PreparedData) -> dict[str, int | str]:
    """Returns counts and digests of a run's data, for its `run.toml`."""
    return {
        "photos": len(prepared.bank),
        "products": len(prepared.bank.records),
        "photos_trained_on": int(prepared.data.train.sum()),
        "products_held_out": int(prepared.validation.sum()),
        "skipped": len(prepared.bank.skipped),
        "photos_digest": prepared.bank.digest(),
        "labels_digest": data_digest(prepared)[:16],
    }


def data_digest(prepared: PreparedData) -> str:
    """Identifies the photos, labels and terms of a run, so that no other run's checkpoint fits."""
    names = [term.name for term in prepared.terms]
    digest = hashlib.sha256(json.dumps([len(prepared.bank), names]).encode())
    digest.update("\n".join(prepared.table.product_ids).encode())
    for term in prepared.terms:
        digest.update(prepared.table.columns[term.label].tobytes())
    return digest.hexdigest()
