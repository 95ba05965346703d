import copy
import json
import pickle
from collections.abc import Callable

import pytest

from catalog.frozen_dict import FrozenDict

VALUES = {"colour": 0.9, "shape": 0.5}


def ior(values: FrozenDict[str, float]) -> None:
    values |= {"a": 1.0}


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values.__setitem__("a", 1.0),
        lambda values: values.__delitem__("colour"),
        lambda values: values.clear(),
        lambda values: values.pop("colour"),
        lambda values: values.popitem(),
        lambda values: values.setdefault("a", 1.0),
        lambda values: values.update({"a": 1.0}, b=2.0),
        ior,
    ],
)
def test_it_refuses_every_change(change: Callable[[FrozenDict[str, float]], None]) -> None:
    values = FrozenDict(VALUES)
    with pytest.raises(TypeError, match="cannot be changed"):
        change(values)
    assert values == VALUES


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda values: pickle.loads(pickle.dumps(values))]
)
def test_a_copy_is_equal_and_frozen(copied: Callable[[object], object]) -> None:
    again = copied(FrozenDict(VALUES))
    assert again == VALUES and type(again) is FrozenDict


def test_what_makes_a_new_dictionary_makes_an_ordinary_one() -> None:
    values = FrozenDict(VALUES)
    assert type(values.copy()) is dict and type(values | {"a": 1.0}) is dict
    assert json.loads(json.dumps(values)) == VALUES
