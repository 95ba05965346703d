"""Cross-batch memory (Wang et al. 2020): past embeddings as further positives and negatives."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from engine.training.losses.conditional import LabelledRows


class CrossBatchMemory:
    """A ring buffer of the last ``capacity`` rows that were added.

    After "Cross-Batch Memory for Embedding Learning" (Wang et al. 2020,
    https://arxiv.org/abs/1912.06798): once the warm-up is over an embedding drifts slowly, so
    rows of some batches ago still serve as positives and negatives. They are constants: no
    gradient flows into them. Add a batch after computing its loss; otherwise its photos would be
    their own positives.

    Args:
        capacity: rows, at least 1.

    Raises:
        ValueError: the capacity is below 1.

    >>> memory = CrossBatchMemory(capacity=3)
    >>> for batch in (torch.eye(2), -torch.eye(2)):
    ...     memory.add(LabelledRows({"shape": batch}, {"type": torch.tensor([0, 1])}))
    >>> len(memory), memory.rows().blocks["shape"].shape
    (3, torch.Size([3, 2]))
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"a memory must hold at least 1 row, not {capacity}")
        self.capacity = capacity
        self._added = 0
        self._columns: dict[str, dict[str, Tensor]] = {"blocks": {}, "labels": {}}

    def __len__(self) -> int:
        return min(self._added, self.capacity)

    def add(self, rows: LabelledRows) -> None:
        """Stores rows (detached) in place of the oldest; of more than ``capacity`` the last ones.

        Raises:
            ValueError: columns or lengths that differ from those of the rows before.
        """
        count = len(next(iter(rows.labels.values())))
        given = {"blocks": rows.blocks, "labels": rows.labels}
        for kind, values in given.items():
            self._check(self._columns[kind], values, count)
        at = torch.arange(self._added, self._added + count)[-self.capacity :] % self.capacity
        for kind, values in given.items():
            for name, new in values.items():
                column = self._columns[kind].setdefault(
                    name, new.new_zeros(self.capacity, *new.shape[1:])
                )
                column[at.to(column.device)] = new.detach()[-self.capacity :]
        self._added += count

    def _check(self, stored: Mapping[str, Tensor], given: Mapping[str, Tensor], count: int) -> None:
        if stored and stored.keys() != given.keys():
            raise ValueError(f"the memory holds {list(stored)}, not {list(given)}")
        for name, values in given.items():
            if len(values) != count:
                raise ValueError(f"{name!r} has {len(values)} rows, the others have {count}")

    def rows(self) -> LabelledRows:
        """Returns the stored rows in no particular order; views, valid until the next `add`."""
        blocks, labels = (
            {name: values[: len(self)] for name, values in self._columns[kind].items()}
            for kind in ("blocks", "labels")
        )
        return LabelledRows(blocks, labels)

    def state_dict(self) -> dict[str, Any]:
        """Returns everything that a resumed run needs, as tensors and numbers."""
        return {"capacity": self.capacity, "added": self._added, **self._columns}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restores what `state_dict` returned.

        Raises:
            ValueError: the state is of another capacity.
        """
        if state["capacity"] != self.capacity:
            raise ValueError(
                f"the saved memory holds {state['capacity']} rows, this run's {self.capacity}"
            )
        self._added = int(state["added"])
        for kind, columns in self._columns.items():
            columns.clear()
            columns.update({name: values.clone() for name, values in state[kind].items()})
