"""Samples batches of P labels x K photos, most of them from a few categories.

A negative of the anchor's category (another dress, for a dress) is the informative kind, and a
uniformly sampled batch has few of them. So a batch takes its labels from a few categories. Corner
cases:

- A label with fewer than K photos gives each of them, then the first ones again. Augmentation
  makes two views of a repeated photo, so a label with one photo still has positives.
- A category with fewer labels than its quota gives all, and the next category fills in.
- With a single category, all labels come from it.
- With fewer than P labels in all, labels are repeated, with further photos where they have some,
  so that every batch has P * K rows.
- A photo whose label is -1 (unknown) is never sampled. A label belongs to the category of most of
  its photos; category -1 is a category like any other.
- Labels and categories are sampled with probability proportional to their number of photos to the
  power ``temper`` (0: uniformly, 1: by photos), so that rare ones come up more often.
"""

import numpy as np

from engine.arrays import Int64
from engine.errors import NotEnoughData
from engine.training.losses.miners import UNKNOWN


class BatchSampler:
    """Samples batches, each a pure function of seed and step, so that resuming is exact.

    Args:
        labels: ``(N,)`` integers, what positives agree in (such as type and colour); -1 is
            unknown.
        categories: ``(N,)`` integers, what negatives should share (such as type); None for a
            single category.
        labels_per_batch: P, at least 2.
        photos_per_label: K, at least 2.
        categories_per_batch: how many categories share a batch evenly.
        temper: see above, in [0, 1].
        seed: any integer of 0 or more.

    Raises:
        ValueError: an argument out of its range, or arrays of different lengths.
        NotEnoughData: fewer than two known labels, so that there is no negative.

    >>> labels = np.array([0, 0, 0, 1, 1, 2, 2, -1])
    >>> sampler = BatchSampler(labels, labels_per_batch=2, photos_per_label=2)
    >>> batch = sampler.batch(step=0)
    >>> len(batch), len(set(labels[batch].tolist()))
    (4, 2)
    """

    def __init__(
        self,
        labels: Int64,
        categories: Int64 | None = None,
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
        # The category of each label, counted from 0, and the log odds of each label and category.
        majority = [_most_common(categories[rows]) for rows in self._members]
        self._category = np.unique(majority, return_inverse=True)[1]
        odds = np.array([len(rows) for rows in self._members], dtype=float) ** temper
        self._label_odds = np.log(odds)
        self._category_odds = np.log(np.bincount(self._category, weights=odds))

    @property
    def batch_size(self) -> int:
        """The number of rows in every batch, P * K."""
        return self.labels_per_batch * self.photos_per_label

    def batch(self, step: int) -> Int64:
        """Returns the rows of batch number ``step``, ``(P * K,)``, ordered by label."""
        rng = np.random.default_rng((self.seed, step))
        sampled = self._sample_labels(rng)
        times = np.bincount(sampled, minlength=len(self._members)) * self.photos_per_label
        rows = [_take(rng, self._members[label], times[label]) for label in dict.fromkeys(sampled)]
        return np.concatenate(rows)

    def _sample_labels(self, rng: np.random.Generator) -> Int64:
        """Samples P labels: a quota of each category, in as many rounds as needed.

        Both categories and labels come in the order of log odds plus Gumbel noise, which is
        sampling without replacement in proportion to the odds.
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


def _group(labels: Int64) -> list[Int64]:
    """Returns the rows of each known label, in ascending order of label."""
    order = np.argsort(labels, kind="stable")
    order = order[labels[order] != UNKNOWN]
    if len(order) == 0:
        return []
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)


def _most_common(values: Int64) -> int:
    found, counts = np.unique(values, return_counts=True)
    return int(found[counts.argmax()])


def _take(rng: np.random.Generator, rows: Int64, count: int) -> Int64:
    """Returns ``count`` rows in random order, each of them once before any comes again."""
    return np.resize(rng.permutation(rows), count)
