import numpy as np
import pytest

from engine.applications.verification.learning import PhotoSet, learn_same_product
from engine.encoders.facets import unit_rows

PRODUCTS, DIM = 400, 24


def rows_of(noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows of two photos of each product, product by product, and the products."""
    draw = np.random.default_rng(seed)
    products = draw.normal(size=(PRODUCTS, DIM))
    photos = np.repeat(products, 2, axis=0) + noise * draw.normal(size=(2 * PRODUCTS, DIM))
    return unit_rows(photos.astype(np.float32)), np.repeat(np.arange(PRODUCTS), 2)


def photo_set(rows: np.ndarray, owners: np.ndarray, **more) -> PhotoSet:
    none = {"views": rows[:0], "originals": np.zeros(0, dtype=np.int64)}
    return PhotoSet(rows, owners, owners, owners % 2 == 0, **(none | more))


def slow_threshold(rows: np.ndarray, owners: np.ndarray, far: float) -> float:
    """The least cosine that accepts at most this share of the pairs of two products."""
    left, right = np.triu_indices(len(rows), k=1)
    others = owners[left] != owners[right]
    cosines = np.sort((rows @ rows.T)[left[others], right[others]])[::-1]
    return float(cosines[int(far * len(cosines))])


def test_thresholds_are_those_of_a_slow_twin_and_the_curve_is_calibrated_on_other_products():
    rows, owners = rows_of(noise=0.5)
    learned = learn_same_product(photo_set(rows, owners))
    assert learned is not None
    assert learned.learned_from == "photos"
    for far in (1e-2, 1e-3):
        assert learned.threshold(far) == pytest.approx(slow_threshold(rows, owners, far), abs=1e-3)
    assert learned.error is not None
    assert learned.error < 0.05
    assert learned.probability(0.2) < 0.2 < 0.8 < learned.probability(0.99)
    assert learned.accepted[0] >= learned.accepted[-1]


def test_views_stand_in_where_products_have_one_photo():
    rows, _ = rows_of(noise=0.3)
    photos, views = rows[::2], rows[1::2]
    owners = np.arange(PRODUCTS)
    learned = learn_same_product(photo_set(photos, owners, views=views, originals=owners))
    assert learned is not None
    assert learned.learned_from == "views"
    assert learned.products == PRODUCTS
    assert learn_same_product(photo_set(photos, owners)) is None, "neither photos nor views"


def test_pairs_of_one_title_family_count_neither_way():
    """Every product is listed twice under one title: no threshold may rise for it."""
    rows, owners = rows_of(noise=0.3)
    families = owners // 2
    twins = rows.copy()
    twins[2::4], twins[3::4] = rows[0::4], rows[1::4]
    none = np.zeros(0, dtype=np.int64)
    found = learn_same_product(PhotoSet(twins, owners, families, families % 2 == 0, rows[:0], none))
    assert found is not None
    assert found.cosines[-1] < 0.95


def test_too_few_products_teach_nothing():
    rows, owners = rows_of(noise=0.3)
    assert learn_same_product(photo_set(rows[:20], owners[:20])) is None
    assert learn_same_product(photo_set(rows[:0], owners[:0])) is None
