"""Answers of moments ago are given again: each with a query id and a log entry of its own, and only
while nothing that they depend on has changed."""

import pytest
from sqlalchemy import update

from catalog.database.models import ProductRow
from catalog.database.statements import bump_version
from catalog.recent import Recent
from catalog.rules.rule import Action, Rule
from engine.recommendation.request import Request
from engine.recommendation.results import Fallback, Panel
from tests.web.answering.test_experiments import BOTH, visitor_in, write
from tests.web.logged import answers, logging_app, shown
from web.answering import answers as answering
from web.answering.query_ids import is_own
from web.answering.visitors import COOKIE
from web.app.context import EXTENSION

SEED = "t-shirt-blue-1"
PAGE = f"/products/{SEED}"
SIMILAR = f"/api/v1{PAGE}/similar?k=5"


@pytest.fixture
def computed(logged, monkeypatch):
    """The requests that the engine answered."""
    return counted(logged, monkeypatch)


def counted(app, monkeypatch):
    recommender, found = app.extensions[EXTENSION].recommender, []
    real = recommender.answer
    monkeypatch.setattr(recommender, "answer", lambda wanted: found.append(wanted) or real(wanted))
    return found


def test_the_same_question_is_computed_once_and_logged_each_time(logged, computed):
    client = logged.test_client()
    one, two, three = (client.get(SIMILAR) for _ in range(3))
    assert len(computed) == 1
    bodies = [answer.get_json() for answer in (one, two, three)]
    ids = [body.pop("query_id") for body in bodies]
    assert len(set(ids)) == 3 and bodies[0] == bodies[1] == bodies[2]
    assert all(is_own(logged.extensions[EXTENSION], query_id) for query_id in ids)
    assert one.headers["ETag"] == two.headers["ETag"]
    assert one.headers["Cache-Control"] == two.headers["Cache-Control"]
    assert one.mimetype == two.mimetype == "application/json"
    entries = {entry.pop("query_id"): entry for entry in answers(logged)}
    assert sorted(entries) == sorted(ids)
    results = [result["product_id"] for result in bodies[0]["results"]]
    assert [shown(logged, query_id) for query_id in ids] == [results] * 3
    alike = [{k: v for k, v in entry.items() if k != "at"} for entry in entries.values()]
    assert alike[0] == alike[1] == alike[2]


@pytest.mark.parametrize(
    "address", [f"{SIMILAR}&absolute=true", "/api/v1/products?per_page=2&absolute=true"]
)
def test_an_answer_with_the_links_of_one_host_is_given_to_no_other(client, address):
    theirs = client.get(address, headers={"Host": "evil.example"})
    assert "http://evil.example/" in theirs.get_data(as_text=True)
    ours = client.get(address, headers={"If-None-Match": theirs.headers["ETag"]})
    assert ours.status_code == 200
    for answer in (ours, client.get(address)):
        text = answer.get_data(as_text=True)
        assert "http://localhost/media/" in text and "evil.example" not in text
        assert "evil.example" not in answer.headers.get("Link", "")
    over_https = client.get(address, base_url="https://localhost")
    assert "https://localhost/media/" in over_https.get_data(as_text=True)


def test_the_same_body_is_answered_by_the_same_text(logged, computed, monkeypatch):
    client, shop = logged.test_client(), logged.extensions[EXTENSION]
    real, read = shop.catalogue.products, []
    monkeypatch.setattr(shop.catalogue, "products", lambda ids: read.append(ids) or real(ids))
    body = {"ids": [SEED, "dress-red-1"], "k": 5}
    found = [client.post(f"/api/v1/{name}/similar", json=body) for name in ("cart", "cart")]
    assert (len(computed), len(read)) == (1, 1)
    assert {answer.headers["Cache-Control"] for answer in found} == {"no-store"}
    bodies = [answer.get_json() for answer in found]
    ids = [one.pop("query_id") for one in bodies]
    assert bodies[0] == bodies[1] and len(set(ids)) == 2
    assert {entry["query_id"] for entry in answers(logged)} == set(ids)
    whole = client.post("/api/v1/cart/similar", json={**body, "absolute": True}).get_json()
    assert all(one["product"]["url"].startswith("http://") for one in whole["results"])
    assert not any(one["product"]["url"].startswith("http://") for one in bodies[0]["results"])
    assert client.post("/api/v1/wishlist/similar", json=body).status_code == 200
    assert len(computed) == 2  # another page has other rules
    shop.rules.add(Rule("our-pin", Action.PIN, product_id="trousers-blue-2", position=1))
    first = client.post("/api/v1/cart/similar", json=body).get_json()["results"][0]
    assert first["product_id"] == "trousers-blue-2"


def test_an_answer_to_a_body_has_the_links_of_its_own_host(client):
    body = {"ids": [SEED], "k": 3, "absolute": True}
    for host in ("evil.example", "localhost", "evil.example"):
        answer = client.post("/api/v1/cart/similar", json=body, headers={"Host": host})
        links = {
            one["product"]["url"].split("/products/")[0] for one in answer.get_json()["results"]
        }
        assert links == {f"http://{host}"}


def test_a_head_request_is_not_logged_again(logged, computed):
    client = logged.test_client()
    client.get(SIMILAR)
    assert client.head(SIMILAR).data == b""
    assert (len(computed), len(answers(logged))) == (1, 1)


def test_pages_and_other_routes_share_panels(logged, computed):
    client = logged.test_client()
    first, second = (client.get(PAGE).get_data(as_text=True) for _ in range(2))
    client.get(f"/panel/{SEED}")
    assert len(computed) == 1
    ids = [entry["query_id"] for entry in answers(logged)]
    assert len(set(ids)) == 3
    assert ids[0] in first and ids[1] in second


def test_other_questions_are_computed(logged, computed):
    client = logged.test_client()
    for address in (SIMILAR, f"{SIMILAR}&diversity=0.5", f"{SIMILAR}&colour=blue", PAGE):
        client.get(address)
    assert len(computed) == 4


def test_a_change_of_the_catalogue_or_of_a_rule_is_seen_at_once(logged, computed):
    client, shop = logged.test_client(), logged.extensions[EXTENSION]
    best = client.get(SIMILAR).get_json()["results"][0]["product_id"]
    with shop.catalogue.db.write() as connection, connection.begin():
        changed = bump_version(connection)
        row = update(ProductRow).where(ProductRow.product_id == best)
        connection.execute(row.values(availability="out_of_stock", changed=changed))
    after = [one["product_id"] for one in client.get(SIMILAR).get_json()["results"]]
    assert best not in after and len(computed) == 2
    shop.rules.add(Rule("our-pin", Action.PIN, product_id="trousers-blue-2", position=2))
    assert client.get(SIMILAR).get_json()["results"][1]["product_id"] == "trousers-blue-2"
    shop.rules.remove(["our-pin"])
    assert [one["product_id"] for one in client.get(SIMILAR).get_json()["results"]] == after


def test_what_changes_meanwhile_is_not_kept(logged, computed, monkeypatch):
    versions = iter(range(100))
    monkeypatch.setattr(answering, "data_version", lambda *_: (str(next(versions)), "", ""))
    client = logged.test_client()
    assert "ETag" not in client.get(SIMILAR).headers
    client.get(PAGE)
    shop = logged.extensions[EXTENSION]
    assert (len(shop.recent_panels), len(shop.recent_bodies)) == (0, 0)


def test_best_sellers_are_asked_for_each_time(logged, monkeypatch):
    shop, asked = logged.extensions[EXTENSION], []

    def best_sellers(wanted):
        asked.append(wanted)
        return Panel((SEED,), "g", (), f"{len(asked):032x}", fallback=Fallback.BEST_SELLERS)

    monkeypatch.setattr(shop.recommender, "answer", best_sellers)
    for _ in range(2):
        logged.test_client().get(SIMILAR)
        logged.test_client().get(PAGE)
    assert len(asked) == 4


def test_visitors_of_one_arm_share_its_answers_and_no_other_s(own_home, tmp_path, monkeypatch):
    with logging_app(own_home, experiment=write(tmp_path / "x.toml", BOTH)) as app:
        computed = counted(app, monkeypatch)
        split = app.extensions[EXTENSION].experiment
        control = visitor_in(app, "control")
        other = next(
            one
            for one in (f"{number:032x}" for number in range(100, 200))
            if split.arm_of(one).name == "control"
        )
        for visitor in (control, other, visitor_in(app, "colour")):
            client = app.test_client()
            client.set_cookie(COOKIE, visitor)
            client.get(PAGE)
        assert len(computed) == 2
        entries = [(entry["visitor"], entry["arm"]) for entry in answers(app)]
        assert entries == [(control, "control"), (other, "control"), (visitor, "colour")]
        assert [entry["facets"] for entry in answers(app)] == ["", "", "colour:9,shape:0"]


def test_an_answer_in_place_of_a_broken_arm_is_not_kept(own_home, tmp_path, monkeypatch):
    broken = 'name = "x"\n[arms.a]\nfacets = { no-such = 1 }\n[arms.b]\nweight = 0\n'
    with logging_app(own_home, experiment=write(tmp_path / "x.toml", broken)) as app:
        client, shop = app.test_client(), app.extensions[EXTENSION]
        for _ in range(2):
            assert client.get(f"{SIMILAR}&visitor={'1' * 32}").status_code == 200
        assert (len(shop.recent_panels), len(shop.recent_bodies)) == (0, 0)
        assert [entry["arm"] for entry in answers(app)] == [None, None]


def test_a_key_is_short_however_long_the_request():
    many = tuple(f"product-{n}" for n in range(10_000))
    one, other = Request(("a",), exclude=many), Request(("a",), exclude=many[1:])
    keys = {answering.key_of(wanted, ("g", "w", "r")) for wanted in (one, other)}
    assert len(keys) == 2 and max(map(len, keys)) == 32
    assert answering.key_of(one, ("g", "w", "r")) != answering.key_of(one, ("g", "w", "s"))


def test_the_least_recently_used_go_first_and_the_total_is_bounded():
    recent: Recent[str] = Recent(24)
    for name in "abcdefgh":
        recent.put(name, name, 3)
    assert recent.get("a") == "a"
    recent.put("i", "i", 3)  # in place of b
    assert [recent.get(name) for name in "abci"] == ["a", None, "c", "i"]
    recent.put("c", "C", 1)
    recent.put("j", "j", 2)
    assert (recent.get("c"), recent.get("j"), len(recent)) == ("C", "j", 9)
    recent.put("large", "large", 4)
    assert recent.get("large") is None
