"""Batches of P labels x K photos, most of them of the same few categories.

A negative of the same category (another dress, for a dress) is the hard and useful kind, and a
batch drawn evenly from a shop has few of them. So a batch takes a few categories and its labels
from these. Corner cases:

- A label with fewer than K photos gives each of them, then the first ones again. Augmentation
  makes two views of a repeated photo, so a label of one photo still has positives.
- A category with fewer labels than its share gives all, and the next category drawn fills in.
- One category only: all labels come from it.
- Fewer than P labels in all: labels are drawn again, with further photos where they have some, so
  that every batch has P * K rows.
- A photo whose label is -1 (unknown) is never drawn. A label lies in the category of most of its
  photos; category -1 is a category like any other.
- Rare labels and categories are drawn more often than their photos warrant: with probability
  proportional to the number of photos to the power ``temper`` (0: all alike, 1: as they come).
"""

from collections.abc import Iterator

import numpy as np

from engine.errors import NotEnoughData
from engine.training.losses.miners import UNKNOWN


class BatchSampler:
    """Index batches, each a pure function of the seed and its number, so that resuming is exact.

    An epoch is as many batches as it takes to show as many photos as have a label.

    Args:
        labels: ``(N,)`` integers, what positives agree in (say type and colour); -1 is unknown.
        categories: ``(N,)`` integers, what negatives should share (say type), or None for one.
        labels_per_batch: P, at least 2.
        photos_per_label: K, at least 2.
        categories_per_batch: how many categories share a batch evenly.
        temper: see above, in [0, 1].
        seed: any integer of 0 or more.

    Raises:
        ValueError: a setting out of its range, or arrays of different lengths.
        NotEnoughData: fewer than two known labels, so that there is no negative.
    """

    def __init__(
        self,
        labels: np.ndarray,
        categories: np.ndarray | None = None,
        *,
        labels_per_batch: int = 32,
        photos_per_label: int = 4,
        categories_per_batch: int = 4,
        temper: float = 0.5,
        seed: int = 0,
    ) -> None:
        if min(labels_per_batch, photos_per_label) < 2 or categories_per_batch < 1:
            raise ValueError("a batch needs 2 labels, 2 photos a label and 1 category at least")
        if not 0 <= temper <= 1 or seed < 0:
            raise ValueError(f"temper must be in [0, 1] and seed 0 or more, not {temper}, {seed}")
        labels = np.asarray(labels)
        categories = np.zeros_like(labels) if categories is None else np.asarray(categories)
        if labels.ndim != 1 or labels.shape != categories.shape:
            raise ValueError(
                f"labels {labels.shape} and categories {categories.shape} must be (N,)"
            )
        self.labels_per_batch, self.photos_per_label = labels_per_batch, photos_per_label
        self.seed = seed
        self._quota = -(-labels_per_batch // categories_per_batch)
        self._members = _group(labels)
        if len(self._members) < 2:
            raise NotEnoughData(
                f"Triplets need photos of at least 2 different labels, but {len(labels)} photos "
                f"have {len(self._members)}. Add photos, or train on another attribute."
            )
        # The category of each label, counted from 0, and the log odds of drawing each of both.
        majority = [_most_common(categories[rows]) for rows in self._members]
        self._category = np.unique(majority, return_inverse=True)[1]
        odds = np.array([len(rows) for rows in self._members], dtype=float) ** temper
        self._label_odds = np.log(odds)
        self._category_odds = np.log(np.bincount(self._category, weights=odds))

    @property
    def batch_size(self) -> int:
        """Rows of every batch, P * K."""
        return self.labels_per_batch * self.photos_per_label

    @property
    def steps_per_epoch(self) -> int:
        """Batches an epoch, at least 1."""
        return max(1, sum(len(rows) for rows in self._members) // self.batch_size)

    def batches(self, start: int = 0) -> Iterator[np.ndarray]:
        """Batch ``start`` and all that follow, without an end."""
        while True:
            yield self.batch(start)
            start += 1

    def batch(self, step: int) -> np.ndarray:
        """Rows of batch number ``step``, ``(P * K,)`` int64, the photos of a label side by side."""
        rng = np.random.default_rng((self.seed, step))
        drawn = self._draw_labels(rng)
        times = np.bincount(drawn, minlength=len(self._members)) * self.photos_per_label
        chosen = [_take(rng, self._members[label], times[label]) for label in dict.fromkeys(drawn)]
        return np.concatenate(chosen)

    def _draw_labels(self, rng: np.random.Generator) -> np.ndarray:
        """P labels: a quota of each category, both in random order, in as many rounds as needed.

        The largest of log odds plus Gumbel noise is a draw by the odds; their order is a draw
        without replacement.
        """
        by_odds = np.argsort(-(self._label_odds + rng.gumbel(size=len(self._label_odds))))
        place = np.argsort(
            np.argsort(-(self._category_odds + rng.gumbel(size=len(self._category_odds))))
        )
        category = place[self._category[by_odds]]
        grouped = np.argsort(category, kind="stable")
        starts = np.searchsorted(category[grouped], category[grouped])
        within = np.arange(len(grouped)) - starts  # rank of a label inside its category
        order = np.lexsort((within, category[grouped], within // self._quota))
        return np.resize(by_odds[grouped][order], self.labels_per_batch)


def _group(labels: np.ndarray) -> list[np.ndarray]:
    """Rows of each known label, in ascending order of label."""
    order = np.argsort(labels, kind="stable")
    order = order[labels[order] != UNKNOWN]
    if len(order) == 0:
        return []
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)


def _most_common(values: np.ndarray) -> int:
    found, counts = np.unique(values, return_counts=True)
    return int(found[counts.argmax()])


def _take(rng: np.random.Generator, rows: np.ndarray, count: int) -> np.ndarray:
    """``count`` of the rows: in random order, each before any comes again."""
    return np.resize(rng.permutation(rows), count)
