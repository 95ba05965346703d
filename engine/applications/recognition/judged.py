"""Recognition in the evaluation report: neighbours beside a linear probe and the majority.

Every held-out product with a label is recognised by those of other title families. A confidence
that was learned on one half of the families judges the other half, both ways. The linear probe is a
logistic regression on whole rows, trained and judged by five folds of families.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

from catalog.records import Product, ProductRecord
from engine.applications.recognition.confidence import FEWEST, Trial, cross_fitted, error_of
from engine.applications.recognition.recogniser import LEAST
from engine.applications.recognition.vote import VOTERS, vote
from engine.applications.recognition.words import KNOWS, SHAPE
from engine.arrays import Bool, Float32, Float64, Int64
from engine.encoders.facets import FacetLayout, unit_rows
from engine.evaluation.contender import DEFAULT, Contender
from engine.evaluation.intervals import NOTHING
from engine.evaluation.section import Judged, ScoreRow, Section, summary
from engine.labels.labels import UNKNOWN, LabelTable, encode_words
from engine.labels.splits import family_of

TITLE = "Recognition"
COLUMNS = ("type", "colour", "pattern", "gender", "sleeve", "neck", "length")
NOTE = (
    "Share of products whose label is that of the vote of their twelve nearest products of other "
    "title families, in the facet that knows; coverage is the share whose confidence reaches "
    f"{LEAST:.0%}. The calibration error is that of the confidence. Intervals resample whole "
    "families."
)
NEIGHBOURS = "neighbours"
FOLDS = 5
MOST_PROBED = 3_000  # products that a linear probe is trained on
_CHUNK = 500


def recognition_section(
    products: Sequence[Product | ProductRecord], labels: LabelTable, contender: Contender
) -> Section | None:
    """The table of one contender; None where no label is known of enough products.

    Args:
        products: N products.
        labels: theirs; those derived from pixels do not judge.
        contender: with rows of the products.
    """
    families, _ = encode_words([family_of(product) for product in products])
    found: list[ScoreRow] = []
    for column in COLUMNS:
        if column not in labels.columns:
            continue
        codes = labels.columns[column].copy()
        if column in labels.derived:
            codes[labels.derived[column]] = UNKNOWN
        rows = np.flatnonzero(codes != UNKNOWN)
        if len(rows) >= FEWEST and len(np.unique(codes[rows])) > 1:
            found += _judge(column, codes[rows], families[rows], rows, contender)
    return Section(TITLE, NOTE, tuple(found)) if found else None


def _judge(
    column: str, codes: Int64, families: Int64, rows: Int64, contender: Contender
) -> Iterator[ScoreRow]:
    """The rows of one label column."""
    products = contender.products[rows]
    facet, block = _facet_rows(products, contender.layout, column)
    trials = list(_trials(block, codes, families))
    right = np.array([one.voted == one.word for one in trials], dtype=bool)
    confidence, _ = cross_fitted(trials)
    error = error_of(confidence, trials, families)
    certain: Bool = confidence >= LEAST
    everything = np.ones(len(codes), dtype=bool)
    majority: Bool = codes == np.bincount(codes).argmax()
    parts = [
        (NEIGHBOURS, facet, right, certain, everything),
        ("neighbours, certain ones", facet, right, certain, certain),
        ("majority", DEFAULT, majority, everything, everything),
    ]
    probed = _probe(products, codes, families)
    if probed is not None:
        hits, used = probed
        parts.insert(2, ("linear probe", DEFAULT, hits, everything, used))
    for name, weights, hit, covered, used in parts:
        if used.any():
            values = {
                "accuracy": hit[used].astype(np.float64),
                "coverage": covered[used].astype(np.float64),
            }
            row = summary(name, Judged(column, weights, values, families[used]))
            measured = error if name == NEIGHBOURS else NOTHING
            yield replace(row, values=row.values | {"calibration_error": measured})


def _facet_rows(rows: Float32, layout: FacetLayout | None, column: str) -> tuple[str, Float32]:
    """The facet that knows a column, and its unit rows; whole rows where there is no such facet."""
    facet = KNOWS.get(column, SHAPE)
    if layout is None or facet not in layout.names:
        return DEFAULT, rows
    return facet, unit_rows(layout.block(rows, facet))


def _trials(rows: Float32, codes: Int64, families: Int64) -> Iterator[Trial]:
    """The vote of strangers on each product."""
    for start in range(0, len(rows), _CHUNK):
        cosines = (rows[start : start + _CHUNK] @ rows.T).astype(np.float64)
        cosines[families[start : start + _CHUNK, None] == families] = -np.inf
        near = np.argsort(-cosines, axis=1, kind="stable")[:, :VOTERS]
        for at, mine in enumerate(near, start):
            values = cosines[at - start, mine]
            voters = mine[np.isfinite(values)]
            result = vote([str(one) for one in codes[voters].tolist()], values[: len(voters)])
            word, share = ("", 0.0) if result is None else (result.word, result.share)
            yield Trial(str(families[at]), str(codes[at]), word, share)


def _probe(rows: Float32, codes: Int64, families: Int64) -> tuple[Bool, Bool] | None:
    """Which products a linear probe has right ``(N,)``, and which were probed; None: too few."""
    used = np.zeros(len(rows), dtype=bool)
    used[np.random.default_rng(0).permutation(len(rows))[:MOST_PROBED]] = True
    if len(np.unique(families[used])) < FOLDS:
        return None
    model = LogisticRegression(C=10.0, max_iter=300)
    predicted: Float64 = cross_val_predict(
        model, rows[used] * 4, codes[used], groups=families[used], cv=GroupKFold(FOLDS)
    )
    right = np.zeros(len(rows), dtype=bool)
    right[used] = predicted == codes[used]
    return right, used
