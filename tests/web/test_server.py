"""A worker of the server is set up before it answers."""

import gc
import io
import threading
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from threadpoolctl import threadpool_info, threadpool_limits

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.recommendation.recommender import Recommender
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder
from tests.waiting import LONG
from web import create_app, server
from web.app.settings import WebSettings

KEY = "only for the tests, and long enough"


@pytest.fixture
def undone():
    with threadpool_limits(2, user_api="blas"):
        yield
    gc.unfreeze()


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_a_worker_computes_on_one_core_and_is_not_searched_for_garbage(undone, tmp_path):
    assert np.ones(2) @ np.ones(2) == 2 and blas_threads() == {2}
    server.options(WebSettings(home=tmp_path))["post_worker_init"](SimpleNamespace(wsgi=None))
    assert blas_threads() == {1} and gc.get_freeze_count() > 10_000


def prepared(app):
    """Prepare a worker with an app, and wait for what it begins; the number of threads of that."""
    server.prepare_worker(SimpleNamespace(wsgi=app))
    begun = [one for one in threading.enumerate() if one.name == "warm-up"]
    for one in begun:
        one.join(LONG)
    return len(begun)


def shop_app(home, loads, **settings):
    def load(*_):
        loads.append(threading.current_thread().name)
        return FakeEncoder()

    catalogue = Catalogue(Database.open(CatalogSettings(home=home)))
    recommender = Recommender(EngineSettings(home=home), catalogue, load_encoder=load)
    given = WebSettings(home=home, secret_key=KEY, **settings)
    return create_app(given, catalogue=catalogue, recommender=recommender)


def test_the_encoder_is_loaded_in_the_background_if_a_setting_says_so(undone, shop_home):
    loads = []
    app = shop_app(shop_home, loads, warm_encoder=True)
    assert prepared(app) == 1 and loads == ["warm-up"]
    photo = io.BytesIO()
    Image.new("RGB", (60, 80), "red").save(photo, "PNG")
    answer = app.test_client().post(
        "/api/v1/search/photo", data={"photo": (io.BytesIO(photo.getvalue()), "p.png")}
    )
    assert answer.status_code == 200 and loads == ["warm-up"]


def test_without_the_setting_the_first_photo_loads_it(undone, shop_home):
    loads = []
    assert prepared(shop_app(shop_home, loads)) == 0 and loads == []


def test_without_an_index_a_worker_starts_all_the_same(undone, bare_home, caplog):
    app = create_app(WebSettings(home=bare_home, secret_key=KEY, warm_encoder=True))
    assert prepared(app) == 1
    assert "Photo searches are not prepared: " in caplog.text
