"""The linear parts of the shape head: which photos show one design, among things of one type.

Triplets of labels pull all boots to one point and have nothing left to teach once they are there.
Identity keeps what labels discard: the anchor and the positive are one design (in other colours,
as titles of a family differ in colour words only), and the negatives are other designs *of the
same type*.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.labels.labels import UNKNOWN
from engine.training.heads.config import HeadsConfig
from engine.training.heads.data import HeadsData, fold, known_pairs, standardised
from engine.training.heads.sampler import FamilySampler
from engine.training.loop.schedule import learning_rate_factor
from engine.training.losses.distances import squared_distances
from engine.training.losses.masked import masked_triplet_loss

PROXY_SCALE = 16.0  # of cosines before the softmax, as in `engine.training.loop.proxies`
WARMUP = 30  # steps
WEIGHT_DECAY = 0.01
PCA_ROWS = 4000  # photos that the initial directions are computed from
WITHIN_TYPE = ("type_gender", "type_sleeve", "type_neck", "type_length")
OnStep = Callable[[int, int], None]


@dataclass(frozen=True)
class PartLosses:
    """The weights of the losses of one part; 0: off.

    Attributes:
        identity: triplets of one design, negatives of the same type.
        type: triplets of one type but not one design, negatives of another type; within the
            shop's photos and within street photos, whose words differ.
        street: triplets of a street photo and a shop photo whose types may be the same.
        within: column -> weight of the triplets of one label of this column; negatives are of
            the same type.
        proxies: a softmax over a learned proxy for each type.
        dropout: of the features.
    """

    identity: float = 1.0
    type: float = 0.0
    street: float = 0.0
    within: Mapping[str, float] = field(default_factory=dict)
    proxies: float = 0.0
    dropout: float = 0.3


IDENTITY = PartLosses()
DESIGN = PartLosses(type=0.7, within=dict.fromkeys(WITHIN_TYPE, 0.2), proxies=0.5, dropout=0.5)
STREET = replace(DESIGN, street=0.7)


def train_part(
    data: HeadsData,
    sampler: FamilySampler,
    losses: PartLosses,
    steps: int,
    config: HeadsConfig,
    compatible: Tensor | None = None,
    on_step: OnStep = lambda done, total: None,
) -> nn.Linear:
    """Trains a linear map of features ``(B, W)`` to rows ``(B, config.part_dim)``.

    It starts from the principal components of the features.

    Args:
        data: the training photos.
        sampler: of batches of them.
        losses: what it learns.
        steps: number of batches.
        config: rates, margin and seed.
        compatible: ``(T, T)`` bool, for the loss ``street``.
        on_step: called with the number of steps done and in all.
    """
    torch.manual_seed(config.seed)
    generator = torch.Generator().manual_seed(config.seed)
    mean, spread = data.moments()
    linear = principal_components(data, mean, spread, config)
    proxies = nn.Parameter(0.1 * torch.randn(len(data.words["type"]), config.part_dim))
    optimiser = torch.optim.AdamW(
        [
            {"params": linear.parameters(), "weight_decay": WEIGHT_DECAY},
            {"params": [proxies], "weight_decay": 0.0},
        ],
        lr=config.shape_lr,
    )
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = config.shape_lr * learning_rate_factor(step, steps, WARMUP)
        rows = sampler.batch(step)
        features = standardised(data.features[torch.from_numpy(rows)], mean, spread)
        features = F.dropout(features, losses.dropout, training=True)
        embeddings = F.normalize(linear(features), dim=1)
        hard = step >= config.hard_from * steps
        loss = _Batch(data, rows, embeddings, config.margin, hard, generator).loss(
            losses, proxies, config.smoothing, compatible
        )
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        on_step(step + 1, steps)
    return fold(linear, mean, spread)


class _Batch:
    """The losses of one batch of B photos."""

    def __init__(
        self,
        data: HeadsData,
        rows: "np.ndarray[tuple[int], np.dtype[np.int64]]",
        embeddings: Tensor,
        margin: float,
        hard: bool,
        generator: torch.Generator,
    ) -> None:
        self._embeddings, self._generator = embeddings, generator
        self._margin, self._hard = margin, hard
        self._distances = squared_distances(embeddings, embeddings)
        self._labels = {name: torch.from_numpy(data.labels[name][rows]) for name in data.labels}
        self._types = self._labels["type"]
        identity = torch.from_numpy(data.identity[rows])
        self._other = ~torch.eye(len(rows), dtype=torch.bool)
        self._same_design = (identity[:, None] == identity[None]) & self._other
        self._same_type, self._other_type = known_pairs(self._types)
        street = torch.from_numpy(data.street[rows])
        self._across = street[:, None] != street[None]

    def loss(
        self, losses: PartLosses, proxies: Tensor, smoothing: float, compatible: Tensor | None
    ) -> Tensor:
        same_type = self._same_type & ~self._same_design & self._other
        total = losses.identity * self._triplets(self._same_design, same_type, every=True)
        if losses.type:
            within = ~self._across
            total = total + losses.type * self._triplets(
                same_type & within, self._other_type & within
            )
        if losses.street and compatible is not None:
            meant = compatible[self._types][:, self._types] | self._same_type
            known = (self._types != UNKNOWN)[:, None] & (self._types != UNKNOWN)[None]
            total = total + losses.street * self._triplets(
                meant & self._across & known, ~meant & self._across & known
            )
        for column, weight in losses.within.items():
            same, different = known_pairs(self._labels[column])
            total = total + weight * self._triplets(same & self._other, different & self._same_type)
        if losses.proxies:
            use = self._types != UNKNOWN
            logits = PROXY_SCALE * self._embeddings[use] @ F.normalize(proxies, dim=1).T
            total = total + losses.proxies * F.cross_entropy(
                logits, self._types[use], label_smoothing=smoothing
            )
        return total

    def _triplets(self, positive: Tensor, negative: Tensor, every: bool = False) -> Tensor:
        return masked_triplet_loss(
            self._distances,
            positive,
            negative,
            margin=self._margin,
            hard=self._hard,
            generator=None if every else self._generator,
        )


def principal_components(
    data: HeadsData, mean: Tensor, spread: Tensor, config: HeadsConfig
) -> nn.Linear:
    """A linear map onto the first principal components of the standardised features."""
    generator = torch.Generator().manual_seed(config.seed)
    chosen = torch.randperm(len(data), generator=generator)[:PCA_ROWS]
    rows = standardised(data.features[chosen], mean, spread)
    linear = nn.Linear(rows.shape[1], config.part_dim, bias=False)
    _, values, directions = torch.svd_lowrank(rows, q=min(config.part_dim, *rows.shape))
    with torch.no_grad():
        linear.weight.mul_(0.1)  # what is left of it where there are fewer components than rows
        linear.weight[: directions.shape[1]] = directions.T / (values[0] / len(rows) ** 0.5)
    return linear
