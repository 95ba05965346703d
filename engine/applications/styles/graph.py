"""The neighbour graph of an index: each product with the products nearest to it.

Up to `EXACT` rows it is exact. Beyond that, rows are divided into cells by k-means, and the
neighbours of a row are looked for in the cells nearest to its own (an inverted file, Jégou et al.
2011), so time grows as N^1.5 and memory as N: never as N^2.
"""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.cluster import MiniBatchKMeans

from engine.arrays import Float32, Int64
from engine.index.stacked_rows import Matrix

NEIGHBOURS = 12  # of each row
SHARPNESS = 4  # the weight of an edge is this power of its cosine: near ones count most
EXACT = 20_000  # rows up to which all pairs are compared, block by block
PROBES = 6  # cells that are searched for a row
PER_CELL = 1_000  # rows of a cell, on average
SAMPLE = 60  # rows for each cell that k-means learns from
SCORES = 8_000_000  # similarities in memory at a time
SEED = 20
LEAST = 1e-6  # weight of an edge between rows that are not alike at all


def neighbour_graph(vectors: Matrix, neighbours: int = NEIGHBOURS) -> csr_matrix:
    """The symmetric graph of N rows: an edge where one is among the nearest of the other.

    Args:
        vectors: ``(N, D)`` float32 unit rows, two or more; all of them are read.
        neighbours: of each row; fewer where there are fewer rows.

    Returns:
        ``(N, N)`` sparse float32, with at most 2 N ``neighbours`` entries in (0, 1]. No row is its
        own neighbour.
    """
    rows = np.asarray(vectors[:], dtype=np.float32)
    count = len(rows)
    wanted = min(neighbours, count - 1)
    nearest = np.empty((count, wanted), dtype=np.int32)
    cosines = np.empty((count, wanted), dtype=np.float32)
    for own, others in _cells(rows):
        for part, found, scores in _nearest(rows, own, others, wanted):
            nearest[part], cosines[part] = found, scores
    weights = np.maximum(cosines, 0) ** SHARPNESS
    starts = np.arange(0, count * wanted + 1, wanted)
    edges = (np.maximum(weights, LEAST).reshape(-1), nearest.reshape(-1), starts)
    directed = csr_matrix(edges, shape=(count, count))
    return directed.maximum(directed.T).tocsr()


def _cells(rows: Float32) -> Iterator[tuple[Int64, Int64]]:
    """Parts of the rows, and the rows that are searched for the neighbours of each part."""
    if len(rows) <= EXACT:
        everything = np.arange(len(rows))
        yield everything, everything
        return
    number = len(rows) // PER_CELL
    draw = np.random.default_rng(SEED)
    sample = np.sort(draw.choice(len(rows), min(len(rows), number * SAMPLE), replace=False))
    learned = MiniBatchKMeans(number, random_state=SEED, batch_size=8_192, n_init=1)
    centres = learned.fit(rows[sample]).cluster_centers_.astype(np.float32)
    cell_of = nearest_centre(rows, centres)
    order = np.argsort(cell_of, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(cell_of, minlength=number))[:-1])
    for cell, own in enumerate(members):
        if len(own):
            distances = ((centres - centres[cell]) ** 2).sum(axis=1)
            near = np.argsort(distances)[:PROBES]
            yield own, np.concatenate([members[one] for one in near])


def nearest_centre(rows: Matrix, centres: Float32) -> Int64:
    """``(N,)`` the nearest of the centres ``(C, D)`` for each row ``(N, D)``."""
    half = (centres**2).sum(axis=1) / 2
    step = max(1, SCORES // len(centres))
    parts = (
        np.argmax(rows[start : start + step] @ centres.T - half, axis=1)
        for start in range(0, len(rows), step)
    )
    return np.concatenate([*parts, np.zeros(0, np.int64)])


def _nearest(
    rows: Float32, own: Int64, others: Int64, wanted: int
) -> Iterator[tuple[Int64, Int64, Float32]]:
    """Blocks of own rows with their nearest others ``(B, wanted)`` and the cosines of these."""
    if len(others) <= wanted:  # a tiny cell far from all others
        others = np.arange(len(rows))
    candidates = rows[others]
    step = max(1, SCORES // len(others))
    for start in range(0, len(own), step):
        part = own[start : start + step]
        scores = rows[part] @ candidates.T
        scores[part[:, None] == others[None, :]] = -np.inf
        best = np.argpartition(scores, -wanted, axis=1)[:, -wanted:]
        yield part, others[best], np.take_along_axis(scores, best, axis=1)
