"""A run's state on disk: everything that a killed run needs to go on exactly."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from catalog.files import replacing
from engine.errors import CheckpointError
from engine.training.data.config import TrainConfig
from engine.training.loop.mining_rounds import MiningRounds
from engine.training.losses.cross_batch_memory import CrossBatchMemory

FORMAT = 2


@dataclass(frozen=True)
class TrainingState:
    """All that changes while a run goes on, but for the step."""

    model: nn.Module
    averaged: nn.Module
    proxies: nn.Module
    optimizer: torch.optim.Optimizer
    memory: CrossBatchMemory | None
    rounds: MiningRounds

    def state_dict(self) -> dict[str, Any]:
        """Everything as tensors and plain values."""
        return {
            "model": self.model.state_dict(),
            "averaged": None if self.averaged is self.model else self.averaged.state_dict(),
            "proxies": self.proxies.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "memory": None if self.memory is None else self.memory.state_dict(),
            "rounds": self.rounds.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`; raises what torch raises where shapes differ."""
        self.model.load_state_dict(state["model"])
        if state["averaged"] is not None:
            self.averaged.load_state_dict(state["averaged"])
        self.proxies.load_state_dict(state["proxies"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.memory is not None:
            self.memory.load_state_dict(state["memory"])
        self.rounds.load_state_dict(state["rounds"])


@dataclass
class Checkpoint:
    """The state file of one run.

    Attributes:
        path: where it is written; None keeps nothing (tests, dry runs).
        config: the run's knobs; a state of a run with others is refused.
        data_digest: names the photos and labels; likewise.
        saved_step: the last step that is on disk.
    """

    path: Path | None
    config: TrainConfig
    data_digest: str = ""
    saved_step: int = field(default=0, init=False)

    def is_due(self, step: int, config: TrainConfig) -> bool:
        """Whether to save after ``step`` steps."""
        return step % config.save_every == 0 or step == config.total_steps

    def save(self, step: int, held: TrainingState) -> None:
        """Write the state in one step; the one before stays until the new one is whole."""
        self.saved_step = step
        if self.path is None:
            return
        state = {
            "format": FORMAT,
            "step": step,
            "config": self.config.as_json(),
            "data": self.data_digest,
            **held.state_dict(),
        }
        with replacing(self.path) as draft:
            torch.save(state, draft)

    def restore(self, held: TrainingState, device: torch.device) -> int:
        """Load the state, if there is one, and return the step to go on from.

        Raises:
            CheckpointError: it is broken, or of a run with other knobs or data.
        """
        if self.path is None or not self.path.exists():
            return 0
        state = self._read(self.path, device)
        try:
            held.load_state_dict(state)
        except (RuntimeError, ValueError, KeyError) as error:
            reason = str(error).strip().splitlines()[0]
            raise CheckpointError(
                f"{self.path} is of a model of another architecture: {reason} "
                f"{self._elsewhere(self.path)}"
            ) from error
        self.saved_step = int(state["step"])
        return self.saved_step

    @staticmethod
    def _elsewhere(path: Path) -> str:
        return f"Delete {path} to start anew, or give another --out."

    def _read(self, path: Path, device: torch.device) -> dict[str, Any]:
        elsewhere = self._elsewhere(path)
        try:
            state = torch.load(path, map_location=device, weights_only=True)
            saved = TrainConfig.from_json(state["config"])
        except Exception as error:  # torch, pickle and zip each raise their own
            raise CheckpointError(f"{path} is no state of a run: {error} {elsewhere}") from error
        if state["format"] != FORMAT:
            raise CheckpointError(
                f"{path} has format {state['format']}, this version reads {FORMAT}. {elsewhere}"
            )
        if changed := self.config.differences(saved):
            raise CheckpointError(
                f"{path} is of a run with other settings ({', '.join(changed)}). Use the same ones "
                f"to go on with it. {elsewhere}"
            )
        if state["data"] != self.data_digest:
            raise CheckpointError(f"{path} is of a run on other photos or labels. {elsewhere}")
        return state
