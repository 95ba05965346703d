import pytest

from catalog.products import catalogue
from catalog.rules.rule import Action, Rule
from catalog.search import expressions
from engine.recommendation.request import DEFAULT_K, MAX_SEEDS
from web.answering import answers
from web.app.context import shop

PROBLEM = "application/problem+json"
SIMILAR = "/api/v1/products/t-shirt-blue-1/similar"


def test_products_are_listed_page_by_page(client):
    found, address = [], "/api/v1/products?per_page=10&colour=red"
    while address:
        answer = client.get(address).get_json()
        found += [item["product_id"] for item in answer["products"]]
        address = answer["next"]
    assert answer["total"] == 6 == len(set(found))


def test_a_long_listing_follows_its_next_links(client):
    answer = client.get("/api/v1/products?per_page=20").get_json()
    assert (len(answer["products"]), answer["total"], answer["page"]) == (20, 24, 1)
    rest = client.get(answer["next"]).get_json()
    assert (len(rest["products"]), rest["next"]) == (4, None)


def test_a_search_with_very_many_matches_says_that_there_may_be_more(client, monkeypatch):
    for module in (expressions, catalogue):
        monkeypatch.setattr(module, "MAX_RANKED", 5)
    answer = client.get("/api/v1/products?q=tops&per_page=3").get_json()
    assert (answer["total"], answer["exact"]) == (5, False)
    rest = client.get(answer["next"]).get_json()
    assert (len(rest["products"]), rest["next"]) == (2, None)
    assert "5 or more products" in client.get("/?q=tops").get_data(as_text=True)
    assert client.get("/api/v1/products").get_json()["exact"]


def test_a_product_has_everything_that_its_page_shows(client):
    item = client.get("/api/v1/products/t-shirt-blue-1").get_json()
    assert item["title"].startswith("Blue T")
    assert item["category"] == ["Tops", "T-shirts"]
    assert (item["price"], item["currency"]) == ("25.90", "EUR")
    assert item["attributes"]["sleeve"] == "short"
    assert item["availability"] == "in_stock"
    assert len(item["photos"]) == 2
    assert client.get(item["photos"][0]["url"], buffered=True).mimetype == "image/jpeg"
    assert client.get(item["url"]).status_code == 200


def test_similar_products_come_best_first_with_score_rank_and_reasons(client):
    answer = client.get("/api/v1/products/t-shirt-blue-1/similar?k=4").get_json()
    assert answer["seeds"] == ["t-shirt-blue-1"]
    assert answer["generation"]
    results = answer["results"]
    assert [result["rank"] for result in results] == [1, 2, 3, 4]
    scores = [result["score"] for result in results]
    assert scores == sorted(scores, reverse=True)
    assert results[0]["product_id"] == results[0]["product"]["product_id"] == "t-shirt-blue-2"
    assert all(isinstance(reason, str) for result in results for reason in result["reasons"])


def test_facets_change_the_order(client):
    address = "/api/v1/products/t-shirt-blue-1/similar?k=3&facets=colour:1,shape:0,pattern:0"
    results = client.get(address).get_json()["results"]
    assert {result["product"]["colour"] for result in results} == {"blue"}


def test_a_wishlist_gives_no_seed_back(client):
    address = "/api/v1/wishlist/similar?ids=t-shirt-blue-1,dress-red-1&k=20"
    answer = client.get(address).get_json()
    assert answer["seeds"] == ["t-shirt-blue-1", "dress-red-1"]
    found = {result["product_id"] for result in answer["results"]}
    assert found and not found & set(answer["seeds"])


def test_a_wishlist_passes_by_what_is_not_indexed(client):
    address = "/api/v1/wishlist/similar?ids=t-shirt-blue-1,dress-green-2,gone-for-good"
    answer = client.get(address).get_json()
    assert answer["seeds"] == ["t-shirt-blue-1"]
    assert answer["results"]


def test_a_product_that_leaves_the_index_meanwhile_is_ignored_too(client, monkeypatch):
    """A newer index may be published between the look at its rows and the answer."""
    indexed = answers.indexed
    lookups = iter([lambda shop, ids: list(ids)])
    monkeypatch.setattr(answers, "indexed", lambda shop, ids: next(lookups, indexed)(shop, ids))
    answer = client.get("/api/v1/wishlist/similar?ids=t-shirt-blue-1,dress-green-2")
    assert answer.status_code == 200, answer.get_json()
    assert answer.get_json()["seeds"] == ["t-shirt-blue-1"]


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/api/v1/products/no-such", 404, "unknown-product"),
        ("/api/v1/products/no-such/similar", 404, "unknown-product"),
        ("/api/v1/products/dress-green-2/similar", 404, "not-indexed"),
        ("/api/v1/products/t-shirt-blue-1/similar?k=0", 400, "bad-parameter"),
        ("/api/v1/products/t-shirt-blue-1/similar?facets=colour", 400, "bad-parameter"),
        ("/api/v1/products/t-shirt-blue-1/similar?facets=smell:1", 400, "bad-request"),
        ("/api/v1/products/t-shirt-blue-1/similar?k=101", 400, "bad-parameter"),
        ("/api/v1/products/t-shirt-blue-1/similar?k=3&k=4", 400, "bad-parameter"),
        ("/api/v1/products/t-shirt-blue-1/similar?rules=perhaps", 400, "bad-parameter"),
        ("/api/v1/products/t-shirt-blue-1/similar?diversity=2", 400, "bad-parameter"),
        ("/api/v1/products/t-shirt-blue-1/similar?colr=red", 400, "unknown-parameter"),
        ("/api/v1/products/t-shirt-blue-1/similar?lift=gravity", 400, "bad-request"),
        ("/api/v1/products/t-shirt-blue-1/similar?price_from=cheap", 400, "bad-type"),
        ("/api/v1/products/t-shirt-blue-1/similar?on_sale=perhaps", 400, "bad-type"),
        ("/api/v1/products?price_from=9&price_to=3", 400, "bad-range"),
        ("/api/v1/products?nothing=1", 400, "unknown-parameter"),
        ("/api/v1/products/t-shirt-blue-1?k=3", 400, "unknown-parameter"),
        ("/api/v1/wishlist/similar?ids=t-shirt-blue-1&less=t-shirt-blue-1", 400, "bad-request"),
        ("/api/v1/wishlist/similar?ids=t-shirt-blue-1&weights=other:2", 400, "bad-request"),
        ("/api/v1/wishlist/similar?ids=dress-green-2", 404, "not-indexed"),
        ("/api/v1/wishlist/similar", 400, "bad-parameter"),
        ("/api/v1/products?page=x", 400, "bad-parameter"),
        ("/api/v1/nowhere", 404, "not-found"),
    ],
)
def test_an_error_is_a_problem_document(client, address, status, code):
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype) == (status, PROBLEM)
    problem = answer.get_json()
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["title"] and problem["detail"]
    assert problem["instance"] == address.partition("?")[0]


def test_a_wrong_method_names_the_right_ones(client):
    answer = client.delete("/api/v1/products")
    assert (answer.status_code, answer.mimetype) == (405, PROBLEM)
    assert "GET" in answer.headers["Allow"]


def test_without_an_index_the_api_names_the_command_to_run(bare_client):
    answer = bare_client.get("/api/v1/products/t-shirt-blue-1/similar")
    assert (answer.status_code, answer.mimetype) == (503, PROBLEM)
    assert "lookalike reindex" in answer.get_json()["detail"]


def test_the_api_sets_no_cookie(client):
    assert "Set-Cookie" not in client.get("/api/v1/products").headers


def similar(client, product_id="t-shirt-blue-1", **query):
    answer = client.get(f"/api/v1/products/{product_id}/similar", query_string=query)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


def ids(answer):
    return [result["product_id"] for result in answer["results"]]


def test_the_default_number_of_results_is_the_engine_s(client):
    assert len(ids(similar(client, min_match=0))) == DEFAULT_K
    assert len(ids(similar(client, k=3))) == 3


def test_an_answer_has_its_provenance(client):
    answer = similar(client, k=1)
    assert len(answer["query_id"]) == 32
    assert (answer["fallback"], answer["relaxed"], answer["rules"]) == ("none", [], [])
    result = answer["results"][0]
    assert result["seed"] == "t-shirt-blue-1"
    assert result["rule"] is None
    assert set(result["facets"]) >= {"colour", "shape"}


def test_the_limit_of_seeds_is_the_engine_s(client):
    address = "/api/v1/wishlist/similar"
    seeds = ["t-shirt-blue-1", *(f"gone-{n}" for n in range(MAX_SEEDS))]
    for count, status in ((MAX_SEEDS, 200), (MAX_SEEDS + 1, 400)):
        assert client.get(address, query_string={"ids": seeds[:count]}).status_code == status
        assert client.post(address, json={"ids": seeds[:count]}).status_code == status


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ({"colour": ["red", "green"]}, lambda p: p["colour"] in ("red", "green")),
        ({"category": "Tops"}, lambda p: p["category"][0] == "Tops"),
        ({"attributes.sleeve": "short"}, lambda p: p["attributes"]["sleeve"] == "short"),
        ({"price_to": "26"}, lambda p: float(p["sale_price"] or p["price"]) <= 26),
        ({"on_sale": "true"}, lambda p: p["sale_price"] == "19.90"),
    ],
)
def test_results_and_listings_are_narrowed_alike(client, query, holds):
    listed = client.get("/api/v1/products", query_string=query).get_json()["products"]
    assert listed and all(holds(item) for item in listed)
    found = [result["product"] for result in similar(client, **query, k=50)["results"]]
    assert found and all(holds(item) for item in found)


def test_next_pages_keep_every_filter(client):
    page = client.get("/api/v1/products?colour=red&colour=blue&per_page=5")
    listed = page.get_json()["products"]
    while following := page.get_json()["next"]:
        assert page.headers["Link"] == f'<{following}>; rel="next"'
        page = client.get(following)
        listed += page.get_json()["products"]
    assert "Link" not in page.headers
    assert len({item["product_id"] for item in listed}) == 12


def test_products_can_be_excluded_and_guards_lifted(client):
    best = ids(similar(client))[0]
    assert best not in ids(similar(client, exclude=best))
    assert "t-shirt-red-2" not in ids(similar(client, k=50))
    assert "t-shirt-red-2" in ids(similar(client, k=50, lift=["sold_out", "near_duplicates"]))


def test_variants_are_folded_by_default(client):
    trousers = {"trousers-red-1", "trousers-green-1", "trousers-mustard-1"}
    answer = similar(client, "trousers-blue-1", k=50)
    assert len(trousers & set(ids(answer))) == 1
    folded = next(result for result in answer["results"] if result["product_id"] in trousers)
    assert folded["variants"] == 2
    assert trousers <= set(ids(similar(client, "trousers-blue-1", k=50, variants="true")))


@pytest.mark.parametrize("words", ["wishlist", "history", "cart"])
def test_many_seeds_can_be_sent_by_query_and_by_json(client, words):
    address = f"/api/v1/{words}/similar"
    query = {
        "ids": "t-shirt-blue-1,dress-red-1", "weights": "dress-red-1:3", "less": "dress-green-1",
        "k": "6", "facets": "colour:1,shape:1", "colour": ["red", "blue"],
    }  # fmt: skip
    by_query = client.get(address, query_string=query).get_json()
    body = {
        "ids": ["t-shirt-blue-1", "dress-red-1"], "weights": {"dress-red-1": 3},
        "less": ["dress-green-1"], "k": 6, "facets": {"colour": 1, "shape": 1},
        "filter": {"colour": ["red", "blue"]},
    }  # fmt: skip
    by_json = client.post(address, json=body).get_json()
    assert ids(by_query) == ids(by_json) != []
    assert {taste["medoid"] for taste in by_query["tastes"]} <= set(by_query["seeds"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "bad-parameter"),
        ([], "bad-parameter"),
        ({"ids": []}, "bad-parameter"),
        ({"ids": ["t-shirt-blue-1"], "colour": "red"}, "unknown-parameter"),
        ({"ids": ["t-shirt-blue-1"], "filter": {"colr": "red"}}, "unknown-field"),
        ({"ids": ["t-shirt-blue-1"], "weights": {"t-shirt-blue-1": 0}}, "bad-parameter"),
        ({"ids": ["x"] * (MAX_SEEDS + 1)}, "bad-parameter"),
    ],
)
def test_an_invalid_body_is_refused(client, body, code):
    answer = client.post("/api/v1/wishlist/similar", json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, code)


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/products",
        "/api/v1/products/t-shirt-blue-1",
        "/api/v1/products/t-shirt-blue-1/similar?k=3",
        "/api/v1/cart/similar?ids=t-shirt-blue-1",
        "/api/v1/openapi.json",
    ],
)
def test_an_answer_that_a_client_has_is_not_sent_again(client, address):
    first = client.get(address)
    assert first.headers["ETag"].startswith("W/")
    assert "no-cache" in first.headers["Cache-Control"]
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    other = client.get(address, headers={"If-None-Match": 'W/"something else"'})
    assert other.status_code == 200


def test_another_request_has_another_tag(client):
    address = "/api/v1/products/t-shirt-blue-1/similar"
    tags = {client.get(f"{address}?k={k}").headers["ETag"] for k in (1, 2)}
    assert len(tags) == 2


def test_a_new_rule_changes_the_tag_and_is_named(app, client):
    address = "/api/v1/products/t-shirt-blue-1/similar"
    before = client.get(address)
    with app.app_context():
        rules = shop().rules
    rules.add(Rule("our-pin", Action.PIN, product_id="trousers-blue-2", position=2))
    try:
        after = client.get(address, headers={"If-None-Match": before.headers["ETag"]})
        assert after.status_code == 200
        second = after.get_json()["results"][1]
        assert (second["product_id"], second["rule"]) == ("trousers-blue-2", "our-pin")
        assert after.get_json()["rules"] == ["our-pin"]
        assert "our-pin" not in similar(client, rules="false")["rules"]
        page = client.get("/products/t-shirt-blue-1").get_data(as_text=True)
        assert page.count("Picked by the shop") == 1
    finally:
        rules.remove(["our-pin"])


def test_answers_to_post_are_not_cached(client):
    answer = client.post("/api/v1/wishlist/similar", json={"ids": ["t-shirt-blue-1"]})
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


def test_any_tag_is_not_the_tag_of_an_answer(client):
    """``If-None-Match: *``: there is no answer to keep for a product that does not exist."""
    headers = {"If-None-Match": "*"}
    for address in ("/api/v1/products/no-such", "/api/v1/products/no-such/similar"):
        assert client.get(address, headers=headers).status_code == 404
    assert client.get("/api/v1/products/t-shirt-blue-1", headers=headers).status_code == 200


def test_an_off_rule_names_the_list_that_a_panel_is_for(app, client):
    url = "/api/v1/{}/similar?ids=t-shirt-blue-1"
    with app.app_context():
        rules = shop().rules
    rules.add(Rule("quiet", Action.OFF, page="cart"))
    try:
        off = client.get(url.format("cart")).get_json()
        assert off["switched_off"] and off["results"] == [] and off["rules"] == ["quiet"]
        for other in ("wishlist", "history"):
            answer = client.get(url.format(other)).get_json()
            assert not answer["switched_off"] and answer["results"]
        assert similar(client)["results"]
    finally:
        rules.remove(["quiet"])


def test_a_request_may_name_the_page_that_its_panel_is_for(app, client):
    with app.app_context():
        rules = shop().rules
    rules.add(Rule("quiet", Action.OFF, page="checkout"))
    body = {"ids": ["t-shirt-blue-1"], "page": "checkout"}
    try:
        assert client.get(f"{SIMILAR}?page=checkout").get_json()["switched_off"]
        assert client.get("/api/v1/cart/similar?ids=t-shirt-blue-1&page=checkout").get_json()[
            "switched_off"
        ]
        assert client.post("/api/v1/wishlist/similar", json=body).get_json()["switched_off"]
        assert client.get(f"{SIMILAR}?page=product").get_json()["results"]
        assert client.get(f"{SIMILAR}?page=%20").status_code == 400
    finally:
        rules.remove(["quiet"])


def test_a_request_may_say_what_happens_to_other_colours(app, client, monkeypatch):
    asked = []

    def answer(shop, request, *rest):
        asked.append(request.colourways)
        return original(shop, request, *rest)

    original = answers.answer_at
    monkeypatch.setattr(answers, "answer_at", answer)
    for given in ("?colourways=show", "?colourways=off", ""):
        assert client.get(f"{SIMILAR}{given}").status_code == 200
    assert asked == ["show", "off", None]
    refused = client.get(f"{SIMILAR}?colourways=all")
    assert refused.status_code == 400 and "colourways" in refused.get_json()["detail"]
