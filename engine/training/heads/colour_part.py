"""The colour head, trained further on the histograms of a frozen tower, with its colour words."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.encoders.facet_heads import HISTOGRAM_SCALE, ColourHead
from engine.labels.labels import UNKNOWN
from engine.training.heads.config import HeadsConfig
from engine.training.heads.data import HeadsData, known_pairs
from engine.training.loop.schedule import learning_rate_factor
from engine.training.losses.distances import squared_distances
from engine.training.losses.masked import masked_triplet_loss

SCALE = 16.0  # of cosines with the words before the softmax
BATCH = 320
WARMUP = 20
DROPOUT = 0.2
HISTOGRAM_DROPOUT = 0.1  # of whole histograms
WEIGHT_DECAY = 0.02
PROXY_LR = 5e-3
BALANCE = 0.5  # rare colours are drawn more often: by count ** -BALANCE
FEWEST = 5  # photos of a word that gets a probability


@dataclass(frozen=True)
class ColourPart:
    """A tuned colour head, and the words' logits as a linear map of its unit rows."""

    head: ColourHead
    words: tuple[str, ...]
    linear: nn.Linear


def train_colour(
    data: HeadsData,
    head: ColourHead,
    config: HeadsConfig,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> ColourPart | None:
    """Tunes a colour head in place; None where fewer than two colours have enough photos.

    Triplets of one colour and a softmax over a proxy for each word. Colours that were derived
    from the pixels take no part: they would teach the head its own input.

    Args:
        data: the training photos.
        head: the head to start from; changed.
        config: steps, rate, margin and seed.
        on_step: called with the number of steps done and in all.
    """
    codes = np.where(data.derived, UNKNOWN, data.labels["colour"])
    counts = np.bincount(codes[codes != UNKNOWN], minlength=1)
    kept = np.flatnonzero(counts >= FEWEST)
    if len(kept) < 2:
        return None
    rows = np.flatnonzero(np.isin(codes, kept))
    codes = np.searchsorted(kept, codes[rows])
    counts = counts[kept].astype(float)
    chances = counts[codes] ** -BALANCE
    chances /= chances.sum()
    torch.manual_seed(config.seed)
    generator = torch.Generator().manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    dim = row_length(head)
    proxies = nn.Parameter(0.1 * torch.randn(len(kept), dim))
    bias = nn.Parameter(torch.from_numpy(np.log(counts / counts.sum() + 1e-4)).float())
    optimiser = torch.optim.AdamW(
        [
            {"params": list(head.parameters()), "peak": config.colour_lr},
            {"params": [proxies, bias], "peak": PROXY_LR, "weight_decay": 0.0},
        ],
        weight_decay=WEIGHT_DECAY,
    )
    head.train()
    for step in range(config.colour_steps):
        factor = learning_rate_factor(step, config.colour_steps, WARMUP)
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * factor
        at = rng.choice(len(rows), min(BATCH, len(rows)), replace=False, p=chances)
        labels = torch.from_numpy(codes[at])
        embeddings = F.normalize(_dropped(head, data, torch.from_numpy(rows[at])), dim=1)
        same, different = known_pairs(labels)
        loss = masked_triplet_loss(
            squared_distances(embeddings, embeddings),
            same & ~torch.eye(len(at), dtype=torch.bool),
            different,
            margin=config.margin,
            generator=generator,
        )
        logits = SCALE * embeddings @ F.normalize(proxies, dim=1).T + bias
        loss = loss + F.cross_entropy(logits, labels, label_smoothing=config.smoothing)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        on_step(step + 1, config.colour_steps)
    head.eval()
    linear = nn.Linear(dim, len(kept))
    with torch.no_grad():
        linear.weight.copy_(SCALE * F.normalize(proxies, dim=1))
        linear.bias.copy_(bias)
    return ColourPart(head, tuple(data.words["colour"][code] for code in kept.tolist()), linear)


def row_length(head: ColourHead) -> int:
    """Length of the head's rows."""
    layer = head.head[-1]
    assert isinstance(layer, nn.Linear)
    return layer.out_features


def _dropped(head: ColourHead, data: HeadsData, rows: Tensor) -> Tensor:
    """Rows ``(B, dim)`` of the head with dropout of histograms and of its inner inputs."""
    histograms = data.histograms[rows].float()
    histograms = histograms * (torch.rand(*histograms.shape[:2], 1) > HISTOGRAM_DROPOUT)
    inner = torch.cat(
        [
            head.shades(HISTOGRAM_SCALE * histograms.flatten(1)),
            head.kind(data.features[rows, : data.width].float()),
        ],
        dim=1,
    )
    found: Tensor = head.head(F.dropout(inner, DROPOUT))
    return found
