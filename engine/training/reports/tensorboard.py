"""Logging of a run's steps for TensorBoard, whose package is an extra."""

from pathlib import Path
from typing import Any

from engine.errors import TrainingError
from engine.training.loop.loop import StepReport

FOLDER = "tensorboard"  # in the model's folder
NAMES = ("loss", "text_loss", "spread", "learning_rate", "photos_per_second")
GROUPS = ("losses", "active", "spreads")


class TensorBoardLog:
    """Writes each step as scalars: those of the step log, under the names of its columns.

    Args:
        folder: of the event files; a run that resumes adds to them.

    Raises:
        TrainingError: the package is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise TrainingError(
                "--tensorboard needs a package that is not installed: pip install tensorboard (or "
                "install lookalike[tensorboard]), or leave --tensorboard out."
            ) from error
        self._writer_type: Any = SummaryWriter
        self._folder = folder
        self._writer: Any = None

    def write(self, report: StepReport) -> None:
        """Adds one step. The first call drops the steps that a resumed run repeats."""
        if self._writer is None:
            self._writer = self._writer_type(str(self._folder), purge_step=report.step)
        for name in NAMES:
            self._writer.add_scalar(name, getattr(report, name), report.step)
        for group in GROUPS:
            for name, value in getattr(report, group).items():
                self._writer.add_scalar(f"{group}/{name}", value, report.step)

    def close(self) -> None:
        """Writes what is buffered."""
        if self._writer is not None:
            self._writer.close()
