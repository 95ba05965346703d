import pytest
from werkzeug.datastructures import MultiDict

from web.app.errors import ParameterError
from web.pages.grid_filters import GridFilters


def args(*pairs):
    return MultiDict(pairs)


def test_filters_of_an_empty_url_narrow_nothing():
    filters = GridFilters.of(args())
    assert filters == GridFilters()
    assert not filters.narrowed
    assert filters.query() == {}


def test_filters_survive_a_round_trip_through_a_url():
    filters = GridFilters("Tops > T-shirts", "red", "female", "no. 1", page=3, per_page=24)
    assert GridFilters.of(MultiDict(filters.query())) == filters


def test_blank_parameters_mean_nothing():
    assert GridFilters.of(args(("q", "  "), ("page", ""))) == GridFilters()


def test_changing_a_filter_goes_back_to_the_first_page():
    assert GridFilters(page=7).but(colour="red") == GridFilters(colour="red", page=1)
    assert GridFilters(colour="red").but(page=2) == GridFilters(colour="red", page=2)


def test_a_page_that_is_not_a_number_is_refused():
    with pytest.raises(ParameterError, match="page must be a whole number from 1"):
        GridFilters.of(args(("page", "two")))
