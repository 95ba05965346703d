import pytest
from werkzeug.datastructures import MultiDict

from catalog.filters.filter import Filter
from web.app.errors import ParameterError
from web.pages.tuning import (
    DEFAULT_POSITION,
    DIVERSITIES,
    FACTORS,
    VARIETY_LABELS,
    WEIGHT_LABELS,
    Tuning,
)

WEIGHTS = {"shape": 0.5, "colour": 0.3, "pattern": 0.2}


def test_no_parameters_are_the_defaults():
    tuning = Tuning.of(MultiDict())
    assert tuning == Tuning()
    assert not tuning.customised
    assert tuning.facet_weights(WEIGHTS) is None
    assert tuning.filter == Filter()


def test_a_slider_in_the_middle_keeps_the_default():
    assert len(FACTORS) == len(WEIGHT_LABELS) == 2 * DEFAULT_POSITION + 1
    assert len(DIVERSITIES) == len(VARIETY_LABELS) == len(FACTORS)
    assert FACTORS[DEFAULT_POSITION] == 1
    assert Tuning.of(MultiDict({"mix.colour": str(DEFAULT_POSITION)})) == Tuning()


def test_a_slider_weighs_its_facet_against_the_others():
    weights = Tuning.of(MultiDict({"mix.colour": "4", "mix.pattern": "0"})).facet_weights(WEIGHTS)
    assert weights["shape"] == WEIGHTS["shape"]
    assert weights["pattern"] == 0
    assert weights["colour"] > 4 * weights["shape"]


def test_all_sliders_at_zero_are_the_defaults():
    tuning = Tuning.of(MultiDict({f"mix.{name}": "0" for name in WEIGHTS}))
    assert tuning.facet_weights(WEIGHTS) is None


def test_an_unknown_facet_is_left_for_the_engine_to_refuse():
    assert Tuning.of(MultiDict({"mix.smell": "3"})).facet_weights(WEIGHTS)["smell"] > 0


def test_prices_in_the_wrong_order_are_swapped():
    tuning = Tuning.of(MultiDict({"price_from": "50", "price_to": "9.5"}))
    assert (tuning.filter.as_json()) == {"price_from": "9.5", "price_to": "50"}


def test_tuning_survives_a_round_trip_through_a_url():
    tuning = Tuning({"colour": 4}, 1, "red", "5", "9", True)
    assert Tuning.of(MultiDict(tuning.query())) == tuning


@pytest.mark.parametrize("query", [{"mix.colour": "5"}, {"mix.colour": "-1"}, {"variety": "9"}])
def test_a_position_out_of_range_is_refused(query):
    with pytest.raises(ParameterError):
        Tuning.of(MultiDict(query))
