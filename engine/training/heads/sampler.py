"""Batches in which every design has its hardest negatives beside it: designs of the same type."""

import numpy as np

from engine.arrays import Bool, Int64
from engine.errors import NotEnoughData
from engine.labels.labels import UNKNOWN
from engine.training.heads.config import HeadsConfig
from engine.training.heads.data import HeadsData

FEWEST_OF_TYPE = 8  # photos of a type that takes part
LARGEST_FAMILY = 12  # photos; a larger one is rather a generic title than a design
STREET_PHOTOS = 14  # of a street type in a batch, and as many of a shop type that it means


class FamilySampler:
    """Samples batches of training photos, each a pure function of seed and step.

    Args:
        data: the photos, with their types and identities.
        config: sizes of a batch, and the seed.
        compatible: ``(T, T)`` bool, see `engine.training.heads.data.compatible_types`; None for
            batches without street photos.

    Raises:
        NotEnoughData: no design has two photos, or there is only one type.
    """

    def __init__(
        self, data: HeadsData, config: HeadsConfig, compatible: Bool | None = None
    ) -> None:
        self._config, self._compatible = config, compatible
        types = data.labels["type"]
        sizes = np.bincount(data.identity)[data.identity]
        repeated = (sizes >= 2) & (sizes <= LARGEST_FAMILY)
        rows = np.flatnonzero(types != UNKNOWN)
        self._photos = _by_code(types, rows)
        self._photos = {t: r for t, r in self._photos.items() if len(r) >= FEWEST_OF_TYPE}
        self._families = {
            t: np.unique(data.identity[rows[repeated[rows]]]) for t, rows in self._photos.items()
        }
        self._members = _by_code(data.identity, np.flatnonzero(repeated & (types != UNKNOWN)))
        if len(self._photos) < 2 or not self._members:
            raise NotEnoughData(
                "No design has two photos to learn from. The heads learn from products with "
                "several photos, from variant groups, or from titles that differ only in a "
                "colour, of at least two types; give --data that has them."
            )
        self._types = np.array(sorted(self._photos))
        weights = np.array([len(self._photos[t]) for t in self._types.tolist()]) ** 0.5
        self._weights = weights / weights.sum()
        street = data.street
        self._street = {t: r[street[r]] for t, r in self._photos.items()}
        self._shop = {t: r[~street[r]] for t, r in self._photos.items()}
        self._street_types = np.array(
            [
                t
                for t, r in self._street.items()
                if compatible is not None and len(r) >= FEWEST_OF_TYPE and len(self._meant(t))
            ],
            dtype=np.int64,
        )

    def batch(self, step: int) -> Int64:
        """Distinct photos ``(B,)`` of batch number ``step``."""
        rng = np.random.default_rng((self._config.seed, step))
        street = min(self._config.street_types, len(self._street_types))
        count = min(self._config.batch_types - street, len(self._types))
        parts = [
            self._of_type(rng, t)
            for t in rng.choice(self._types, count, replace=False, p=self._weights).tolist()
        ]
        if street:
            for t in rng.choice(self._street_types, street, replace=False).tolist():
                parts.append(_some(rng, self._street[t], STREET_PHOTOS))
                parts.append(_some(rng, self._shop[int(rng.choice(self._meant(t)))], STREET_PHOTOS))
        return np.unique(np.concatenate(parts))

    def _of_type(self, rng: np.random.Generator, type_: int) -> Int64:
        config = self._config
        chosen = _some(rng, self._families[type_], config.type_families)
        parts = [_some(rng, self._members[f], config.family_photos) for f in chosen.tolist()]
        filled = max(config.family_photos, config.type_photos - sum(map(len, parts)))
        return np.concatenate([*parts, _some(rng, self._photos[type_], filled)])

    def _meant(self, type_: int) -> list[int]:
        """The types of shop photos that a street type may mean."""
        if self._compatible is None:
            return []
        meant = np.flatnonzero(self._compatible[type_]).tolist()
        return [t for t in meant if t in self._shop and len(self._shop[t])]


def _some(rng: np.random.Generator, rows: Int64, count: int) -> Int64:
    return rng.choice(rows, min(count, len(rows)), replace=False)


def _by_code(codes: Int64, rows: Int64) -> dict[int, Int64]:
    """Code -> its rows, of those given."""
    order = rows[np.argsort(codes[rows], kind="stable")]
    if not len(order):
        return {}
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    return {int(codes[part[0]]): part for part in np.split(order, cuts)}
