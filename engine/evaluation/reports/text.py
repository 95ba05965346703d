"""An evaluation report as text tables and as JSON."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from engine.calibration.reliability import PANEL_SIZE, Reliability
from engine.evaluation.report import Confusion, EvaluationReport, RelationScore, Result
from engine.evaluation.reports.text_tables import further_sections, notes, shown, table

_MEASURES = (("R@1", "recall_at_1"), ("P@10", "precision_at_10"), ("mAP@R", "map_at_r"))
_STRICT = ("strict P@10", "strict_precision_at_10")  # hits over 10, however few are relevant
_SHOWN = 10  # colours in the confusion table


def as_json(report: EvaluationReport, **more: object) -> str:
    """The whole report as JSON; measures without seeds are null."""
    values = asdict(report)
    if report.reliability is not None:
        found = values["reliability"]
        for curve in (found["curve"], *(one["curve"] for one in found["categories"])):
            for one in curve:  # the names that scripts know
                one |= {"said": one["predicted"], "found": one["observed"]}
    return json.dumps(_plain({**more, **values}), indent=2, allow_nan=False)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def as_text(report: EvaluationReport) -> str:
    """The report as plain text tables."""
    lines = [f"{report.products} products, {report.photos} photos; 95% intervals over seeds", ""]
    for name, attribute in (*_MEASURES, _STRICT):
        lines += [*_relations(report.results, name, attribute), ""]
    for part in (_same_product(report.results), _focus(report.results)):
        if part:
            lines += [*part, ""]
    lines += further_sections(report)
    if report.confusion is not None and report.confusion.words:
        lines += [*_confusion(report.confusion), ""]
    if report.reliability is not None:
        lines += _reliability(report.reliability)
    else:
        lines.append("No match in percent: run `lookalike calibrate` for this encoder.")
    remarks = list(notes(report))
    if remarks:
        lines += ["", *remarks]
    return "\n".join(lines).rstrip() + "\n"


def _relations(results: Sequence[Result], name: str, attribute: str) -> Iterator[str]:
    rows = [[f"{name}", "seeds", *(result.name for result in results)]]
    for scores in zip(*(result.relations for result in results), strict=True):
        cells = [shown(getattr(score, attribute)) for score in scores]
        rows.append([scores[0].relation, str(scores[0].seeds), *cells])
    return table(rows)


def _same_product(results: Sequence[Result]) -> list[str]:
    found: list[tuple[str, RelationScore]] = [
        (result.name, result.same_product)
        for result in results
        if result.same_product is not None and result.same_product.seeds
    ]
    if not found:
        return []
    rows = [["a product's other photos", "photos", *(name for name, _ in _MEASURES)]]
    for name, score in found:
        cells = [shown(getattr(score, attribute)) for _, attribute in _MEASURES]
        rows.append([name, str(score.seeds), *cells])
    return list(table(rows))


def _focus(results: Sequence[Result]) -> list[str]:
    rows = [["all weight on one facet, P@10", "", "seeds", "default weights", "all weight"]]
    for result in results:
        for score in result.focus:
            rows.append(
                [
                    f"{result.name}: {score.facet}",
                    score.relation,
                    str(score.seeds),
                    shown(score.default),
                    shown(score.focused),
                ]
            )
    return list(table(rows)) if len(rows) > 1 else []


def _confusion(confusion: Confusion) -> Iterator[str]:
    words = confusion.words[:_SHOWN]
    rows = [[f"{confusion.column} of the 10 nearest, %", *words, "others"]]
    for word, counts in zip(words, confusion.counts, strict=False):
        total = max(1, sum(counts))
        shares = [*counts[: len(words)], sum(counts[len(words) :])]
        rows.append([word, *(f"{100 * share / total:.0f}" for share in shares)])
    return table(rows)


def _reliability(found: Reliability) -> Iterator[str]:
    yield (
        f"Match in percent ({found.alike}), judged on {found.pairs:,} pairs of {found.seeds:,} "
        "products that it was not fitted on"
    )
    yield (
        f"calibration error {found.error:.3f}; among each seed's {PANEL_SIZE} nearest alone "
        f"{found.error_shown:.3f}; of the raw cosine {found.error_raw:.3f}"
    )
    yield ""
    rows = [["predicted, %", *(_percent(one.predicted) for one in found.curve)]]
    rows.append(["observed, %", *(_percent(one.observed) for one in found.curve)])
    yield from table(rows)
    yield ""
    rows = [["largest categories", "seeds", "calibration error"]]
    for one in found.categories:
        rows.append([one.category, f"{one.seeds:,}", f"{one.error:.3f}"])
    yield from table(rows)
    yield ""
    bar = f"{found.threshold:.0f}"
    rows = [[f"panels of {PANEL_SIZE} at {bar}% and above", "seeds"]]
    rows[0] += ["empty by cosine", "empty by match", "alike by cosine", "alike by match"]
    for effect in found.effects:
        shares = (effect.empty_raw, effect.empty_matched, effect.right_raw, effect.right_matched)
        cells = ["-" if math.isnan(share) else f"{_percent(share)}%" for share in shares]
        rows.append([effect.category or "all", f"{effect.seeds:,}", *cells])
    yield from table(rows)


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"
