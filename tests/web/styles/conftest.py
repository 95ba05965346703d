"""The shop with its styles, in a home of its own."""

import pytest

from catalog.database.database import Database
from catalog.products.catalogue import Catalogue
from catalog.settings import CatalogSettings
from engine.applications.styles.build import find_styles
from engine.applications.styles.home import styles_file
from engine.index.merged import open_merged
from engine.settings import EngineSettings
from tests.web.live import serving


@pytest.fixture
def styles(own_home):
    """Six styles, stored in the home."""
    settings = EngineSettings(home=own_home)
    with Database.open(CatalogSettings(home=own_home)) as database:
        found = find_styles(open_merged(settings.index_dir), Catalogue(database), 6)
    found.save(styles_file(settings))
    return found


@pytest.fixture
def address(logged):
    with serving(logged) as address:
        yield address
