"""One part of a report: per-seed values, summarised by contender and weights, and compared."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import Float64, Int64
from engine.evaluation.contender import DEFAULT
from engine.evaluation.intervals import Measure, measure, measures


@dataclass(frozen=True)
class Judged:
    """Per-seed values of one contender under one choice of facet weights.

    Attributes:
        about: what is judged, such as a relation or an attribute.
        weights: the name of the facet weights.
        values: name of the metric -> ``(S,)`` float64 in [0, 1].
        groups: ``(S,)`` codes of seeds that depend on each other, or None.
    """

    about: str
    weights: str
    values: Mapping[str, Float64]
    groups: Int64 | None = None

    @property
    def seeds(self) -> int:
        """S."""
        return len(next(iter(self.values.values())))


@dataclass(frozen=True)
class ScoreRow:
    """Means of `Judged` values over the seeds: metric -> mean with interval."""

    about: str
    contender: str
    weights: str
    seeds: int
    values: dict[str, Measure]


@dataclass(frozen=True)
class Section:
    """A table of the report.

    Attributes:
        title: of the table.
        note: what is measured.
        rows: of contenders and weights.
        counted: what the number of seeds counts, as the head of its column.
    """

    title: str
    note: str
    rows: tuple[ScoreRow, ...]
    counted: str = "seeds"

    @classmethod
    def of(cls, title: str, note: str, judged: Iterable[tuple[str, Judged]]) -> "Section":
        """Summarise the values of contenders, each with its display name."""
        return cls(title, note, tuple(summary(name, one) for name, one in judged))

    @property
    def several(self) -> bool:
        """Whether rows differ in what they judge, so that a table must name it."""
        return {row.about.casefold() for row in self.rows} != {self.title.casefold()}

    @property
    def seeds(self) -> dict[str, int]:
        """What is judged -> its number of seeds."""
        return {row.about: row.seeds for row in self.rows}


def summary(contender: str, judged: Judged) -> ScoreRow:
    """The means and intervals of per-seed values."""
    found = measures(np.stack(list(judged.values.values())), judged.groups)
    values = dict(zip(judged.values, found, strict=True))
    return ScoreRow(judged.about, contender, judged.weights, judged.seeds, values)


@dataclass(frozen=True)
class Change:
    """The change of one metric from the baseline encoder to the encoder, over the same seeds.

    ``difference`` is encoder minus baseline. ``baseline_weights`` differ from ``weights`` where
    the baseline has no such facet: then its default row is compared.
    """

    about: str
    metric: str
    weights: str
    baseline_weights: str
    seeds: int
    difference: Measure


def changes(new: Iterable[Judged], old: Sequence[Judged]) -> tuple[Change, ...]:
    """Paired differences with intervals: each resample takes the same seeds of both.

    Judgements without a counterpart of the same seeds are left out.
    """
    known = {(one.about, one.weights): one for one in old}
    found = []
    for one in new:
        other = known.get((one.about, one.weights)) or known.get((one.about, DEFAULT))
        if other is None or other.seeds != one.seeds or not one.seeds:
            continue
        for metric in (name for name in one.values if name in other.values):
            difference = measure(one.values[metric] - other.values[metric], one.groups)
            found.append(
                Change(one.about, metric, one.weights, other.weights, one.seeds, difference)
            )
    return tuple(found)


@dataclass(frozen=True)
class ChangeTable:
    """The changes that have the same metrics: a row for what is judged under which weights."""

    metrics: tuple[str, ...]
    rows: tuple[tuple[Change, ...], ...]

    @classmethod
    def all_of(cls, found: Iterable[Change]) -> "list[ChangeTable]":
        """Changes as tables; rows and metrics stay in order."""
        rows: dict[tuple[str, str], list[Change]] = {}
        for change in found:
            rows.setdefault((change.about, change.weights), []).append(change)
        tables: dict[tuple[str, ...], list[tuple[Change, ...]]] = {}
        for row in rows.values():
            tables.setdefault(tuple(one.metric for one in row), []).append(tuple(row))
        return [cls(metrics, tuple(parts)) for metrics, parts in tables.items()]
