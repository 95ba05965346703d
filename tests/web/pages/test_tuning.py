import pytest
from werkzeug.datastructures import MultiDict

from catalog.filters.filter import Filter
from web.app.errors import ParameterError
from web.pages.tuning import FACTORS, PLACES, USUAL, Tuning, tuning

WEIGHTS = {"shape": 0.5, "colour": 0.3, "pattern": 0.2}


def test_nothing_said_is_as_usual():
    asked = tuning(MultiDict())
    assert asked == Tuning()
    assert not asked.tuned
    assert asked.facets(WEIGHTS) is None
    assert asked.filter == Filter()


def test_a_slider_in_the_middle_is_as_usual():
    assert len(FACTORS) == len(PLACES) == 2 * USUAL + 1
    assert FACTORS[USUAL] == 1
    assert tuning(MultiDict({"mix.colour": str(USUAL)})) == Tuning()


def test_a_slider_weighs_its_facet_against_the_others():
    weights = tuning(MultiDict({"mix.colour": "4", "mix.pattern": "0"})).facets(WEIGHTS)
    assert weights["shape"] == WEIGHTS["shape"]
    assert weights["pattern"] == 0
    assert weights["colour"] > 4 * weights["shape"]


def test_nothing_at_all_is_no_wish():
    asked = tuning(MultiDict({f"mix.{name}": "0" for name in WEIGHTS}))
    assert asked.facets(WEIGHTS) is None


def test_an_unknown_facet_is_left_for_the_engine_to_refuse():
    assert tuning(MultiDict({"mix.smell": "3"})).facets(WEIGHTS)["smell"] > 0


def test_prices_in_the_wrong_order_are_exchanged():
    asked = tuning(MultiDict({"price_from": "50", "price_to": "9.5"}))
    assert (asked.filter.as_json()) == {"price_from": "9.5", "price_to": "50"}


def test_tuning_survives_the_way_through_an_address():
    asked = Tuning({"colour": 4}, 1, "red", "5", "9", True)
    assert tuning(MultiDict(asked.query())) == asked


@pytest.mark.parametrize("query", [{"mix.colour": "5"}, {"mix.colour": "-1"}, {"variety": "9"}])
def test_a_place_that_there_is_not_is_refused(query):
    with pytest.raises(ParameterError):
        tuning(MultiDict(query))
