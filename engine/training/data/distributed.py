"""Training with several processes: each embeds its shard of a batch and mines among all rows.

Each process computes the same loss over the gathered rows, but gradients flow into its own rows
only. Summing the parameters' gradients over processes then gives exactly the gradient of one
process with the whole batch; averaging, as DistributedDataParallel does, would not.

Without gathering, each process has a loss of its own, over its share of the batch; the gradient is
the mean of theirs.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from engine.errors import TrainingError
from engine.training.data.config import TrainConfig

T = TypeVar("T")


@dataclass(frozen=True)
class Processes:
    """A group of ``count`` training processes, of which this is number ``rank``.

    Attributes:
        gathers: whether losses are over the rows of all processes.
    """

    rank: int = 0
    count: int = 1
    gathers: bool = True

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and reports progress."""
        return self.rank == 0

    def shard(self, batch: Tensor) -> Tensor:
        """Returns this process's part of a batch that all of them sampled alike.

        Without gathering, it is a run of rows, so that photos of one label stay together.
        """
        if self.gathers:
            return batch[self.rank :: self.count]
        return batch.tensor_split(self.count)[self.rank]

    def compared(self, batch: Tensor) -> Tensor:
        """Returns the part of a batch that this process's loss is over."""
        return batch if self.gathers else self.shard(batch)

    def gather(self, rows: Tensor) -> Tensor:
        """Collects the rows ``(n, D)`` of all shards as ``(n * count, D)``, in batch order.

        Gradients flow into this process's rows only. Without gathering, these are all.
        """
        if self.count == 1 or not self.gathers:
            return rows
        parts = [torch.empty_like(rows) for _ in range(self.count)]
        dist.all_gather(parts, rows.detach().contiguous())
        parts[self.rank] = rows
        return torch.stack(parts, dim=1).flatten(0, 1)

    def sum_gradients(self, parameters: Iterable[nn.Parameter], shared: set[int]) -> None:
        """Sums gradients over processes, in place.

        Args:
            parameters: of all modules that train.
            shared: ids of the parameters that act on the gathered rows: every process has their
                whole gradient already, so theirs are averaged. Without gathering, all are.
        """
        if self.count == 1:
            return
        trainable = [parameter for parameter in parameters if parameter.requires_grad]
        # A parameter without a gradient in any process must stay without one: to the optimiser,
        # a gradient of 0 is not the same.
        has = torch.tensor(
            [parameter.grad is not None for parameter in trainable],
            dtype=torch.uint8,
            device=trainable[0].device,
        )
        dist.all_reduce(has, dist.ReduceOp.MAX)
        for parameter, present in zip(trainable, has.tolist(), strict=True):
            if not present:
                continue
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            dist.all_reduce(parameter.grad)
            if id(parameter) in shared or not self.gathers:
                parameter.grad /= self.count

    def broadcast(self, value: T) -> T:
        """Returns the first process's value in all of them."""
        if self.count == 1:
            return value
        values = [value]
        dist.broadcast_object_list(values, src=0)
        return values[0]

    def largest(self, value: int, device: torch.device) -> int:
        """Returns the largest of the processes' values, in all of them."""
        if self.count == 1:
            return value
        values = torch.tensor(value, device=device)
        dist.all_reduce(values, dist.ReduceOp.MAX)
        return int(values)

    @contextmanager
    def first_process_first(self) -> Iterator[None]:
        """Runs the block in the first process, then in the others, which find its files.

        If it fails in the first, the others still run it, and fail for the same reason.
        """
        if self.count > 1 and not self.is_first:
            dist.barrier()
        try:
            yield
        finally:
            if self.count > 1 and self.is_first:
                dist.barrier()

    def gather_all(self, rows: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Applies `gather` to each value."""
        return {name: self.gather(value) for name, value in rows.items()}


def join_processes(device: torch.device) -> Processes:
    """Joins the group that `torchrun` started; without one, a group of one process."""
    if not dist.is_available():
        return Processes()
    if not dist.is_initialized():
        if not dist.is_torchelastic_launched():
            return Processes()
        if device.type == "cuda" and device.index is None:
            torch.cuda.set_device(dist.get_node_local_rank())  # one GPU each
        # The others wait while the first one decodes all photos, hence the long timeout.
        backend = "nccl" if device.type == "cuda" else "gloo"
        dist.init_process_group(backend, timeout=timedelta(hours=2))
    return Processes(dist.get_rank(), dist.get_world_size())


def sharing(processes: Processes, config: TrainConfig) -> Processes:
    """Returns the processes as they share the batches of a run.

    Raises:
        TrainingError: they cannot share them evenly, or not as the settings say.
    """
    count = processes.count
    if config.batch % count:
        raise TrainingError(
            f"A batch of {config.batch} photos cannot be shared evenly by {count} processes; "
            "change --batch-labels or --batch-photos so that it can."
        )
    if count == 1 or config.negatives == "all":
        return processes
    if config.labels_per_batch % count or config.labels_per_batch < 2 * count:
        raise TrainingError(
            f"With --negatives own, each of {count} processes needs 2 labels or more of its own, "
            f"and {config.labels_per_batch} cannot be dealt so; change --batch-labels."
        )
    if config.memory:
        raise TrainingError(
            "With --negatives own, processes have no common memory of past batches: leave --memory "
            "out."
        )
    return replace(processes, gathers=False)
