"""The words part of the shape head: a classifier of types on frozen features.

Its probabilities are a soft statement of what a thing is, and two photos are close where they are
similar: "60% flat, 30% sandal" is near both. Street photos teach it too, although their words are
coarser than the shop's: a "pants" photo is right as soon as the probabilities of trousers, jeans
and track pants together are high.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.arrays import Bool, Float64, Int64
from engine.labels.labels import UNKNOWN
from engine.training.heads.config import HeadsConfig
from engine.training.heads.data import HeadsData, fold, standardised
from engine.training.loop.schedule import learning_rate_factor

FEWEST = 12  # photos of a word that gets a probability
BATCH = 320
WARMUP = 20
DROPOUT = 0.4
WEIGHT_DECAY = 0.3  # strong, as the tower has memorised part of the photos
BALANCE = 0.3  # rare types are drawn more often: by count ** -BALANCE
STREET_SHARE = 0.2  # of a batch


@dataclass(frozen=True)
class WordsPart:
    """A classifier: its words, and the linear map from features to their logits."""

    words: tuple[str, ...]
    linear: nn.Linear


def train_words(
    data: HeadsData,
    answers: Mapping[str, tuple[str, ...]],
    config: HeadsConfig,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> WordsPart | None:
    """Trains a classifier of the shop's types; None where fewer than two have enough photos.

    Args:
        data: the training photos.
        answers: type of street photos -> types of the shop that it may mean.
        config: steps, rate and seed.
        on_step: called with the number of steps done and in all.
    """
    kept = frequent(data.labels["type"][~data.street], FEWEST)
    if len(kept) < 2:
        return None
    words = tuple(data.words["type"][code] for code in kept.tolist())
    targets = type_targets(data, kept, answers)
    rows = np.flatnonzero(targets.any(axis=1))
    chances = draw_chances(data.labels["type"][rows], data.street[rows])
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    mean, spread = data.moments()
    linear = nn.Linear(data.features.shape[1], len(words))
    optimiser = torch.optim.AdamW(linear.parameters(), config.words_lr, weight_decay=WEIGHT_DECAY)
    for step in range(config.words_steps):
        for group in optimiser.param_groups:
            group["lr"] = config.words_lr * learning_rate_factor(step, config.words_steps, WARMUP)
        batch = rows[rng.choice(len(rows), BATCH, p=chances)]
        features = standardised(data.features[torch.from_numpy(batch)], mean, spread)
        logits = linear(F.dropout(features, DROPOUT))
        loss = set_cross_entropy(logits, torch.from_numpy(targets[batch]), config.smoothing)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        on_step(step + 1, config.words_steps)
    return WordsPart(words, fold(linear, mean, spread))


def frequent(codes: Int64, fewest: int) -> Int64:
    """The codes, ascending, that occur ``fewest`` times or more."""
    return np.flatnonzero(np.bincount(codes[codes != UNKNOWN]) >= fewest)


def type_targets(data: HeadsData, kept: Int64, answers: Mapping[str, tuple[str, ...]]) -> Bool:
    """Which of the kept words are right for each photo: ``(N, len(kept))`` bool."""
    names = data.words["type"]
    place = {names[code]: at for at, code in enumerate(kept.tolist())}
    shop = np.zeros((len(names) + 1, len(kept)), dtype=bool)  # the last row: unknown
    street = shop.copy()
    for code, name in enumerate(names):
        if name in place:
            shop[code, place[name]] = street[code, place[name]] = True
        for other in answers.get(name, ()):
            if other in place:
                street[code, place[other]] = True
    types = data.labels["type"]
    right: Bool = np.where(data.street[:, None], street[types], shop[types])
    return right


def draw_chances(types: Int64, street: Bool) -> Float64:
    """Probabilities ``(N,)`` of photos in a draw: rare types more often, street photos a share."""
    counts = np.unique(types, return_inverse=True, return_counts=True)
    weights = counts[2][counts[1]].astype(float) ** -BALANCE
    if street.any() and not street.all():
        shop = weights[~street].sum()
        weights[street] *= STREET_SHARE / (1 - STREET_SHARE) * shop / weights[street].sum()
    chances: Float64 = weights / weights.sum()
    return chances


def set_cross_entropy(logits: Tensor, right: Tensor, smoothing: float) -> Tensor:
    """Cross entropy where any of several words is right: ``-log`` of their probabilities' sum.

    Args:
        logits: ``(B, W)``.
        right: ``(B, W)`` bool, at least one in each row.
        smoothing: share of the loss that asks for equal probabilities (label smoothing, Szegedy
            et al. 2016), in [0, 1].

    >>> logits = torch.log(torch.tensor([[0.5, 0.25, 0.25]]))
    >>> right = torch.tensor([[True, True, False]])
    >>> round(float(set_cross_entropy(logits, right, 0.0)), 3)  # -log 0.75
    0.288
    """
    logs = logits.log_softmax(dim=1)
    of_right = logs.masked_fill(~right, float("-inf")).logsumexp(dim=1)
    return -(1 - smoothing) * of_right.mean() - smoothing * logs.mean()
