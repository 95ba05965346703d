"""Proxy loss: a learned proxy for every label attracts its photos, beside the triplets.

A batch holds some thirty of a shop's hundreds of labels, so its triplets have few negatives and
rare labels seldom meet. A proxy stands for all photos of its label, and every photo is compared
with all proxies at every step: a softmax over cosines (normalised softmax, Zhai and Wu 2019,
https://arxiv.org/abs/1811.12649, after Proxy-NCA, Movshovitz-Attias et al. 2017,
https://arxiv.org/abs/1703.07464). Proxies speed up early learning; the triplets order the
neighbours. Proxies are not saved with the model.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.labels.labels import UNKNOWN
from engine.training.data.batches import TrainingData
from engine.training.data.config import TrainConfig
from engine.training.losses.conditional import LabelledRows, Term

PROXY_TERMS = ("type", "colour", "pattern", "type_colour", "type_gender")
LR_FACTOR = 3.0  # times the heads' learning rate
SCALE = 16.0  # of the cosines before the softmax; suits some hundred classes (NormFace)


class Proxies(nn.Module):
    """Proxies for the labels of some terms.

    Only labels that occur in a batch's source compete: "trousers" of one shop and "pants" of
    another may mean the same.

    Args:
        terms: those named in `PROXY_TERMS` get proxies, in the blocks that they shape.
        data: labels, and the training photos of each source.
        dims: facet -> length of its block.
        seed: of the initial proxies.
    """

    def __init__(
        self, terms: Sequence[Term], data: TrainingData, dims: Mapping[str, int], seed: int
    ) -> None:
        super().__init__()
        self._terms = [term for term in terms if term.name in PROXY_TERMS]
        generator = torch.Generator().manual_seed(seed)
        self.rows = nn.ParameterList()
        for term in self._terms:
            codes = data.labels[term.label]
            width = sum(dims[block] for block in term.blocks)
            labels = int(codes.max()) + 1
            self.rows.append(nn.Parameter(0.1 * torch.randn(labels, width, generator=generator)))
            sources = int(data.source.max()) + 1
            known = torch.zeros(sources, labels, dtype=torch.bool)
            use = torch.from_numpy(data.train) & (codes != UNKNOWN)
            known[torch.from_numpy(data.source)[use], codes[use]] = True
            self.register_buffer(f"known_{len(self.rows) - 1}", known, persistent=False)

    def forward(self, batch: LabelledRows, source: int) -> Tensor:
        """Returns the cross entropy between photos and proxies, summed over terms by weight.

        Photos whose label is unknown take no part; without any other photo the loss is 0.

        Args:
            batch: embeddings and labels.
            source: the catalogue that the batch is from.
        """
        total = torch.zeros((), device=next(iter(batch.blocks.values())).device)
        for number, (term, rows) in enumerate(zip(self._terms, self.rows, strict=True)):
            codes = batch.labels[term.label]
            use = codes != UNKNOWN
            if not use.any():
                continue
            cosines = batch.concatenate(term.blocks)[use] @ F.normalize(rows, dim=1).T
            known = self.get_buffer(f"known_{number}")[source]
            logits = (SCALE * cosines).masked_fill(~known, float("-inf"))
            total = total + term.weight * F.cross_entropy(logits, codes[use])
        return total


def proxy_group(proxies: Proxies, config: TrainConfig) -> dict[str, Any]:
    """Returns the optimiser's parameter group: a high learning rate, as proxies start random."""
    lr = LR_FACTOR * config.heads_lr
    return {"params": list(proxies.parameters()), "lr": lr, "peak": lr, "weight_decay": 0.0}
