"""ROC curves of verification: the share accepted of pairs of one identity, by false-accept rate."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.evaluation.intervals import Measure, measures
from engine.evaluation.looks.verification import JudgedPairs
from engine.evaluation.section import Judged


@dataclass(frozen=True)
class RocPoint:
    """The true-accept rate, with its interval, where a share ``far`` of other pairs is accepted."""

    far: float
    tar: Measure


@dataclass(frozen=True)
class RocCurve:
    """One curve.

    Attributes:
        about: which pairs are of one identity.
        contender: whose cosines are compared.
        weights: the name of the facet weights.
        pairs: of one identity.
        points: by rising false-accept rate.
    """

    about: str
    contender: str
    weights: str
    pairs: int
    points: tuple[RocPoint, ...]


def roc_curves(judged: Iterable[tuple[str, Judged]]) -> tuple[RocCurve, ...]:
    """The curves of judged pairs, each with the display name of its contender; others are left out.

    Intervals resample whole identities, as those of the table do.
    """
    return tuple(
        RocCurve(one.about, name, one.weights, one.seeds, _points(one))
        for name, one in judged
        if isinstance(one, JudgedPairs) and one.accepted is not None
    )


def _points(judged: JudgedPairs) -> tuple[RocPoint, ...]:
    assert judged.accepted is not None
    found = measures(judged.accepted, judged.groups)
    return tuple(RocPoint(far, tar) for far, tar in zip(judged.rates, found, strict=True))
