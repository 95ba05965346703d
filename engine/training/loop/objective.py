"""What a batch costs: photos against titles, then one triplet loss a facet."""

from collections.abc import Sequence
from dataclasses import dataclass, field

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
from engine.training.losses.miners import UNKNOWN, BatchHardMiner, SemiHardMiner

SOURCE = "source"  # beside the labels of remembered rows


@dataclass(frozen=True)
class BatchLoss:
    """The loss of one batch.

    ``value`` is a scalar with a graph; the rest is for people: ``text`` the contrastive loss,
    and per term its loss and the share of its triplets that violate the margin.
    """

    value: Tensor
    text: float = 0.0
    losses: dict[str, float] = field(default_factory=dict)
    active: dict[str, float] = field(default_factory=dict)


class Objective:
    """The loss of a step, over the rows of all processes.

    Args:
        model: whose temperature scales the contrastive loss.
        terms: the triplet losses.
        config: weights, margin, memory and the schedule of mining.
        processes: the group whose rows are gathered.
        proxies: rows of words that photos are drawn to beside the triplets, or None.
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
        self._semi_hard, self._hard = SemiHardMiner(), BatchHardMiner()
        self._text_loss = ClipLoss()

    def __call__(
        self, seen: dict[str, Tensor], labels: dict[str, Tensor], step: int, source: int = 0
    ) -> BatchLoss:
        """The cost of one batch.

        Args:
            seen: this process's rows: every facet's block, ``embedding``, and ``text`` if titles
                take part.
            labels: column -> ``(B,)`` of the whole batch.
            step: from 0.
            source: where the batch is from.
        """
        rows = self._processes.gather_all(seen)
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
        late = step - self._config.contrastive_steps
        hard = mines_hard(late, self._config.steps, self._config.hard_from, 1.0)
        found, past = self._triplets(batch, hard, source)
        drawn = text.new_zeros(())
        if self._proxies is not None:
            drawn = self._config.proxy_weight * self._proxies(batch, source)
        return BatchLoss(
            value=found.value + past + drawn + self._config.text_weight * text,
            text=float(text.detach()),
            losses={name: float(term.value.detach()) for name, term in found.terms.items()},
            active={name: term.active_share for name, term in found.terms.items()},
        )

    def _triplets(
        self, batch: LabelledRows, hard: bool, source: int
    ) -> tuple[ConditionalLoss, Tensor]:
        """The loss within the batch, and against the memory, which then takes the batch in."""
        miner, margin = self._hard if hard else self._semi_hard, self._config.margin
        found = conditional_loss(batch, self._terms, miner, margin=margin)
        past = found.value.new_zeros(())
        if self.memory is not None:
            if len(self.memory):
                held = of_source(self.memory.rows(), source)
                met = conditional_loss(batch, self._terms, miner, reference=held, margin=margin)
                past = self._config.memory_weight * met.value
            where = torch.full_like(next(iter(batch.labels.values())), source)
            self.memory.add(LabelledRows(batch.blocks, {**batch.labels, SOURCE: where}))
        return found, past


def of_source(held: LabelledRows, source: int) -> LabelledRows:
    """Remembered rows, the labels of other sources unknown: their words may mean other things."""
    here = held.labels[SOURCE] == source
    labels = {
        name: torch.where(here, codes, UNKNOWN)
        for name, codes in held.labels.items()
        if name != SOURCE
    }
    return LabelledRows(held.blocks, labels)


def spread(rows: Tensor) -> float:
    """How far unit rows ``(B, D)`` lie from their mean, squared: 1 all about, 0 on one point."""
    with torch.no_grad():
        return float(rows.var(dim=0, correction=0).sum())
