import numpy as np
import pytest

from engine.evaluation.contender import Contender
from engine.evaluation.looks.roc import roc_curves
from engine.evaluation.looks.verification import RATES, judge_photos, metric_of
from engine.evaluation.reports.roc_plot import HEIGHT, LEFT, WIDTH, roc_plots
from engine.evaluation.section import Judged
from tests.engine.evaluation.looks.test_verification import LAYOUT, drawn


@pytest.fixture(scope="module")
def judged():
    owners = np.repeat(np.arange(100), 2)
    rows = drawn(owners)
    return judge_photos(owners, Contender("encoder", rows[::2], rows, LAYOUT))


def test_a_curve_has_the_values_of_the_table_where_both_have_a_rate(judged):
    curves = roc_curves(("encoder", one) for one in judged)
    assert [one.weights for one in curves] == ["default", "shape", "colour"]
    for curve, one in zip(curves, judged, strict=True):
        assert (curve.pairs, curve.contender) == (100, "encoder")
        found = {point.far: point.tar for point in curve.points}
        for far in (1e-3, 1e-2, 1e-1):
            assert found[far].value == one.values[metric_of(far)].mean()
            assert found[far].low <= found[far].value <= found[far].high
        assert (np.diff([point.tar.value for point in curve.points]) >= 0).all()


def test_rates_that_accept_too_few_pairs_have_no_point(judged):
    """Of 19,800 pairs of different products, 10 or more are to be accepted."""
    [curve, *_] = roc_curves(("encoder", one) for one in judged)
    assert [one.far for one in curve.points] == [far for far in RATES if far * 19_800 >= 10]


def test_other_judgements_have_no_curve():
    assert roc_curves([("encoder", Judged("type", "default", {"first": np.ones(3)}))]) == ()


def test_a_plot_lies_within_its_frame_and_says_in_words_what_it_shows(judged):
    [plot] = roc_plots(roc_curves(("encoder", one) for one in judged))
    assert [line.name for line in plot.lines] == ["encoder", "encoder, shape alone"]
    assert len({line.dashes for line in plot.lines}) == 2
    for line in plot.lines:
        places = [tuple(map(float, place.split(","))) for place in line.band.strip("MZ").split("L")]
        assert all(LEFT <= x <= LEFT + WIDTH and 0 <= y <= HEIGHT for x, y in places)
    assert "encoder: " in plot.description and "at 0.001" in plot.description
    assert plot.rates[-1] == (LEFT + WIDTH, "1")
