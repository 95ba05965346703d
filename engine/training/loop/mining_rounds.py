"""Rounds of offline mining: hard negatives from all training photos, mixed into batches.

The negatives of a batch are the hardest of some hundred photos. Every n steps a round embeds
all training photos, indexes them, and takes each term's nearest negatives (FaceNet's offline
mining). Until the next round, a share of every batch consists of these triplets' photos, which are
mined together with the others. The result of a round is a pure function of weights, seed and step,
and part of the checkpoint, so that resuming is exact.
"""

import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.arrays import Float32, Int64
from engine.encoders.appearance import AppearanceModel
from engine.encoders.facets import unit_rows
from engine.index.annoy_index import RowIndex, build
from engine.training.data.batches import TrainingData
from engine.training.data.config import TrainConfig
from engine.training.loop.evaluation import embed_pixels
from engine.training.loop.offline_mining import Neighbours, offline_triplets, triplet_batch
from engine.training.losses.conditional import Term
from engine.training.losses.miners import Triplets

ANCHORS = 2_000  # per source and round
NEIGHBOURS = 50  # searched for each anchor
PER_ANCHOR = 4  # triplets at most
TREES = 10  # of the Annoy index

OnMined = Callable[[int, int], None]
"""Called with the number of photos embedded or searched so far, and in all."""


class MiningRounds:
    """The triplets of the last round.

    Args:
        data: the photos.
        terms: each is mined by its own labels, in the blocks that it shapes.
        config: ``offline_every``, ``offline_share`` and the seed.
    """

    def __init__(self, data: TrainingData, terms: list[Term], config: TrainConfig) -> None:
        self._data, self._terms, self._config = data, terms, config
        # (source, name of a term) -> triplets (T, 3), rows of the data
        self._triplets: dict[tuple[int, str], Int64] = {}

    def is_due(self, step: int) -> bool:
        """Tells whether a round comes before step number ``step``."""
        every, done = self._config.offline_every, step - self._config.contrastive_steps
        return every > 0 and done > 0 and done % every == 0

    def mine(
        self,
        model: AppearanceModel,
        step: int,
        device: torch.device,
        on_mined: OnMined = lambda done, total: None,
    ) -> None:
        """Mines with the weights of ``model``, and replaces the triplets of the last round."""
        rows = np.flatnonzero(self._data.train)
        of_sources = [np.flatnonzero(self._data.source[rows] == n) for n in self._sources()]
        spaces = list(dict.fromkeys(term.blocks for term in self._terms))
        searches = sum(min(ANCHORS, len(inside)) for inside in of_sources) * len(spaces)
        total, done = len(rows) + searches, 0

        def advance(photos: int) -> None:
            nonlocal done
            done += photos
            on_mined(done, total)

        blocks = embed_pixels(model, self._data, rows, self._config.side, device, on_rows=advance)
        self._triplets = {}
        for source, inside in zip(self._sources(), of_sources, strict=True):
            rng = np.random.default_rng((self._config.seed, 3, step, source))
            anchors = np.sort(rng.permutation(len(inside))[:ANCHORS])
            for space in spaces:
                vectors = unit_rows(
                    np.concatenate([blocks[name][inside] for name in space], axis=1)
                )
                with tempfile.TemporaryDirectory() as folder:
                    near = neighbours_in(Path(folder) / "round.ann", vectors, self._config.seed)
                    for term in self._terms:
                        if term.blocks == space:
                            self._mine_term(source, term, rows[inside], near, anchors, step)
                advance(len(anchors))

    def _sources(self) -> list[int]:
        return [int(n) for n in np.unique(self._data.source[self._data.train])]

    def _mine_term(
        self,
        source: int,
        term: Term,
        rows: Int64,
        near: Neighbours,
        anchors: Int64,
        step: int,
    ) -> None:
        labels = self._data.labels[term.label].numpy()[rows]
        seed = self._config.seed + step
        mined = offline_triplets(
            labels,
            near,
            anchors=anchors,
            k=NEIGHBOURS,
            per_anchor=PER_ANCHOR,
            seed=seed,
        )
        if mined.size:
            self._triplets[source, term.name] = rows[torch.stack([*mined], dim=1).numpy()]

    def mix(self, batch: Int64, source: int, step: int) -> Int64:
        """Replaces the last rows of a batch ``(B,)`` from one source by triplets of one term.

        The term is sampled by weight, a pure function of seed and step. Before the first round,
        and for a source without mined triplets, the batch stays as it is.
        """
        terms = [term for term in self._terms if (source, term.name) in self._triplets]
        count = 3 * round(self._config.offline_share * len(batch) / 3)
        if not terms or not count:
            return batch
        weights = np.array([term.weight for term in terms])
        rng = np.random.default_rng((self._config.seed, 4, step))
        term = terms[rng.choice(len(terms), p=weights / weights.sum())]
        table = torch.from_numpy(self.triplets(source, term.name))
        triplets = Triplets(*table.T.contiguous())
        count = min(count, len(batch))
        mined = triplet_batch(triplets, count, seed=self._config.seed, step=step)
        return np.concatenate([batch[: len(batch) - count], mined])

    def triplets(self, source: int, term: str) -> Int64:
        """Returns the last round's triplets of a term: rows of the data, ``(T, 3)``."""
        return self._triplets.get((source, term), np.zeros((0, 3), dtype=np.int64))

    def state_dict(self) -> dict[str, Any]:
        """Returns the triplets of the last round as tensors."""
        return {f"{s} {name}": torch.from_numpy(t) for (s, name), t in self._triplets.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restores what `state_dict` returned."""
        self._triplets = {}
        for key, triplets in state.items():
            source, _, name = key.partition(" ")
            self._triplets[int(source), name] = triplets.cpu().numpy()


def neighbours_in(path: Path, vectors: Float32, seed: int) -> Neighbours:
    """Indexes unit rows ``(N, D)`` in a file and returns their cached search by row."""
    trees = build(path, vectors, TREES, seed)
    index = RowIndex(path, dim=vectors.shape[1], count=len(vectors), trees=trees)
    return cache(lambda row, k: index.nearest(vectors[row], k, search_k=4 * TREES * k))
