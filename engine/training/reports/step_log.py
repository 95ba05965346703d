"""The step log of a run: a CSV file with a row for each step, continued when a run resumes."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from catalog.files import replacing
from engine.arrays import Float64
from engine.training.loop.loop import StepReport

COLUMNS = ("step", "loss", "text_loss", "spread", "learning_rate", "photos_per_second")


class StepLog:
    """Appends steps to a CSV file.

    Args:
        path: the file. Its columns are `COLUMNS`, then ``loss.TERM``, ``active.TERM`` and
            ``spread.FACET``.
        terms: names of the triplet terms.
        facets: names of the facets.
        writes: False in processes that must not write.
    """

    def __init__(
        self, path: Path, terms: Sequence[str], facets: Sequence[str], writes: bool = True
    ) -> None:
        self._path = path
        self._terms, self._facets = tuple(terms), tuple(facets)
        self._writes = writes
        self._open = False

    def write(self, report: StepReport) -> None:
        """Appends one step. The first call drops the steps that a resumed run repeats."""
        if not self._writes:
            return
        if not self._open:
            self._begin(report.step)
        row = [f"{getattr(report, name):.6g}" for name in COLUMNS]
        row += [_cell(report.losses.get(name)) for name in self._terms]
        row += [_cell(report.active.get(name)) for name in self._terms]
        row += [_cell(report.spreads.get(name)) for name in self._facets]
        with self._path.open("a", newline="") as stream:
            csv.writer(stream).writerow(row)

    def _begin(self, step: int) -> None:
        header = [*COLUMNS, *(f"loss.{t}" for t in self._terms)]
        header += [f"active.{t}" for t in self._terms]
        header += [f"spread.{facet}" for facet in self._facets]
        kept: list[list[str]] = []
        if step > 1 and self._path.exists():
            with self._path.open(newline="") as stream:
                rows = list(csv.reader(stream))
            if rows and rows[0] == header:
                kept = [row for row in rows[1:] if len(row) == len(header) and int(row[0]) < step]
        with replacing(self._path) as draft, draft.open("w", newline="") as stream:
            csv.writer(stream).writerows([header, *kept])
        self._open = True


def read_step_log(path: Path) -> dict[str, Float64]:
    """Returns the columns of a step log, ``(steps,)`` each; NaN for an empty cell.

    A run of no steps has no log, hence no columns.
    """
    if not path.exists():
        return {}
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    names = list(rows[0]) if rows else []
    return {name: np.array([float(row[name] or "nan") for row in rows]) for name in names}


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
