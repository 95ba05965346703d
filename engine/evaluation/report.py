"""What an evaluation returns."""

from dataclasses import dataclass

from engine.calibration.reliability import Reliability
from engine.evaluation.intervals import Measure
from engine.evaluation.looks.roc import RocCurve
from engine.evaluation.section import Change, Section


@dataclass(frozen=True)
class RelationScore:
    """One relation's measures.

    Products are not used as seeds if no other shares their label (``alone``) or if they have no
    label (``unknown``).
    """

    relation: str
    seeds: int
    alone: int
    unknown: int
    recall_at_1: Measure
    precision_at_10: Measure
    strict_precision_at_10: Measure
    map_at_r: Measure


@dataclass(frozen=True)
class FocusScore:
    """P@10 of one relation with the default weights and with all weight on one facet."""

    facet: str
    relation: str
    seeds: int
    default: Measure
    focused: Measure


@dataclass(frozen=True)
class Result:
    """The scores of one contender. ``same_product`` is among photos, each a seed."""

    name: str
    relations: tuple[RelationScore, ...]
    focus: tuple[FocusScore, ...]
    same_product: RelationScore | None


@dataclass(frozen=True)
class Confusion:
    """Of the 10 nearest products to those labelled ``words[i]``, ``counts[i][j]`` are ``words[j]``.

    Words are ordered by their number of seeds, the largest first.
    """

    column: str
    words: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class NotJudged:
    """A metric that is not reported, and why."""

    about: str
    reason: str


@dataclass(frozen=True)
class EvaluationReport:
    """All results on one set of products; the first result is the encoder's.

    Attributes:
        products, photos: how many were judged.
        results: of the encoder, the other contenders, and a random order.
        confusion: of the encoder's colours; None without judged colours.
        reliability: of the encoder's calibration, if it has one.
        same_design, recoloured_view, within_type, verification, text_search, two_sets,
            recognition, styles: tables of their own, None where there is nothing to judge them on.
        roc: the curves of verification.
        changes: from the baseline encoder to the encoder, if there is a baseline.
        not_judged: what could not be judged, with the reason.
        warnings: what to know before the numbers are used.
    """

    products: int
    photos: int
    results: tuple[Result, ...]
    confusion: Confusion | None
    reliability: Reliability | None = None
    same_design: Section | None = None
    recoloured_view: Section | None = None
    within_type: Section | None = None
    verification: Section | None = None
    text_search: Section | None = None
    two_sets: Section | None = None
    recognition: Section | None = None
    styles: Section | None = None
    roc: tuple[RocCurve, ...] = ()
    changes: tuple[Change, ...] = ()
    not_judged: tuple[NotJudged, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def sections(self) -> tuple[Section, ...]:
        """The tables that exist, in the order in which they are shown."""
        looks = (self.same_design, self.recoloured_view, self.within_type, self.verification)
        parts = (*looks, self.text_search, self.two_sets, self.recognition, self.styles)
        return tuple(part for part in parts if part is not None)
