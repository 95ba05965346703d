"""Shops for tests of the engine: one that is only read, and new ones to change."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine.shop import Shop, open_shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """An indexed shop of 60 products. Only read it."""
    opened = open_shop(tmp_path_factory.mktemp("shop"))
    opened.reindex()
    yield opened
    opened.db.close()


@pytest.fixture
def new_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    """Opens shops of one's own, not indexed yet."""
    opened: list[Shop] = []

    def make(products: int = 12, **settings) -> Shop:
        opened.append(open_shop(tmp_path / f"shop{len(opened)}", products, **settings))
        return opened[-1]

    yield make
    for each in opened:
        each.db.close()
