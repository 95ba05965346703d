"""Rows of a contact sheet: seeds, wishlists and query photos with their results."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import Bool, Float32, Int64
from engine.evaluation.contender import Contender, query_weightings
from engine.evaluation.sheets.album import Album
from engine.evaluation.sheets.choose import in_turns
from engine.evaluation.sheets.draw import Row

RESULTS = 12


@dataclass(frozen=True)
class Gallery:
    """What is searched: N products, and the encoder, followed by the baseline if there is one.

    ``keys`` are N stable texts that decide which seeds are shown, such as product ids.
    """

    album: Album
    keys: Sequence[str]
    models: Sequence[Contender]

    def labelled(self) -> Iterator[tuple[str, int]]:
        """The headings of a seed's rows and their models: the baseline before the encoder."""
        if len(self.models) > 1:
            yield f"before: {self.models[1].name}", 1
            yield f"after: {self.models[0].name}", 0
        else:
            yield "", 0


@dataclass(frozen=True)
class Queries:
    """M products of another set, each asked with its first photo.

    Attributes:
        album: of them.
        keys: M stable texts, as for `Gallery`.
        rows: of each model of the gallery, ``(M, D)``.
        right: ``(M, N)`` which products of the gallery answer which query.
    """

    album: Album
    keys: Sequence[str]
    rows: Sequence[Float32]
    right: Bool


def seed_rows(gallery: Gallery, seed: int, weights: str) -> Iterator[Row]:
    """A seed and its results under some weights, by each model."""
    album = gallery.album
    left_out = np.arange(len(gallery.keys)) == seed
    for heading, at in gallery.labelled():
        model = gallery.models[at]
        order, scores = ranking(model, model.products[seed], factors_of(model, weights), left_out)
        results = tuple(
            album.result(row, scores[row], album.agreement(seed, row))
            for row in order[:RESULTS].tolist()
        )
        yield Row((album.seed(seed, "seed"),), results, heading)


def wishlist_rows(gallery: Gallery, seeds: Sequence[int]) -> Iterator[Row]:
    """A wishlist and its results, which its seeds give in turns, by each model."""
    album = gallery.album
    left_out = np.isin(np.arange(len(gallery.keys)), seeds)
    shown = tuple(album.seed(seed, f"seed {at}") for at, seed in enumerate(seeds, start=1))
    for heading, at in gallery.labelled():
        model = gallery.models[at]
        found = [ranking(model, model.products[seed], None, left_out) for seed in seeds]
        turns = in_turns([order.tolist() for order, _ in found], seeds, RESULTS)
        results = tuple(
            album.result(
                row, found[turn][1][row], album.agreement(seeds[turn], row), f"like seed {turn + 1}"
            )
            for turn, row in turns
        )
        yield Row(shown, results, heading)


def query_rows(
    gallery: Gallery, queries: Queries, query: int, scales: Sequence[Float32 | None]
) -> Iterator[Row]:
    """A query photo of another set and its results; ``scales`` are the weights by model."""
    nothing = np.zeros(len(gallery.keys), dtype=bool)
    for heading, at in gallery.labelled():
        order, scores = ranking(gallery.models[at], queries.rows[at][query], scales[at], nothing)
        results = tuple(
            gallery.album.result(row, scores[row], "both" if queries.right[query, row] else "none")
            for row in order[:RESULTS].tolist()
        )
        yield Row((queries.album.seed(query, "query"),), results, heading)


def factors_of(model: Contender, weights: str) -> Float32 | None:
    """The factors of named weights; None, the default row, if the model has no such facet."""
    return dict(query_weightings(model.layout)).get(weights)


def ranking(
    model: Contender, query: Float32, scale: Float32 | None, left_out: Bool
) -> tuple[Int64, Float32]:
    """The products for one query ``(D,)``, best first, ties by row, and all scores ``(N,)``.

    ``left_out`` ``(N,)`` are not ranked. ``scale`` ``(D,)`` brings the query to other weights.
    """
    scaled: Float32 = query if scale is None else query * scale
    scores: Float32 = model.products @ scaled
    order = np.argsort(-scores, kind="stable")
    return order[~left_out[order]], scores
