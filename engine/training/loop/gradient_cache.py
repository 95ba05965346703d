"""Gradients of a batch of any size in the memory of a small one (Gao et al. 2021)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from engine.training.loop.objective import BatchLoss


def backward(
    see: Callable[[slice], dict[str, Tensor]],
    loss_of: Callable[[dict[str, Tensor]], BatchLoss],
    count: int,
    chunk: int,
) -> tuple[BatchLoss, dict[str, Tensor]]:
    """Add the gradients of one batch to the parameters.

    A batch that fits into one chunk is a plain forward and backward. A larger one is embedded
    without a graph, the loss gives each row its gradient, and each chunk is embedded again to
    carry that gradient into the weights. The result is that of one huge batch, as long as a
    photo's row depends on that photo alone (no batch statistics, no dropout).

    Args:
        see: embeds some of the batch's rows, with a graph where grad is enabled.
        cost_of: the loss of all rows.
        count: rows in the batch.
        chunk: rows that are embedded with a graph at a time.

    Returns:
        The cost, and the rows by name, without a graph.
    """
    if count <= chunk:
        seen = see(slice(0, count))
        cost = loss_of(seen)
        cost.value.backward()
        return cost, {name: rows.detach() for name, rows in seen.items()}
    parts = [slice(at, min(at + chunk, count)) for at in range(0, count, chunk)]
    with torch.no_grad():
        pieces = [see(part) for part in parts]
    seen = {
        name: torch.cat([piece[name] for piece in pieces]).requires_grad_() for name in pieces[0]
    }
    cost = loss_of(seen)
    cost.value.backward()
    gradients = {name: rows.grad for name, rows in seen.items() if rows.grad is not None}
    for part in parts:
        again = see(part)
        torch.autograd.backward(
            [again[name] for name in gradients], [rows[part] for rows in gradients.values()]
        )
    return cost, {name: rows.detach() for name, rows in seen.items()}


def average(averaged: nn.Module, model: nn.Module, decay: float, step: int) -> None:
    """Move averaged weights towards the model's; quickly at first, so that the start fades."""
    if averaged is model:
        return
    weight = 1 - min(decay, (1 + step) / (10 + step))
    get_ema_multi_avg_fn(1 - weight)([*averaged.parameters()], [*model.parameters()], None)
