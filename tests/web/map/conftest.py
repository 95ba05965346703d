"""The shop with its map, in a home of its own."""

from functools import partial
from shutil import copytree

import pytest

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.applications.map.build import MapSource, build_map
from engine.applications.map.home import map_folder, publish_map
from engine.index.merged import open_merged
from engine.settings import EngineSettings
from tests.web.live import serving


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """Where the files of the shop's map are, once a test has made it."""
    return tmp_path_factory.mktemp("drawn") / "map"


@pytest.fixture
def made(own_home, drawn):
    """The map of the shop, stored in the home."""
    settings = EngineSettings(home=own_home)
    caps = CatalogSettings(home=own_home)
    if not drawn.exists():
        drawn.mkdir()
        with Database.open(caps) as database:
            build_map(drawn, MapSource(open_merged(settings.index_dir), Catalogue(database), caps))
    copied = partial(copytree, drawn, dirs_exist_ok=True)
    return publish_map(map_folder(settings), copied)


@pytest.fixture
def address(logged):
    with serving(logged) as address:
        yield address
