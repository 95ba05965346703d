"""What a program reads about a parameter of another form: in JSON's words, in one sentence."""

import json

import pytest

ITEM = "t-shirt-blue-1"
LIST = "/api/v1/wishlist/similar"
ONE = f"/api/v1/products/{ITEM}/similar"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("facets=" + "a" * 201, "facets should have at most 200 characters, not"),
        ("facets=a%01", "facets should have no control characters"),
        ("lift=all", "lift.0 should be any_gender, any_age_group, sold_out, "),
        ("k=1_0", "k should be a number, not '1_0'"),
        ("k=true", "k should be a number, not 'true'"),
        ("k=1.5", "k should be a whole number, not '1.5'"),
        ("k=" + "9" * 5_000, "k should be a smaller number, not"),
        ("diversity=nan", "diversity should be a number"),
        ("visitor=g", "visitor should be 32 hexadecimal digits"),
        ("page=%20", "page should be a name without control characters"),
        ("facets=colour:1e7", "must be 0 or more, 1,000,000 at most"),
        ("price_to=nan", "price_to"),
        ("price_to=%D9%A3", "is not a number. Write it as 19.99"),
        ("price_to=1_0", "is not a number. Write it as 19.99"),
    ],
)
def test_a_parameter_of_a_url(client, query, words):
    answer = client.get(f"{ONE}?{query}")
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert words in answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("k", True, "k should be a number, not 'True'"),
        ("k", None, "k should be a whole number"),
        ("diversity", True, "diversity should be a number"),
        ("min_match", False, "min_match should be a number"),
        ("weights", {ITEM: True}, f"weights.{ITEM} should be a number"),
        ("facets", {"colour": False}, "facets.colour should be a number"),
        ("facets", {"colour": 1e7}, "facets.colour should be less than or equal to 1000000"),
        ("facets", [], "facets should be an object"),
        ("facets", dict.fromkeys(map(str, range(51)), 1), "facets should have at most 50 items"),
        ("weights", dict.fromkeys(map(str, range(201)), 1), "weights should have at most 200"),
        ("ids", ITEM, "ids should be a list"),
        ("ids", [1], "ids.0 should be a string"),
        ("rules", 1, "rules should be true or false"),
        ("lift", [True], "lift.0 should be a string"),
    ],
)
def test_a_field_of_a_body(client, field, value, words):
    answer = client.post(LIST, json={"ids": [ITEM], field: value})
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert words in answer.get_json()["detail"]


def test_a_body_of_thousands_of_fields_is_refused_in_one_sentence(client):
    answer = client.post(LIST, json={"ids": [ITEM]} | dict.fromkeys(map(str, range(9_000)), 1))
    assert answer.status_code == 400
    assert answer.get_json()["detail"] == "A body has 100 fields at most, not 9001."


def test_no_message_names_what_only_python_has(client):
    wrong = (None, True, 1, 1.5, "x", [], [1], {}, {"a": 1}, "x" * 600, "\x00")
    fields = (*json.loads(client.get("/api/v1/openapi.json").data)["components"]["schemas"][
        "SimilarToManyBody"]["properties"],)  # fmt: skip
    for field in fields:
        for value in wrong:
            answer = client.post(LIST, json={"ids": [ITEM], field: value})
            detail = answer.get_json().get("detail", "")
            for word in ("tuple", "dictionary", "Tuple", "Input", "String", "validation", "parse"):
                assert word not in detail, (field, value)
