"""Learns when two photos show one product: thresholds by false-accept rate, and a probability.

Half of the products (whole title families) teach the curve, the other half measures it; thresholds
need rare pairs and are taken from all. Products of one title family may be one product listed
twice, so their pairs count neither as one product nor as two.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import Bool, Float32, Float64, Int64
from engine.calibration.fitting import isotonic_curve
from engine.calibration.held_out_pairs import Pairs
from engine.calibration.reliability import calibration_error
from engine.calibration.same_product import SameProduct
from engine.evaluation.looks.verification import BINS, same_pairs, thresholds

PHOTOS, VIEWS = "photos", "views"
FEWEST = 50  # products with two photos, or photos with a view
RATES = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6)
NEAREST = 10  # photos of other products that a photo is paired with
MOST_ASKING = 2_000  # pairs of one product that the curve is fitted on
_CHUNK = 256


@dataclass(frozen=True)
class PhotoSet:
    """P photos of held-out products, and views of V of them.

    Attributes:
        rows: ``(P, D)`` unit rows of the photos.
        owners: ``(P,)`` the product of each photo.
        families: ``(P,)`` codes of title families; products of one family may be one product.
        fitting: ``(P,)`` bool, photos of the half that the curve is fitted on.
        views: ``(V, D)`` unit rows of views.
        originals: ``(V,)`` the photo that each was made from.
    """

    rows: Float32
    owners: Int64
    families: Int64
    fitting: Bool
    views: Float32
    originals: Int64

    @property
    def learns_from_photos(self) -> bool:
        """Whether enough products have two photos."""
        return int((np.bincount(self.owners) > 1).sum()) >= FEWEST if len(self.owners) else False


def learn_same_product(photos: PhotoSet) -> SameProduct | None:
    """The thresholds and the curve; None where there are too few products."""
    rates, cuts = _thresholds(photos)
    if photos.learns_from_photos:
        left, right = same_pairs(photos.owners).T
        asking, answers, learned_from = photos.rows[left], photos.rows[right], PHOTOS
    else:
        left, learned_from = photos.originals, VIEWS
        asking, answers = photos.rows[left], photos.views
    if len(left) < FEWEST or not rates:
        return None
    same = np.einsum("pd,pd->p", asking, answers, dtype=np.float64)
    pairs = _pairs(photos, left, same, photos.fitting)
    if not len(pairs):
        return None
    curve = isotonic_curve(pairs)
    tested = _pairs(photos, left, same, ~photos.fitting)
    error = calibration_error(curve.at(tested.cosines), tested) if len(tested) else None
    found = np.maximum.accumulate(np.array(cuts))
    return SameProduct(
        learned_from=learned_from,
        products=len(np.unique(photos.owners)),
        rates=tuple(rates),
        cosines=tuple(found.round(6).tolist()),
        accepted=tuple(float(np.mean(same >= cut).round(4)) for cut in found),
        curve=curve,
        error=None if error is None else round(error, 4),
    )


def _thresholds(photos: PhotoSet) -> tuple[list[float], list[float]]:
    """The false-accept rates that there are enough pairs for, and the cosine of each."""
    for count in range(len(RATES), 0, -1):
        found = thresholds(photos.rows, photos.rows, photos.families, RATES[:count])
        if found is not None:
            return list(RATES[:count]), [lowest(place) for place in found.tolist()]
    return [], []


def lowest(place: int) -> float:
    """The least cosine of a bin; see `engine.evaluation.looks.verification.bins`."""
    return float(np.clip(place / BINS * 2.0002 - 1.0001, -1, 1))


def _pairs(photos: PhotoSet, left: Int64, same: Float64, side: Bool) -> Pairs:
    """Pairs of one product of one side, and of each's photo with the nearest of other products."""
    chosen = np.flatnonzero(side[left])
    if len(chosen) > MOST_ASKING:
        chosen = np.sort(np.random.default_rng(0).choice(chosen, MOST_ASKING, replace=False))
    pool = np.flatnonzero(side)
    parts: list[Sequence[Float64 | Int64 | Bool]] = []
    for start in range(0, len(chosen), _CHUNK):
        places = chosen[start : start + _CHUNK]
        seeds = left[places]
        cosines = (photos.rows[seeds] @ photos.rows[pool].T).astype(np.float64)
        cosines[photos.families[seeds][:, None] == photos.families[pool]] = -np.inf
        for place, seed, mine in zip(places.tolist(), seeds.tolist(), cosines, strict=True):
            near = np.argsort(-mine, kind="stable")[:NEAREST]
            near = near[np.isfinite(mine[near])]
            if not len(near):
                continue
            count = 1 + len(near)
            weights = np.full(count, 0.5 / len(near))
            weights[0] = 0.5
            parts.append(
                (
                    np.full(count, seed),
                    np.append(-1, pool[near]),
                    np.append(same[place], mine[near]),
                    np.arange(count) == 0,
                    weights,
                    np.arange(count),
                )
            )
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return Pairs(none, none, np.zeros(0), np.zeros(0, dtype=bool), np.zeros(0), none)
    return Pairs(*(np.concatenate(part) for part in zip(*parts, strict=True)))
