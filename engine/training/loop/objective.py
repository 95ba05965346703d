"""The loss of a batch: contrastive in the first stage, triplets and proxies in the second."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from open_clip.loss import ClipLoss
from torch import Tensor
from torch.nn import functional as F

from engine.encoders.appearance import AppearanceModel
from engine.training.data.config import TrainConfig
from engine.training.data.distributed import Processes
from engine.training.loop.proxies import Proxies
from engine.training.loop.schedule import mines_hard
from engine.training.losses.conditional import ConditionalLoss, LabelledRows, Term, conditional_loss
from engine.training.losses.cross_batch_memory import CrossBatchMemory
from engine.training.losses.miners import (
    UNKNOWN,
    BatchAllMiner,
    BatchHardMiner,
    Miner,
    RandomMiner,
    SemiHardMiner,
)

STATELESS_MINERS: Mapping[str, Miner] = {
    "semi-hard": SemiHardMiner(),
    "batch-all": BatchAllMiner(),
    "batch-hard": BatchHardMiner(),
}
SOURCE = "source"  # a column beside the labels of past rows


@dataclass(frozen=True)
class BatchLoss:
    """The loss of one batch.

    Attributes:
        value: what is minimised, a scalar with a graph.
        text: the contrastive loss, for the log.
        losses: term -> triplet loss, for the log.
        active: term -> active-triplet share, for the log.
    """

    value: Tensor
    text: float = 0.0
    losses: dict[str, float] = field(default_factory=dict)
    active: dict[str, float] = field(default_factory=dict)


class Objective:
    """The loss of a step, over the rows of all processes.

    Args:
        model: its temperature scales the contrastive loss.
        terms: the triplet losses.
        config: weights, margin, memory, miner and the mining schedule.
        processes: the group whose rows are gathered.
        proxies: the proxy loss, or None to train without.
    """

    def __init__(
        self,
        model: AppearanceModel,
        terms: Sequence[Term],
        config: TrainConfig,
        processes: Processes,
        proxies: Proxies | None = None,
    ) -> None:
        self.memory = CrossBatchMemory(config.memory) if config.memory else None
        self._model, self._terms, self._config = model, terms, config
        self._processes, self._proxies = processes, proxies
        self._text_loss = ClipLoss()

    def __call__(
        self, own_rows: dict[str, Tensor], labels: dict[str, Tensor], step: int, source: int = 0
    ) -> BatchLoss:
        """Returns the loss of one batch.

        Args:
            own_rows: this process's shard: facet -> ``(b, D_f)``, ``embedding`` ``(b, E)``, and
                ``text`` ``(b, E)`` if titles take part.
            labels: column -> ``(B,)`` of the whole batch, or of the shard if none gathers.
            step: from 0, over both stages.
            source: the catalogue that the batch is from.
        """
        rows = self._processes.gather_all(own_rows)
        contrastive = step < self._config.contrastive_steps
        text = rows["embedding"].new_zeros(())
        if "text" in rows:
            text = self._text_loss(
                F.normalize(rows["embedding"], dim=-1),
                F.normalize(rows["text"], dim=-1),
                self._model.clip.logit_scale.exp(),
            )
        if contrastive:
            return BatchLoss(text, float(text.detach()))
        batch = LabelledRows({name: rows[name] for name in self._model.config.dims}, labels)
        triplets, past = self._triplets(batch, self._miner(step), source)
        proxy_loss = text.new_zeros(())
        if self._proxies is not None:
            proxy_loss = self._config.proxy_weight * self._proxies(batch, source)
        return BatchLoss(
            value=triplets.value + past + proxy_loss + self._config.text_weight * text,
            text=float(text.detach()),
            losses={name: float(term.value.detach()) for name, term in triplets.terms.items()},
            active={name: term.active_share for name, term in triplets.terms.items()},
        )

    def _miner(self, step: int) -> Miner:
        """Returns the configured miner, or batch-hard in more and more of the last steps."""
        config = self._config
        triplet_step = step - config.contrastive_steps
        if mines_hard(triplet_step, config.steps, config.hard_from, 1.0):
            return BatchHardMiner()
        if config.miner == "random":  # a pure function of seed and step
            seed = int(np.random.default_rng((config.seed, 5, step)).integers(2**62))
            return RandomMiner(torch.Generator().manual_seed(seed))
        return STATELESS_MINERS[config.miner]

    def _triplets(
        self, batch: LabelledRows, miner: Miner, source: int
    ) -> tuple[ConditionalLoss, Tensor]:
        """Returns the losses within the batch and against the memory; then stores the batch."""
        margin = self._config.margin
        loss = conditional_loss(batch, self._terms, miner, margin=margin)
        past = loss.value.new_zeros(())
        if self.memory is not None:
            if len(self.memory):
                stored = of_source(self.memory.rows(), source)
                among = conditional_loss(batch, self._terms, miner, reference=stored, margin=margin)
                past = self._config.memory_weight * among.value
            sources = torch.full_like(next(iter(batch.labels.values())), source)
            self.memory.add(LabelledRows(batch.blocks, {**batch.labels, SOURCE: sources}))
        return loss, past


def of_source(stored: LabelledRows, source: int) -> LabelledRows:
    """Sets the labels of other sources to unknown, as their words may differ in meaning."""
    same = stored.labels[SOURCE] == source
    labels = {
        name: torch.where(same, codes, UNKNOWN)
        for name, codes in stored.labels.items()
        if name != SOURCE
    }
    return LabelledRows(stored.blocks, labels)


def embedding_spread(rows: Tensor) -> float:
    """Returns the mean squared distance of unit rows ``(B, D)`` from their mean, in [0, 1].

    0 means a collapsed embedding: all rows are equal.

    >>> embedding_spread(torch.eye(4)), embedding_spread(torch.ones(4, 1))
    (0.75, 0.0)
    """
    with torch.no_grad():
        return float(rows.var(dim=0, correction=0).sum())
