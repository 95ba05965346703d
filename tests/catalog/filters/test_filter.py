from decimal import Decimal

import pytest

from catalog.errors import FilterError
from catalog.filters.filter import FIELDS, Filter


def test_values_of_json_command_lines_and_query_strings():
    wanted = Filter(
        category=("Tops > T-shirts", "Shoes"),
        brand=("Acme",),
        gender=("female",),
        price_from=Decimal("9.5"),
        on_sale=True,
        attributes={"size": ("42",), "sleeve": ("long", "short")},
    )
    same = {
        "category": ["Tops>T-shirts", "Shoes", "Shoes"],
        "brand": " Acme ",
        "gender": "Women",
        "price_from": ["9.50"],
        "price_to": None,
        "on_sale": "yes",
        "colour": "",
        "pattern": [],
        "attributes.sleeve": ["long", "short"],
        "attributes": {"size": 42},
    }
    assert Filter.of(same) == wanted and hash(Filter.of(same)) == hash(wanted)
    assert Filter.of(wanted.as_json()) == wanted
    assert wanted.as_json()["price_from"] == "9.5"
    assert Filter.of({"price_to": 10}) == Filter.of({"price_to": "10.00"})
    assert Filter.of({"on_sale": False}).as_json() == {"on_sale": False}
    assert not Filter() and Filter.of({"on_sale": False}) and Filter.of({}) == Filter()


@pytest.mark.parametrize(
    ("values", "code", "message"),
    [
        ({"size": 3}, "unknown-field", "no field 'size' to filter by. The fields are category"),
        ({4: 3}, "unknown-field", "no field 4"),
        ({"brand": True}, "bad-type", "brand True is not text"),
        ({"brand": {"a": 1}}, "bad-type", "brand"),
        ({"brand": [["a"]]}, "bad-type", "brand"),
        ({"category": " > "}, "bad-type", "Tops > T-shirts"),
        ({"gender": "robots"}, "bad-type", "female, male, unisex"),
        ({"age_group": "old"}, "bad-type", "adult, kids"),
        ({"availability": "soon"}, "bad-type", "in_stock, out_of_stock, preorder, backorder"),
        ({"price_from": "cheap"}, "bad-type", "price_from 'cheap' is not a number"),
        ({"price_from": True}, "bad-type", "price_from True"),
        ({"price_from": [1, 2]}, "bad-type", "price_from"),
        ({"price_to": -1}, "bad-range", "price_to -1 must be 0 or more"),
        ({"price_to": float("nan")}, "bad-range", "price_to nan"),
        ({"price_to": "1e20"}, "bad-range", "below 1e+14"),
        ({"price_from": 5, "price_to": 4}, "bad-range", "price_from 5 is above price_to 4"),
        ({"on_sale": "maybe"}, "bad-type", "on_sale 'maybe' is not true or false"),
        ({"attributes": "long"}, "bad-type", "attributes.NAME"),
        ({"attributes.": "long"}, "bad-type", "An attribute needs a name"),
        ({"attributes.sleeve": True}, "bad-type", "attributes.sleeve True"),
        ({"colour": [str(n) for n in range(101)]}, "bad-range", "101 values"),
        ({"colour": "x" * 501}, "bad-range", "over 500 characters"),
    ],
)
def test_invalid_values_have_a_code_and_a_message(values, code, message):
    with pytest.raises(FilterError) as error:
        Filter.of(values)
    assert error.value.code == code and message in str(error.value)


def test_a_filter_has_one_part_per_field():
    values = {"brand": ["a", "b"], "price_to": "5", "attributes.x": ["1"], "attributes.y": ["2"]}
    whole = Filter.of(values)
    parts = whole.parts()
    assert [part.as_json() for part in parts] == [{name: values[name]} for name in values]
    assert whole.without({"brand", "attributes.y"}).as_json() == {
        "price_to": "5",
        "attributes.x": ["1"],
    }
    assert whole.without(values) == Filter() and "_hash" not in FIELDS
