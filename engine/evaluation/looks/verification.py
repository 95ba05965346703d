"""Verification: are two photos of one product? Two products of one design?

Two are accepted as the same if their cosine reaches a threshold. As FaceNet reports it (Schroff et
al. 2015), the threshold is the least one at which no more than a given share of the pairs of
*different* identities is accepted (the false-accept rate, FAR); measured is the share of pairs of
the *same* identity that is accepted there (FaceNet's VAL; here TAR, the true-accept rate). All
pairs of different identities set the threshold.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import Bool, Float32, Float64, Int64
from engine.evaluation.contender import Contender, weightings
from engine.evaluation.section import Judged
from engine.labels.labels import UNKNOWN

PHOTOS, DESIGNS = "one product, two photos", "one design, two colours"
FARS = (1e-3, 1e-2, 1e-1)
RATES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)  # of a curve (ROC)
FEWEST_ACCEPTED = 10  # pairs of different identities that a threshold accepts at the least rate
MOST_MEMBERS = 8  # of an identity whose pairs are judged, so that none outweighs the others
NOTE = (
    "Share of the pairs of one identity that are accepted (TAR) at the threshold that accepts a "
    "given share (FAR) of all pairs of different identities. One design: two products whose titles "
    "differ in nothing but a known colour. Intervals resample whole identities; the threshold is "
    "not resampled."
)
BINS = 400_000  # of cosines from -1 to 1: thresholds are exact to 0.000005
_EDGE = 1.0001  # cosines of unit rows exceed 1 by rounding
_CELLS = 4_000_000  # cosines in memory at a time


@dataclass(frozen=True)
class JudgedPairs(Judged):
    """Pairs of one identity, and which of them are accepted at further rates.

    Attributes:
        rates: R false-accept rates, rising; those that accept too few pairs are left out.
        accepted: ``(R, S)`` float64, 1 where a pair is accepted, else 0.
    """

    rates: tuple[float, ...] = ()
    accepted: Float64 | None = None


def judge_photos(owners: Int64, contender: Contender) -> list[JudgedPairs]:
    """Judge pairs of photos of one product, under the default weights and each facet alone.

    Args:
        owners: ``(P,)`` the product of each photo.
        contender: with rows of the P photos.
    """
    if contender.photos is None:
        return []
    photos = contender.photos
    return judge_pairs(PHOTOS, photos, contender, owners, same_pairs(owners), photos)


def judge_designs(families: Int64, colours: Int64, contender: Contender) -> list[JudgedPairs]:
    """Judge pairs of products of one design in two colours.

    Args:
        families: ``(N,)`` codes of the design families, -1 for none.
        colours: ``(N,)`` codes of the colours, -1 for unknown.
        contender: with rows of the N products.
    """
    pairs = same_pairs(families)
    left, right = colours[pairs.T]
    other = (left != right) & (left != UNKNOWN) & (right != UNKNOWN)
    products = contender.products
    return judge_pairs(DESIGNS, products, contender, families, pairs[other], products)


def same_pairs(identities: Int64) -> Int64:
    """The pairs ``(Q, 2)`` of rows of one identity, those of its first `MOST_MEMBERS` members.

    Args:
        identities: ``(N,)`` codes, -1 for a row that is alone.
    """
    found = [np.zeros((0, 2), dtype=np.int64)]
    order = np.argsort(identities, kind="stable")
    cuts = np.flatnonzero(np.diff(identities[order])) + 1
    for members in np.split(order, cuts):
        if len(members) > 1 and identities[members[0]] != UNKNOWN:
            few = members[:MOST_MEMBERS]
            left, right = np.triu_indices(len(few), k=1)
            found.append(np.stack([few[left], few[right]], axis=1))
    return np.concatenate(found)


def thresholds(
    queries: Float32, rows: Float32, identities: Int64, fars: Sequence[float] = FARS
) -> Int64 | None:
    """The thresholds that accept at most these shares of the pairs of different identities.

    Args:
        queries: ``(N, D)``: the rows under the weights that are judged.
        rows: ``(N, D)`` unit rows.
        identities: ``(N,)`` codes, -1 for a row that is alone.
        fars: the shares, above 0 and at most 1.

    Returns:
        The bin of the least cosine that is accepted, for each share; None if there are too few
        pairs for the least share.
    """
    counts = different_counts(queries, rows, identities)
    return None if counts.sum() * min(fars) < FEWEST_ACCEPTED else cuts(counts, fars)


def different_counts(queries: Float32, rows: Float32, identities: Int64) -> Int64:
    """``(BINS,)`` the number of pairs of different identities by their cosine.

    Arguments are those of `thresholds`.
    """
    counts = np.zeros(BINS, dtype=np.int64)
    step = max(1, _CELLS // max(1, len(rows)))
    for start in range(0, len(rows), step):
        mine = np.arange(start, min(start + step, len(rows)))
        cosines = queries[mine] @ rows.T
        counts += np.bincount(bins(cosines[_different(identities, mine)]), minlength=BINS)
    return counts


def cuts(counts: Int64, fars: Sequence[float]) -> Int64:
    """For each rate, the bin of the least cosine from which no more than this share is accepted."""
    total = int(counts.sum())
    above = np.append(np.cumsum(counts[::-1])[::-1], 0)  # pairs in this bin or above
    return np.array([np.argmax(above <= far * total) for far in fars])


def _different(identities: Int64, mine: Int64) -> Bool:
    """Mask ``(n, N)`` of the pairs of different identities, each pair once."""
    others = np.arange(len(identities))
    same = (identities[mine, None] == identities) & (identities != UNKNOWN)
    found: Bool = ~same & (others > mine[:, None])
    return found


def bins(cosines: Float32) -> Int64:
    """The bins of cosines: equal ones from -1 to 1."""
    places = ((cosines.astype(np.float64) + _EDGE) / (2 * _EDGE) * BINS).astype(np.int64)
    return np.clip(places, 0, BINS - 1)


def judge_pairs(
    about: str,
    rows: Float32,
    contender: Contender,
    identities: Int64,
    pairs: Int64,
    others: Float32,
) -> list[JudgedPairs]:
    """Judge pairs of one identity, under the default weights and each facet alone.

    Args:
        about: what pairs these are.
        rows: ``(N, D)`` whose pairs of different identities set the thresholds.
        contender: whose rows they are.
        identities: ``(N,)`` codes, -1 for a row that is alone.
        pairs: ``(Q, 2)`` a row of ``rows``, and one of ``others``.
        others: ``(M, D)``: the same rows, or those of changed photos.
    """
    judged = []
    for weights, scale in weightings(contender.layout):
        queries: Float32 = rows if scale is None else rows * scale
        if not len(pairs):
            continue
        counts = different_counts(queries, rows, identities)
        total = int(counts.sum())
        if total * min(FARS) < FEWEST_ACCEPTED:
            continue
        rates = tuple(far for far in RATES if total * far >= FEWEST_ACCEPTED)
        cosines = np.einsum("qd,qd->q", queries[pairs[:, 0]], others[pairs[:, 1]])
        accepted = (bins(cosines) >= cuts(counts, rates)[:, None]).astype(np.float64)
        values = {metric_of(far): accepted[rates.index(far)] for far in FARS}
        groups = identities[pairs[:, 0]]
        judged.append(JudgedPairs(about, weights, values, groups, rates, accepted))
    return judged


def metric_of(far: float) -> str:
    """The name of the metric at a false-accept rate."""
    return f"tar_at_far_{far:g}"
