"""Assembles the parts into a model: mixtures, the maps that shorten them, and the weights."""

import copy
import dataclasses
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from engine.encoders.appearance import AppearanceModel
from engine.encoders.facet_heads import AppearanceConfig, ColourHead
from engine.encoders.mixed_heads import (
    LABELS,
    TUNED,
    WORDS,
    MixedColourHead,
    MixedShapeHead,
    Mixture,
)
from engine.errors import TrainingError
from engine.training.heads.colour_part import ColourPart
from engine.training.heads.config import HeadsConfig
from engine.training.heads.data import HeadsData
from engine.training.heads.words_part import WordsPart

JoinedRows = Callable[[Tensor], Tensor]
CHUNK = 512
EVERY = 3  # photos of which one is used to find the directions that a block keeps


def labels_head(model: AppearanceModel, facet: str) -> nn.Module:
    """A copy of the head that the triplets of labels trained, plain or a part of a mixed one.

    Raises:
        TrainingError: a mixed head without this part.
    """
    head = model.facets.heads[facet]
    if isinstance(head, MixedShapeHead | MixedColourHead):
        found = next((name for name in (LABELS, TUNED) if name in head.parts), None)
        if found is None:
            raise TrainingError(
                f"The {facet} head of this encoder has no part {LABELS!r} to take a share; leave "
                f"--part {facet}.{LABELS} out."
            )
        head = head.parts[found]
    return copy.deepcopy(head)


def mix_shape(
    model: AppearanceModel,
    linear: Mapping[str, nn.Linear],
    words: WordsPart | None,
    data: HeadsData,
    config: HeadsConfig,
) -> MixedShapeHead:
    """The mixed shape head of trained parts; parts that could not be trained take no share."""
    labels = labels_head(model, "shape") if config.shape_shares.get(LABELS) else None
    lengths = {name: part.out_features for name, part in linear.items()}
    if labels is not None:
        lengths[LABELS] = output_length(labels)
    if words is not None:
        lengths[WORDS] = len(words.words)
    if not lengths:
        raise TrainingError(
            "No part of the shape head would be trained. Give --identity-steps, --design-steps or "
            "--words-steps, or a share to --part shape.labels."
        )
    mixture = mixture_of(config.shape_shares, lengths, words.words if words else ())
    dim = min(config.shape_dim, mixture.width)
    head = MixedShapeHead(labels, mixture, data.width, data.features.shape[1], dim)
    trained: dict[str, nn.Linear] = dict(linear)
    if words is not None:
        trained[WORDS] = words.linear
    for name, part in trained.items():
        if name in head.parts:
            head.parts[name].load_state_dict(part.state_dict())
    keep_directions(
        head.reduce,
        lambda rows: head.joined(data.features[rows].float()),
        torch.arange(0, len(data), EVERY),
    )
    return head


def mix_colour(
    model: AppearanceModel, part: ColourPart, data: HeadsData, config: HeadsConfig
) -> MixedColourHead:
    """The mixed colour head of the first and the tuned colour head and the tuned one's words."""
    heads: dict[str, nn.Module] = {TUNED: part.head}
    if config.colour_shares.get(LABELS):
        heads[LABELS] = labels_head(model, "colour")
    lengths = {name: output_length(head) for name, head in heads.items()}
    mixture = mixture_of(config.colour_shares, {**lengths, WORDS: len(part.words)}, part.words)
    head = MixedColourHead(heads, mixture, min(config.colour_dim, mixture.width))
    head.words.load_state_dict(part.linear.state_dict())
    keep_directions(
        head.reduce,
        lambda rows: head.joined(
            data.histograms[rows].float(), data.features[rows, : data.width].float()
        ),
        torch.arange(0, len(data), EVERY),
    )
    return head


def mixture_of(
    shares: Mapping[str, float], lengths: Mapping[str, int], words: tuple[str, ...]
) -> Mixture:
    """The mixture of the parts that exist and have a share; their shares sum to 1."""
    chosen = {name: shares.get(name, 0.0) for name in lengths if shares.get(name, 0.0) > 0}
    total = sum(chosen.values())
    return Mixture(
        {name: share / total for name, share in chosen.items()},
        {name: lengths[name] for name in chosen},
        words if WORDS in chosen else (),
    )


def keep_directions(reduce: nn.Linear, joined: JoinedRows, rows: Tensor) -> None:
    """Sets a map to the directions in which joined rows are longest (uncentred PCA).

    Cosines of the shortened rows are those of the joined ones but for what the least directions
    hold.
    """
    with torch.no_grad():
        moments = torch.zeros(reduce.in_features, reduce.in_features, dtype=torch.float64)
        for chunk in torch.split(rows, CHUNK):
            part = joined(chunk).double()
            moments += part.T @ part
        _, directions = torch.linalg.eigh(moments)
        reduce.weight.copy_(directions.flip(1)[:, : reduce.out_features].T)


def output_length(head: nn.Module) -> int:
    """Length of the rows of a plain head."""
    last = head.head if isinstance(head, ColourHead) else head
    assert isinstance(last, nn.Sequential)
    layer = last[-1]
    assert isinstance(layer, nn.Linear)
    return layer.out_features


def with_heads(
    model: AppearanceModel,
    shape: MixedShapeHead,
    colour: MixedColourHead | None,
    settings: HeadsConfig,
) -> AppearanceModel:
    """A model with the same tower and pattern head, and other heads for shape and colour."""
    config = dataclasses.replace(
        model.config,
        dims={**model.config.dims, "shape": shape.reduce.out_features},
        weights=settings.weights,
        photo_weights=settings.photo_weights,
        text=settings.text_steps > 0,
        mixtures={**model.config.mixtures, "shape": shape.mixture},
    )
    if colour is not None:
        config = with_colour(config, colour)
    changed = AppearanceModel(model.clip, config)
    kept = {
        name: value
        for name, value in model.facets.state_dict().items()
        if not name.startswith("heads.shape") and (colour is None or "heads.colour" not in name)
    }
    changed.facets.load_state_dict(kept, strict=False)
    changed.facets.heads["shape"] = shape
    if colour is not None:
        changed.facets.heads["colour"] = colour
    return changed.eval()


def with_colour(config: AppearanceConfig, colour: MixedColourHead) -> AppearanceConfig:
    """The config with the sizes of another colour head."""
    return dataclasses.replace(
        config,
        dims={**config.dims, "colour": colour.reduce.out_features},
        mixtures={**config.mixtures, "colour": colour.mixture},
    )
