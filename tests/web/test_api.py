import pytest

PROBLEM = "application/problem+json"


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


def test_a_product_tells_all_that_its_page_shows(client):
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
    answer = client.get("/api/v1/products/t-shirt-blue-1/similar?k=5").get_json()
    assert answer["seeds"] == ["t-shirt-blue-1"]
    assert answer["generation"]
    results = answer["results"]
    assert [result["rank"] for result in results] == [1, 2, 3, 4, 5]
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


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/api/v1/products/no-such", 404, "unknown-product"),
        ("/api/v1/products/no-such/similar", 404, "unknown-product"),
        ("/api/v1/products/dress-green-2/similar", 404, "not-indexed"),
        ("/api/v1/products/t-shirt-blue-1/similar?k=0", 400, "bad-parameter"),
        ("/api/v1/products/t-shirt-blue-1/similar?facets=colour", 400, "bad-parameter"),
        ("/api/v1/products/t-shirt-blue-1/similar?facets=smell:1", 400, "bad-request"),
        ("/api/v1/wishlist/similar?ids=dress-green-2", 404, "not-indexed"),
        ("/api/v1/wishlist/similar", 400, "bad-parameter"),
        ("/api/v1/products?page=x", 400, "bad-parameter"),
        ("/api/v1/nowhere", 404, "not-found"),
    ],
)
def test_a_fault_is_told_as_a_problem(client, address, status, code):
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


def test_without_an_index_the_api_says_what_to_run(bare_client):
    answer = bare_client.get("/api/v1/products/t-shirt-blue-1/similar")
    assert (answer.status_code, answer.mimetype) == (503, PROBLEM)
    assert "lookalike reindex" in answer.get_json()["detail"]


def test_the_api_sets_no_cookie(client):
    assert "Set-Cookie" not in client.get("/api/v1/products").headers
