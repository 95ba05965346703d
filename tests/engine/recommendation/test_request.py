import dataclasses
from datetime import UTC, datetime

import pytest

from catalog.errors import FilterError
from catalog.filters.filter import Filter
from engine.errors import RequestError
from engine.recommendation.request import Request, RequestOptions
from engine.search.guards import LIFTS, Lifts


def test_a_request_is_checked_and_completed():
    request = Request.of(
        ["a", "b", "a"],
        {"k": 3, "weights": {"a": 2}, "filter": {"brand": "Acme"}, "sold_out": True, "seed": True},
    )
    assert request.seeds == ("a", "b") and request.weights == {"a": 2.0}
    assert request.filter == Filter(brand=("Acme",))
    assert request.lifts == Lifts(sold_out=True, seed=True)
    assert Request(("a",)) == Request.of(["a"], {"filter": None})
    assert set(LIFTS) >= {"any_gender", "any_age_group", "sold_out", "near_duplicates", "retired"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 0}, "whole number from 1 to 1000"),
        ({"weights": {"c": 1}}, "'c', which is not a seed"),
        ({"weights": {"a": 0}}, "above 0"),
        ({"weights": {"a": float("inf")}}, "above 0"),
        ({"less": ["a"]}, "in less too"),
        ({"less": "b"}, "list of product ids"),
        ({"less": [3]}, "strings, not 3"),
        ({"less": [str(n) for n in range(51)]}, "50 products at most"),
        ({"diversity": 1.1}, "from 0 to 1"),
        ({"diversity": True}, "from 0 to 1"),
        ({"diversity": float("nan")}, "from 0 to 1"),
        ({"min_match": -1}, "from 0 to 100"),
        ({"variants": 1}, "True or False"),
        ({"at": datetime(2026, 1, 1)}, "with a time zone"),
        ({"sizes": True}, "no option 'sizes'. Options are"),
        ({"facet": {"colour": 2}}, "Did you mean 'facets'"),
        ({"sold_out": 1}, "lifts no guard"),
        ({"sold_out": True, "lifts": Lifts()}, "not both"),
        ({"lifts": {"sold_out": True}}, "Lifts"),
    ],
)
def test_values_that_are_not_valid_are_refused(options, message):
    with pytest.raises(RequestError, match=message):
        Request.of(["a"], options)


def test_the_typed_options_are_the_fields_of_a_request_and_the_guards():
    named = {"seeds", "k", "facets", "exclude"}  # parameters of their own
    fields = {field.name for field in dataclasses.fields(Request)}
    assert set(RequestOptions.__annotations__) == fields - named | set(LIFTS)


def test_other_errors_keep_their_names():
    with pytest.raises(RequestError, match="1 to 200 products, not 201"):
        Request(tuple(str(n) for n in range(201)))
    with pytest.raises(FilterError, match="price_to"):
        Request.of(["a"], {"filter": {"price_to": "x"}})
    assert Request(("a",), at=datetime(2026, 1, 1, tzinfo=UTC)).at is not None
