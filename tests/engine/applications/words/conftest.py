from collections.abc import Iterator

import pytest

from engine.applications.words.search import WordSearch
from tests.engine.applications.words.text_shop import TextShop


@pytest.fixture(scope="session")
def text_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TextShop]:
    """A shop that is searched in words. Only read it."""
    shop = TextShop(tmp_path_factory.mktemp("texts"))
    yield shop
    shop.db.close()


@pytest.fixture(scope="session")
def searching(text_shop: TextShop) -> WordSearch:
    return WordSearch(text_shop.recommender())
