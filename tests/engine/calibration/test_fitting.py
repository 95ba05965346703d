import numpy as np
import pytest

from catalog.records import ProductRecord
from engine.calibration.fitting import FEWEST, EncoderId, calibrate, isotonic_curve
from engine.calibration.held_out_pairs import (
    NEAR,
    NEAR_SHARE,
    HeldOutSet,
    Pairs,
    draw_pairs,
    fitting_half,
)
from engine.calibration.relevance import alike_codes, groups_of, may_meet
from engine.calibration.reliability import PANEL_SIZE, calibration_error, measure, reliability_curve
from engine.encoders.facets import unit_rows
from engine.errors import NotEnoughData
from engine.labels.labels import label_products

ENCODER_ID = EncoderId("fake", "f" * 64)


def held(count=400, seed=0, noise=0.9):
    """Products whose rows depend on their class, more so in one category than in the other."""
    draw = np.random.default_rng(seed)
    codes = draw.integers(0, 8, count)
    clear = draw.random(count) < 0.5
    spread = np.where(clear, noise * 0.5, noise)[:, None]
    rows = unit_rows(np.eye(8)[codes] + spread * draw.normal(size=(count, 8)) / np.sqrt(8) * 2)
    paths = tuple("Tops > Clear" if one else "Tops > Vague" for one in clear)
    return HeldOutSet(rows, codes, np.full((count, 3), -1), paths)


def slow_error(predicted, alike, weights, bins):
    """Expected calibration error by its definition, for values without ties."""
    order = sorted(range(len(predicted)), key=lambda n: predicted[n])
    total, before, cells = sum(weights), 0.0, [[] for _ in range(bins)]
    for n in order:
        middle = (before + weights[n] / 2) / total
        cells[min(int(middle * bins), bins - 1)].append(n)
        before += weights[n]
    error = 0.0
    for cell in cells:
        mass = sum(weights[n] for n in cell)
        if mass:
            mean = sum(weights[n] * predicted[n] for n in cell) / mass
            found = sum(weights[n] * alike[n] for n in cell) / mass
            error += mass / total * abs(mean - found)
    return error


def test_the_error_is_its_definition():
    pairs = draw_pairs(held(60))
    predicted = np.random.default_rng(1).random(len(pairs))
    got = calibration_error(predicted, pairs, 7)
    expected = slow_error(predicted.tolist(), pairs.alike.tolist(), pairs.weights.tolist(), 7)
    assert got == pytest.approx(expected, abs=1e-9)


def test_what_is_said_as_it_is_has_no_error_and_ties_share_a_bin():
    pairs = draw_pairs(held(60))
    share = float(np.average(pairs.alike, weights=pairs.weights))
    assert calibration_error(np.full(len(pairs), share), pairs) == pytest.approx(0, abs=1e-12)
    assert len(reliability_curve(np.full(len(pairs), share), pairs)) == 1
    assert calibration_error(np.full(len(pairs), 0.0), pairs) == pytest.approx(share)


@pytest.mark.parametrize("count", [2, 30, NEAR + 1, NEAR + 2, 500])
def test_a_seeds_pairs_stand_for_the_stated_base(count):
    pairs = draw_pairs(held(count))
    for seed in range(0, count, 37):
        mine = pairs.take(pairs.seeds == seed)
        assert mine.weights.sum() == pytest.approx(1)
        assert len(set(mine.ranks.tolist())) == len(mine)  # no pair twice
        assert mine.ranks.max() < count - 1
        near = mine.ranks < NEAR
        assert near.sum() == min(NEAR, count - 1)
        if count > NEAR + 1:
            assert mine.weights[near].sum() == pytest.approx(NEAR_SHARE)
        assert (np.diff(mine.cosines[np.argsort(mine.ranks)]) <= 0).all()


def test_pairs_that_no_panel_shows_are_left_out():
    people = [("male", "adult", None), ("female", "adult", None), ("unisex", "kids", None)]
    people += [("male", None, "g"), ("male", "adult", "g")]
    records = [
        ProductRecord(f"p{n}", "", n, gender=gender, age_group=age, group_id=group)
        for n, (gender, age, group) in enumerate(people)
    ]
    groups = groups_of(records)
    expected = [
        [1, 0, 0, 1, 1],
        [0, 1, 0, 0, 0],
        [0, 0, 1, 1, 0],
        [1, 0, 1, 0, 0],
        [1, 0, 0, 0, 0],
    ]
    assert may_meet(groups, groups).astype(int).tolist() == expected
    rows = unit_rows(np.random.default_rng(0).normal(size=(5, 3)))
    pairs = draw_pairs(HeldOutSet(rows, np.zeros(5, int), groups, (None,) * 5))
    assert np.bincount(pairs.seeds, minlength=5).tolist() == [2, 0, 1, 2, 1]


def test_alike_is_one_type_and_one_basic_colour():
    words = [("Shirts", "Navy Blue"), ("Shirts", "blue"), ("Belts", "Blue"), ("Shirts", "red")]
    words += [("Shirts", "zebra"), ("Shirts", "zebra"), ("Shirts", None)]
    records = [
        ProductRecord(f"p{n}", "", n, category=(kind,), colour=colour)
        for n, (kind, colour) in enumerate(words)
    ]
    codes = alike_codes(label_products(records))
    assert codes[0] == codes[1]
    assert codes[4] == codes[5]
    assert codes[6] == -1
    assert len(set(codes[[0, 2, 3, 4]].tolist())) == 4


def test_what_is_held_out_of_the_fit_is_calibrated():
    some = held(900)
    fitting = np.arange(900) % 2 == 0
    fitted = calibrate(some, fitting, ENCODER_ID)
    found = measure(some, ~fitting, fitted)
    assert found.error < 0.05
    assert found.error == pytest.approx(fitted.error, abs=1e-3)
    assert found.error < found.error_raw
    assert {one.category for one in found.categories} == {"Tops > Clear", "Tops > Vague"}
    assert all(one.error < 0.08 for one in found.categories)


def test_one_cosine_means_more_where_rows_tell_more():
    some = held(900)
    fitted = calibrate(some, np.ones(900, bool), ENCODER_ID)
    assert fitted.inverse(60, "Tops > Clear") < fitted.inverse(60, "Tops > Vague")


def test_of_two_near_products_the_nearer_one_has_the_higher_match():
    fitted = calibrate(held(900), np.ones(900, bool), ENCODER_ID)
    near = np.linspace(0.9, 1, 30)
    for path in ("Tops > Clear", "Tops > Vague", None):
        assert (np.diff(fitted.match(near, path)) > 0).all()


def test_small_categories_are_left_to_those_above():
    some = held(400)
    paths = ("Tops > Rare",) * (FEWEST - 1) + ("Tops > Common",) * (400 - FEWEST + 1)
    fitted = calibrate(
        HeldOutSet(some.rows, some.codes, some.groups, paths), np.ones(400, bool), ENCODER_ID
    )
    assert set(fitted.categories) == {"Tops", "Tops > Common"}
    assert fitted.categories["Tops > Common"].products == 400 - FEWEST + 1
    assert fitted.error is None  # nobody was left to judge


def test_the_same_products_give_the_same_calibration():
    mask = np.arange(400) % 2 == 0
    assert calibrate(held(), mask, ENCODER_ID) == calibrate(held(), mask, ENCODER_ID)


def test_too_few_products_are_no_calibration():
    with pytest.raises(NotEnoughData, match="there are 20"):
        calibrate(held(40), np.arange(40) % 2 == 0, ENCODER_ID)
    nobody = held(200)
    alone = HeldOutSet(nobody.rows, np.arange(200), nobody.groups, nobody.categories)
    with pytest.raises(NotEnoughData, match="some of them alike"):
        calibrate(alone, np.ones(200, bool), ENCODER_ID)


def test_a_threshold_is_counted_as_panels_would_be():
    some = held(300)
    judging = np.arange(300) % 2 == 1
    fitted = calibrate(some, ~judging, ENCODER_ID)
    everything = measure(some, judging, fitted, threshold=60).effects[0]
    empty, right, shown = 0, 0, 0
    for seed in np.flatnonzero(judging):
        cosines = some.rows @ some.rows[seed]
        cosines[seed] = -np.inf
        best = np.argsort(-cosines)[:PANEL_SIZE]
        predicted = fitted.match(cosines[best], some.categories[seed])
        kept = best[predicted >= 60]
        empty += not len(kept)
        shown += len(kept)
        right += int((some.codes[kept] == some.codes[seed]).sum())
    assert everything.empty_matched == pytest.approx(empty / judging.sum())
    assert everything.right_matched == pytest.approx(right / shown)
    assert everything.seeds == judging.sum()


def test_halves_keep_families_whole_and_never_change():
    records = [ProductRecord(f"p{n}", "", n, group_id=f"g{n // 4}") for n in range(400)]
    half = fitting_half(records)
    assert (half.reshape(-1, 4).min(axis=1) == half.reshape(-1, 4).max(axis=1)).all()
    assert 0.3 < half.mean() < 0.7
    np.testing.assert_array_equal(fitting_half(records[200:]), half[200:])


def test_a_curve_may_end_so_near_to_one_that_it_is_one_by_rounding():
    cosines = np.concatenate([np.linspace(0.2, 0.9, 60), np.full(18, 0.999999), np.ones(45)])
    rows = np.arange(123)
    alike = (rows % 3 > 0) | (rows >= 60)
    curve = isotonic_curve(Pairs(rows, rows, cosines, alike, np.ones(123), rows), 20)
    assert curve.cosines[-1] == 1
    assert curve.at(np.array([1.0]))[0] > 0.99
