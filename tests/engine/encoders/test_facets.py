import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.encoders.facets import FacetLayout, unit_rows
from engine.errors import RequestError

LAYOUT = FacetLayout.of(
    {"shape": 4, "colour": 3, "pattern": 2}, {"shape": 0.5, "colour": 0.3, "pattern": 0.2}
)


def some_blocks(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "shape": rng.normal(size=(count, 4)),
        "colour": rng.normal(size=(count, 3)),
        "pattern": rng.normal(size=(count, 2)),
    }


def cosine(a, b) -> float:
    return float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))


def test_blocks_lie_side_by_side_in_their_order():
    assert LAYOUT.dim == 9
    assert LAYOUT.names == ("shape", "colour", "pattern")
    assert dict(LAYOUT.slices) == {"shape": (0, 4), "colour": (4, 7), "pattern": (7, 9)}
    row = np.arange(9.0)
    assert LAYOUT.block(row, "colour").tolist() == [4, 5, 6]
    assert FacetLayout.of({"a": 2, "b": 2}).weights == {"a": 0.5, "b": 0.5}


def test_composed_rows_are_what_a_slow_loop_makes():
    blocks = some_blocks(5)
    rows = LAYOUT.compose(blocks)
    for at, row in enumerate(rows):
        slow = []
        for name, weight in LAYOUT.weights.items():
            block = blocks[name][at]
            slow += [value / np.sqrt(sum(block**2)) * np.sqrt(weight) for value in block]
        np.testing.assert_allclose(row, slow, atol=1e-6)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


def test_the_dot_product_is_the_weighted_mean_of_the_facets_cosines():
    blocks = some_blocks(6)
    rows = LAYOUT.compose(blocks)
    for i in range(6):
        for j in range(6):
            mean = sum(
                weight * cosine(blocks[name][i], blocks[name][j])
                for name, weight in LAYOUT.weights.items()
            )
            assert float(rows[i] @ rows[j]) == pytest.approx(mean, abs=1e-6)


weight = st.floats(0, 100, allow_subnormal=False)


@settings(deadline=None, max_examples=60)
@given(
    st.fixed_dictionaries({}, optional={"shape": weight, "colour": weight, "pattern": weight}),
    st.integers(0, 1000),
)
def test_a_reweighed_query_gives_exactly_the_mean_under_the_new_weights(request_, seed):
    wanted = {name: request_.get(name, default) for name, default in LAYOUT.weights.items()}
    total = sum(wanted.values())
    if total == 0:
        with pytest.raises(RequestError, match="more than 0"):
            LAYOUT.reweigh(np.ones(9), request_)
        return
    blocks = some_blocks(2, seed)
    first, second = LAYOUT.compose(blocks)
    mean = sum(wanted[name] / total * cosine(*blocks[name]) for name in wanted)
    assert float(LAYOUT.reweigh(first, request_) @ second) == pytest.approx(mean, abs=1e-5)


def test_reweighing_leaves_the_query_alone():
    query = LAYOUT.compose(some_blocks(1))[0]
    before = query.copy()
    LAYOUT.reweigh(query, {"colour": 1, "shape": 0, "pattern": 0})
    np.testing.assert_array_equal(query, before)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"fabric": 1}, "no facet 'fabric'; it has shape, colour, pattern"),
        ({"colour": -1}, "'colour' must be 0 or more"),
        ({"colour": float("nan")}, "'colour' must be 0 or more"),
        ({"colour": float("inf")}, "'colour' must be 0 or more"),
        ({"shape": 0, "colour": 0, "pattern": 0}, "At least one facet"),
    ],
)
def test_requests_that_make_no_sense_are_refused(request_, words):
    with pytest.raises(RequestError, match=words):
        LAYOUT.reweigh(np.ones(9), request_)


def test_a_products_row_keeps_every_facets_weight_when_its_photos_disagree():
    blocks = some_blocks(3)
    blocks["shape"][1] = -blocks["shape"][0] * 0.9  # two photos from opposite sides
    rows = LAYOUT.compose(blocks)
    pooled = LAYOUT.pool(rows)
    slow = []
    for name, weight in LAYOUT.weights.items():
        mean = np.mean([LAYOUT.block(row, name) for row in rows], axis=0)
        slow += (mean / np.linalg.norm(mean) * np.sqrt(weight)).tolist()
    np.testing.assert_allclose(pooled, slow, atol=1e-6)
    for name, weight in LAYOUT.weights.items():
        assert np.linalg.norm(LAYOUT.block(pooled, name)) ** 2 == pytest.approx(weight, abs=1e-6)


def test_pooling_one_photo_changes_nothing():
    rows = LAYOUT.compose(some_blocks(1))
    np.testing.assert_allclose(LAYOUT.pool(rows), rows[0], atol=1e-7)


def test_zero_rows_stay_zero():
    assert unit_rows(np.zeros((2, 3))).tolist() == [[0, 0, 0], [0, 0, 0]]
    blocks = some_blocks(1) | {"colour": np.zeros((1, 3))}
    assert np.isfinite(LAYOUT.compose(blocks)).all()


@pytest.mark.parametrize(
    ("slices", "weights", "words"),
    [
        ({"a": (0, 2), "b": (3, 4)}, {"a": 0.5, "b": 0.5}, "expected to start at 2"),
        ({"a": (0, 0)}, {"a": 1.0}, "spans"),
        ({"a": (0, 2)}, {"b": 1.0}, "same facets"),
        ({}, {}, "at least one"),
        ({"a": (0, 2), "b": (2, 4)}, {"a": 0.5, "b": 0.6}, "sum to 1"),
        ({"a": (0, 2), "b": (2, 4)}, {"a": 1.0, "b": 0.0}, "positive"),
    ],
)
def test_layouts_that_do_not_add_up_are_refused(slices, weights, words):
    with pytest.raises(ValueError, match=words):
        FacetLayout(slices, weights)


def test_a_search_by_photo_has_default_weights_of_its_own():
    weights = {"shape": 0.6, "colour": 0.4}
    layout = FacetLayout.of({"shape": 2, "colour": 2}, weights, {"shape": 0.9, "colour": 0.1})
    assert layout.requested_weights({}, by_photo=True) == {"shape": 0.9, "colour": 0.1}
    assert layout.requested_weights({"colour": 0.9}, by_photo=True) == {
        "shape": 0.5,
        "colour": 0.5,
    }
    assert layout.requested_weights({}) == weights
    assert FacetLayout.of({"shape": 2, "colour": 2}, weights).photo_weights == weights


@pytest.mark.parametrize(
    "photo", [{"shape": 1.0}, {"shape": 0.5, "colour": 0.4}, {"shape": 1.5, "colour": -0.5}]
)
def test_photo_weights_that_do_not_add_up_are_refused(photo):
    with pytest.raises(ValueError, match="photo weights"):
        FacetLayout.of({"shape": 2, "colour": 2}, None, photo)


def test_huge_weights_are_as_good_as_small_ones():
    layout = FacetLayout.of({"shape": 2, "colour": 2})
    assert layout.requested_weights({"shape": 1e308, "colour": 1e308}) == {
        "shape": 0.5,
        "colour": 0.5,
    }
