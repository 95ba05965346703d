import pytest

SEARCH = "/api/v1/search"


def ids(answer):
    return [one["product_id"] for one in answer.get_json()["results"]]


def test_words_find_products_by_what_they_mean(texts):
    answer = texts.get(SEARCH, query_string={"q": "red dress under 30", "k": 2})
    body = answer.get_json()
    assert answer.status_code == 200 and body["by_look"] and body["like"] is None
    assert body["understood"] == {"category": ["Dresses"], "colour": ["red"], "price_to": "30"}
    first = body["results"][0]
    assert first["product_id"] == "dress-red-1" and first["meets"] == ["red", "dress"]
    assert first["product"]["category"] == ["Dresses"] and first["rank"] == 1


def test_a_filter_narrows_it(texts):
    found = ids(texts.get(SEARCH, query_string={"q": "red", "category": "Trousers"}))
    assert found and all(one.startswith("trousers") for one in found)


def test_words_change_a_product(texts):
    query = {"q": "in green", "like": "t-shirt-red-1"}
    body = texts.get(SEARCH, query_string=query).get_json()
    assert body["like"] == "t-shirt-red-1" and body["understood"] == {"colour": ["green"]}
    assert {one["product_id"] for one in body["results"]} <= {"t-shirt-green-1", "t-shirt-green-2"}
    assert body["results"]
    unknown = texts.get(SEARCH, query_string=query | {"q": "longer"}).get_json()
    assert unknown["unknown"] == ["length"]


def test_numbers_that_are_no_price_are_words(texts):
    for query in ({}, {"like": "t-shirt-red-1"}):
        answer = texts.get(SEARCH, query_string={"q": "red under 1.1.1", **query})
        assert answer.status_code == 200, answer.data
        assert answer.get_json()["understood"] == {"colour": ["red"]}


def test_the_answer_is_revalidated_by_its_tag(texts):
    first = texts.get(SEARCH, query_string={"q": "red"})
    again = texts.get(
        SEARCH, query_string={"q": "red"}, headers={"If-None-Match": first.headers["ETag"]}
    )
    assert again.status_code == 304 and not again.data


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 400),
        ({"q": ""}, 400),
        ({"q": "   "}, 400),
        ({"q": "x" * 201}, 400),
        ({"q": "red", "k": 0}, 400),
        ({"q": "red", "k": 101}, 400),
        ({"q": "red", "colour_": "x"}, 400),
        ({"q": "red", "like": "nobody"}, 404),
        ({"q": "over 50", "price_to": 20}, 400),
        ({"q": "x\x00y"}, 400),
    ],
)
def test_bad_input_is_a_problem_that_says_what(texts, query, status):
    answer = texts.get(SEARCH, query_string=query)
    assert answer.status_code == status, answer.data
    assert answer.content_type == "application/problem+json" and answer.get_json()["detail"]


def test_without_texts_words_alone_decide(client):
    body = client.get(SEARCH, query_string={"q": "red dress"}).get_json()
    assert not body["by_look"] and body["results"][0]["in_words"]
    assert body["results"][0]["similarity"] is None


def test_without_an_index_it_is_a_503(bare_client):
    answer = bare_client.get(SEARCH, query_string={"q": "red"})
    assert answer.status_code == 503 and "reindex" in answer.get_json()["detail"]
