"""Collapse: a facet that gives nearly the same row to every photo.

The triplet loss then stays at the margin, and the facet learns nothing any more. How spread out
rows are differs from model to model and from facet to facet (new heads on a random network are
nearly collapsed before they learn), so each facet is compared with its own start.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from engine.encoders.appearance import AppearanceModel
from engine.errors import Diverged
from engine.training.data.batches import TrainingData
from engine.training.data.distributed import Processes
from engine.training.loop.evaluation import embed_pixels
from engine.training.loop.objective import embedding_spread

# Share of its spread at the start below which a facet counts as collapsed. Rows often draw together
# in the first steps, to some hundredths of it, before they part again.
COLLAPSED_SHARE = 0.01
ONE_POINT = 1e-7  # a spread that is rounding; such a facet is collapsed whatever its start
PATIENCE = 20  # suspicious batches in a row before a model is judged within a run
PROBED = 64  # photos that a model is judged on


class CollapseGuard:
    """Judges the spread of each facet beside that of the initial model.

    Args:
        initial: the model before its first step.
        data: the training photos; some of them, evenly spread, are what models are judged on.
        side: edge of the views in pixels.
        device: where to compute.
    """

    def __init__(
        self, initial: AppearanceModel, data: TrainingData, side: int, device: torch.device
    ) -> None:
        rows = np.flatnonzero(data.train)
        self._photos = rows[np.linspace(0, len(rows) - 1, min(PROBED, len(rows)), dtype=np.int64)]
        self._data, self._side, self._device = data, side, device
        self._steps = self._suspicious = 0
        self._start = self.spreads(initial)

    def spreads(self, model: AppearanceModel) -> dict[str, float]:
        """Returns facet -> spread of the judged photos' rows, in [0, 1]."""
        training = [part for part in model.modules() if part.training]  # stochastic depth
        blocks = embed_pixels(model, self._data, self._photos, self._side, self._device)
        for part in training:
            part.training = True
        return {
            name: embedding_spread(torch.from_numpy(blocks[name])) for name in model.config.dims
        }

    def collapsed(self, spreads: Mapping[str, float]) -> list[str]:
        """Describes each facet whose spread is that of a collapsed one."""
        return [
            f"{name} (spread {spread:.2g}, at the start {self._start[name]:.2g})"
            for name, spread in spreads.items()
            if spread < max(ONE_POINT, COLLAPSED_SHARE * self._start[name])
        ]

    def is_sound(self, model: AppearanceModel) -> bool:
        """Tells whether no facet of a model is collapsed."""
        return not self.collapsed(self.spreads(model))

    def watch(
        self,
        rows: Mapping[str, Tensor],
        model: AppearanceModel,
        saved_step: int,
        processes: Processes,
    ) -> dict[str, float]:
        """Looks at a batch; every `PATIENCE` steps judges the model if all of them were suspicious.

        A batch alone decides nothing: its photos may be alike in a facet by their labels.

        Args:
            rows: facet -> unit rows ``(B, D_f)`` of the batch.
            model: the one that computed them.
            saved_step: the last step that is on disk, for the message.
            processes: they stop together, when the first one does.

        Returns:
            Facet -> spread of the batch.

        Raises:
            Diverged: a facet of the model is collapsed.
        """
        spreads = {name: embedding_spread(rows[name]) for name in self._start}
        self._steps += 1
        self._suspicious = self._suspicious + 1 if self.collapsed(spreads) else 0
        # The processes see different photos, so they agree now and then.
        if self._steps % PATIENCE == 0 and processes.broadcast(self._suspicious) >= PATIENCE:
            found = processes.broadcast(self.collapsed(self.spreads(model)))
            if found:
                raise Diverged(_message(f"for {PATIENCE} steps", found, saved_step))
        return spreads

    def judge(self, model: AppearanceModel, saved_step: int) -> None:
        """Judges the model that is about to be saved.

        Raises:
            Diverged: one of its facets is collapsed.
        """
        if found := self.collapsed(self.spreads(model)):
            raise Diverged(
                _message("in the model to save, which was not written", found, saved_step)
            )


def _message(where: str, found: list[str], saved_step: int) -> str:
    return (
        f"The embedding collapsed {where}: nearly all photos have the same row in "
        f"{' and '.join(found)}. The checkpoint of step {saved_step} is kept. Lower --heads-lr, or "
        "mine semi-hard negatives for longer (--hard-ramp-from 1), and delete the checkpoint to "
        "start over."
    )
