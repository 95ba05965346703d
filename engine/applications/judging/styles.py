"""Styles in the evaluation report: groups by looks beside k-means on the rows of each contender.

Agreement is adjusted mutual information (Vinh et al. 2010): 0 by chance, 1 for equal groups. A
bootstrap would draw products twice, which agree with themselves, so its interval is a jackknife
over parts; products of one title family are in one part.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score

from engine.applications.styles.grouping import group_rows, usual_number
from engine.arrays import Float32, Int64
from engine.evaluation.contender import DEFAULT, Contender
from engine.evaluation.intervals import Measure
from engine.evaluation.section import ScoreRow, Section
from engine.labels.labels import UNKNOWN, LabelTable

TITLE = "Styles"
NOTE = (
    "Agreement of groups by looks with what is known of products: adjusted mutual information, 0 "
    "by chance, 1 for equal groups. All have about as many groups. Styles are those of `lookalike "
    "clusters`, of the judged products alone. Intervals: jackknife over 20 parts, whole title "
    "families in each."
)
PARTS = 20
FEWEST = 50  # products with a known code
MOST = 20_000  # products that are grouped
SEED = 20


def styles_section(
    labels: LabelTable, designs: Int64, families: Int64, contenders: Sequence[Contender]
) -> Section | None:
    """The table of all contenders, the first one's styles first; None where there is too little.

    Args:
        labels: of N products; those derived from pixels do not judge.
        designs: ``(N,)`` design families, -1 for none.
        families: ``(N,)`` title families.
        contenders: with rows of the products.
    """
    count = min(len(labels), MOST)
    use = np.sort(np.random.default_rng(SEED).permutation(len(labels))[:count])
    kinds = labels.columns["type_colour"][use].copy()
    if (derived := labels.derived.get("colour")) is not None:
        kinds[derived[use]] = UNKNOWN
    known = {"type and colour": kinds, "one design": designs[use]}
    known = {name: codes for name, codes in known.items() if (codes != UNKNOWN).sum() >= FEWEST}
    if not known or count <= usual_number(count):
        return None
    parts = np.random.default_rng(SEED).integers(PARTS, size=len(labels))[families[use]]
    grouped = list(_groupings(use, contenders))
    rows = [
        ScoreRow(
            about,
            name,
            DEFAULT,
            int((codes != UNKNOWN).sum()),
            {"ami": agreement(codes, groups, parts)},
        )
        for about, codes in known.items()
        for name, groups in grouped
    ]
    return Section(TITLE, NOTE, tuple(rows), "products")


def _groupings(use: Int64, contenders: Sequence[Contender]) -> Iterator[tuple[str, Int64]]:
    """Name and groups ``(n,)`` of each way to group."""
    for place, contender in enumerate(contenders):
        rows = contender.products[use]
        if place == 0:
            groups = group_rows(rows, usual_number(len(rows)))[0]
            wanted = int(groups.max()) + 1
            yield f"styles, {contender.name}", groups
        yield f"k-means, {contender.name}", _k_means(rows, wanted)


def _k_means(rows: Float32, count: int) -> Int64:
    found = KMeans(count, n_init=1, random_state=SEED).fit_predict(rows)
    return np.asarray(found, dtype=np.int64)


def agreement(known: Int64, groups: Int64, parts: Int64) -> Measure:
    """The agreement of groups with codes, where these are known, and its 95% interval.

    Args:
        known: ``(n,)`` codes, -1 for unknown.
        groups: ``(n,)`` codes.
        parts: ``(n,)`` the part, below `PARTS`, that is left out with each.
    """
    use = known != UNKNOWN
    whole = _agreement(known[use], groups[use])
    without = np.array(
        [
            _agreement(known[use & (parts != one)], groups[use & (parts != one)])
            for one in range(PARTS)
        ]
    )
    variance = (PARTS - 1) / PARTS * np.square(without - without.mean()).sum()
    reach = 1.96 * float(np.sqrt(variance))
    return Measure(whole, whole - reach, whole + reach)


def _agreement(known: Int64, groups: Int64) -> float:
    return float(adjusted_mutual_info_score(known, groups))
