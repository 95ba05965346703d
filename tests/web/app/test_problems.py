import pytest
from flask import Flask

from catalog.errors import DatabaseError, PhotoError
from engine.errors import BrokenGeneration
from tests.web.page_text import text_of
from web.app.context import shop
from web.app.problems import problem_of


def break_with(app, monkeypatch, error):
    def broken(*_, **__):
        raise error

    with app.app_context():
        monkeypatch.setattr(shop().catalogue, "browse", broken)


def test_an_unexpected_error_reveals_no_internals(app, client, monkeypatch, caplog):
    break_with(app, monkeypatch, RuntimeError("the password is swordfish"))
    for address in ("/", "/api/v1/products"):
        answer = client.get(address)
        assert answer.status_code == 500
        assert "swordfish" not in text_of(answer)
        assert "Traceback" not in text_of(answer)
    assert "swordfish" in caplog.text  # the log has it


def test_a_database_that_is_gone_is_reported_without_its_url(app, client, monkeypatch, caplog):
    break_with(app, monkeypatch, DatabaseError("postgresql://db.internal refused"))
    answer = client.get("/")
    assert answer.status_code == 503
    assert "db.internal" not in text_of(answer)
    assert "db.internal" in caplog.text
    assert "not open yet" in text_of(answer)


def test_a_broken_generation_leaves_the_product_page_whole(app, client, monkeypatch):
    def broken(*_, **__):
        raise BrokenGeneration("index.ann has 3 bytes, not 9")

    with app.app_context():
        monkeypatch.setattr(shop().recommender, "answer", broken)
    page = client.get("/products/t-shirt-blue-1")
    assert page.status_code == 200
    assert "No similar items yet" in text_of(page)


def test_a_missing_page_leads_back_to_the_shop(client):
    page = client.get("/nowhere")
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "Back to the shop" in text_of(page)


def test_a_missing_product_has_a_page_of_its_own(client):
    page = client.get("/products/no-such")
    assert page.status_code == 404
    assert "Product not found" in text_of(page)


@pytest.mark.parametrize(
    ("code", "status"),
    [("too_large", 413), ("not_an_image", 415), ("truncated", 422), ("empty", 422),
     ("pixels", 422)],
)  # fmt: skip
def test_each_unusable_photo_has_its_status_and_its_own_message(code, status):
    with Flask("test").test_request_context():
        problem = problem_of(PhotoError(code, "/srv/secret/photo is unusable"))
    assert problem.status == status
    assert "/srv" not in problem.detail
    assert len(problem.detail) > 30


def test_redirects_pass(app, client):
    app.add_url_rule("/old/", "old", lambda: "")
    assert client.get("/old").status_code == 308
