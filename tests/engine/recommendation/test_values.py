"""What users hold can be pickled, copied and made a row of a table."""

import copy
import dataclasses
import json
import pickle
import subprocess
import sys
from decimal import Decimal

import pandas as pd
import pytest

from catalog.filters.filter import Filter
from engine.encoders.facets import FacetLayout
from engine.labels.labels import RULES
from engine.recommendation.request import Request
from engine.recommendation.results import Recommendation
from engine.search.guards import Lifts

FILTER = Filter.of({"colour": ["red", "blue"], "price_to": "50", "attributes.fit": "slim"})
REQUEST = Request(
    seeds=("a", "b"), weights={"a": 2}, facets={"colour": 2}, filter=FILTER, lifts=Lifts(seed=True)
)
VALUES = [
    Recommendation("a", 0.9, 1),
    Recommendation("a", 0.9, 1, facets={"colour": 0.5}),
    REQUEST,
    FILTER,
    FacetLayout.of({"shape": 3, "colour": 2}),
    *RULES,
]


def assert_portable(value: object) -> None:
    """Pickled, copied, replaced and as a dictionary, a value is what it was."""
    assert dataclasses.is_dataclass(value) and not isinstance(value, type)
    for again in (
        pickle.loads(pickle.dumps(value)),
        copy.deepcopy(value),
        copy.copy(value),
        dataclasses.replace(value),
    ):
        assert again == value and type(again) is type(value)
    values = dataclasses.asdict(value)
    assert values.keys() == {field.name for field in dataclasses.fields(value)}


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_are_portable(value: object) -> None:
    assert_portable(value)


def test_answers_and_products_are_portable(shop) -> None:
    panel = shop.recommender().panel("p001", "p014", k=5)
    assert panel.results and panel.tastes
    for value in (panel, *panel.results, *panel.tastes, shop.catalogue.product("p001")):
        assert_portable(value)


def test_answers_are_rows_of_a_data_frame_and_json(shop) -> None:
    results = shop.recommender().similar_to("p001", k=5)
    rows = [dataclasses.asdict(result) for result in results]
    frame = pd.DataFrame(rows)
    assert frame["product_id"].tolist() == [result.product_id for result in results]
    assert frame["facets"].tolist() == [result.facets for result in results]
    assert [row["facets"] for row in json.loads(json.dumps(rows))] == frame["facets"].tolist()


def test_answers_stay_immutable_also_as_copies(shop) -> None:
    [result] = shop.recommender().similar_to("p001", k=1)
    for one in (result, copy.deepcopy(result), pickle.loads(pickle.dumps(result))):
        with pytest.raises(TypeError):
            one.facets["colour"] = 1.0
        with pytest.raises(dataclasses.FrozenInstanceError):
            one.score = 1.0
    for given in (REQUEST.weights, REQUEST.facets, REQUEST.filter.attributes):
        with pytest.raises(TypeError):
            given["a"] = 1.0


def test_a_filter_of_another_process_has_the_hash_of_this_one() -> None:
    script = (
        "import pickle, sys; from catalog.filters.filter import Filter; "
        "f = Filter.of({'colour': ['red', 'blue'], 'price_to': '50', 'attributes.fit': 'slim'}); "
        "sys.stdout.buffer.write(pickle.dumps(f))"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout
    other = pickle.loads(out)
    assert other == FILTER and hash(other) == hash(FILTER)
    assert other.price_to == Decimal(50)
