"""Several processes, one batch: every process embeds its share and mines among all rows.

Each process computes the same loss over the gathered rows but follows gradients into its own rows
only; summing the parameters' gradients over processes then gives exactly what one process with
the whole batch would have had. Averaging, as DistributedDataParallel does, would not.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

Held = TypeVar("Held")


@dataclass(frozen=True)
class Processes:
    """How many processes train, and which one this is."""

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and talks."""
        return self.rank == 0

    def shard(self, batch: Tensor) -> Tensor:
        """This process's part of a batch that all of them drew alike."""
        return batch[self.rank :: self.count]

    def gather(self, rows: Tensor) -> Tensor:
        """Rows ``(n, D)`` of all shares as ``(n * count, D)``, in the order of the batch.

        Gradients reach our own rows only.
        """
        if self.count == 1:
            return rows
        parts = [torch.empty_like(rows) for _ in range(self.count)]
        dist.all_gather(parts, rows.detach().contiguous())
        parts[self.rank] = rows
        return torch.stack(parts, dim=1).flatten(0, 1)

    def sum_gradients(self, parameters: Iterable[nn.Parameter], shared: set[int]) -> None:
        """Add up gradients over processes.

        ``shared`` holds the ids of parameters that act on the gathered rows, so that every
        process already has their whole gradient; those are averaged.
        """
        if self.count == 1:
            return
        learning = [parameter for parameter in parameters if parameter.requires_grad]
        # What no process has a gradient for must stay without one: a gradient of 0 is not nothing
        # to the optimiser.
        has = torch.tensor(
            [parameter.grad is not None for parameter in learning],
            dtype=torch.uint8,
            device=learning[0].device,
        )
        dist.all_reduce(has, dist.ReduceOp.MAX)
        for parameter, present in zip(learning, has.tolist(), strict=True):
            if not present:
                continue
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            dist.all_reduce(parameter.grad)
            if id(parameter) in shared:
                parameter.grad /= self.count

    def broadcast(self, value: Held) -> Held:
        """The first process's value, in all of them; what the others hold is dropped."""
        if self.count == 1:
            return value
        held = [value if self.is_first else None]
        dist.broadcast_object_list(held, src=0)
        return held[0]  # type: ignore[return-value]  # filled by the broadcast

    @contextmanager
    def first_process_first(self) -> Iterator[None]:
        """The first process does it, then the others, which find on disk what it wrote.

        If it fails there, the others get their turn all the same, and fail for the same reason.
        """
        if self.count > 1 and not self.is_first:
            dist.barrier()
        try:
            yield
        finally:
            if self.count > 1 and self.is_first:
                dist.barrier()

    def gather_all(self, rows: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """`gather` for each of several named rows."""
        return {name: self.gather(value) for name, value in rows.items()}


def join_processes(device: torch.device) -> Processes:
    """Join the group that `torchrun` started, or be alone."""
    if not dist.is_available():
        return Processes()
    if not dist.is_initialized():
        if not dist.is_torchelastic_launched():
            return Processes()
        if device.type == "cuda" and device.index is None:
            torch.cuda.set_device(dist.get_node_local_rank())  # one GPU each
        # The others wait while the first one decodes all photos.
        backend = "nccl" if device.type == "cuda" else "gloo"
        dist.init_process_group(backend, timeout=timedelta(hours=2))
    return Processes(dist.get_rank(), dist.get_world_size())
