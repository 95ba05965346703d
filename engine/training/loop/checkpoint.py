"""Checkpoints: the whole state of a run on disk, so that a killed run resumes exactly."""

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
    """Everything that changes in a run, except the step."""

    model: nn.Module
    averaged: nn.Module
    proxies: nn.Module
    optimizer: torch.optim.Optimizer
    memory: CrossBatchMemory | None
    rounds: MiningRounds

    def state_dict(self) -> dict[str, Any]:
        """Returns everything as tensors and plain values."""
        return {
            "model": self.model.state_dict(),
            "averaged": None if self.averaged is self.model else self.averaged.state_dict(),
            "proxies": self.proxies.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "memory": None if self.memory is None else self.memory.state_dict(),
            "rounds": self.rounds.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores what `state_dict` returned.

        Raises:
            RuntimeError, ValueError, KeyError: it is of another architecture.
        """
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
    """The checkpoint file of one run.

    Attributes:
        path: the file; None saves nothing (tests, dry runs).
        config: the run's settings; a checkpoint with others is refused.
        data_digest: identifies the photos and labels; a checkpoint with another is refused.
        saved_step: the last step that is on disk.
    """

    path: Path | None
    config: TrainConfig
    data_digest: str = ""
    saved_step: int = field(default=0, init=False)

    def is_due(self, step: int, config: TrainConfig) -> bool:
        """Tells whether to save after ``step`` steps."""
        return step % config.save_every == 0 or step == config.total_steps

    def save(self, step: int, state: TrainingState) -> None:
        """Writes the state atomically: the last checkpoint stays until the new one is whole."""
        self.saved_step = step
        if self.path is None:
            return
        content = {
            "format": FORMAT,
            "step": step,
            "config": self.config.as_json(),
            "data": self.data_digest,
            **state.state_dict(),
        }
        with replacing(self.path) as draft:
            torch.save(content, draft)

    def restore(self, state: TrainingState, device: torch.device) -> int:
        """Loads the checkpoint, if there is one, and returns the step to continue from.

        Raises:
            CheckpointError: it is damaged, or of a run with other settings or data.
        """
        if self.path is None or not self.path.exists():
            return 0
        content = self._read(self.path, device)
        try:
            state.load_state_dict(content)
        except (RuntimeError, ValueError, KeyError) as error:
            reason = str(error).strip().splitlines()[0]
            raise CheckpointError(
                f"{self.path} is of a model of another architecture: {reason} "
                f"{self._next_step(self.path)}"
            ) from error
        self.saved_step = int(content["step"])
        return self.saved_step

    @staticmethod
    def _next_step(path: Path) -> str:
        return f"Delete {path} to start over, or give another --out."

    def _read(self, path: Path, device: torch.device) -> dict[str, Any]:
        next_step = self._next_step(path)
        try:
            content: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
            saved = TrainConfig.from_json(content["config"])
        except Exception as error:  # torch, pickle and zip each raise their own
            raise CheckpointError(
                f"{path} is not a checkpoint of a run, or it is damaged. {next_step}"
            ) from error
        if content["format"] != FORMAT:
            raise CheckpointError(
                f"{path} has format {content['format']}, this version reads {FORMAT}. {next_step}"
            )
        if changed := self.config.differences(saved):
            raise CheckpointError(
                f"{path} is of a run with other settings ({', '.join(changed)}). Use the same ones "
                f"to resume it. {next_step}"
            )
        if content["data"] != self.data_digest:
            raise CheckpointError(f"{path} is of a run on other photos or labels. {next_step}")
        return content
