import numpy as np
import pytest
import torch

from engine.training.losses.distances import row_chunks, squared_distances
from tests.engine.training import twins


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-6), (torch.bfloat16, 0.03)]
)
def test_distances_are_sums_of_squared_differences(dtype, tolerance):
    a, b = twins.random_rows(5), twins.random_rows(7, seed=1)
    slow = [[twins.distance(x, y) for y in b.numpy()] for x in a.numpy()]
    fast = squared_distances(a.to(dtype), b.to(dtype))
    assert fast.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    np.testing.assert_allclose(fast, slow, atol=tolerance)


def test_distances_stay_between_zero_and_four():
    rows = twins.random_rows(200, dim=128, dtype=torch.float32) * 1.001
    near, far = squared_distances(rows, rows), squared_distances(rows, -rows)
    assert near.min() == 0
    assert far.max() == 4


def test_autocast_does_not_coarsen_distances():
    rows = twins.random_rows(20, dim=64, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = squared_distances(rows, rows)
    assert torch.equal(inside, squared_distances(rows, rows))


def test_gradient_is_finite_at_distance_zero_and_four():
    row = twins.random_rows(1, dtype=torch.float32)
    rows = torch.cat([row, row, -row]).requires_grad_()
    squared_distances(rows, rows).sum().backward()
    assert rows.grad.isfinite().all()


@pytest.mark.parametrize(("rows", "columns"), [(0, 5), (1, 100), (10, 3), (10, 0)])
def test_row_chunks_cover_every_row_once(rows, columns):
    chunks = list(row_chunks(rows, columns, limit=7))
    assert [row for low, high in chunks for row in range(low, high)] == list(range(rows))
    assert all((high - low) * columns <= 7 or high - low == 1 for low, high in chunks)
