"""A shop that is served while its catalogue is written, and while its database restarts."""

import threading

from catalog.database.database import Database
from catalog.ingest.run import BATCH, ingest
from catalog.settings import CatalogSettings
from catalog.sources import open_source
from tests.databases import only_postgresql
from tests.waiting import LONG
from tests.web.logged import answers, logging_app

SIMILAR = "/api/v1/products/t-shirt-blue-1/similar"


def test_pages_are_whole_while_an_ingest_runs(own_home, tmp_path, write_csv):
    rows = [{"id": f"new-{n}", "title": f"New {n}", "category": "New"} for n in range(6 * BATCH)]
    path = write_csv(tmp_path / "new.csv", rows)
    settings, begun, done = CatalogSettings(home=own_home), threading.Event(), threading.Event()
    reports = []

    def work():
        begun.wait(LONG)
        with Database.open(settings) as db:
            reports.append(ingest(db, open_source(path), settings=settings))
        done.set()

    writer = threading.Thread(target=work)
    writer.start()
    totals = []
    with logging_app(own_home) as app:
        client = app.test_client()
        while not done.is_set():
            listed = client.get("/api/v1/products?per_page=100")
            begun.set()
            assert listed.status_code == client.get("/").status_code == 200
            totals.append(listed.get_json()["total"])
            assert client.get(SIMILAR).get_json()["results"]
            if not writer.is_alive():
                break
        writer.join(LONG)
        assert reports[0].inserted == 6 * BATCH
        totals.append(client.get("/api/v1/products").get_json()["total"])
        requests = len(totals) - 1
        assert len(answers(app)) == requests  # the log was written beside the ingest, too
    assert totals == sorted(totals)
    assert totals[0] == 24 and totals[-1] == 24 + 6 * BATCH
    assert {(total - 24) % BATCH for total in totals} == {0}


@only_postgresql
def test_a_database_that_restarts_is_not_felt(own_home, databases):
    settings = CatalogSettings(home=own_home)
    with logging_app(own_home) as app:
        client = app.test_client()
        for requests in range(1, 4):
            assert client.get("/").status_code == 200
            assert client.get(SIMILAR).get_json()["results"]
            assert len(answers(app)) == requests
            assert databases.cut(str(settings.database_url)) > 0
        assert client.get("/healthz").get_json()["products"] == 24


@only_postgresql
def test_a_database_that_is_gone_is_reported_and_found_again(own_home, databases):
    settings = CatalogSettings(home=own_home)
    with logging_app(own_home) as app:
        client = app.test_client()
        assert client.get("/").status_code == 200
        with databases.closed(str(settings.database_url)):
            answer = client.get("/api/v1/products")
            assert answer.status_code == 503
            assert "postgres@" not in answer.get_data(as_text=True)
            assert client.get("/healthz").status_code == 503
        assert client.get("/api/v1/products").status_code == 200
        assert client.get("/healthz").status_code == 200
