"""Other indexes on the same rows, each at the first setting that reaches a recall.

They are in the optional dependencies ``bench``; what is not installed is left out.
"""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from engine.arrays import Float32, Int64

M, EF_BUILD = 16, 100  # neighbours of a node, and candidates while building, of every HNSW graph
EFFORTS = (16, 32, 64, 128, 256, 512, 1024)  # candidates of a query
TOP = 10
NAMES = ("hnswlib", "faiss HNSW", "usearch")


class Peer(NamedTuple):
    """An index: seconds to build it, and its ``(effort, query, n) -> rows``."""

    name: str
    seconds: float
    search: Callable[[int, Float32, int], Int64]


def peers(vectors: Float32) -> Iterator[Peer]:
    """Build the peers that are installed, one after the other, with one thread."""
    for name, build in zip(NAMES, (_hnswlib, _faiss, _usearch), strict=True):
        start = time.perf_counter()
        try:
            search = build(vectors)
        except ModuleNotFoundError as missing:
            print(f"{name} is left out: {missing}. Install lookalike[bench].")
            continue
        yield Peer(name, time.perf_counter() - start, search)


def recall(peer: Peer, effort: int, vectors: Float32, sample: Int64, exact: Int64) -> float:
    """The share of the exact nearest rows ``(S, TOP)`` that a peer finds for a sample."""
    found = [peer.search(effort, vectors[row], TOP + 1) for row in sample]
    shares = [np.isin(right, mine).mean() for right, mine in zip(exact, found, strict=True)]
    return float(np.mean(shares))


def exact_rows(vectors: Float32, sample: Int64) -> Int64:
    """``(S, TOP)`` the nearest rows of a sample, itself left out."""
    nearest = []
    for row in sample:
        scores = vectors @ vectors[row]
        scores[row] = -np.inf
        nearest.append(np.argpartition(-scores, TOP)[:TOP])
    return np.array(nearest)


def _hnswlib(vectors: Float32) -> Callable[[int, Float32, int], Int64]:
    import hnswlib

    index = hnswlib.Index(space="ip", dim=vectors.shape[1])
    index.init_index(max_elements=len(vectors), M=M, ef_construction=EF_BUILD, random_seed=1)
    index.set_num_threads(1)
    index.add_items(vectors)

    def search(effort: int, query: Float32, n: int) -> Int64:
        index.set_ef(max(effort, n))
        return np.asarray(index.knn_query(query, n)[0][0], dtype=np.int64)

    return search


def _faiss(vectors: Float32) -> Callable[[int, Float32, int], Int64]:
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexHNSWFlat(vectors.shape[1], M, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = EF_BUILD
    index.add(vectors)

    def search(effort: int, query: Float32, n: int) -> Int64:
        index.hnsw.efSearch = max(effort, n)
        return np.asarray(index.search(query[np.newaxis], n)[1][0], dtype=np.int64)

    return search


def _usearch(vectors: Float32) -> Callable[[int, Float32, int], Int64]:
    from usearch.index import Index

    index = Index(
        ndim=vectors.shape[1], metric="ip", dtype="f32", connectivity=M, expansion_add=EF_BUILD
    )
    index.add(np.arange(len(vectors)), vectors, threads=1)

    def search(effort: int, query: Float32, n: int) -> Int64:
        index.expansion_search = max(effort, n)
        return np.asarray(index.search(query, n, threads=1).keys, dtype=np.int64)

    return search
