import pytest
from werkzeug.datastructures import MultiDict

from web.app import params
from web.app.errors import ParameterError
from web.app.params import Filters


def args(*pairs):
    return MultiDict(pairs)


def test_filters_of_an_empty_address_narrow_nothing():
    filters = params.filters(args())
    assert filters == Filters()
    assert not filters.narrowed
    assert filters.query() == {}


def test_filters_survive_the_way_through_an_address():
    filters = Filters("Tops > T-shirts", "red", "female", "no. 1", page=3, per_page=24)
    assert params.filters(MultiDict(filters.query())) == filters


def test_blank_parameters_mean_nothing():
    assert params.filters(args(("q", "  "), ("page", ""))) == Filters()


def test_changing_a_filter_goes_back_to_the_first_page():
    assert Filters(page=7).but(colour="red") == Filters(colour="red", page=1)
    assert Filters(colour="red").but(page=2) == Filters(colour="red", page=2)


@pytest.mark.parametrize("page", ["0", "-1", "1.5", "two", "99999999999999999999", "²", "1e3"])
def test_a_page_that_is_no_number_is_refused(page):
    with pytest.raises(ParameterError, match="page must be a whole number from 1"):
        params.filters(args(("page", page)))


def test_a_long_or_unprintable_text_is_refused():
    with pytest.raises(ParameterError, match="200 characters, not 201"):
        params.filters(args(("q", "x" * 201)))
    with pytest.raises(ParameterError, match="cannot be printed"):
        params.filters(args(("colour", "red\x00")))


def test_facets_are_read_and_missing_ones_mean_the_default():
    assert params.facet_weights(" colour:2 , shape:0.5") == {"colour": 2, "shape": 0.5}
    assert params.facet_weights("") is None


@pytest.mark.parametrize(
    "text", ["colour", "colour:", "colour:x", "colour:-1", "colour:nan", "colour:inf", ":2", ",",
             "colour:1,colour:2"],
)  # fmt: skip
def test_facets_of_another_form_are_refused(text):
    with pytest.raises(ParameterError):
        params.facet_weights(text)


def test_weights_of_seeds_are_read_and_an_id_may_hold_colons():
    assert params.seed_weights("a:2, sku:7:0.5") == {"a": 2, "sku:7": 0.5}
    assert params.seed_weights("") == {}


@pytest.mark.parametrize("text", ["a", "a:", ":1", "a:x", "a:1,a:2"])
def test_weights_of_another_form_are_refused(text):
    with pytest.raises(ParameterError):
        params.seed_weights(text)


def test_seeds_come_in_both_forms_each_once():
    assert params.seeds(("a, b,,a", "e"), ("c,d",)) == ("a", "b", "e", "c,d")


def test_seeds_may_not_be_missing():
    with pytest.raises(ParameterError, match="ids is missing"):
        params.seeds((" , ",), ())
