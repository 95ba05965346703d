"""Gradient caching: a batch of any size in the memory of a small one (Gao et al. 2021).

After "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup",
https://arxiv.org/abs/2101.06983.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from engine.training.loop.objective import BatchLoss


def backward(
    embed: Callable[[slice], dict[str, Tensor]],
    loss_of: Callable[[dict[str, Tensor]], BatchLoss],
    count: int,
    chunk: int,
) -> tuple[BatchLoss, dict[str, Tensor]]:
    """Adds the gradients of one batch to the parameters.

    A batch that fits into one chunk takes a plain forward and backward pass. A larger one is
    embedded without a graph; the loss gives each row its gradient; each chunk is then embedded
    again to carry its rows' gradients into the weights. The result is that of one large batch, as
    long as a photo's row depends on that photo alone: no batch statistics, and the same stochastic
    depth both times.

    Args:
        embed: embeds a slice of the batch; with a graph if gradients are enabled.
        loss_of: the loss of all rows.
        count: rows in the batch.
        chunk: rows that are embedded with a graph at a time.

    Returns:
        The loss, and the rows by name, without a graph.
    """
    if count <= chunk:
        rows = embed(slice(0, count))
        loss = loss_of(rows)
        torch.autograd.backward(loss.value)
        return loss, {name: block.detach() for name, block in rows.items()}
    parts = [slice(at, min(at + chunk, count)) for at in range(0, count, chunk)]
    with torch.no_grad():
        pieces = [embed(part) for part in parts]
    rows = {
        name: torch.cat([piece[name] for piece in pieces]).requires_grad_() for name in pieces[0]
    }
    loss = loss_of(rows)
    torch.autograd.backward(loss.value)
    gradients = {name: block.grad for name, block in rows.items() if block.grad is not None}
    for part in parts:
        again = embed(part)
        torch.autograd.backward(
            [again[name] for name in gradients], [block[part] for block in gradients.values()]
        )
    return loss, {name: block.detach() for name, block in rows.items()}


def update_average(averaged: nn.Module, model: nn.Module, decay: float, step: int) -> None:
    """Updates an exponential moving average of the weights, in place.

    The decay grows to ``decay`` with the steps, so that the initial weights fade soon.
    """
    if averaged is model:
        return
    weight = 1 - min(decay, (1 + step) / (10 + step))
    average: Callable[[float], Callable[..., None]] = get_ema_multi_avg_fn  # untyped in torch
    average(1 - weight)([*averaged.parameters()], [*model.parameters()], None)
