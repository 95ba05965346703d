"""Checks that the live generation answers after a fault."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.index.pointer import pointer_stamp
from engine.recommendation.recommender import Recommender
from engine.recommendation.results import Recommendation
from engine.settings import EngineSettings
from tests.engine.fake_encoder import FakeEncoder
from tests.losses.running import Home

ANY = {"any_gender": True, "any_age_group": True, "sold_out": True}


@contextmanager
def serving(home: Home) -> Iterator[Callable[[], list[Recommendation]]]:
    """Serves a home; yields a function that requests results."""
    settings = EngineSettings(home=home.path)
    with Database.open(CatalogSettings(home=home.path, database_url=home.address)) as db:
        shop = Recommender(settings, Catalogue(db), lambda *_: FakeEncoder())

        def ask() -> list[Recommendation]:
            ids = shop.live().ids[:3].tolist()
            return [one for product_id in ids for one in shop.similar_to(product_id, **ANY)]

        yield ask


def check_answers(home: Home) -> None:
    """Checks that the published generation, if any, can be opened and answers."""
    if pointer_stamp(EngineSettings(home=home.path).index_dir) is not None:
        with serving(home) as ask:
            assert ask()
