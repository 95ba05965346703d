"""A shop with a home, and so an event log, of its own; and what stands in that log."""

from contextlib import contextmanager

from sqlalchemy import select

from catalog.database.database import Database
from catalog.database.event_models import AnswerRow, EventRow, ShownRow
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.recommendation.recommender import Recommender
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder
from tests.waiting import LONG
from web import WebSettings, create_app
from web.app.context import EXTENSION

KEY = "only for the tests, and long enough"
TOKEN = "a token of some length"
STAFF = {"Authorization": f"Bearer {TOKEN}"}  # headers that open the report


@contextmanager
def logging_app(home, **settings):
    """An app over a home; its log is closed at the end."""
    catalogue = Catalogue(Database.open(CatalogSettings(home=home)))
    recommender = Recommender(
        EngineSettings(home=home), catalogue, load_encoder=lambda *_: FakeEncoder()
    )
    app = create_app(
        WebSettings(home=home, **{"secret_key": KEY, "report_token": TOKEN, **settings}),
        catalogue=catalogue,
        recommender=recommender,
    )
    try:
        yield app
    finally:
        if queue := app.extensions[EXTENSION].events:
            queue.close(1.0)


def flush(app):
    assert app.extensions[EXTENSION].events.flush(LONG)


def rows(app, table):
    """The rows of a table of the log, as dictionaries."""
    flush(app)
    return stored(app.extensions[EXTENSION].catalog_settings, table)


def stored(settings, table):
    with Database.open(settings) as db, db.read() as connection:
        return [dict(row) for row in connection.execute(select(table.__table__)).mappings()]


def answers(app):
    return sorted(rows(app, AnswerRow), key=lambda row: row["at"])


def events(app):
    return sorted(rows(app, EventRow), key=lambda row: (row["product_id"], row["kind"]))


def shown(app, query_id):
    found = [row for row in rows(app, ShownRow) if row["query_id"] == query_id]
    return [row["product_id"] for row in sorted(found, key=lambda row: row["position"])]
