import re
from hashlib import sha512

import pytest
from flask import session

from tests.web.page_text import cards, panel_cards, text_of, token
from web.app.links import return_url
from web.pages import saved_products

JSON = {"Accept": "application/json"}


def post(client, action, product_id, headers=None, **fields):
    form = {"csrf_token": token(client.get("/")), action: product_id}
    return client.post("/wishlist", data={**form, **fields}, headers=headers)


def test_an_empty_wishlist_explains_itself(client):
    page = client.get("/wishlist")
    assert page.status_code == 200
    assert "Nothing saved yet" in text_of(page)


def test_a_heart_saves_and_comes_back_without_a_script(client):
    answer = post(client, "add", "dress-red-1", next="/?colour=red")
    assert (answer.status_code, answer.location) == (303, "/?colour=red")
    page = client.get("/wishlist")
    assert cards(page)[0] == "dress-red-1"
    assert 'name="remove" value="dress-red-1"' in text_of(client.get("/products/dress-red-1"))


def test_a_heart_answers_a_script_with_json(client):
    answer = post(client, "add", "dress-red-1", JSON)
    assert answer.get_json() == {"saved": True, "count": 1, "message": None}
    answer = post(client, "remove", "dress-red-1", JSON)
    assert answer.get_json() == {"saved": False, "count": 0, "message": None}


def test_the_panel_never_shows_what_is_saved(client):
    for product_id in ("t-shirt-blue-1", "t-shirt-blue-2", "dress-red-1"):
        post(client, "add", product_id)
    page = client.get("/wishlist")
    picks = panel_cards(page)
    assert picks
    assert not {"t-shirt-blue-1", "t-shirt-blue-2", "dress-red-1"} & set(picks)
    assert "3 products" in text_of(page)


def test_a_wishlist_without_indexed_products_has_a_note(client):
    post(client, "add", "dress-green-2")
    page = client.get("/wishlist")
    assert panel_cards(page) == []
    assert "No similar items yet" in text_of(page)


def test_tastes_are_labelled_by_what_was_saved(client):
    for product_id in ("t-shirt-blue-1", "t-shirt-red-1", "dress-green-1"):
        post(client, "add", product_id)
    page = text_of(client.get("/wishlist"))
    assert "Because you saved" in page
    heads = re.findall(r'id="taste-\d+">Because you saved <a href="/products/([^"]+)"', page)
    assert heads and set(heads) <= {"t-shirt-blue-1", "t-shirt-red-1", "dress-green-1"}


def test_less_like_this_is_applied_listed_and_undone(client):
    post(client, "add", "t-shirt-blue-1")
    unwanted = panel_cards(client.get("/wishlist"))[0]
    answer = post(client, "less", unwanted, next="/wishlist")
    assert (answer.status_code, answer.location) == (303, "/wishlist#similar")
    page = client.get("/wishlist")
    assert unwanted not in panel_cards(page)
    assert f'name="undo" value="{unwanted}"' in text_of(page)
    post(client, "undo", unwanted)
    assert unwanted in panel_cards(client.get("/wishlist"))


def test_only_the_newest_unwanted_products_are_kept(app):
    with app.test_request_context():
        for number in range(saved_products.MAX_UNWANTED + 3):
            saved_products.mark_unwanted(f"p{number}")
        assert len(saved_products.unwanted()) == saved_products.MAX_UNWANTED
        assert saved_products.unwanted()[0] == f"p{saved_products.MAX_UNWANTED + 2}"


def test_an_unknown_product_cannot_be_saved(client):
    answer = post(client, "add", "no-such", JSON)
    assert answer.status_code == 404
    assert answer.get_json()["code"] == "unknown-product"


def test_a_form_without_its_token_is_refused(client):
    answer = client.post("/wishlist", data={"add": "dress-red-1"})
    assert answer.status_code == 400
    assert "reload" in text_of(answer)
    assert "Nothing saved yet" in text_of(client.get("/wishlist"))


def test_an_unknown_action_is_refused(client):
    assert post(client, "steal", "dress-red-1").status_code == 400


def test_the_cookie_is_for_this_shop_only(client):
    cookie = post(client, "add", "dress-red-1").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Expires=" in cookie


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "/\\evil.example", "", "/a\nb", "evil"]
)
def test_nobody_is_sent_to_another_host(app, address):
    with app.test_request_context():
        assert return_url(address) == "/wishlist"


def test_a_full_wishlist_stays_as_it_is(app):
    with app.test_request_context():
        for number in range(saved_products.MAX_ITEMS):
            assert saved_products.save(f"p{number}")
        before = saved_products.saved()
        assert not saved_products.save("one more")
        assert saved_products.save("p3")  # already there
        assert saved_products.saved() == before
        assert before[0] == f"p{saved_products.MAX_ITEMS - 1}"


def test_the_cookie_never_grows_beyond_what_browsers_keep(app):
    with app.test_request_context():
        number = 0
        while saved_products.save(sha512(bytes([number])).hexdigest()):
            number += 1
        assert 0 < number < saved_products.MAX_ITEMS
        assert saved_products.cookie_bytes() <= saved_products.MAX_COOKIE


def test_a_strange_session_is_no_error(app):
    with app.test_request_context():
        session[saved_products.KEY] = ["a", 7, None]
        assert saved_products.saved() == ("a",)
