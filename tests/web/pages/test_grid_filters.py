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
    assert filters.query() == MultiDict()


def test_filters_survive_a_round_trip_through_a_url():
    filters = GridFilters(
        "Tops > T-shirts", ("red", "blue"), ("Ours & co",), ("S", "M/L"), "female", "kids",
        "5", "10.50", True, "no. 1", "price", page=3, per_page=24,
    )  # fmt: skip
    assert GridFilters.of(filters.query()) == filters


def test_blank_parameters_mean_nothing():
    assert GridFilters.of(args(("q", "  "), ("page", ""))) == GridFilters()


def test_changing_a_filter_goes_back_to_the_first_page():
    assert GridFilters(page=7).but(colour=("red",)) == GridFilters(colour=("red",), page=1)
    assert GridFilters(colour=("red",)).but(page=2) == GridFilters(colour=("red",), page=2)


def test_a_page_that_is_not_a_number_is_refused():
    with pytest.raises(ParameterError, match="page must be a whole number from 1"):
        GridFilters.of(args(("page", "two")))


def test_a_value_is_added_and_taken_off_again():
    red = GridFilters(page=3).toggled("colour", "red")
    assert red == GridFilters(colour=("red",))
    assert red.toggled("colour", "blue").colour == ("red", "blue")
    assert red.toggled("colour", "red") == GridFilters()
    kids = GridFilters(age_group="adult").toggled("age_group", "kids")
    assert kids == GridFilters(age_group="kids")
    assert kids.toggled("age_group", "kids") == GridFilters()


def test_prices_in_the_wrong_order_are_swapped():
    filters = GridFilters.of(args(("price_from", "20"), ("price_to", "5")))
    assert (filters.price_from, filters.price_to) == ("5", "20")


@pytest.mark.parametrize("price", ["cheap", "nan", "inf", "-1", "1e20"])
def test_a_price_that_is_no_number_is_refused(price):
    with pytest.raises(ParameterError, match="price_to must be a number such as"):
        GridFilters.of(args(("price_to", price)))


def test_the_number_of_values_has_a_limit():
    many = [("brand", f"brand {number}") for number in range(30)]
    with pytest.raises(ParameterError, match="brand takes 20 values"):
        GridFilters.of(args(*many))


def test_an_unknown_order_is_the_usual_one():
    assert GridFilters.of(args(("sort", "luck"))).sort is None
