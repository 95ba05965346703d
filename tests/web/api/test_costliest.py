"""A short search for the costliest request; the long one is `tests.benchmarks.costliest`."""

import random

from catalog.filters.filter import TEXTS
from tests.benchmarks.costliest import measured, words_of
from tests.benchmarks.costly.drawn import DOCUMENT, Draws

TRIES = 60


def test_any_request_that_the_document_allows_is_answered_or_refused(app, client, rounds):
    draws = Draws(client.get(DOCUMENT).get_json(), words_of(app), random.Random(1))
    assert set(TEXTS) <= set(draws.words.values)
    every = [one for one in draws.operations if not one[1].endswith("/photo")]
    assert any("wishlist" in path for _, path in every) and len(every) < TRIES
    call = draws.of(*every[0])
    for number in range(rounds(TRIES, 20 * TRIES)):
        if number < len(every):
            call = draws.of(*every[number])
        else:
            call = draws.like(call) if number % 3 == 0 else draws.call(photo=False)
        assert measured(app, call).status in (200, 202, 400, 404, 503), call


def test_a_filter_of_too_many_attributes_is_refused(client):
    many = {f"attributes.a{number}": "x" for number in range(21)}
    for path in ("/api/v1/products", "/api/v1/products/t-shirt-blue-1/similar"):
        answer = client.get(path, query_string=many)
        assert answer.status_code == 400
        assert "attributes should have at most 20 items" in answer.get_json()["detail"]
        del many["attributes.a0"]
        assert client.get(path, query_string=many).status_code == 200
        many["attributes.a0"] = "x"
    many |= {f"attributes.b{number}": "x" for number in range(21)}
    answer = client.post(
        "/api/v1/wishlist/similar", json={"ids": ["t-shirt-blue-1"], "filter": many}
    )
    assert answer.status_code == 400
