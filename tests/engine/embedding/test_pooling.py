import numpy as np
import pytest

from engine.embedding.pooling import pool_products
from engine.encoders.facets import FacetLayout

LAYOUT = FacetLayout.of({"shape": 2, "colour": 2})


def photo_rows(count: int, layout: FacetLayout | None) -> np.ndarray:
    """Rows as encoders make them: each block has its length."""
    rows = np.random.default_rng(0).random((count, 4)).astype(np.float32)
    layout = layout or FacetLayout.of({"whole": 4})
    return layout.compose({name: layout.block(rows, name) for name in layout.names})


@pytest.mark.parametrize("layout", [None, LAYOUT])
def test_products_are_pooled_from_their_photos(layout):
    owners = np.array([0, 0, 1, 2, 2, 2])
    rows = photo_rows(6, layout)
    pooled = pool_products(rows, owners, layout)
    assert pooled.shape == (3, 4)
    for at in range(3):
        mine = rows[owners == at]
        whole = mine.mean(axis=0) / np.linalg.norm(mine.mean(axis=0))
        np.testing.assert_allclose(
            pooled[at], whole if layout is None else layout.pool(mine), atol=1e-6
        )


def test_photos_that_cancel_out_leave_a_zero_row():
    row = photo_rows(1, LAYOUT)
    rows = np.concatenate([row, row, -row])
    pooled = pool_products(rows, np.array([0, 1, 1]), LAYOUT)
    np.testing.assert_allclose(pooled[0], row[0], atol=1e-7)
    assert not pooled[1].any()


@pytest.mark.parametrize("layout", [None, LAYOUT])
def test_no_photos_are_no_products(layout):
    assert pool_products(photo_rows(0, layout), np.zeros(0, np.int64), layout).shape == (0, 4)
