"""Learns to tell photos of garments from pictures that look like no product.

Customers' photos of garments, and as many products that were held out, are to pass; pictures
without a garment (`engine.calibration.no_garments`) are not. The threshold is the one that
`REFUSED` of the customers' photos fall below when each fifth of them is judged by what was fitted
on the others.
"""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from engine.arrays import Float32, Float64
from engine.calibration.photo_test import REFERENCE, PhotoTest, nearness, photo_features
from engine.encoders.facets import FacetLayout

REFUSED = 0.05
FEWEST_PHOTOS = 50
FOLDS = 5


def learn_photo_test(
    photos: Float32, others: Float32, products: Float32, layout: FacetLayout
) -> PhotoTest | None:
    """The test of an encoder; None if there are too few photos.

    Args:
        photos: ``(P, D)`` rows of customers' photos of garments.
        others: ``(Q, D)`` rows of pictures without a garment.
        products: ``(N, D)`` rows of products.
        layout: of the rows.
    """
    if min(len(photos), len(others), len(products)) < FEWEST_PHOTOS:
        return None
    draw = np.random.default_rng(0)
    products = products[np.sort(draw.permutation(len(products))[:REFERENCE])]
    chosen = np.sort(draw.permutation(len(products))[: len(photos)])
    rows = np.concatenate([photos, products[chosen], others])
    itself = np.full(len(rows), -1)
    itself[len(photos) : len(photos) + len(chosen)] = chosen
    features = np.stack(
        [
            photo_features(row, layout, _nearness(row, products, int(own), layout))
            for row, own in zip(rows, itself, strict=True)
        ]
    )
    garment = np.arange(len(rows)) < len(photos) + len(chosen)
    model = LogisticRegression(class_weight="balanced", max_iter=5_000)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    judged: Float64 = cross_val_predict(
        model, features, garment, cv=folds, method="decision_function"
    )
    model.fit(features, garment)
    return PhotoTest(
        weights=tuple(model.coef_[0].round(6).tolist()),
        intercept=round(float(model.intercept_[0]), 6),
        threshold=round(float(np.quantile(judged[: len(photos)], REFUSED)), 6),
        refused=REFUSED,
    )


def _nearness(row: Float32, products: Float32, itself: int, layout: FacetLayout) -> Float64:
    found = []
    for query in (row, row * layout.apart_from_colour()):
        cosines = products @ query
        if itself >= 0:
            cosines[itself] = -1
        found.append(cosines)
    return nearness(found)
