"""A learned row for every word: what a label's photos are drawn to, beside the triplets.

A batch shows some thirty words of a shop's hundreds, so a triplet's negatives are few and the
rare words meet seldom. A proxy stands for all photos of its word, and every photo meets all
proxies at every step: softmax over their cosines (Zhai and Wu 2019, after Proxy-NCA of
Movshovitz-Attias et al. 2017). They steer early learning; what is near among neighbours is still
the triplets' to say. Proxies are left behind when a run ends.
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
PACE = 3.0  # times the heads' learning rate
SCALE = 16.0  # of cosines before the softmax, as in NormFace for some hundred classes


class Proxies(nn.Module):
    """Proxies of the words of some terms.

    Only the words that occur in a batch's source compete: "trousers" of one shop and "pants" of
    another are no rivals.

    Args:
        terms: those named in `PROXY_TERMS` get proxies, in the blocks that they shape.
        data: labels, and which of them each source trains on.
        dims: facet -> length of its block.
        seed: of the first rows.
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
            words = int(codes.max()) + 1
            self.rows.append(nn.Parameter(0.1 * torch.randn(words, width, generator=generator)))
            sources = int(data.source.max()) + 1
            known = torch.zeros(sources, words, dtype=torch.bool)
            use = torch.from_numpy(data.train) & (codes != UNKNOWN)
            known[torch.from_numpy(data.source)[use], codes[use]] = True
            self.register_buffer(f"known_{len(self.rows) - 1}", known, persistent=False)

    def forward(self, batch: LabelledRows, source: int) -> Tensor:
        """The cross entropy of each term's photos and words, weighted as the terms are.

        Photos whose word is unknown sit out; a batch of such photos alone costs nothing.
        """
        total = torch.zeros((), device=next(iter(batch.blocks.values())).device)
        for number, (term, rows) in enumerate(zip(self._terms, self.rows, strict=True)):
            codes = batch.labels[term.label]
            use = codes != UNKNOWN
            if not use.any():
                continue
            cosines = batch.concatenate(term.blocks)[use] @ F.normalize(rows, dim=1).T
            rivals = self.get_buffer(f"known_{number}")[source]
            odds = (SCALE * cosines).masked_fill(~rivals, float("-inf"))
            total = total + term.weight * F.cross_entropy(odds, codes[use])
        return total


def proxy_group(proxies: Proxies, config: TrainConfig) -> dict[str, Any]:
    """Their optimiser group: faster than the rest, as they start from nothing and go nowhere."""
    lr = PACE * config.heads_lr
    return {"params": list(proxies.parameters()), "lr": lr, "peak": lr, "weight_decay": 0.0}
