"""Groups of a neighbour graph by the Louvain method (Blondel et al. 2008), at a chosen grain.

It was chosen by measurement on 7,646 real products (`python -m tests.benchmarks.styles`), beside
k-means, Ward's linkage on the same graph and HDBSCAN: it agrees with types, colours and designs as
well as the best of them, and changes least when products come and go. scikit-network's Leiden
gives the same quality, but not the same groups twice.
"""

import math

import numpy as np
from scipy.sparse import csr_matrix
from sknetwork.clustering import Louvain

from engine.applications.styles.centres import centres_of
from engine.applications.styles.graph import neighbour_graph
from engine.arrays import Float32, Int64

TRIES = 8  # resolutions that are tried for the wanted number of groups
NEAR = 0.15  # share by which the number of groups may differ from the wanted one
KEPT_NEAR = 0.4  # the same where a resolution from an earlier run can be kept
SEED = 20
PARTS = 0.9  # share of the groups that are left at less than half of the resolution


def usual_number(products: int) -> int:
    """How many styles a catalogue gets if nobody says: 130 for 7,600 products, 1,500 for 1e6."""
    return max(1, round(1.5 * math.sqrt(products)))


def group_rows(rows: Float32, wanted: int, start: float | None = None) -> tuple[Int64, float]:
    """Groups of rows that look alike, about as many as wanted.

    Where the neighbour graph falls into more parts, such as hundreds of near copies each, the
    groups themselves are grouped by their centres.

    Args:
        rows: ``(N, D)`` float32 unit rows, two or more.
        wanted, start: as for `find_groups`, and so is what is returned.
    """
    groups, resolution = find_groups(neighbour_graph(rows), wanted, start)
    found = _number(groups)
    if found > (1 + KEPT_NEAR) * wanted:
        centres = centres_of(rows, groups, found)[0]
        above, _ = group_rows(centres, wanted)
        if _number(above) < found:
            groups = by_size(above[groups])
    return groups, resolution


def find_groups(graph: csr_matrix, wanted: int, start: float | None = None) -> tuple[Int64, float]:
    """Groups of the nodes of a graph, about as many as wanted.

    Parts of a graph without an edge between them are never one group, so there may be more.

    Args:
        graph: ``(N, N)`` symmetric weights of 0 or more.
        wanted: number of groups.
        start: the resolution of an earlier run, which is kept if its number still fits; so what
            did not change stays together.

    Returns:
        ``(N,)`` int64 groups, numbered from 0 by size, the largest first; and the resolution.
    """
    if start is not None:
        groups = _louvain(graph, start)
        if abs(np.log(_number(groups) / wanted)) <= np.log1p(KEPT_NEAR):
            return by_size(groups), start
    best, resolution, off = np.zeros(graph.shape[0], np.int64), 1.0, np.inf
    now, low, high = 1.0, 0.0, np.inf
    before = (np.inf, np.inf)
    for _ in range(TRIES):
        groups = _louvain(graph, now)
        found = _number(groups)
        parts = found > wanted and now < before[0] / 2 and found > PARTS * before[1]
        before = (now, found)
        if abs(np.log(found / wanted)) < off:
            best, resolution, off = groups, now, float(abs(np.log(found / wanted)))
        if off <= np.log1p(NEAR) or parts:  # parts without an edge between them stay apart
            break
        low, high = (now, high) if found < wanted else (low, now)
        now *= (wanted / found) ** 2  # the number grows as the root of the resolution
        if not low < now < high:
            now = (low * high) ** 0.5 if low > 0 else high / 4
    return by_size(best), resolution


def by_size(groups: Int64) -> Int64:
    """``(N,)`` the same groups, numbered from 0 by size; of equal ones, the first one first."""
    _, first, codes, counts = np.unique(
        groups, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -counts))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place[codes.reshape(-1)]


def _louvain(graph: csr_matrix, resolution: float) -> Int64:
    found = Louvain(resolution=resolution, random_state=SEED).fit_predict(graph)
    return np.asarray(found, dtype=np.int64)


def _number(groups: Int64) -> int:
    return len(np.unique(groups))
