"""Known answers are sent again without Flask: as Flask would send them, and only while it would."""

import gzip
import os

import pytest
from sqlalchemy import update
from werkzeug.test import create_environ, run_wsgi_app

from catalog.database.models import ProductRow
from catalog.database.statements import bump_version
from catalog.desk.shop_settings import ShopSettings
from catalog.rules.rule import Action, Rule
from tests.web.answering.test_experiments import BOTH, write
from tests.web.logged import answers, logging_app, shown
from tests.web.monitoring.test_metrics import READER, SECRET, numbers
from web.answering import repeats
from web.answering.query_ids import is_own
from web.app.context import EXTENSION
from web.app.responses.random_ids import REQUEST_ID, random_id

SEED = "t-shirt-blue-1"
SIMILAR = f"/api/v1/products/{SEED}/similar?k=5"
PACKED = {"Accept-Encoding": "gzip"}


@pytest.fixture
def repeated(logged):
    """The endpoints of the answers that were sent again."""
    return counted(logged)


def counted(app):
    found = []
    app.extensions[EXTENSION].on_repeat.append(lambda endpoint, seconds: found.append(endpoint))
    return found


def body_of(response):
    packed = response.headers.get("Content-Encoding") == "gzip"
    data = gzip.decompress(response.data) if packed else response.data
    assert int(response.headers["Content-Length"]) == len(response.data)
    return data.decode()


@pytest.mark.parametrize("headers", [{}, PACKED])
@pytest.mark.parametrize(
    "address", [SIMILAR, f"/api/v1/cart/similar?ids={SEED},dress-red-1&absolute=true"]
)
def test_it_is_what_flask_sends_but_for_its_ids_and_in_the_log(logged, repeated, headers, address):
    client = logged.test_client()
    first = client.get(address, headers=headers)
    assert repeated == []
    others = [client.get(address, headers=headers) for _ in range(3)]
    assert len(repeated) == 3 and set(repeated) <= {"api.similar", "api.similar_to_many"}
    ids, texts = [], []
    for response in (first, *others):
        sent = dict(response.headers)
        assert sent["Vary"] == "Accept-Encoding" and ("Content-Encoding" in sent) == bool(headers)
        query_id = (response.get_json() if not headers else None) or {}
        text = body_of(response)
        query_id = text.partition('"query_id":"')[2][:32]
        ids.append(query_id)
        texts.append(text.replace(query_id, ""))
        assert is_own(logged.extensions[EXTENSION], query_id)
    assert len(set(ids)) == 4 and len(set(texts)) == 1
    differing = {REQUEST_ID, "Content-Length"}
    kept = [
        sorted(pair for pair in response.headers if pair[0] not in differing)
        for response in (first, *others)
    ]
    assert kept[0] == kept[1] == kept[2] == kept[3]
    assert len({response.headers[REQUEST_ID] for response in (first, *others)}) == 4
    assert sorted(entry["query_id"] for entry in answers(logged)) == sorted(ids)
    assert all(shown(logged, one) == shown(logged, ids[0]) != [] for one in ids)


def test_every_change_is_seen_at_once(logged, repeated):
    client, shop = logged.test_client(), logged.extensions[EXTENSION]

    def asked():
        before = len(repeated)
        results = client.get(SIMILAR).get_json()["results"]
        return [one["product_id"] for one in results], len(repeated) > before

    (best, *_), again = asked()
    assert not again and asked()[1]
    with shop.catalogue.db.write() as connection, connection.begin():
        changed = bump_version(connection)
        row = update(ProductRow).where(ProductRow.product_id == best)
        connection.execute(row.values(availability="out_of_stock", changed=changed))
    ids, again = asked()
    assert best not in ids and not again and asked()[1]
    shop.rules.add(Rule("our-pin", Action.PIN, product_id="trousers-blue-2", position=1))
    ids, again = asked()
    assert ids[0] == "trousers-blue-2" and not again and asked()[1]
    reasons = client.get(SIMILAR).get_json()["results"][1]["reasons"]
    shop.own_book.get().save(ShopSettings(locale="de_DE"))
    german = client.get(SIMILAR).get_json()["results"][1]["reasons"]
    assert len(german) == len(reasons) and german != reasons
    assert asked()[1]


@pytest.mark.parametrize(
    "headers",
    [
        {"If-None-Match": '"a"'},
        {"Origin": "https://else.example"},
        {"Authorization": "Bearer x"},
        {"X-API-Key": "x"},
        {REQUEST_ID: "theirs"},
        {"Accept-Encoding": "gzip, " * 200},
    ],
)
def test_what_is_unusual_is_left_to_flask(logged, repeated, headers):
    client = logged.test_client()
    for _ in range(3):
        assert client.get(SIMILAR, headers=headers).status_code == 200
    tag = client.get(SIMILAR).headers["ETag"]
    assert client.get(SIMILAR, headers={"If-None-Match": tag}).status_code == 304
    assert client.head(SIMILAR).data == b""
    assert repeated == []


def test_an_answer_to_no_host_is_not_given_to_one_that_is_none(logged, repeated):
    environ = create_environ(SIMILAR)
    del environ["HTTP_HOST"]  # as HTTP/1.0 may leave it out
    for _ in range(2):
        assert run_wsgi_app(logged.wsgi_app, environ.copy())[1] == "200 OK"
    for host in ("", "x" * 300, "a..b"):
        assert logged.test_client().get(SIMILAR, headers={"Host": host}).status_code == 400
    assert repeated == []


def test_hosts_encodings_and_addresses_are_told_apart(logged, repeated):
    client = logged.test_client()
    addresses = [SIMILAR, f"{SIMILAR}&locale=de", f"{SIMILAR}&absolute=true"]
    hosts = ["localhost", "evil.example"]
    for _ in range(2):
        for address in addresses:
            for host in hosts:
                for more in ({}, PACKED):
                    text = body_of(client.get(address, headers={"Host": host, **more}))
                    other = next(one for one in hosts if one != host)
                    assert f"http://{other}" not in text
                    assert (f"http://{host}" in text) == ("absolute" in address)
    assert len(repeated) == 12


def test_behind_a_proxy_its_hosts_and_clients_are_told_apart(own_home):
    """The server itself sees one host and one client: those of the proxy."""
    with logging_app(own_home, proxies=1, rate_limit="6/minute") as app:
        client, repeated = app.test_client(), counted(app)
        address = f"{SIMILAR}&absolute=true"

        def ask(host, visitor):
            headers = {
                "X-Forwarded-Host": host,
                "X-Forwarded-Proto": "https",
                "X-Forwarded-For": visitor,
            }
            return client.get(address, headers=headers)

        for host in ("localhost", "store.test", "localhost", "store.test"):
            text = body_of(ask(host, "203.0.113.1"))
            other = "localhost" if host != "localhost" else "store.test"
            assert f"https://{host}/" in text and f"//{other}/" not in text
        assert len(repeated) == 2
        statuses = [ask("store.test", f"203.0.113.{number}").status_code for number in range(9)]
        assert statuses == [200] * 9 and len(repeated) == 11
        assert [ask("localhost", "203.0.113.77").status_code for _ in range(7)][-2:] == [200, 429]


def test_errors_and_pages_are_not_kept(logged, repeated):
    client = logged.test_client()
    for _ in range(3):
        assert client.get("/api/v1/products/nowhere/similar").status_code == 404
        assert client.get(f"/products/{SEED}").status_code == 200
    assert repeated == [] and len(logged.extensions[EXTENSION].recent_repeats) == 0


def test_the_rate_limit_counts_them(own_home):
    with logging_app(own_home, rate_limit="3/minute") as app:
        client, repeated = app.test_client(), counted(app)
        statuses = [client.get(SIMILAR).status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429] and len(repeated) == 2


def test_metrics_count_them(own_home):
    with logging_app(own_home, metrics_token=SECRET) as app:
        client = app.test_client()
        for _ in range(4):
            client.get(SIMILAR)
        found = numbers(client.get("/metrics", headers=READER).get_data(as_text=True))
    assert found["lookalike_requests_total", "api.similar", "GET", "200"] == 4
    assert found["lookalike_request_seconds_count", "api.similar"] == 4
    assert found["lookalike_answers_total", "none"] == 4


def test_settings_that_say_more_about_each_request_leave_all_to_flask(own_home, tmp_path):
    for settings in (
        {"api_key": "k" * 20},
        {"log_format": "json"},
        {"experiment": write(tmp_path / "x.toml", BOTH)},
    ):
        with logging_app(own_home, **settings) as app:
            client, repeated = app.test_client(), counted(app)
            for _ in range(3):
                client.get(SIMILAR, headers={"X-API-Key": "k" * 20})
            assert repeated == []


def test_parts_that_were_compressed_by_themselves_are_one_text(logged):
    parts = [b'{"query_id":"', b'","a":"' + b"abc" * 400 + b'","again":"', b'"}']
    packed = repeats.Repeat((), "", "", None, [], parts, repeats.compressed(parts))
    query_id = b"0123456789abcdef" * 2
    assert gzip.decompress(repeats.joined(packed, query_id)) == query_id.join(parts)


def test_random_ids_differ_also_between_processes():
    ids = [random_id(8) for _ in range(2_000)]
    assert len(set(ids)) == 2_000 and {len(one) for one in ids} == {16}
    read, write_end = os.pipe()
    if os.fork() == 0:
        os.write(write_end, random_id(8).encode())
        os._exit(0)
    os.wait()
    assert os.read(read, 16).decode() != random_id(8)
    os.close(read)
    os.close(write_end)
