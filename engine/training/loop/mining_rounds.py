"""Rounds of offline mining: what a search among all training photos gets wrong, put into batches.

A batch's negatives are the hardest of some hundred photos. Every so many steps a round embeds all
photos that are trained on, indexes them, and takes each label's nearest wrong neighbours (FaceNet's
offline mining). Until the next round a share of every batch is made of these, where they are mined
again with the others. What a round found is a pure function of weights, seed and step; it is part
of a run's state, so that a resumed run goes on exactly.
"""

import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.encoders.appearance import AppearanceModel
from engine.encoders.facets import unit_rows
from engine.index.annoy_index import RowIndex, build
from engine.training.data.batches import TrainingData
from engine.training.data.config import TrainConfig
from engine.training.loop.evaluation import embed
from engine.training.loop.offline_mining import Neighbours, offline_triplets, triplet_batch
from engine.training.losses.conditional import Term
from engine.training.losses.miners import Triplets

ANCHORS = 2_000  # photos of a source whose neighbours are looked at, a round
NEIGHBOURS = 50
PER_ANCHOR = 4
TREES = 10

OnMined = Callable[[int, int], None]
"""Called with photos embedded and searched, and how many there are of both."""


class MiningRounds:
    """What the last round found, and when the next is due.

    Args:
        data: the photos.
        terms: each is mined for by its own labels, in the blocks that it shapes.
        config: ``offline_every``, ``offline_share`` and the seed.
    """

    def __init__(self, data: TrainingData, terms: list[Term], config: TrainConfig) -> None:
        self._data, self._terms, self._config = data, terms, config
        # (source, name of a term) -> triplets (T, 3) of rows of the data
        self._found: dict[tuple[int, str], np.ndarray] = {}

    def is_due(self, step: int) -> bool:
        """Whether a round comes before step number ``step``."""
        every, done = self._config.offline_every, step - self._config.contrastive_steps
        return every > 0 and done > 0 and done % every == 0

    def mine(
        self,
        model: AppearanceModel,
        step: int,
        device: torch.device,
        on_mined: OnMined = lambda done, total: None,
    ) -> None:
        """Hold a round with the weights of ``model``, in place of what the last one found."""
        rows = np.flatnonzero(self._data.train)
        sources = [np.flatnonzero(self._data.source[rows] == n) for n in self._sources()]
        spaces = list(dict.fromkeys(term.blocks for term in self._terms))
        searches = sum(min(ANCHORS, len(inside)) for inside in sources) * len(spaces)
        total, done = len(rows) + searches, 0

        def tell(more: int) -> None:
            nonlocal done
            done += more
            on_mined(done, total)

        blocks = embed(model, self._data, rows, self._config.side, device, on_rows=tell)
        self._found = {}
        for source, inside in zip(self._sources(), sources, strict=True):
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
                            self._keep(source, term, rows[inside], near, anchors, step)
                tell(len(anchors))

    def _sources(self) -> list[int]:
        return [int(n) for n in np.unique(self._data.source[self._data.train])]

    def _keep(
        self,
        source: int,
        term: Term,
        rows: np.ndarray,
        near: Neighbours,
        anchors: np.ndarray,
        step: int,
    ) -> None:
        labels = self._data.labels[term.label].numpy()[rows]
        seed = self._config.seed + step
        found = offline_triplets(
            labels,
            near,
            anchors=anchors,
            k=NEIGHBOURS,
            per_anchor=PER_ANCHOR,
            seed=seed,
        )
        if found.size:
            self._found[source, term.name] = rows[torch.stack([*found], dim=1).numpy()]

    def mix(self, batch: np.ndarray, source: int, step: int) -> np.ndarray:
        """A batch ``(B,)`` of one source with its last rows replaced by triplets of one term.

        Which term is drawn by weight, a pure function of seed and step. Before the first round,
        and for a source in which nothing is confused, the batch stays as it is.
        """
        terms = [term for term in self._terms if (source, term.name) in self._found]
        count = 3 * round(self._config.offline_share * len(batch) / 3)
        if not terms or not count:
            return batch
        weights = np.array([term.weight for term in terms])
        rng = np.random.default_rng((self._config.seed, 4, step))
        term = terms[rng.choice(len(terms), p=weights / weights.sum())]
        table = torch.from_numpy(self._found[source, term.name])
        triplets = Triplets(*table.T.contiguous())
        count = min(count, len(batch))
        mined = triplet_batch(triplets, count, seed=self._config.seed, step=step)
        return np.concatenate([batch[: len(batch) - count], mined])

    def found(self, source: int, term: str) -> np.ndarray:
        """Triplets ``(T, 3)`` that the last round found for a term: rows of the data."""
        return self._found.get((source, term), np.zeros((0, 3), dtype=np.int64))

    def state_dict(self) -> dict[str, Any]:
        """What the last round found, as tensors."""
        return {f"{s} {name}": torch.from_numpy(t) for (s, name), t in self._found.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self._found = {}
        for key, triplets in state.items():
            source, _, name = key.partition(" ")
            self._found[int(source), name] = triplets.cpu().numpy()


def neighbours_in(path: Path, vectors: np.ndarray, seed: int) -> Neighbours:
    """Index unit rows ``(N, D)`` in a file, and search them by row; answers are kept."""
    trees = build(path, vectors, TREES, seed)
    index = RowIndex(path, dim=vectors.shape[1], count=len(vectors), trees=trees)
    return cache(lambda row, k: index.nearest(vectors[row], k, search_k=4 * TREES * k))
