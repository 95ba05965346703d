"""Words of a feed and of visitors are words only: on every page, in every answer, in every file."""

import ast
import csv
import html
import json
import re
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from flask import abort

from catalog.database.database import Database
from catalog.hooks.product_writer import ProductWriter
from catalog.ingest.rejects import RejectsFile
from catalog.ingest.run import ingest
from catalog.products.catalogue import Catalogue
from catalog.records import ProductRecord
from catalog.rules.book import RuleBook
from catalog.rules.rule import Rule
from catalog.settings import CatalogSettings
from tests.web.logged import KEY, STAFF, logging_app
from tests.web.page_text import token
from web import WebSettings, create_app
from web.app.security import MAX_BODY

ROOT = Path(__file__).parents[2]
EVIL = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(1)</script>",
    "' onmouseover='alert(1)",
    "{{ 7 * 191 }}{% include 'base.html' %}",
    "<!--",
    "</title></head><body onload=alert(1)>",
    "javascript:alert(1)",
)
ITEM = "t-shirt-blue-1"


@pytest.fixture(params=range(len(EVIL)))
def word(request):
    return EVIL[request.param]


@pytest.fixture
def hostile(own_home, word):
    """A shop in which every word of some products is hostile, the id included."""
    settings = CatalogSettings(home=own_home)
    with Database.open(settings) as db, db.write() as connection, connection.begin():
        known = Catalogue(db).product(ITEM)
        fields = {"brand": word, "category": (word,), "colour": word, "pattern": word, "link": word}
        records = [
            ProductRecord(product_id, word, 1, attributes={word: word}, group_id=word, **fields)
            for product_id in (word, f"{word} 2")
        ]
        ProductWriter(connection, settings).put(records)
    assert known.product_id == ITEM
    with logging_app(own_home) as app:
        yield app


DATA = '<script type="application/ld+json">'  # data for search engines, which nothing runs


def check(answer, word):
    """No tag, attribute or template of the word's own came to life."""
    page = answer.get_data(as_text=True)
    assert answer.status_code in (200, 400, 404)
    for data in re.findall(rf"{DATA}(.*?)</script>", page, re.S):
        assert json.loads(data) and not re.search("[<>&]", data)
    assert not re.search(r"<script(?![^>]* src=\"/static/)", page.replace(DATA, ""))
    assert not re.search(
        r"<img src=x|<[^>]*\son\w+\s*=(?=\S*alert)", re.sub(r'"[^"]*"', '""', page)
    )
    assert "1337" not in page
    for link in re.findall(r'(?:href|src|action)="([^"]*)"', page):
        assert not html.unescape(link).lower().startswith(("javascript:", "data:text"))
    for text in re.findall(r"<title>(.*?)</title>", page, re.S):
        assert "<" not in text
    return page


def test_a_product_called_script_is_only_a_title(hostile, word):
    client = hostile.test_client()
    form = token(client.get("/"))
    client.post("/wishlist", data={"add": word, "csrf_token": form})
    client.post("/wishlist", data={"less": f"{word} 2", "csrf_token": form})
    shown = 0
    for address, query in (
        ("/", {}),
        ("/", {"q": word}),
        ("/", {"category": word, "colour": word}),
        (f"/products/{word}", {}),
        (f"/panel/{word}", {}),
        (f"/panel/{word}", {"embed": "1", "script": "0", "heading": word, "saved": word}),
        ("/wishlist", {}),
        ("/search/photo", {}),
        ("/report", {}),
        (f"/products/no {word}", {}),
        (f"/{word}", {"next": word}),
    ):
        answer = client.get(address, query_string=query, headers=STAFF)
        shown += html.escape(word, quote=False) in html.escape(
            html.unescape(check(answer, word)), quote=False
        )
    assert shown >= 4
    for address in (
        "/api/v1/products",
        f"/api/v1/products/{word}",
        f"/api/v1/products?q={word}&x=1",
    ):
        answer = client.get(address)
        assert "json" in answer.mimetype  # with nosniff, no browser makes a page of it
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_no_page_has_values_in_a_script():
    for template in (ROOT / "web/templates").rglob("*.html"):
        text = template.read_text()
        text = text.replace(DATA + "{{ data.as_json_ld() | tojson }}</script>", "")
        assert not re.search(r"<script(?![^>]* src=)", text), template.name
        assert not re.search(r"\|\s*safe|autoescape|Markup", text), template.name


def test_a_redirect_stays_in_the_shop(client):
    form = token(client.get("/"))
    for way in (
        "//evil.test/",
        "https://evil.test/",
        "/\\evil.test",
        "javascript:alert(1)",
        "\r\nX: y",
    ):
        answer = client.post("/wishlist", data={"remove": ITEM, "next": way, "csrf_token": form})
        assert answer.status_code == 303
        assert re.match(r"/(?![/\\])", answer.headers["Location"])


def test_every_change_of_state_needs_the_token(app):
    """Every route for POST needs the token, except those that use no cookie."""
    free = ("api.", "events.", "webhooks.")
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.methods - {"GET", "HEAD", "OPTIONS"} and not rule.endpoint.startswith(free)
    ]
    assert {rule.endpoint for rule in rules} >= {"wishlist.change", "visitors.reset"}
    for rule in rules:
        answer = app.test_client().post(rule.rule, data={"add": ITEM})
        assert answer.status_code == 400, rule
        assert "wishlist" not in app.test_client().get("/").headers.get("Set-Cookie", "")


def test_cookies_are_same_site_and_for_no_script(own_home, tmp_path):
    file = tmp_path / "x.toml"
    file.write_text('name = "mix"\n[arms.control]\n[arms.varied]\ndiversity = 0.2\n')
    with logging_app(own_home, experiment=file, secure_cookies=True) as app:
        cookies = app.test_client().get(f"/products/{ITEM}").headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert {"HttpOnly", "SameSite=Lax", "Secure"} <= set(cookie.split("; "))


def test_hsts_is_sent_with_secure_cookies_only(shop_home, client):
    secure = create_app(WebSettings(home=shop_home, secret_key=KEY, secure_cookies=True))
    answer = secure.test_client().get("/healthz")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in client.get("/healthz").headers


def test_no_route_takes_a_body_without_end(app):
    body = b"x" * (MAX_BODY + 1)
    form = "application/x-www-form-urlencoded"
    for rule in app.url_map.iter_rules():
        if "POST" not in rule.methods or "photo" in rule.rule or rule.rule == "/webhooks/shopify":
            continue
        answer = app.test_client().post(rule.rule, data=body, content_type=form)
        json_answer = app.test_client().post(
            rule.rule,
            data=body,
            content_type="application/json",
            headers={"Accept": "application/json"},
        )
        assert answer.status_code in (400, 413), rule
        assert json_answer.status_code in (400, 413), rule
        assert json_answer.mimetype == "application/problem+json"
    answer = app.test_client().post(
        "/api/v1/wishlist/similar", data=body, content_type="application/json"
    )
    assert (answer.status_code, answer.get_json()["code"]) == (413, "too-large")
    assert "1 MB" in answer.get_json()["detail"]


def test_a_form_of_too_many_fields_is_told_so(client):
    part = '--x\r\nContent-Disposition: form-data; name="f"\r\n\r\nx\r\n'
    answer = client.post(
        "/api/v1/search/photo",
        data=(20_000 * part + "--x--\r\n").encode(),
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 413
    assert "too many fields" in answer.get_json()["detail"]


def test_a_body_of_unknown_length_is_cut_as_well(app):
    """Without a Content-Length, what is read is counted: no more of it is ever read."""
    stream = BytesIO(b"[" * 3 * MAX_BODY)
    answer = app.test_client().post(
        "/api/v1/wishlist/similar",
        input_stream=stream,
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
        content_type="application/json",
    )
    assert answer.status_code == 400
    assert stream.tell() <= MAX_BODY


@pytest.mark.parametrize("error", [RuntimeError("swordfish"), KeyError("swordfish"), MemoryError()])
def test_no_answer_shows_a_trace(app, error, caplog):
    def explode():
        raise error

    app.add_url_rule("/explode", "explode", explode)
    app.add_url_rule("/api/v1/explode", "api_explode", explode)
    app.add_url_rule("/teapot", "teapot", lambda: abort(418))
    for address in ("/explode", "/api/v1/explode"):
        answer = app.test_client().get(address)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 500
        for word in ("swordfish", "Traceback", "Error(", ".py", str(ROOT)):
            assert word not in text
    assert "Traceback" in caplog.text or caplog.records[0].exc_info
    assert app.test_client().get("/teapot").status_code == 418


def test_every_file_for_a_spreadsheet_is_written_through_the_same_guard():
    """Only the guard writes CSV, apart from numbers and the sample's own words."""
    no_words_of_others = {"engine/training/reports/step_log.py", "catalog/sample/catalogue.py"}
    writing = set()
    for package in ("catalog", "engine", "web"):
        for path in (ROOT / package).rglob("*.py"):
            tree = ast.parse(path.read_text())
            calls = {ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
            name = path.relative_to(ROOT).as_posix()
            if calls & {"csv.writer", "csv.DictWriter"} or any(
                c.endswith(".to_csv") for c in calls
            ):
                assert name in {*no_words_of_others, "catalog/spreadsheet.py"}, name
            if "SpreadsheetWriter" in calls:
                writing.add(name)
    assert {"catalog/ingest/rejects.py", "catalog/rules/file.py"} <= writing


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1"])
def test_no_cell_of_a_file_for_people_is_a_formula(cell, own_home, tmp_path):
    path = tmp_path / "feed.csv"
    path.write_text(f'id,title,price\n"{cell}",{"x" * 1_200},1\n', newline="")
    settings = CatalogSettings(home=own_home)
    from catalog.sources import open_source

    with Database.open(settings) as db:
        rejects = ingest(db, open_source(path), settings=settings).rejects_file
        RuleBook(db).add(Rule.of({"rule_id": "r", "action": "block", "product_id": cell.strip()}))
        rules = tmp_path / "rules.csv"
        RuleBook(db).export_csv(rules)
    for file in (rejects, rules):
        with file.open(newline="", encoding="utf-8") as stream:
            cells = [one for row in csv.reader(StringIO(stream.read())) for one in row]
        assert not [one for one in cells if one.startswith(tuple("=+-@\t\r＝"))]
    stem = RejectsFile(tmp_path, "../../evil/name\0")._stem  # no path, and nothing hidden
    assert not set(stem) & {"/", "\\", "\0"}
    assert not stem.startswith(".")
